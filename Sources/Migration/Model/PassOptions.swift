// What one pass is asked to do: the plan that the command line has become. No text, no defaults that
// destroy anything.

package import LinuxIO

/// What one pass carries over, counts as changed, deletes and tells.
package struct PassOptions: Sendable {
    /// What is carried over beside names and contents.
    ///
    /// All is on by default.
    package struct Preserved: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let owner = Preserved(rawValue: 1 << 0)
        package static let group = Preserved(rawValue: 1 << 1)
        package static let mode = Preserved(rawValue: 1 << 2)
        package static let times = Preserved(rawValue: 1 << 3)
        package static let attributes = Preserved(rawValue: 1 << 4)
        package static let accessControl = Preserved(rawValue: 1 << 5)
        package static let hardLinks = Preserved(rawValue: 1 << 6)
        package static let devices = Preserved(rawValue: 1 << 7)
        package static let specials = Preserved(rawValue: 1 << 8)
        /// Runs of zeros in data become holes (S21).
        package static let sparse = Preserved(rawValue: 1 << 9)
        package static let all = Preserved(rawValue: (1 << 10) - 1)
    }

    /// How a regular file that both sides have is judged (S6, S11).
    package enum ChangeTest: Sendable {
        /// Size and time of modification, as `rsync` does, but to the nanosecond.
        case sizeAndTime
        /// Size alone (`--size-only`).
        case sizeOnly
        /// Contents, where sizes agree (`--checksum`).
        case contents
        /// Every file counts as changed (`--ignore-times`).
        case always
    }

    /// How what changed is found (`--changes`).
    package enum ChangeSearch: String, Sendable, CaseIterable {
        /// By a scan of SOURCE's inodes where that is safe and DESTINATION was left alone, else by a walk.
        case auto
        /// The same, trusting that nobody but cutover writes to DESTINATION.
        case scan
        /// By comparing both trees.
        case walk
    }

    /// Whether limits and grace times of quotas are carried (`--quotas`).
    package enum QuotaChoice: String, Sendable, CaseIterable {
        /// Where both volumes account them; what cannot be carried is said.
        case auto
        /// The same, and refused where not all of it can be carried (Q10).
        case on
        case off
    }

    package var preserved: Preserved = .all
    package var quotas: QuotaChoice = .auto
    /// Which extended attributes, where those are preserved.
    package var attributes = AttributeSelection.all
    package var changeSearch: ChangeSearch = .auto
    /// Which cutover this is, for the history.
    package var version = ""
    /// Where the state between passes is kept; nil: nowhere.
    package var stateFolder: Name?
    /// Refuse to begin where nothing can be remembered.
    package var needsRecord = false
    package var changeTest: ChangeTest = .sizeAndTime
    /// Contents of all files are compared, or copied.
    var comparesAll: Bool { changeTest == .contents || changeTest == .always }
    /// Remove what SOURCE lacks (S43).
    package var deletesExtras = false
    /// Stop deleting after so many entries (S45); nil: no limit.
    package var deletionsMax: UInt64?
    /// Write nothing at all (S49).
    package var isDryRun = false
    /// Refuse to begin where DESTINATION cannot hold what SOURCE has, or a part of SOURCE cannot be seen (`--no-check`:
    /// begin all the same).
    package var checksFirst = true
    /// Emit an `Itemization` for every change.
    package var itemizes = false
    /// Write files that SOURCE's disk does not give whole, with holes for the rest, marked (S16).
    package var salvages = false
    /// Descend into other filesystems mounted below the roots (S4).
    package var crossesMounts = false
    /// Accept an empty SOURCE (S2, S61).
    package var allowsEmptySource = false
    /// Refuse roots that do not look like those that are meant (S61); off for what only looks.
    package var guardsPair = true
    /// These very volumes are meant, though the record knows others by these names (`--new-pair`).
    package var isNewPair = false
    /// Only these top-level entries; empty: all.
    package var branches: Set<Name> = []
    /// The part of a plan that it is; nil: it has none.
    ///
    /// Then the plan told which roots are meant.
    package var share: PlanShare?
    package var filter = Filter()
    /// Lanes that do blocking I/O.
    package var workers = WorkersWanted()
    /// More than any disk array was seen to need; each worker holds descriptors and buffers.
    package static let workersMax = 250
    /// Bytes a second that are read from SOURCE at most, over all workers; nil: no limit.
    package var bytesPerSecondMax: UInt64?
    /// The disks are to be used only when nobody else does; said where a scheduler takes no notice.
    package var isIdle = false
    /// It is told what there would be to do, if a scan can find that out, and nothing is walked.
    var onlyScans = false
    /// How long it would take; nil: nobody looked.
    package var foreseen: ForeseenPass?
    /// It does not have the disks as others do: how long it takes says nothing of full power.
    var isHeldBack: Bool { isIdle || bytesPerSecondMax != nil }
    /// The umask of the person who started the pass, for new entries without `.mode`.
    package var mask: UInt32 = 0o022

    /// Numbers of workers are tried, up to the number that is wanted; nil: they are not.
    package var tuning: TunePlan?

    /// Where files that are met are noted, to be read while the pass runs and after it (back-off).
    package var metFiles: MetFiles?

    package init() {}

    /// What decides which entries are copied and how, as text: two passes with the same one leave the same.
    package var signature: String {
        let filterHash = filter.rulesText.reduce(into: 14_695_981_039_346_656_037 as UInt64) {
            $0 = ($0 ^ UInt64($1)) &* 1_099_511_628_211
        }
        // Comparing contents, or copying all, leaves what the usual test leaves, and more surely.
        return "preserved \(preserved.rawValue), sizes alone \(changeTest == .sizeOnly), "
            + "deletes \(deletesExtras), mounts \(crossesMounts), "
            + "filter \(filter.rulesText.count) \(String(filterHash, radix: 16)), "
            + "root \(ProcessLimits.isRoot)" + attributesSignature
    }

    /// What is carried of attributes, and of owners, other than all: what could not be seen was not carried.
    private var attributesSignature: String {
        let hidden = Privileges.current.hidden(preserved, attributes)
        var seen = attributes
        if hidden.contains(.trustedAttributes) { seen.namespaces.remove(.trusted) }
        let chosen = seen.signature.isEmpty ? "" : ", attributes \(seen.signature)"
        // What a part of a plan has seen is never taken for the whole.
        let part = share.map { ", plan \($0.identifier) \($0.part.word)" } ?? ""
        return chosen + (hidden.contains(.owners) ? ", owners unmapped" : "") + part
    }
}
