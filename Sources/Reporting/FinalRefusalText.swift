// Why the last pass (`--final`) does not begin, and what to do: one line each.

package import Migration

/// The sentences, without a period.
package enum FinalRefusalText {
    /// So many are named; JSON has all.
    private static let namedMax = 10

    package static func sentence(_ why: OptionsUnknown) -> String {
        switch why {
        case .noWholePass:
            "no whole pass of these two volumes is recorded, and the last one is to be short: "
                + "make one first, without --final (--state names another folder)"
        case .unreadable:
            "the record of earlier passes cannot be read ('cutover history' tells why): "
                + "make a pass first, without --final"
        case .notKept(let pass):
            "the record does not have the options of pass \(pass), the last whole one: "
                + "give them here, or make one more pass first, without --final"
        }
    }

    /// `pass`: the one that left it so; nil: it was asked for here.
    package static func sizesAlone(_ pass: Int64?) -> String {
        let who =
            pass.map { "pass \($0), the last whole one, compared" } ?? "this one would compare"
        return who
            + " files by size alone (--size-only), and passes over changed contents of equal size: "
            + "make a pass with --checksum and without --size-only first, or give --checksum here "
            + "(it reads both sides whole)"
    }

    package static func sentence(_ use: SourceUse) -> String {
        let goesOn = "--allow-writers goes on, and the result is not final"
        if let doubt = doubt(use) { return "\(doubt) (\(goesOn))" }
        return "SOURCE can be written to: \(who(use)). Stop that, then: mount -o remount,ro "
            + "\(text(use.path)) (\(goesOn))"
    }

    /// Why a SOURCE that is read-only here may be written to; nil: it is not, or nobody can.
    static func doubt(_ use: SourceUse) -> String? {
        switch use.doubt {
        case nil: return nil
        case .elsewhere(let type):
            return
                "SOURCE is read-only here, but of type \(text(Array(type.utf8))): where its files "
                + "are they may be written to, and nobody can be asked for that from here"
        case .below where use.mounts.isEmpty:
            return "--cross-mounts also copies filesystems below SOURCE, and which these are "
                + "cannot be asked"
        case .below:
            return "SOURCE is read-only, but --cross-mounts also copies filesystems below it that "
                + "are not, or of which only their own machine knows: "
                + list(use.mounts.map { text($0.path) }) + ". Remount them read-only"
        case .writersLeft:
            return
                "SOURCE is read-only, but \(writers(use)). Nobody has when it is made so: an error "
                + "has (errors=remount-ro), and what was written last may be lost. See the kernel's log, "
                + "stop them, and have the filesystem checked"
        }
    }

    /// Who has it open.
    private static func writers(_ use: SourceUse) -> String {
        let count = UInt64(use.writers.count)
        let named = use.writers.map {
            "\(text($0.name)) (process \($0.process), \(text($0.path)))"
        }
        return Quantity.count(count, "process has", "processes have")
            + " it open for writing: " + list(named)
    }

    /// Through what and by whom.
    static func who(_ use: SourceUse) -> String {
        var parts = ["its filesystem is read-write"]
        if !use.mounts.isEmpty {
            let places = use.mounts.map { mount in
                text(mount.path)
                    + (mount.process.map { " (in the mount namespace of process \($0))" } ?? "")
            }
            parts[0] = "its filesystem is mounted read-write at " + list(places)
        }
        if !use.writers.isEmpty { parts.append(writers(use)) }
        if use.unseen > 0 {
            let count = Quantity.count(UInt64(use.unseen), "process", "processes")
            parts.append("\(count) could not be looked at")
        }
        if use.mayHideProcesses {
            parts.append("others may be hidden from here (hidepid, another PID namespace)")
        }
        return parts.joined(separator: "; ")
    }

    private static func list(_ texts: [String]) -> String {
        let more = texts.count - namedMax
        return texts.prefix(namedMax).joined(separator: ", ")
            + (more > 0 ? " and \(more) more" : "")
    }

    /// Shown by whoever prints the whole line.
    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
