// What a filesystem was made with, in the words of its own tools, dumpe2fs(8) and xfs_info(8): for people. Nothing is
// decided by them.

/// The words of features.
enum FeatureWords {
    private typealias Words = KeyValuePairs<Int, String>

    /// By bit of s_feature_compat (Documentation/filesystems/ext4/super.rst of Linux; lib/e2p/feature.c of e2fsprogs).
    ///
    /// What tells how it was left, not how it was made (`needs_recovery`, `orphan_present`), is in none of the three.
    private static let compatible: Words = [
        0: "dir_prealloc", 1: "imagic_inodes", 2: "has_journal", 3: "ext_attr", 4: "resize_inode",
        5: "dir_index", 9: "sparse_super2", 10: "fast_commit", 11: "stable_inodes",
        12: "orphan_file",
    ]
    /// The same of s_feature_incompat.
    private static let incompatible: Words = [
        1: "filetype", 3: "journal_dev", 4: "meta_bg", 6: "extent", 7: "64bit", 8: "mmp",
        9: "flex_bg", 10: "ea_inode", 12: "dirdata", 13: "metadata_csum_seed", 14: "large_dir",
        15: "inline_data", 16: "encrypt", 17: "casefold",
    ]
    /// The same of s_feature_ro_compat.
    private static let readOnlyCompatible: Words = [
        0: "sparse_super", 1: "large_file", 3: "huge_file", 4: "uninit_bg", 5: "dir_nlink",
        6: "extra_isize", 8: "quota", 9: "bigalloc", 10: "metadata_csum", 12: "read-only",
        13: "project", 14: "shared_blocks", 15: "verity",
    ]
    /// By bit of XFS_FSOP_GEOM_FLAGS_*.
    private static let geometry: Words = [
        11: "projid32bit", 12: "ascii-ci", 14: "lazy-count", 15: "crc", 16: "ftype", 17: "finobt",
        18: "sparse", 19: "rmapbt", 20: "reflink", 21: "bigtime", 22: "inobtcount", 23: "nrext64",
        24: "exchange", 25: "parent", 26: "metadir",
    ]

    static func ext4(compatible: UInt64, incompatible: UInt64, readOnly: UInt64) -> [String] {
        words(compatible, Self.compatible) + words(incompatible, Self.incompatible)
            + words(readOnly, readOnlyCompatible)
    }

    static func xfs(_ flags: UInt32) -> [String] { words(UInt64(flags), geometry) }

    /// Bits that are not known here, of a later kernel, are passed over.
    private static func words(_ flags: UInt64, _ known: Words) -> [String] {
        known.filter { flags & (1 << UInt64($0.key)) != 0 }.map(\.value)
    }
}
