// A database of the fourth format, kept here by its SQL: whatever a later version of cutover changes, it converts this
// one (ALTER TABLE) and never sets it aside, for a record that is set aside costs a walk and what was doubtful.

import History
import TestSupport
import Testing

@Suite("A database of the fourth format", .timeLimit(.minutes(5))) struct VersionFourTests {
    private let state: State

    /// The tables as version 4 made them, with the pair of `State`, two passes, and a directory.
    private static let tables = """
        PRAGMA page_size = 16384;
        CREATE TABLE roots (side INTEGER PRIMARY KEY, filesystem BLOB, inode INTEGER, \
        birth INTEGER, path BLOB);
        CREATE TABLE passes (id INTEGER PRIMARY KEY, started INTEGER, ended INTEGER, boot TEXT, \
        started_boot INTEGER, ended_boot INTEGER, options TEXT, method TEXT, reason TEXT, workers \
        INTEGER, is_partial INTEGER, status INTEGER, is_complete INTEGER, watermark INTEGER, \
        destination_inodes INTEGER, destination_mount INTEGER, destination_sectors INTEGER, \
        destination_changed INTEGER, entries_seen INTEGER, files_copied INTEGER, bytes_copied \
        INTEGER, attributes_repaired INTEGER, directories_made INTEGER, directories_moved \
        INTEGER, links_made INTEGER, extras_deleted INTEGER, failures INTEGER, vanished INTEGER, \
        version TEXT, destination_instance TEXT, rolled_back_to INTEGER, deletions_refused \
        INTEGER, over_limit INTEGER, quota_failures INTEGER, quotas_cleared INTEGER, quotas_set \
        INTEGER, arguments BLOB, changes_time INTEGER, commit_time INTEGER, costs_full TEXT, \
        costs_held TEXT, entries_touched INTEGER, foreseen_time INTEGER, is_held_back INTEGER, \
        machine TEXT, open_time INTEGER, synchronize_time INTEGER, work_time INTEGER);
        CREATE TABLE branches (pass INTEGER, position INTEGER, name BLOB, work INTEGER, \
        entries INTEGER, bytes INTEGER, PRIMARY KEY (pass, position)) WITHOUT ROWID;
        CREATE TABLE failures (pass INTEGER, position INTEGER, path BLOB, side TEXT, \
        activity TEXT, error INTEGER, first_byte INTEGER, end_byte INTEGER, detail TEXT, \
        PRIMARY KEY (pass, position)) WITHOUT ROWID;
        CREATE TABLE inodes (chunk INTEGER PRIMARY KEY, records BLOB);
        CREATE TABLE directories (inode INTEGER PRIMARY KEY, parent INTEGER, name BLOB);
        CREATE INDEX directories_by_parent ON directories (parent);
        CREATE TABLE names (inode INTEGER, position INTEGER, parent INTEGER, hash INTEGER, \
        PRIMARY KEY (inode, position)) WITHOUT ROWID;
        CREATE INDEX names_by_parent ON names (parent);
        CREATE INDEX names_by_name ON names (inode, parent, hash);
        PRAGMA application_id = 1668641903;
        PRAGMA user_version = 4;
        INSERT INTO roots VALUES (0, x'0102030405060708090a0b0c0d0e0f10', 128, \
        1700000000000000001, x'2f686f6d65');
        INSERT INTO roots VALUES (1, x'ff00', 2, 0, x'2fff0a');
        INSERT INTO directories VALUES (130, 128, x'61');
        INSERT INTO names VALUES (131, 0, 130, 7);
        INSERT INTO passes VALUES (1, 5, 9, 'boot', 77, 78, 'delete', 'walk', NULL, 30, 0, 0, 1, \
        9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, '0.2.0', 'ext4 1 2', -7, \
        26, 27, 28, 29, 30, x'2d2d64656c65746500', 31, 32, '0 1', NULL, 33, 34, 0, 'm', 35, \
        36, 37);
        INSERT INTO passes VALUES (2, 10, NULL, 'boot', 79, NULL, 'delete', 'scan', NULL, 30, 0, \
        NULL, 0, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '0.2.0', NULL, NULL, \
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
        NULL, NULL);
        """

    private let row = RecordedVerification(
        startNanoseconds: 1,
        durationNanoseconds: 2,
        status: 0,
        comparesContents: true,
        cutoverVersion: "0.2.0"
    )

    init() throws { state = try State(database: Self.tables) }

    private func expectRead(_ history: History) throws {
        let passes = try history.passes(newest: 10)
        #expect(passes.map(\.id) == [2, 1])
        #expect(passes.map(\.cutoverVersion) == ["0.2.0", "0.2.0"])
        #expect(passes.map(\.isComplete) == [false, true])
        let whole = try #require(passes.last)
        #expect(whole.destinationInodes == 12 && whole.destinationMount == 13)
        #expect(whole.destinationSectorsWritten == 14 && whole.destinationChangedNanoseconds == 15)
        #expect(whole.counts[.entriesSeen] == 16 && whole.counts[.vanished] == 25)
        #expect(whole.destinationInstance == "ext4 1 2" && whole.rolledBackToNanoseconds == -7)
        #expect(whole.counts[.deletionsRefused] == 26 && whole.counts[.quotasSet] == 30)
        #expect(whole.arguments == bytes("--delete\0") && whole.machine == "m")
        #expect(whole.foreseenNanoseconds == 34 && whole.times.work == 37)
        #expect(whole.foreseenLowNanoseconds == nil && whole.sourceType == nil)
        #expect(try history.verifications() == [])
        #expect(try history.tunedWorkers() == nil)
        #expect(try history.tunings() == [])
        #expect(try history.lastCompletePass() == whole)
        #expect(try history.directory(130)?.name == bytes("a"))
        #expect(try history.names(of: 131) == [NameRecord(parent: 130, nameHash: 7)])
    }

    @Test("a pass reads it, keeps all that is there, and goes on with it")
    func opened() throws {
        let history = try state.open()
        try expectRead(history)
        var pass = PassRecord.example()
        pass.id = try history.begin(pass)
        #expect(pass.id == 3)
        #expect(try history.lastPass() == pass)
        #expect(try SQLiteOracle.integrity(state.database) == "ok")
    }

    @Test("a verification converts it and keeps all that is there") func verified() throws {
        #expect(try History.add(row, folder: state.folder, pair: state.pair))
        let history = try #require(try state.openReadOnly().history)
        #expect(try history.verifications().count == 1)
        #expect(try history.lastCompletePass()?.foreseenNanoseconds == 34)
        #expect(try history.names(of: 131) == [NameRecord(parent: 130, nameHash: 7)])
    }

    @Test("beside a dry run that reads it a verification leaves it as it is, and is not recorded")
    func besideDryRun() throws {
        // As a pass left it, which made this file.
        try Files.write(state.file(".lock"), [])
        do {
            let reading = try state.openReadOnly()
            #expect(throws: HistoryProblem.busy) {
                try History.add(row, folder: state.folder, pair: state.pair, waiting: 1)
            }
            try expectRead(try #require(reading.history))
        }
        #expect(try SQLiteOracle.text(state.database, "PRAGMA user_version") == "4")
        #expect(try History.add(row, folder: state.folder, pair: state.pair))
    }

    @Test("who only looks reads it, and changes nothing")
    func readOnly() throws { try state.expectRead(expectRead) }

    @Test("what it becomes is what is made anew")
    func same() throws { try state.expectMadeAnew() }
}
