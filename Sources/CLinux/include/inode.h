// An inode of XFS by its number, what is asked of mounts and devices to tell whether others wrote there, and what
// direct reads must be aligned to.

#ifndef CUTOVER_INODE_H
#define CUTOVER_INODE_H

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

#endif
