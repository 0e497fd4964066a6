// plan.json. One line for each directory of the spine, parents before children, so that the depth of the tree is not
// the depth of the text; the last member is the SHA-256 of all bytes before its line. What is read must be exactly what
// would be written of it.

import LinuxIO

extension TreePlan {
    /// The version of the format that this program writes, and reads.
    package static let formatVersion: UInt64 = 1
    /// More was not written by any cutover: 100,000 shards take some 40 MB.
    package static let fileBytesMax = 1 << 30

    private static let digestStart = Array(",\n\"sha256\":\"".utf8)
    private static let digestEnd = Array("\"}\n".utf8)

    // MARK: Writing

    /// The whole file.
    package var fileContents: [UInt8] {
        var bytes: [UInt8] = []
        var isFirst = true
        for member in headingMembers {
            bytes += Array((isFirst ? "{" : ",\n").utf8)
            isFirst = false
            PlanJSON(member.key).write(to: &bytes)
            bytes.append(0x3A)
            member.value.write(to: &bytes)
        }
        bytes += Array(",\n\"directories\":[".utf8)
        for (index, row) in PlanRows(root).rows.enumerated() {
            bytes += Array((index == 0 ? "\n" : ",\n").utf8)
            row.write(to: &bytes)
        }
        bytes += Array("\n]".utf8)
        return bytes + Self.digestStart + Array(Self.digest(bytes[...]).utf8) + Self.digestEnd
    }

    private var headingMembers: [PlanJSON.Member] {
        [
            .init("format", .init("cutover plan")),
            .init("version", .number(Self.formatVersion)),
            .init("id", .init(identifier)),
            .init("shards", .number(UInt64(shards))),
            .init("seed", .init(PlanDigits.text(seed))),
            .init("source", source.json),
            .init("destination", destination.json),
            .init("options", .list(options.map { .object([PlanJSON.name("word", $0)]) })),
            .init("loads", .list(loads.map(\.json))),
            .init("spine", spine.json),
        ]
    }

    private static func digest(_ bytes: ArraySlice<UInt8>) -> String {
        var sum = SHA256()
        bytes.withUnsafeBytes { sum.update($0) }
        return PlanDigits.text(sum.bytes)
    }

    // MARK: Reading

    /// Reads what `fileContents` wrote.
    package init(reading bytes: [UInt8]) throws(PlanProblem) {
        try Self.judgeFormat(bytes)
        let tail = Self.digestStart.count + 2 * SHA256.byteCount + Self.digestEnd.count
        let body = bytes.dropLast(tail)
        guard bytes.count > tail,
            bytes[body.endIndex...].elementsEqual(
                Self.digestStart + Array(Self.digest(body).utf8) + Self.digestEnd
            ),
            let json = PlanJSON(reading: bytes), let plan = TreePlan(json),
            plan.fileContents == bytes
        else { throw .damaged }
        self = plan
    }

    /// Whether it is a plan at all, of a version that is known: by its first lines, for the rest of another version
    /// may be anything.
    private static func judgeFormat(_ bytes: [UInt8]) throws(PlanProblem) {
        let start = Array("{\"format\":\"cutover plan\",\n\"version\":".utf8)
        // An empty or short file was perhaps one: what can be said is that it is not whole.
        if bytes.count < start.count, start.starts(with: bytes) { throw .damaged }
        guard bytes.starts(with: start) else { throw .foreign }
        let digits = bytes[start.count...].prefix { (0x30...0x39).contains($0) }
        guard digits.endIndex < bytes.count,
            let version = UInt64(String(decoding: digits, as: UTF8.self))
        else { throw .damaged }
        if version != formatVersion { throw .otherVersion(version) }
    }

    private init?(_ json: PlanJSON) {
        guard let identifier = json["id"]?.text, identifier.utf8.count == 32,
            PlanDigits.bytes(Array(identifier.utf8)) != nil,
            let shards = json["shards"]?.number, (1...UInt64(Self.shardsMax)).contains(shards),
            let seed = PlanDigits.number(json["seed"]?.text),
            let source = json["source"].flatMap(PlannedRoot.init(_:)),
            let destination = json["destination"].flatMap(PlannedRoot.init(_:)),
            let words = json["options"]?.list, let loads = json["loads"]?.list,
            let spine = json["spine"].flatMap(PlanWeight.init(_:)),
            let rows = json["directories"]?.list,
            let root = PlanRows.root(rows, shards: Int(shards), seed: seed)
        else { return nil }
        let options = words.compactMap { $0.name("word") }
        let weights = loads.compactMap(PlanWeight.init(_:))
        guard options.count == words.count, weights.count == Int(shards) else { return nil }
        let heading = PlanHeading(
            identifier: identifier,
            shards: Int(shards),
            seed: seed,
            source: source,
            destination: destination,
            options: options
        )
        self.init(heading, loads: weights, spine: spine, root: root)
    }
}

/// The directories of the spine as a list in which each names its parent's place.
struct PlanRows {
    private(set) var rows: [PlanJSON] = []

