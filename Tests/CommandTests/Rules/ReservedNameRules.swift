// S62, S63: what of a root belongs to its filesystem alone, and names that cannot be told.

import Glibc
import TestSupport
import Testing

@Suite("Reserved names, S62", .requiresVolumes, .timeLimit(.minutes(5)))
struct ReservedNameRules {
    let stage: Stage

    init() throws { stage = try Stage() }

    @Test("lost+found of SOURCE with something in it is told, by sync, verify and check")
    func lostAndFound() throws {
        try Files.write(stage.source("file"), bytes("x"))
        try Files.makeDirectory(stage.source("lost+found"))
        let quiet = try stage.pass()
        #expect(!quiet.errors.contains("lost+found"), "\(quiet)")
        for name in ["#131", "#132"] {
            try Files.write(stage.source("lost+found/" + name), bytes("x"))
        }
        let words = "not copied: lost+found of SOURCE with 2 entries."
        let outcome = try stage.pass()
        #expect(outcome.errors.contains(words), "\(outcome)")
        let verified = try stage.verify()
        #expect(verified.status == 0 && verified.errors.contains(words), "\(verified)")
        let checked = try Cutover.run(bytes: [bytes("check"), stage.from, stage.to])
        #expect(checked.output.contains("lost+found of SOURCE with 2 entries"), "\(checked)")
    }

    @Test(
        "quota files at the roots are neither copied, deleted nor compared; elsewhere they are names"
    )
    func quotaFiles() throws {
        let names = ["aquota.user", "aquota.group", "quota.user", "quota.group"]
        for name in names { try Files.write(stage.destination(name), bytes("of DESTINATION")) }
        try Files.write(stage.source("aquota.user"), bytes("of SOURCE"))
        try Files.makeDirectory(stage.source("quota.user"))
        try Files.makeDirectory(stage.source("inner"))
        try Files.write(stage.source("inner/quota.group"), bytes("copied"))
        try Files.unlink(stage.destination("quota.user"))
        let outcome = try stage.pass()
        let words = "not copied: aquota.user at the root of SOURCE."
        #expect(outcome.errors.contains(words), "\(outcome)")
        for name in ["aquota.user", "aquota.group", "quota.group"] {
            #expect(try text(stage.destination(name)) == "of DESTINATION")
        }
        #expect(try text(stage.destination("inner/quota.group")) == "copied")
        #expect(try Files.names(stage.destination("quota.user")) == [])
        let verified = try stage.verify()
        #expect(verified.status == 0 && verified.errors.contains(words), "\(verified)")
    }
}

@Suite("Encrypted directories, S63", .requiresVolumes, .timeLimit(.minutes(5)))
struct EncryptedDirectories {
    /// Adds the key of the tests to the filesystem of `directory`; returns its identifier.
    private func addKey(_ directory: [UInt8]) throws -> [UInt8]? {
        // struct fscrypt_add_key_arg of linux/fscrypt.h: type (2: identifier), reserved, 32 bytes of identifier,
        // size of the key, key id, 32 bytes reserved, the key.
        var argument = [UInt8](repeating: 0, count: 80) + [UInt8](repeating: 7, count: 64)
        argument[0] = 2
        argument[40] = 64
        // FS_IOC_ADD_ENCRYPTION_KEY
        guard try call(0xC050_6617, directory, &argument) else { return nil }
        return Array(argument[8..<24])
    }

    /// Makes an empty directory an encrypted one.
    private func encrypt(_ directory: [UInt8], _ key: [UInt8]) throws -> Bool {
        // struct fscrypt_policy_v2: version 2, AES-256-XTS, AES-256-CTS, padded to 32 bytes, reserved, identifier.
        var policy: [UInt8] = [2, 1, 4, 3, 0, 0, 0, 0] + key
        // FS_IOC_SET_ENCRYPTION_POLICY
        return try call(0x800C_6613, directory, &policy)
    }

    private func call(_ request: UInt, _ directory: [UInt8], _ argument: inout [UInt8]) throws
        -> Bool
    {
        let descriptor = withBytes(directory) { open($0, O_RDONLY | O_DIRECTORY) }
        defer { close(descriptor) }
        return ioctl(descriptor, request, &argument) == 0
    }

    @Test("without its key a directory is a failure, is not entered, and its copy is not touched")
    func locked() throws {
        let plain = try LoopVolume(.ext4(["-O", "encrypt"]), megabytes: 64)
        defer { plain.destroy() }
        let locked = joined(plain.mountPoint, "locked")
        try Files.makeDirectory(locked)
        guard let key = try addKey(plain.mountPoint), try encrypt(locked, key) else {
            // A kernel without CONFIG_FS_ENCRYPTION.
            return
        }
        let workspace = try Workspace()
        defer { workspace.remove() }
        let stage = Stage(plain.mountPoint, workspace.destination)
        try Files.write(joined(locked, "secret"), bytes("words"))
        try Files.makeDirectory(joined(locked, "inner"))
        try Files.write(stage.source("beside"), bytes("x"))
        // With its key it is as any other.
        try stage.pass()
        try stage.expectSame()
        // A key belongs to a mount.
        try plain.remount()
        try Files.write(stage.source("later"), bytes("x"))
        let before = try Snapshot(stage.destination("locked"))
        for _ in 1...2 {
            let outcome = try stage.attempt("--delete")
            #expect(outcome.status == 23, "\(outcome)")
            #expect(
                outcome.errors.contains("locked:") && outcome.errors.contains("ENOKEY"),
                "\(outcome)"
            )
        }
        #expect(try before.changes() == [])
        #expect(Files.exists(stage.destination("later")))
        let verified = try stage.verify()
        #expect(verified.status == 23 && verified.errors.contains("ENOKEY"), "\(verified)")
        let root = try Cutover.sync(locked, stage.destination("locked"), ["--delete"])
        #expect(root.status == 3, "\(root)")
        // As DESTINATION: what it holds would look like extras.
        let reverse = try Cutover.sync(stage.to, plain.mountPoint, ["--delete", "--new-pair"])
        #expect(reverse.status == 23, "\(reverse)")
        #expect(try addKey(plain.mountPoint) == key)
        #expect(try Files.names(locked).count == 2)
        try stage.pass("--new-pair")
        try stage.expectSame()
    }
}
