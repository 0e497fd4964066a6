// Carrying attributes from SOURCE to DESTINATION. `carry` is the one place that owns their order (S14):
//
//   owner ─▶ mode ─▶ (mark of a salvaged file ─▶) xattrs ─▶ ACLs ─▶ flags that do not freeze ─▶ times ─▶ flags that freeze
//
// chown(2) clears setuid and setgid and file capabilities fall to it, so it comes first; an ACL widens
// what the mode's group bits allow, so until it is set they are withheld; a frozen inode takes no times.
//
//   AttributeCarrier+Mode     owner, mode, and what an ACL takes from it
//   AttributeCarrier+Values   extended attributes and ACLs, read and set

import LinuxIO

/// What holds for all entries of a pass.
struct CarryRules: Sendable {
    let isRoot: Bool
    let preserved: PassOptions.Preserved
    /// The umask of who started the pass, for new entries where modes are left out.
    let mask: UInt32
    let comparison: Comparison

    /// Everything that a new entry gets.
    var newEntryNeeds: Differences {
        var needs: Differences = [.flags]
        if preserved.contains(.owner), isRoot { needs.insert(.owner) }
        if preserved.contains(.group) { needs.insert(.group) }
        if preserved.contains(.times) { needs.insert(.times) }
        if preserved.contains(.attributes) { needs.insert(.attributes) }
        if preserved.contains(.accessControl) { needs.insert(.accessControl) }
        // Without --perms too: an entry is made with 0600 or 0700.
        needs.insert(.mode)
        return needs
    }
}

/// What one entry is to get.
struct CarriedAttributes {
    /// SOURCE's.
    var status: FileStatus
    var needs: Differences
    /// The caller has just made it, for nobody else.
    var isNew: Bool
    /// What it may have got from its directory.
    var inherited: Inherited = []
    /// Without --perms, the mode of what it replaces (S67).
    var keptMode: UInt32?
    /// What was found out before it was made; nil: that is still to be done.
    var survey: SourceSurvey?
    /// It was made with the mode that it is to have before its ACL is set (`AttributeCarrier.modeAtBirth`).
    var hasItsMode = false
    /// That of a salvaged file, which is not published without it.
    var mark: String?

    var hasSettings: Bool { status.kind == .regular || status.kind == .directory }
}

/// What is known of an open entry of SOURCE beyond its status, before its copy is made.
struct SourceSurvey: Sendable {
    /// Nil where the filesystem has none.
    let settings: InodeSettings?
    /// Nil: it has no attribute that a pass looks at, and was not asked for the names of any.
    let names: AttributeNames?

    var hasAccessControl: Bool { names?.hasAccess ?? false }
}

/// Gives entries of DESTINATION the attributes of SOURCE's.
///
/// Belongs to one worker, for it uses that worker's comparer.
final class AttributeCarrier {
    let rules: CarryRules
    let comparer: AttributeComparer
    let settings: SettingsCarrier
    private let log: any DestinationLog

    init(
        _ rules: CarryRules,
        comparer: AttributeComparer,
        settings: SettingsCarrier,
        log: any DestinationLog
    ) {
        self.rules = rules
        self.comparer = comparer
        self.settings = settings
        self.log = log
    }

    /// Gives `target` the attributes in `wanted.needs`.
    ///
    /// False when it must not be published, which was reported. Descriptors are open ones for new files and for
    /// directories, handles otherwise.
    func carry(
        _ wanted: CarriedAttributes,
        from source: borrowing Descriptor,
        to target: borrowing Descriptor,
        _ report: some StepReporting
    ) -> Bool {
        var wanted = wanted
        var set: SourceAttributes
        log.noteChangeOfDestination()
        do throws(AttributeFailure) {
            if wanted.isNew, wanted.hasSettings, wanted.survey == nil {
                wanted.survey = try survey(source, report)
            }
            set = try readSource(source, wanted)
        } catch {
            // S34: an entry whose attributes cannot be read keeps its old DESTINATION.
            report.fail(error)
            return false
        }
        let mode: UInt32?
        do throws(AttributeFailure) {
            mode = try setOwnerAndMode(wanted, set, of: target)
        } catch {
            report.fail(error, isWrite: true)
            return false
        }
        if let mark = wanted.mark {
            // Before the others, for there may be little room; SOURCE's own of that name gives way.
            set.values.removeAll { $0.name == DamageMark.attribute }
            guard setMark(mark, on: target, report) else { return false }
        }
        // From here on a refusal costs the attribute and not the data (S35).
        if wanted.needs.contains(.attributes) { setValues(wanted, set, of: target, report) }
        var final = mode
        if wanted.needs.contains(.accessControl), wanted.status.kind != .symlink {
            final = setAccessControl(wanted, set, mode, from: source, to: target, report)
        }
        if let final, !rules.isRoot {
            do throws(SystemError) { try target.setMode(final) } catch {
                report.failWrite(.setMode, error)
                return false
            }
        }
        confirmSpecialBits(of: target, mode, report)
        return finish(wanted, from: source, to: target, report)
    }

    /// Looks at what an open file or directory of SOURCE has beyond its status, before anything is made of it.
    ///
    /// Flags that cannot be read are reported, and cost nothing but the flags.
    func survey(
        _ source: borrowing Descriptor,
        _ report: some StepReporting
    ) throws(AttributeFailure) -> SourceSurvey {
        var settings: InodeSettings?
        do throws(SystemError) { settings = try InodeSettings(of: source) } catch {
            report.fail(.readAttributes, .source, error)
        }
        if !comparer.readsAttributes { return SourceSurvey(settings: settings, names: nil) }
        return SourceSurvey(settings: settings, names: try comparer.source.names(of: source))
    }

    private func finish(
        _ wanted: CarriedAttributes,
        from source: borrowing Descriptor,
        to target: borrowing Descriptor,
        _ report: some StepReporting
    ) -> Bool {
        let found = wanted.survey?.settings
        if wanted.isNew, let found {
            settings.carry(
                found,
                to: target,
                without: .frozen,
                inherited: wanted.inherited,
                report
            )
        }
        do throws(SystemError) {
            if wanted.needs.contains(.times) { try target.setModified(wanted.status.modified) }
        } catch {
            report.failWrite(.setTimes, error)
            return false
        }
        // A new file is frozen after it was published: a frozen inode cannot be renamed.
        guard wanted.needs.contains(.flags), wanted.hasSettings, rules.isRoot,
            !(wanted.isNew && wanted.status.kind == .regular)
        else { return true }
        if wanted.isNew, let found {
            // The others are set already.
            if !found.flags.isDisjoint(with: .frozen) {
                settings.carry(found, to: target, without: [], inherited: .project, report)
            }
        } else if wanted.status.kind == .directory {
            settings.carry(from: source, to: target, without: [], inherited: .project, report)
        } else {
            settings.carryHandles(from: source, to: target, report)
        }
        return true
    }

    /// Marks a salvaged file; false when that failed, which was reported.
    private func setMark(
        _ mark: String,
        on target: borrowing Descriptor,
        _ report: some StepReporting
    ) -> Bool {
        do throws(SystemError) {
            try DamageMark.attribute.withPointer { name throws(SystemError) in
                try target.setAttribute(name, Array(mark.utf8))
            }
            return true
        } catch {
            let name = String(decoding: DamageMark.attribute.bytes, as: UTF8.self)
            report.failWrite(
                .setAttribute,
                error,
                detail:
                    "\(name), \(mark.utf8.count) bytes; without it a salvaged file is not put in place"
            )
            return false
        }
    }
}
