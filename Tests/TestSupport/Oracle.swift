// Is DESTINATION the same as SOURCE? Asked of tools that are not ours, each seeing what others
// miss: rsync, find, getfacl, getfattr, stat, sha256sum.
//
// An answer is a list of lines, expected to be empty, so that a failing test shows what differs.
// `lost+found` at the roots is left out (S5), and so are the attributes of S33, of which rsync must
// complain: an `x` alone, on an entry whose ACL XFS shows a second time as `trusted.SGI_ACL_*`.
//
// Not promised: birth time, ctime, atime and allocation are not compared (S10); blocks have their
// own function. Reading moves atimes: compare them with Snapshot, before any oracle.

import Glibc

/// Independent comparisons of two trees.
package enum Oracle {
    /// All comparisons: what differs, one line each; empty when the trees are the same.
    ///
    /// - Parameters:
    ///   - source: the tree that is right.
    ///   - destination: the tree to judge.
    ///   - deep: only tools that can walk below PATH_MAX (S51): find and sha256sum.
    /// - Returns: at most 60 lines.
    /// - Throws: when a tool fails by itself.
    package static func differences(
        _ source: [UInt8],
        _ destination: [UInt8],
        deep: Bool = false
    ) throws -> [String] {
        var found: [String] = []
        let left = try Listing(source)
        let right = try Listing(destination)
        found += compared("find", left.entries, right.entries)
        found += compared("devices", try devices(source, left), try devices(destination, right))
        found += grouped("links", left.linkGroups, right.linkGroups)
        found += compared(
            "sha256",
            try hashes(source, deep: deep),
            try hashes(destination, deep: deep)
        )
        if !deep {
            found += compared("getfacl", try accessLists(source), try accessLists(destination))
            let attributes = try attributes(source)
            found += compared(
                "getfattr",
                attributes.mapValues(\.compared),
                try self.attributes(destination).mapValues(\.compared)
            )
            found += try rsync(source, destination, attributes)
        }
        let lines = found.prefix(60).map { $0.count <= 400 ? $0 : $0.prefix(400) + "..." }
        return found.count <= 60 ? lines : lines + ["and \(found.count - 60) more"]
    }

    /// Files of `destination` that use more blocks than their namesakes in `reference` (S21).
    ///
    /// One block more is allowed where a file has attributes or an ACL: whether they fit into the
    /// inode or need a block depends on the order in which they came and went.
    ///
    /// - Throws: when a tool fails by itself.
    package static func blocksBeyond(
        reference: [UInt8],
        _ destination: [UInt8]
    ) throws -> [String] {
        try Shell.run("sync -f \"$1\"; sync -f \"$2\"", reference, destination)
        let limits = try Listing(reference).blocks
        let attributes = try attributes(destination)
        return try Listing(destination).blocks.sorted { $0.key < $1.key }.compactMap { name, used in
            let extra = attributes[name]?.compared.isEmpty == false ? 8 : 0
            guard let limit = limits[name], used > limit + extra else { return nil }
            return "\(name): \(used) blocks, \(limit) in the reference"
        }
    }

    private static func compared(
        _ tool: String,
        _ left: [String: String],
        _ right: [String: String]
    ) -> [String] {
        var found: [String] = []
        for (name, value) in left.sorted(by: { $0.key < $1.key }) where right[name] != value {
            found.append("\(tool): \(name): \(value) | \(right[name] ?? "missing")")
        }
        for name in right.keys.sorted() where left[name] == nil {
            found.append("\(tool): \(name): missing | \(right[name] ?? "")")
        }
        return found
    }

    private static func grouped(
        _ tool: String,
        _ left: Set<[String]>,
        _ right: Set<[String]>
    ) -> [String] {
        left.subtracting(right).map { "\(tool): only in SOURCE: \($0)" }
            + right.subtracting(left).map { "\(tool): only in DESTINATION: \($0)" }
    }

    private static func devices(_ root: [UInt8], _ listing: Listing) throws -> [String: String] {
        guard listing.hasDevices else { return [:] }
        let outcome = try Shell.run(
            """
            cd -- "$1"
            find . -path ./lost+found -prune -o \\( -type b -o -type c \\) -print0 |
                xargs -0r stat --printf='%n\\0%t:%T\\0'
            """,
            root
        )
        return pairs(records(outcome.stdout))
    }

    private static func hashes(_ root: [UInt8], deep: Bool) throws -> [String: String] {
        let list = "cd -- \"$1\"; find . -path ./lost+found -prune -o -type f"
        let reader = deep ? "-execdir sha256sum -z -- {} +" : "-print0 | xargs -0r sha256sum -z --"
        let outcome = try Shell.run("\(list) \(reader)", root)
        var result: [String: [String]] = [:]
        for record in records(outcome.stdout) {
            let hash = String(decoding: record.prefix(64), as: UTF8.self)
            // Below PATH_MAX only the last name is printed: names may come several times.
            result[shown(Array(record.dropFirst(66))), default: []].append(hash)
        }
        return result.mapValues { $0.sorted().joined(separator: " ") }
    }

    private static func accessLists(_ root: [UInt8]) throws -> [String: String] {
        let outcome = try Shell.run("cd -- \"$1\"; getfacl -RnP -- .", root)
        return paragraphs(outcome.stdout).mapValues { $0.joined(separator: " ") }
    }

    private struct Attributes {
        var compared: String
        var hasShadow: Bool
    }

    private static func attributes(_ root: [UInt8]) throws -> [String: Attributes] {
        let outcome = try Shell.run(
            "cd -- \"$1\"; getfattr -RPhd -m - -e hex -- .",
            root
        )
        var result: [String: Attributes] = [:]
        for (name, lines) in paragraphs(outcome.stdout) {
            let kept = lines.filter {
                !$0.hasPrefix("trusted.SGI_ACL_") && !$0.hasPrefix("security.evm")
            }
            result[name] = Attributes(
                compared: kept.sorted().joined(separator: " "),
                hasShadow: lines.contains { $0.hasPrefix("trusted.SGI_ACL_") }
            )
        }
        return result
    }

    /// Cuts `# file: NAME` paragraphs into name and lines, lost+found left out.
    private static func paragraphs(_ output: [UInt8]) -> [String: [String]] {
        // The tools escape some bytes of names and leave others: what is not ASCII is escaped here.
        let text = output.map { $0 < 0x80 ? String(Unicode.Scalar($0)) : shown([$0]) }.joined()
        var result: [String: [String]] = [:]
        var name: String?
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# file: ") {
                name = String(line.dropFirst(8))
            } else if let name, name.split(separator: "/").first != "lost+found" {
                result[name, default: []].append(String(line))
            }
        }
        return result
    }

    private static func rsync(
        _ source: [UInt8],
        _ destination: [UInt8],
        _ attributes: [String: Attributes]
    ) throws -> [String] {
        let words = [
            "rsync", "-naXAHi", "--delete", "--numeric-ids", "--exclude=/lost+found", "--",
        ]
        let slash: [UInt8] = [UInt8(ascii: "/")]
        let outcome = try Subprocess.run(
            words.map { bytes($0) } + [source + slash, destination + slash]
        )
        if outcome.status != 0 { throw ScriptFailure(script: "rsync -n", outcome: outcome) }
        let shadowed = Set(attributes.filter(\.value.hasShadow).keys.map { octal($0, mark: "\\") })
        return outcome.lines.filter { line in
            guard [".", "h"].contains(line.prefix(1)), line.dropFirst(2).hasPrefix("........x ")
            else {
                return true
            }
            var name = String(line.dropFirst(12))
            if name.hasSuffix("/") && name != "./" { name.removeLast() }
            return !shadowed.contains(octal(name == "./" ? "." : name, mark: "\\#"))
        }.map { "rsync: \($0)" }
    }

    /// A tool's escaped name (`\ooo`, or rsync's `\#ooo`) as bytes.
    private static func octal(_ name: String, mark: String) -> [UInt8] {
        var result: [UInt8] = []
        var rest = bytes(name)[...]
        let mark = bytes(mark)
        while let first = rest.first {
            let digits = rest.dropFirst(mark.count).prefix(3)
            if rest.starts(with: mark), digits.count == 3,
                let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                result.append(byte)
                rest = rest.dropFirst(mark.count + 3)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }

    private static func pairs(_ fields: [[UInt8]]) -> [String: String] {
        var result: [String: String] = [:]
        for index in stride(from: 0, to: fields.count - 1, by: 2) {
            result[shown(fields[index])] = shown(fields[index + 1])
        }
        return result
    }
}

