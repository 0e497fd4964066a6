// What a pass counts, one row for each counter: its key in JSON, its words in the summary, and whether the record
// keeps it. Whoever tells of counters reads these rows, so a new counter is written here and where it is counted.
//
// It stands in this target because the record stores some of them, and nothing below the record has to know any.

/// A counter of a pass; the order is that of the lines of JSON.
///
/// Sizes are in bytes.
package enum PassCounter: Int, CaseIterable, Sendable {
    /// Entries of SOURCE that were examined, whatever became of them.
    case entriesSeen
    /// Space on SOURCE of what was examined; reaches the volume's used bytes at the end.
    case bytesSeen
    /// Directories of SOURCE whose names were read.
    case directoriesListed
    /// Regular files whose contents were copied, and the bytes read for that (holes not counted).
    case filesCopied, bytesCopied
    case directoriesMade
    /// Directories renamed on DESTINATION as they were on SOURCE.
    case directoriesMoved
    case symlinksMade, specialsMade, linksMade
    /// Up-to-date entries whose owner, mode, times, ACL, xattrs or flags were repaired.
    case attributesRepaired
    case extrasDeleted
    /// Extras left alone since `deletionsMax` was reached.
    case deletionsRefused
    case failures
    /// Files of SOURCE that its disk does not give whole, and the bytes of their unreadable ranges; a file with
    /// several names counts once.
    case filesDamaged, bytesUnreadable
    /// Those that were written to DESTINATION with holes there.
    case filesSalvaged
    case vanished
    case mountsSkipped
    /// Devices, FIFOs and sockets that were not made: not root, or asked not to.
    case specialsSkipped
    case leftoversRemoved
    /// Directories of DESTINATION in which nothing was deleted as SOURCE's could not be listed to its end (S44).
    case directoriesProtected
    /// Owners whose limits were set, and whose limits were cleared as SOURCE has none (Q7).
    case quotasSet, quotasCleared
    /// Owners whose limits only DESTINATION has, and keeps.
    case quotasLeft
    /// Owners above a soft limit whose running grace was set (Q9).
    case graceRestarted
    /// What of quotas could not be read or set; each is one of `failures`, too.
    case quotaFailures
    /// Owners above a hard limit of DESTINATION at the end (Q13).
    case overLimit
    /// After DESTINATION stopped the pass: what is missing there (S18).
    case entriesMissing, bytesMissing

    /// What is known of a counter.
    package struct Row: Sendable {
        /// In lines of JSON, and as a column of the record; it stays when the case is renamed.
        package let key: String
        package let label: CounterLabel
        package let record: Recording

        init(_ key: String, _ label: CounterLabel, _ record: Recording) {
            (self.key, self.label, self.record) = (key, label, record)
        }
    }

    /// Whether the record of a pass keeps a counter.
    package enum Recording: Sendable, Equatable {
        case no
        /// Since a version of the record's format: 1, or the one after the newest that was released.
        ///
        /// `one` and `many`: what `cutover history -v` says of it, where it does.
        case since(Int64, one: String? = nil, many: String? = nil)
    }

    /// The row of each counter.
    package var row: Row {
        switch self {
        case .entriesSeen: Row("entries_seen", .always("entries seen"), .since(1))
        case .bytesSeen: Row("bytes_seen", .noRow, .no)
        case .directoriesListed: Row("directories_listed", .noRow, .no)
        case .filesCopied:
            Row("files_copied", .always("files copied", planned: "files to copy"), .since(1))
        case .bytesCopied: Row("bytes_copied", .noRow, .since(1))
        case .directoriesMade:
            Row(
                "directories_made",
                .ifAny("directories made", planned: "directories to make"),
                .since(1, one: "directory made", many: "directories made")
            )
        case .directoriesMoved:
            Row(
                "directories_moved",
                .ifAny("directories moved"),
                .since(1, one: "directory moved", many: "directories moved")
            )
        case .symlinksMade:
            Row("symlinks_made", .ifAny("symlinks made", planned: "symlinks to make"), .no)
        case .specialsMade:
            Row("specials_made", .ifAny("specials made", planned: "specials to make"), .no)
        case .linksMade:
            Row(
                "links_made",
                .ifAny("hard links made", planned: "hard links to make"),
                .since(1, one: "hard link made", many: "hard links made")
            )
        case .attributesRepaired:
            Row(
                "attributes_repaired",
                .always("attributes repaired", planned: "attributes to repair"),
                .since(1, one: "entry repaired", many: "entries repaired")
            )
        case .extrasDeleted:
            Row("extras_deleted", .always("extras deleted", planned: "extras to delete"), .since(1))
        case .deletionsRefused:
            Row(
                "deletions_refused",
                .ifAny("extras not deleted", note: "--max-delete was reached"),
                .since(3)
            )
        case .failures: Row("failures", .always("failures", in: .trouble), .since(1))
        case .filesDamaged: Row("files_damaged", .noRow, .no)
        case .bytesUnreadable: Row("bytes_unreadable", .noRow, .no)
        case .filesSalvaged:
            Row(
                "files_salvaged",
                .ifAny("files salvaged", in: .incomplete, note: "not whole, see below"),
                .no
            )
        case .vanished: Row("vanished", .always("vanished", in: .trouble), .since(1))
        case .mountsSkipped: Row("mounts_skipped", .noRow, .no)
        case .specialsSkipped: Row("specials_skipped", .noRow, .no)
        case .leftoversRemoved:
            Row(
                "leftovers_removed",
                .ifAny("leftovers removed", note: "of a pass that was killed"),
                .no
            )
        case .directoriesProtected: Row("directories_protected", .noRow, .no)
        case .quotasSet:
            Row(
                "quotas_set",
                .ifAny("limits set", planned: "limits to set", note: "of quotas, owners"),
                .since(3, one: "limit set", many: "limits set")
            )
        case .quotasCleared:
            Row(
                "quotas_cleared",
                .ifAny("limits cleared", planned: "limits to clear", note: "SOURCE has none"),
                .since(3, one: "limit cleared", many: "limits cleared")
            )
        case .quotasLeft:
            Row(
                "quotas_left",
                .ifAny("limits left", note: "SOURCE has none; --delete clears them"),
                .no
            )
        case .graceRestarted: Row("grace_restarted", .noRow, .no)
        case .quotaFailures:
            Row(
                "quota_failures",
                .ifAny("failures of quotas", in: .trouble),
                .since(3, one: "failure of quotas", many: "failures of quotas")
            )
        case .overLimit:
            Row(
                "over_limit",
                .ifAny("owners over limit", in: .trouble, note: "on DESTINATION, see above"),
                .since(3, one: "owner over limit", many: "owners over limit")
            )
        case .entriesMissing: Row("entries_missing", .noRow, .no)
        case .bytesMissing: Row("bytes_missing", .noRow, .no)
        }
    }

    /// Those that the record keeps, with the version of its format that brought them.
    package static let recorded: [(counter: PassCounter, version: Int64)] = allCases.compactMap {
        counter in
        guard case .since(let version, _, _) = counter.row.record else { return nil }
        return (counter, version)
    }
}

/// How a counter stands in the table that ends a run.
package enum CounterLabel: Sendable, Equatable {
    /// It has no row: a note beside another row, or a paragraph of its own, tells it.
    case noRow
    case row(Words, in: Section, showsZero: Bool)

    /// What a row says.
    package struct Words: Sendable, Equatable {
        package let done: String
        /// Of a dry run.
        package let planned: String
        package let note: String?
    }

    /// Parts of the table in their order; in each the counters have their own.
    package enum Section: Sendable, CaseIterable { case work, trouble, incomplete }

    /// A row whatever the count is.
    package static func always(
        _ done: String,
        in section: Section = .work,
        planned: String? = nil
    ) -> Self {
        .row(Words(done: done, planned: planned ?? done, note: nil), in: section, showsZero: true)
    }

    /// A row unless the count is 0.
    package static func ifAny(
        _ done: String,
        in section: Section = .work,
        planned: String? = nil,
        note: String? = nil
    ) -> Self {
        .row(Words(done: done, planned: planned ?? done, note: note), in: section, showsZero: false)
    }
}
