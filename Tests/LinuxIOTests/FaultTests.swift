// The contracts of every wrapper, as a table: EINTR is never seen by the engine and always ends;
// another error comes out with the call's name; what is an ordinary answer is no error.
//
// The fault table (CUTOVER_FAULTS) of debug builds and of those of scripts/test is read once in a process, so each row
// is a process of its own (an exit test). A release build has no faults: nothing is tested there.

import Glibc
import LinuxIO
import TestSupport
import Testing

#if DEBUG || CUTOVER_FAULTS

@Suite("Wrappers and errors", .requiresVolumes) struct FaultTests {
    @Test("EINTR three times is not seen by the caller", arguments: Wrapper.allCases)
    func interrupted(wrapper: Wrapper) async throws {
        let path = try wrapper.makePlace()
        await #expect(processExitsWith: .success) {
            [wrapper = wrapper as Wrapper, path = path as [UInt8]] in
            setenv("CUTOVER_FAULTS", wrapper.fault("EINTR", count: 3), 1)
            let answer = Wrapper.result { try wrapper.call(path) }
            #expect(answer == "done", "\(wrapper)")
        }
    }

    @Test("any other error comes out, by the name of its call", arguments: Wrapper.allCases)
    func failing(wrapper: Wrapper) async throws {
        let path = try wrapper.makePlace()
        await #expect(processExitsWith: .success) {
            [wrapper = wrapper as Wrapper, path = path as [UInt8]] in
            setenv("CUTOVER_FAULTS", wrapper.fault("EIO", count: 1), 1)
            let answer = Wrapper.result { try wrapper.call(path) }
            #expect(answer == "\(wrapper.operation.rawValue): EIO", "\(wrapper)")
        }
    }

    @Test(
        "S34, S38, S47: what is an ordinary answer is no error",
        arguments: [
            OrdinaryAnswer(.statusOfName, "ENOENT", "nil"),
            OrdinaryAnswer(.listing, "ENOENT", "0"),
            OrdinaryAnswer(.attributeNames, "ENOTSUP", "0"),
            OrdinaryAnswer(.attributeNamesOfName, "ENOTSUP", "0"),
            OrdinaryAnswer(.readCached, "EAGAIN", "nil"),
            OrdinaryAnswer(.readCached, "ENOTSUP", "nil"),
            OrdinaryAnswer(.readFlags, "ENOTSUP", "nil"),
            OrdinaryAnswer(.readAccessControl, "ENOTSUP", "nil"),
            OrdinaryAnswer(.reopenForReading, "EPERM", "done"),
            OrdinaryAnswer(.openRegularFile, "EPERM", "done"),
            OrdinaryAnswer(.openDirectory, "EPERM", "done"),
            OrdinaryAnswer(.lock, "EAGAIN", "nil"),
            OrdinaryAnswer(.filesystemIdentifier, "ENOTTY", "16"),
            OrdinaryAnswer(.filesystemIdentifier, "EINVAL", "16"),
        ]
    )
    func ordinary(answer: OrdinaryAnswer) async throws {
        let path = try answer.wrapper.makePlace()
        await #expect(processExitsWith: .success) {
            [answer = answer as OrdinaryAnswer, path = path as [UInt8]] in
            setenv("CUTOVER_FAULTS", answer.wrapper.fault(answer.error, count: 1), 1)
            let found = Wrapper.result { try answer.wrapper.answer(path) }
            #expect(found == answer.expected, "\(answer.wrapper)")
        }
    }

    @Test("a fault with a place counts only calls by a descriptor of that folder")
    func places() async throws {
        let path = try Wrapper.read.makePlace()
        await #expect(processExitsWith: .success) {
            [path = path as [UInt8]] in
            let place = try Files.status(joined(path, "directory"))
            setenv("CUTOVER_FAULTS", "statx@\(place.st_dev).\(place.st_ino):2:EIO", 1)
            let root = try Descriptor.openRoot(Name(path))
            let folder = try root.openDirectory(Name("directory"))
            #expect(FaultTests.asked(root) == "done" && FaultTests.asked(root) == "done")
            #expect(FaultTests.asked(folder) == "done")
            #expect(FaultTests.asked(root) == "done")
            #expect(FaultTests.asked(folder) == "statx: EIO")
            #expect(FaultTests.asked(folder) == "done")
        }
    }

    private static func asked(_ folder: borrowing Descriptor) -> String {
        do throws(SystemError) {
            // Only whether it answers.
            _ = try folder.status()
            return "done"
        } catch { return "\(error.operation.rawValue): \(error.code.name)" }
    }

    @Test(
        "close: the number is gone whatever it says; EINTR is success",
        arguments: ["EINTR", "EIO"]
    )
    func closing(error: String) async throws {
        let path = try Wrapper.read.makePlace()
        await #expect(processExitsWith: .success) {
            [error = error as String, path = path as [UInt8]] in
            setenv("CUTOVER_FAULTS", "close:1:\(error)", 1)
            let lowest = withBytes(joined(path, "file")) { open($0, O_RDONLY) }
            // A number that no other thread of this process is given between closing and asking.
            let opened = fcntl(lowest, F_DUPFD, 500)
            let answer = Wrapper.result {
                try Descriptor(owning: opened).close()
                return "done"
            }
            #expect(answer == (error == "EINTR" ? "done" : "close: EIO"))
            #expect(fcntl(opened, F_GETFD) == -1, "the descriptor is still open")
        }
    }
}

/// One row: a fault of a wrapper that is an ordinary answer.
struct OrdinaryAnswer: Codable, Sendable {
    let wrapper: Wrapper
    let error: String
    let expected: String

    init(_ wrapper: Wrapper, _ error: String, _ expected: String) {
        self.wrapper = wrapper
        self.error = error
        self.expected = expected
    }
}

#endif
