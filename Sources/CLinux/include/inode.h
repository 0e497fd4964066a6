// An inode of XFS by its number, what is asked of mounts and devices to tell whether others wrote there, and what
// direct reads must be aligned to, where they find a file, and into what memory they go.

#ifndef CUTOVER_INODE_H
#define CUTOVER_INODE_H

#include <stddef.h>
#include <stdint.h>

/// Opens the directory that is inode `inode` of the XFS that holds `volume`, whatever its name, if it is
/// still of that generation (else ESTALE): open_by_handle_at(2), for those with CAP_DAC_READ_SEARCH.
/// ENOTDIR when it is no directory; EOPNOTSUPP where handles cannot be had.
int cl_open_xfs_directory(int volume, uint64_t inode, uint32_t generation);

/// The same for an entry of any type, as an O_PATH handle: no data, no side effect.
int cl_open_xfs_handle(int volume, uint64_t inode, uint32_t generation);

/// The number of the mount that holds a descriptor, which is never given again while the machine runs:
/// STATX_MNT_ID_UNIQUE, Linux 6.8; ENOSYS before.
int cl_unique_mount(int descriptor, uint64_t *mount);

/// What offsets and lengths of direct reads of an open file must be multiples of: STATX_DIO_READ_ALIGN,
/// Linux 6.14, else STATX_DIOALIGN, Linux 6.1. 0 where the kernel does not tell, or there are none.
int cl_direct_read_alignment(int descriptor, uint32_t *alignment);

/// Where the first byte of a file lies on its device, in bytes: FS_IOC_FIEMAP. ENXIO where it is in a hole.
int cl_first_place(int descriptor, uint64_t *bytes);

/// Asks for large pages where the kernel gives them on request: madvise(2) with MADV_HUGEPAGE.
int cl_advise_huge(void *memory, size_t length);

#endif
