// What an unchanged entry costs (docs/design/attributes.md: nothing on the heap, four system calls): two trees
// that differ in their number of files only are compared, so what a pass costs once cancels out.

import Glibc
import LinuxIO
import TestSupport
import Testing

/// Whether the program under test is an optimised build: a debug build stops at a fault table that
/// it can't read, a release build has none.
private let isReleaseBuild: Bool =
    (try? Cutover.run(["sync", "/", "/"], environment: ["CUTOVER_FAULTS=none"]))?.status == 3

@Suite("Effort of an unchanged entry", .requiresVolumes, .serialized) struct EffortTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    /// SOURCE and DESTINATION of one branch with `count` plain files, the same on both sides, and a folder for
    /// what is remembered of them, which is not there yet.
    ///
    /// Below the root, where nearly all files of a volume are: top-level names cost a little more.
    private func makeTree(_ count: Int, isCopied: Bool = true) throws -> Tree {
        let tree = Tree(
            source: joined(workspace.source, "\(count)"),
            destination: joined(workspace.destination, "\(count)"),
            state: joined(workspace.outside, "state \(count)")
        )
        for path in [tree.source, tree.destination] { try Files.makeDirectory(path) }
        let branch = joined(tree.source, "branch")
        try Files.makeDirectory(branch)
        for index in 0..<count {
            try Files.write(
                joined(branch, "file number \(index)"),
                [UInt8](repeating: 1, count: 10)
            )
        }
        if isCopied { try Cutover.pass(tree.source, tree.destination) }
        return tree
    }

    private struct Tree {
        let source: [UInt8]
        let destination: [UInt8]
        let state: [UInt8]

        func words(_ options: String...) -> [[UInt8]] {
            [Cutover.binary] + ["sync", "--delete", "-q", "-w", "1"].map { bytes($0) }
                + options.map { bytes($0) } + [bytes("--state"), state, source, destination]
        }
    }

    /// Calls of a pass, by name; futex(2) is waiting, not work.
    private func calls(_ words: [[UInt8]]) throws -> [String: Int] {
        let log = joined(workspace.outside, "calls")
        let strace = ["strace", "-f", "-c", "-U", "calls,name", "-o"].map { bytes($0) }
        let outcome = try Subprocess.run(strace + [log] + words)
        try #require(outcome.status == 0, "\(outcome)")
        var found: [String: Int] = [:]
        for line in String(decoding: try Files.read(log), as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: " ")
            if parts.count == 2, let calls = Int(parts[0]), parts[1] != "total" {
                found[String(parts[1])] = calls
            }
        }
        // By the clock and not by entries: what waits, the program's watch and a sanitizer's threads do.
        for name in [
            "futex", "clock_gettime", "gettimeofday", "nanosleep", "epoll_wait", "madvise",
        ] {
            found[name] = nil
        }
        return found
    }

    /// What 2,000 entries more cost a pass that has nothing to do, in calls for each, all together and by name.
    private func callsOfAnEntry(
        _ small: [String: Int],
        _ large: [String: Int]
    ) -> (total: Double, named: [String: Double]) {
        let names = Set(small.keys).union(large.keys)
        let each = names.map { ($0, Double((large[$0] ?? 0) - (small[$0] ?? 0)) / 2_000) }
        let counted = each.filter { $0.1 > 0.005 }
        return (counted.map(\.1).reduce(0, +), Dictionary(uniqueKeysWithValues: counted))
    }

    @Test("four system calls: statx and listxattr on both sides", .requiresTool("strace"))
    func systemCalls() throws {
        let small = try calls(try makeTree(200).words())
        let large = try calls(try makeTree(2_200).words())
        let (total, named) = callsOfAnEntry(small, large)
        // getdents64 and the pieces of 64 entries have their share: hence not 4 exactly.
        #expect(total <= 4.05, "\(named)")
        #expect(total >= 2, "nothing was counted: \(large)")
        let statx = named["statx"] ?? 0
        #expect(statx >= 1.99 && statx <= 2.01, "\(named)")
    }

    @Test("two where the record proves it: statx on both sides", .requiresTool("strace"))
    func systemCallsWithRecord() throws {
        let trees = try [200, 2_200].map { try makeTree($0) }
        // Until then all of it may change once more without a later time (S7), and nothing is proven.
        usleep(2_200_000)
        for tree in trees {
            let outcome = try Subprocess.run(tree.words())
            try #require(outcome.status == 0, "\(outcome)")
        }
        let walks = try trees.map { try calls($0.words("--changes", "walk")) }
        let (total, named) = callsOfAnEntry(walks[0], walks[1])
        #expect(total <= 2.05, "\(named)")
        let statx = named["statx"] ?? 0
        #expect(statx >= 1.99 && statx <= 2.01, "\(named)")
    }

    @Test(
        "eleven and a third for a file that is copied into a new directory",
        .requiresTool("strace")
    )
    func systemCallsOfFirstCopy() throws {
        let trees = try [200, 2_200].map { try makeTree($0, isCopied: false) }
        let copies = try trees.map { try calls($0.words()) }
        let (total, named) = callsOfAnEntry(copies[0], copies[1])
        // A handle, its status, the file by it, its flags, the names of its attributes; the copy, its contents, owner and
        // time, and its closing; the status once more (S17). In the ring: 32 reads, 4 handles or 32 files to close.
        #expect(total <= 11.5, "\(named)")
        #expect(total >= 8, "nothing was counted: \(copies)")
        let most = [
            "openat2": 1.0, "statx": 2, "openat": 2, "ioctl": 1, "flistxattr": 1, "pwrite64": 1,
            "fchown": 1,
            // And a handle of each 32, which is in hand while they are read.
            "utimensat": 1, "close": 1.03, "io_uring_enter": 0.33, "fchmod": 0, "fcntl": 0,
            "ftruncate": 0,
        ]
        for (name, count) in most {
            let found = named[name] ?? 0
            #expect(found <= count + 0.02, "\(name): \(named)")
        }
    }

    /// Counts calls of malloc(3) and its kin and writes the number to $COUNT_FILE at the end.
    private static let interposer = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <stdatomic.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <unistd.h>
        extern void *__libc_malloc(size_t);
        extern void *__libc_calloc(size_t, size_t);
        extern void *__libc_realloc(void *, size_t);
        extern void *__libc_memalign(size_t, size_t);
        static atomic_long calls;
        void *malloc(size_t n) { calls++; return __libc_malloc(n); }
        void *calloc(size_t n, size_t m) { calls++; return __libc_calloc(n, m); }
        void *realloc(void *p, size_t n) { calls++; return __libc_realloc(p, n); }
        void *aligned_alloc(size_t a, size_t n) { calls++; return __libc_memalign(a, n); }
        int posix_memalign(void **p, size_t a, size_t n) {
            calls++;
            *p = __libc_memalign(a, n);
            return *p ? 0 : 12;
        }
        __attribute__((destructor)) static void tell(void) {
            char text[32];
            int length = snprintf(text, sizeof text, "%ld", (long)calls);
            const char *name = getenv("COUNT_FILE");
            int file = name ? open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
            if (file >= 0 && write(file, text, length) == length) close(file);
        }
        """

    @Test(
        "no heap allocation: 10,000 files more make fewer than 1,000 allocations more",
        .requiresTool("clang"),
        .enabled(
            if: isReleaseBuild,
            "a debug build allocates anyway; CUTOVER_BINARY names a release build"
        )
    )
    func allocations() throws {
        let library = joined(workspace.outside, "count.so")
        try Files.write(joined(workspace.outside, "count.c"), bytes(Self.interposer))
        try Shell.run(
            "clang -shared -fPIC -O1 -o \"$2\" \"$1\"",
            joined(workspace.outside, "count.c"),
            library
        )
        func allocations(_ words: [[UInt8]]) throws -> Int {
            let file = joined(workspace.outside, "count")
            let environment = [
                "LD_PRELOAD=" + String(decoding: library, as: UTF8.self),
                "COUNT_FILE=" + String(decoding: file, as: UTF8.self),
            ]
            let outcome = try Subprocess.run(
                words,
                environment: Environment.inherited + environment.map { bytes($0) }
            )
            try #require(outcome.status == 0, "\(outcome)")
            let text = String(decoding: try Files.read(file), as: UTF8.self)
            return try #require(Int(text), "\(outcome)")
        }
        // The counter counts: a program that allocates is seen.
        let few = try allocations(["bash", "-c", ":"].map { bytes($0) })
        let many = try allocations(
            ["bash", "-c", "for i in {1..5000}; do a[$i]=$i; done"].map { bytes($0) }
        )
        #expect(many - few > 5_000)

        func pass(_ count: Int) throws -> Int {
            try allocations(try makeTree(count).words())
        }
        let small = try pass(2_000)
        let large = try pass(12_000)
        #expect(small > 100, "nothing was counted")
        let perEntry = Double(large - small) / 10_000
        #expect(perEntry < 0.1, "\(small) for 2,000 files, \(large) for 12,000")
    }
}
