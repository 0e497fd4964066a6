// Why DESTINATION stopped a pass, what is missing there and how much more it needs (S18): figures
// and sentences. Pure.

import Migration

/// The end of a stopped pass as text.
struct StopText {
    private let stop: PassSummary.Stop
    private let entriesMissing: UInt64
    private let bytesMissing: UInt64

    init(_ stop: PassSummary.Stop, counters: Counters) {
        self.stop = stop
        entriesMissing = counters.entriesMissing.value()
        bytesMissing = counters.bytesMissing.value()
    }

    /// Bytes that DESTINATION lacks beside those that it has; 0 when there is room.
    var bytesNeeded: UInt64 { bytesMissing - min(stop.availableBytes, bytesMissing) }
    /// Inodes that it lacks beside those that are free.
    var inodesNeeded: UInt64 { entriesMissing - min(stop.freeInodes ?? .max, entriesMissing) }

    /// One phrase.
    var reason: String {
        switch stop.reason {
        case .full where stop.freeInodes == 0 && stop.availableBytes > 0:
            "DESTINATION has no inodes left; what was good there is untouched."
        case .full: "DESTINATION is full; what was good there is untouched."
        case .readOnly: "DESTINATION is read-only; what was good there is untouched."
        case .broken: "DESTINATION's disk or filesystem fails."
        }
    }

    /// The same in one line, with what is missing.
    var line: String {
        let missing =
            Quantity.count(entriesMissing, "entry", "entries") + ", " + Quantity.size(bytesMissing)
        let needs = stop.reason == .full ? self.needs : []
        let more =
            needs.isEmpty ? "" : "; needed beside what is free: " + needs.joined(separator: ", ")
        return "\(reason) Missing there: \(missing)\(more)"
    }

    private var needs: [String] {
        var needs: [String] = []
        if bytesNeeded > 0 { needs.append(Quantity.size(bytesNeeded)) }
        if inodesNeeded > 0 { needs.append(Quantity.count(inodesNeeded, "inode", "inodes")) }
        return needs
    }

    /// What is missing, what is there, what is needed beside it.
    var table: [String] {
        var rows = [
            (
                "missing there",
                "\(Quantity.count(entriesMissing, "entry", "entries")), \(Quantity.size(bytesMissing))"
            ),
            (
                "available there",
                Quantity.size(stop.availableBytes)
                    + (stop.freeInodes.map { ", " + Quantity.count($0, "inode", "inodes") } ?? "")
            ),
        ]
        if stop.reason == .full {
            rows.append(
                ("needed beside that", needs.isEmpty ? "nothing" : needs.joined(separator: ", "))
            )
        }
        return rows.map { TextLayout.padded($0.0, to: 20) + "  " + $0.1 }
    }

    /// What to do.
    var advice: String {
        switch stop.reason {
        case .full where bytesNeeded == 0 && inodesNeeded == 0:
            "There is room for all that is missing: a directory is at ext4's limit (tune2fs -O "
                + "large_dir, unmounted), blocks are reserved for root (tune2fs -m 0), or shared blocks of SOURCE "
                + "take more room as copies. Then run the same command again: it resumes."
        case .full where inodesNeeded > 0:
            "ext4's inodes are fixed when it is made: make DESTINATION again with mkfs.ext4 -N COUNT or a "
                + "smaller -i, or make it larger (resize2fs adds inodes). Then run the same command "
                + "again: it resumes."
        case .full:
            "Make DESTINATION larger (lvextend, resize2fs) or free room there, then run the same command "
                + "again: it resumes."
        case .readOnly:
            "See dmesg: the kernel makes a filesystem read-only after an error. Repair it (e2fsck -f), mount "
                + "it read-write, then run the same command again: it resumes."
        case .broken:
            "See dmesg and smartctl. Do not switch to DESTINATION before it is repaired; then run the same "
                + "command again."
        }
    }
}
