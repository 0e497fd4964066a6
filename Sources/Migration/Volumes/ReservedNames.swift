// Names at the root of a volume that are its filesystem's own (S5, S62, Q20): neither copied, compared nor deleted.

import LinuxIO

/// The names.
enum ReservedNames {
    /// What e2fsck saves in it is of that filesystem alone.
    static let lostAndFound = Name("lost+found")

    /// Where quotactl(2) of ext4 keeps the quotas of users and groups.
    ///
    /// Over DESTINATION's own, SOURCE's would be wrong from the first write on. XFS, and ext4 with `-O quota`, keep them in inodes without a name.
    static let quotaFiles = ["aquota.user", "aquota.group", "quota.user", "quota.group"].map {
        Name($0)
    }

    /// Whether an entry of a root is the filesystem's own; a directory is only by the first name.
    static func contains<Failure: Error>(
        _ name: Name,
        isDirectory: () throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        if name == lostAndFound { return true }
        guard quotaFiles.contains(name) else { return false }
        return try !isDirectory()
    }

    /// Whether a root holds nothing else, judged by names alone.
    static func hold(all names: [Name]) -> Bool {
        names.allSatisfy { $0 == lostAndFound || quotaFiles.contains($0) }
    }
}

extension Roots {
    /// What of SOURCE's root is left out; nil: nothing that is worth a word, or only branches are looked at.
    func leftOut(_ branches: some Collection<Name>) -> LeftOut? {
        guard branches.isEmpty else { return nil }
        var entries: Int? = 0
        var files: [Name] = []
        do throws(SystemError) {
            for name in ReservedNames.quotaFiles {
                if let status = try sourceStatus(of: name), status.kind != .directory {
                    files.append(name)
                }
            }
            let status = try sourceStatus(of: ReservedNames.lostAndFound)
            if let status, status.kind == .directory, !sourceBoundary.isOutside(status) {
                let folder = try sourceBoundary.openDirectory(
                    ReservedNames.lostAndFound,
                    in: source.descriptor
                )
                entries = try Listing(of: folder).count
            }
        } catch {
            // Others than root may not look into it.
            entries = error.code == .accessDenied && !ProcessLimits.isRoot ? 0 : nil
        }
        if entries == 0, files.isEmpty { return nil }
        return LeftOut(lostAndFound: entries, quotaFiles: files)
    }

    private func sourceStatus(of name: Name) throws(SystemError) -> FileStatus? {
        try name.withPointer { name throws(SystemError) in
            try sourceBoundary.status(of: name, in: source.descriptor)
        }
    }
}
