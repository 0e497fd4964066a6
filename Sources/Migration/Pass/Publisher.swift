// Giving a name on DESTINATION to what is complete (S12). This is the one place that publishes over a name that others
// can see. In a directory that this pass made and holds at 0700 entries have their own names from the start, and a
// further name of an inode is a link (LinkFollower).

import LinuxIO

/// Renames what is complete over what has its name, and removes what could not be finished.
///
/// Belongs to one worker.
final class Publisher {
    private let reports: PassReports
    private let settings: SettingsCarrier
    private let projects: ProjectCarrier

    init(_ reports: PassReports, _ settings: SettingsCarrier, _ projects: ProjectCarrier) {
        self.reports = reports
        self.settings = settings
        self.projects = projects
    }

    /// S12: a reader of DESTINATION sees the old entry or the new one, never a part.
    ///
    /// `isThawing`: as for `SettingsCarrier.withoutFlags`.
    func publish(
        _ temporary: Name,
        as pair: EntryPair,
        in target: borrowing Descriptor,
        isThawing: Bool = false
    ) throws(SystemError) {
        // Thawed only now that the new one is there: until then the old one stays as it was (S16).
        try settings.withoutFlags(of: pair.pointer, target, isThawing: isThawing) {
            () throws(SystemError) in
            try projects.across(into: pair.directory, target) { () throws(SystemError) in
                try temporary.withPointer { name throws(SystemError) in
                    try target.rename(name, to: pair.pointer)
                }
            }
        }
    }

    /// Removes what this worker made and could not finish; ENOENT is as good.
    func remove(_ temporary: Name, in target: borrowing Descriptor, of directory: PassDirectory) {
        do throws(SystemError) {
            try temporary.withPointer { pointer throws(SystemError) in
                try target.removeFile(pointer)
            }
        } catch {
            if error.code == .noEntry { return }
            reports.of(.name(temporary, directory)).failWrite(.remove, error)
        }
    }
}