/// What `find -printf` says of a tree.
private struct Listing {
    /// Type, mode, owner, group, size (not of directories), mtime and link target, by name.
    var entries: [String: String] = [:]
    /// 512-byte blocks of regular files, by name.
    var blocks: [String: Int] = [:]
    /// The names that share an inode, for each inode with more than one name.
    var linkGroups: Set<[String]> = []
    /// True when there is a block or character device.
    var hasDevices = false

    init(_ root: [UInt8]) throws {
        let outcome = try Shell.run(
            """
            cd -- "$1"
            find . -path ./lost+found -prune -o \
                -printf '%y\\0%m %U %G\\0%s\\0%T@\\0%i\\0%n\\0%b\\0%P\\0%l\\0'
            """,
            root
        )
        let fields = records(outcome.stdout)
        var names: [String: [String]] = [:]
        for start in stride(from: 0, to: fields.count - 8, by: 9) {
            let field = fields[start..<start + 9].map(shown)
            let type = field[0]
            let name = field[7]
            let size = type == "d" ? "-" : field[2]
            entries[name] = "\(type) \(field[1]) \(size) \(field[3]) \(field[8])"
            if type == "f" { blocks[name] = Int(field[6]) }
            if type == "b" || type == "c" { hasDevices = true }
            if type != "d" && field[5] != "1" { names[field[4], default: []].append(name) }
        }
        linkGroups = Set(names.values.map { $0.sorted() }.filter { $0.count > 1 })
    }
}