    init(_ root: PlanDirectory) {
        var waiting: [(directory: PlanDirectory, parent: Int?, name: Name?)] = [(root, nil, nil)]
        var next = 0
        while next < waiting.count {
            let (directory, parent, name) = waiting[next]
            for (name, child) in directory.openedChildren {
                waiting.append((child, next, name))
            }
            rows.append(Self.row(directory, parent: parent, name: name))
            next += 1
        }
    }

    private static func row(_ directory: PlanDirectory, parent: Int?, name: Name?) -> PlanJSON {
        var members: [PlanJSON.Member] = []
        if let parent, let name {
            members.append(.init("parent", .number(UInt64(parent))))
            members.append(PlanJSON.name("name", Array(name.bytes)))
        }
        let parts = directory.children.compactMap { name, part -> (Name, Int)? in
            guard case .shard(let shard) = part else { return nil }
            return (name, shard)
        }
        .sorted { $0.0.bytes.lexicographicallyPrecedes($1.0.bytes) }
        members.append(
            .init(
                "parts",
                .list(
                    parts.map { name, shard in
                        .object([
                            PlanJSON.name("name", Array(name.bytes)),
                            .init("shard", .number(UInt64(shard))),
                        ])
                    }
                )
            )
        )
        if let cut = directory.hashCut {
            let ranges = cut.ranges.map { range in
                PlanJSON.list([.init(PlanDigits.text(range.last)), .number(UInt64(range.shard))])
            }
            members.append(.init("hash", .list(ranges)))
        }
        return .object(members)
    }

    /// What such a list says, children made before their parents; nil: it is none.
    static func root(_ rows: [PlanJSON], shards: Int, seed: UInt64) -> PlanDirectory? {
        var children = [[Name: PlanPart]](repeating: [:], count: rows.count)
        for index in rows.indices.reversed() {
            guard let directory = directory(rows[index], &children[index], shards, seed),
                directory.depth <= TreePlan.depthMax
            else { return nil }
            if index == 0 { return rows[0]["parent"] == nil ? directory : nil }
            guard let parent = rows[index]["parent"]?.number, parent < UInt64(index),
                let name = entryName(rows[index]),
                children[Int(parent)].updateValue(.opened(directory), forKey: name) == nil
            else { return nil }
        }
        return nil
    }

    private static func directory(
        _ row: PlanJSON,
        _ children: inout [Name: PlanPart],
        _ shards: Int,
        _ seed: UInt64
    ) -> PlanDirectory? {
        guard let parts = row["parts"]?.list else { return nil }
        for part in parts {
            guard let name = entryName(part), let shard = part["shard"]?.number, shard < shards,
                children.updateValue(.shard(Int(shard)), forKey: name) == nil
            else { return nil }
        }
        guard let ranges = row["hash"] else { return PlanDirectory(children: children) }
        var found: [HashCut.Range] = []
        for range in ranges.list ?? [] {
            guard let pair = range.list, pair.count == 2,
                let last = PlanDigits.number(pair[0].text), let shard = pair[1].number,
                shard < shards
            else { return nil }
            found.append(HashCut.Range(last: last, shard: Int(shard)))
        }
        guard let cut = HashCut(seed: seed, ranges: found) else { return nil }
        return PlanDirectory(children: children, hashCut: cut)
    }

    /// A name that an entry of a directory can have.
    private static func entryName(_ json: PlanJSON) -> Name? {
        guard let bytes = json.name("name"), (1...255).contains(bytes.count),
            !bytes.contains(0), !bytes.contains(0x2F), bytes != [0x2E], bytes != [0x2E, 0x2E]
        else { return nil }
        return Name(bytes)
    }
}

extension PlannedRoot {
    fileprivate var json: PlanJSON {
        .object([
            .init("type", .init(type)),
            .init("uuid", identifier.map { .init(PlanDigits.text($0)) } ?? .null),
            .init("inode", .number(inode)),
            // As its bits, for it may lie before 1970.
            .init("birth_bits", .number(UInt64(bitPattern: birthNanoseconds))),
            .init("size", .number(sizeBytes)),
            PlanJSON.name("path", path),
        ])
    }

    fileprivate init?(_ json: PlanJSON) {
        guard let type = json["type"]?.text, let uuid = json["uuid"],
            let inode = json["inode"]?.number, let birth = json["birth_bits"]?.number,
            let size = json["size"]?.number, let path = json.name("path")
        else { return nil }
        var identifier: [UInt8]?
        if uuid != .null {
            guard let text = uuid.text, let bytes = PlanDigits.bytes(Array(text.utf8)),
                bytes.count == 16
            else { return nil }
            identifier = bytes
        }
        self.init(
            type: type,
            identifier: identifier,
            inode: inode,
            birthNanoseconds: Int64(bitPattern: birth),
            sizeBytes: size,
            path: path
        )
    }
}

extension PlanWeight {
    fileprivate var json: PlanJSON { .list([.number(entries), .number(bytes)]) }

    fileprivate init?(_ json: PlanJSON) {
        guard let pair = json.list, pair.count == 2, let entries = pair[0].number,
            let bytes = pair[1].number
        else { return nil }
        self.init(entries: entries, bytes: bytes)
    }
}
