// Opening what was seen to be a regular file a moment ago, and may be anything by now.

import Dispatch
import Glibc
import LinuxIO
import Synchronization
import TestSupport
import Testing

@Suite("Regular files", .requiresVolumes) struct RegularFileTests {
    @Test(
        "a regular file is opened; what is none is not, and is told apart from what is not there",
        arguments: Filesystem.allCases
    )
    func kinds(on filesystem: Filesystem) throws {
        let place = try Place(on: filesystem)
        try place.makeOneOfEach()
        for isDirect in [false, true] {
            let file = try place.directory.opened("regular", isDirect: isDirect)
            #expect(file?.status.identity == (try place.status("regular")).identity)
            #expect(file?.first == 1)
            // tmpfs has O_DIRECT since Linux 6.6.
            if filesystem != .tmpfs { #expect(file?.isDirect == isDirect) }
            let others = [
                "directory", "symlink", "characterDevice", "blockDevice", "fifo", "socket",
            ]
            for name in others {
                #expect(try place.directory.opened(name, isDirect: isDirect) == nil, "\(name)")
            }
            #expect(throws: SystemError(.open, .noEntry)) {
                try place.directory.opened("none", isDirect: isDirect)
            }
        }
    }

    /// A device's opening cannot be seen here; a FIFO's lets its writer go on.
    @Test("what is no regular file is only looked at") func others() throws {
        let place = try Place(on: .ext4)
        try place.makeOneOfEach()
        let path = String(decoding: place.of("fifo"), as: UTF8.self)
        let hasReader = Atomic<Bool>(false)
        let writerIsDone = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            let writer = Glibc.open(path, O_WRONLY | O_CLOEXEC)
            hasReader.store(true, ordering: .sequentiallyConsistent)
            #expect(writer >= 0)
            close(writer)
            writerIsDone.signal()
        }
        usleep(100_000)
        #expect(try place.directory.opened("fifo", isDirect: false) == nil)
        usleep(100_000)
        let wasOpened = hasReader.load(ordering: .sequentiallyConsistent)
        #expect(!wasOpened)
        // O_NONBLOCK: if the writer has gone on already, nobody else opens it.
        let reader = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        defer { close(reader) }
        writerIsDone.wait()
    }

    @Test("a file whose lease must be given up first is waited for") func lease() throws {
        let place = try Place(on: .ext4)
        try Files.write(place.of("f"), [7])
        let holder = Glibc.open(
            String(decoding: place.of("f"), as: UTF8.self),
            O_RDWR | O_CLOEXEC
        )
        try #require(holder >= 0)
        defer { close(holder) }
        // The kernel tells the holder by SIGIO, whose default is to end it.
        signal(SIGIO, SIG_IGN)
        // fcntl(2): F_SETLEASE is 1024.
        try #require(fcntl(holder, 1024, F_WRLCK) == 0)
        let isGivenUp = Atomic<Bool>(false)
        let holderIsDone = DispatchSemaphore(value: 0)
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.2) {
            isGivenUp.store(true, ordering: .sequentiallyConsistent)
            #expect(fcntl(holder, 1024, F_UNLCK) == 0)
            holderIsDone.signal()
        }
        #expect(try place.directory.opened("f", isDirect: true)?.first == 7)
        let hasWaited = isGivenUp.load(ordering: .sequentiallyConsistent)
        #expect(hasWaited)
        holderIsDone.wait()
    }
}

/// What a test asks of an open file; it is closed.
private struct Opened {
    let status: FileStatus
    let isDirect: Bool
    let first: UInt8?
}

extension Descriptor {
    fileprivate func opened(_ name: String, isDirect: Bool) throws -> Opened? {
        try name.withCString { name -> Opened? in
            guard let file = try openRegularFile(name, isDirect: isDirect) else { return nil }
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 4_096)
            defer { buffer.deallocate() }
            let count = try file.reader.read(into: buffer, at: 0)
            return Opened(
                status: file.status,
                isDirect: file.isDirect,
                first: count > 0 ? buffer[0] : nil
            )
        }
    }
}
