// The mkfs.ext4 line that fits SOURCE: one option after the other with what it was made of. Pure.

package import LinuxIO

/// One option of the line.
package enum MakeOption: Sendable, Equatable {
    /// `-b 4096`: DESTINATION has smaller ones.
    case blockSize(UInt64)
    /// `-I 256`.
    case inodeSize(UInt64)
    /// `-N`: what SOURCE has in use, and what mke2fs would make.
    case inodes(UInt64, used: UInt64, usual: UInt64)
    /// `-O large_dir`; with how many directories need it, nil where none was seen.
    case largeDirectories(UInt64?)
    /// `-O ea_inode`; the same.
    case largeAttributes(UInt64?)
    /// `-O project,quota`; with how many inodes have a project id.
    case projects(UInt64)
    /// `-O quota`, and `project` where SOURCE accounts projects; the kinds that it accounts.
    case quotas([QuotaKind])
    /// `-m`: percent kept for root, and how much that is.
    case reserved(percent: UInt64, bytes: UInt64)
}

/// What DESTINATION should be made with.
package struct MakeAdvice: Sendable, Equatable {
    package let options: [MakeOption]

    /// mke2fs makes an inode for so many bytes: inode_ratio of mke2fs.conf(5), by the types of filesystem that
    /// mke2fs(8) chooses by size (-T): small below 512 MiB, big from 4 TiB on, huge from 16 TiB on.
    ///
    /// A sixteenth more than statfs(2) tells: the device is larger than what is left for blocks.
    private static func usualRatio(totalBytes: UInt64) -> UInt64 {
        switch totalBytes + totalBytes / 16 {
        case ..<(512 << 20): 4_096
        case ..<(4 << 40): 16_384
        case ..<(16 << 40): 32_768
        default: 65_536
        }
    }

    package init(_ facts: CheckFacts) {
        let census = facts.source.census
        let destination = facts.destination
        var options: [MakeOption] = []
        if destination.totalBytes < 512 << 20 || destination.blockBytes < 4096 {
            options.append(.blockSize(4096))
        }
        options.append(.inodeSize(256))
        let usual = destination.totalBytes / Self.usualRatio(totalBytes: destination.totalBytes)
        // Half as many again: a volume that is moved goes on growing.
        let wanted = census.inodes + census.inodes / 2
        // What DESTINATION was made with may be less than mke2fs's own number.
        if census.inodes > 0, wanted > min(usual, destination.totalInodes ?? usual) {
            options.append(
                .inodes(Self.rounded(max(wanted, usual)), used: census.inodes, usual: usual)
            )
        }
        let isLookedAt = census.method != .counts
        if census.largeDirectories.total > 0 || !isLookedAt {
            options.append(.largeDirectories(isLookedAt ? census.largeDirectories.total : nil))
        }
        // Where DESTINATION takes large ones, nobody has measured; then it stays as it is.
        let takesLarge = destination.probe?.largeAttributes == .yes
        let isMeasured = isLookedAt && census.unmeasured == 0 && !takesLarge
        if census.largeAttributes.total > 0 || !isMeasured {
            options.append(.largeAttributes(isMeasured ? census.largeAttributes.total : nil))
        }
        let accounted = facts.accountedBySource
        // Where SOURCE accounts projects, that says it.
        if let projects = census.projects, projects > 0, !accounted.contains(.project) {
            options.append(.projects(projects))
        }
        if !accounted.isEmpty {
            options.append(.quotas(QuotaKind.allCases.filter(accounted.contains)))
        }
        options.append(.reserved(percent: 1, bytes: destination.totalBytes / 100))
        self.options = options
    }

    /// Up to two digits, so that nobody takes it for exact.
    private static func rounded(_ number: UInt64) -> UInt64 {
        var step: UInt64 = 1
        while number / step >= 100 { step *= 10 }
        return (number + step - 1) / step * step
    }

    /// What follows `-O`, by commas; empty: nothing.
    package var features: [String] {
        options.reduce(into: []) { features, option in
            let own =
                switch option {
                case .largeDirectories: ["large_dir"]
                case .largeAttributes: ["ea_inode"]
                case .projects: ["project", "quota"]
                case .quotas(let kinds):
                    kinds.contains(.project) ? ["project", "quota"] : ["quota"]
                default: [] as [String]
                }
            features += own.filter { !features.contains($0) }
        }
    }

    /// The line.
    ///
    /// The device stands for itself: who pastes the line has to name it.
    package var command: String {
        var words = ["mkfs.ext4"]
        for option in options {
            switch option {
            case .blockSize(let bytes): words += ["-b", "\(bytes)"]
            case .inodeSize(let bytes): words += ["-I", "\(bytes)"]
            case .inodes(let count, _, _): words += ["-N", "\(count)"]
            case .reserved(let percent, _): words += ["-m", "\(percent)"]
            case .largeDirectories, .largeAttributes, .projects, .quotas: break
            }
        }
        if !features.isEmpty { words += ["-O", features.joined(separator: ",")] }
        return (words + ["DEVICE"]).joined(separator: " ")
    }
}
