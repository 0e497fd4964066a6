// What an unchanged entry costs (docs/DESIGN.md: nothing on the heap, four system calls): two trees
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

    /// SOURCE and DESTINATION of one branch with `count` plain files, the same on both sides.
    ///
    /// Below the root, where nearly all files of a volume are: top-level names cost a little more.
    private func makeTree(_ count: Int) throws -> (source: [UInt8], destination: [UInt8]) {
        let source = joined(workspace.source, "\(count)")
        let destination = joined(workspace.destination, "\(count)")
        for path in [source, destination] { try Files.makeDirectory(path) }
        let branch = joined(source, "branch")
        try Files.makeDirectory(branch)
        for index in 0..<count {
            try Files.write(
                joined(branch, "file number \(index)"),
                [UInt8](repeating: 1, count: 10)
            )
        }
        try Cutover.pass(source, destination)
        return (source, destination)
    }

    @Test("four system calls: statx and listxattr on both sides", .requiresTool("strace"))
    func systemCalls() throws {
        /// Calls of a pass that has nothing to do, by name; futex(2) is waiting, not work.
        func calls(_ count: Int) throws -> [String: Int] {
            let tree = try makeTree(count)
            let log = joined(workspace.outside, "count\(count)")
            let words = ["strace", "-f", "-c", "-U", "calls,name", "-o"].map { bytes($0) }
            let outcome = try Subprocess.run(
                words + [log, Cutover.binary]
                    + ["sync", "--delete", "-w", "1"].map { bytes($0) } + [
                        tree.source, tree.destination,
                    ]
            )
            try #require(outcome.status == 0, "\(outcome)")
            var found: [String: Int] = [:]
            for line in String(decoding: try Files.read(log), as: UTF8.self).split(separator: "\n")
            {
                let parts = line.split(separator: " ")
                if parts.count == 2, let calls = Int(parts[0]), parts[1] != "total" {
                    found[String(parts[1])] = calls
                }
            }
            found["futex"] = nil
            return found
        }
        let small = try calls(200)
        let large = try calls(2_200)
        let names = Set(small.keys).union(large.keys)
        let perEntry = names.map { name in
            (name, Double((large[name] ?? 0) - (small[name] ?? 0)) / 2_000)
        }.filter { $0.1 > 0.005 }
        let total = perEntry.map(\.1).reduce(0, +)
        // getdents64 and the pieces of 64 entries have their share: hence not 4 exactly.
        #expect(total <= 4.05, "\(perEntry)")
        #expect(total >= 2, "nothing was counted: \(large)")
        #expect(
            perEntry.contains { $0.0 == "statx" && $0.1 >= 1.99 && $0.1 <= 2.01 },
            "\(perEntry)"
        )
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
            let tree = try makeTree(count)
            let words = [Cutover.binary] + ["sync", "--delete", "-w", "1"].map { bytes($0) }
            return try allocations(words + [tree.source, tree.destination])
        }
        let small = try pass(2_000)
        let large = try pass(12_000)
        #expect(small > 100, "nothing was counted")
        let perEntry = Double(large - small) / 10_000
        #expect(perEntry < 0.1, "\(small) for 2,000 files, \(large) for 12,000")
    }
}
