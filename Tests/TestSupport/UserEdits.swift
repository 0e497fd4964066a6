// Seeded scripts of edits to two look-alike trees on one volume: SOURCE, and what lies beside it,
// from which and to which things move. (EditScript changes trees whose entries can be told apart.)
//
// A script is chosen while it is made, from what is there; what comes out are UserEdits, which can
// be made again without it. The seed gives the same script again on the same trees.

import Glibc

/// Chooses and makes edits.
package struct UserEdits {
    /// SOURCE's name below the home.
    package static let source = bytes("source")
    /// The name of the directory beside it, on the same volume.
    package static let aside = bytes("aside")

    private let home: [UInt8]
    private var random: SeededRandom
    private var entries: [(path: [UInt8], type: mode_t)] = []

    /// Begins a script below `home`, where both directories are.
    package init(seed: UInt64, home: [UInt8]) {
        random = SeededRandom(seed: seed)
        self.home = home
    }

    /// Chooses and makes edits, and answers those that were done.
    ///
    /// - Throws: `CallError` when the trees cannot be listed. An edit that fails is left out, for
    ///   users fail too.
    package mutating func apply(_ count: Int) throws -> [UserEdit] {
        var done: [UserEdit] = []
        for index in 0..<count {
            if index % 3 == 0 { entries = try list() }
            guard let edit = choose() else { continue }
            do { try edit.apply(home) } catch is CallError { continue }
            done.append(edit)
        }
        return done
    }

    private func list() throws -> [(path: [UInt8], type: mode_t)] {
        try Files.typedTree(home).filter { $0.path.count < 1500 }
    }

    private mutating func choose() -> UserEdit? {
        let isCrowded = entries.count > 220
        let kind = Self.kinds[random.below(Self.kinds.count)]
        if isCrowded, random.chance(30) { return small().map { edit(.removeTree, $0) } }
        switch kind {
        case .write: return (random.chance(50) ? pick(S_IFREG) : new()).map { edit(kind, $0) }
        case .append, .rewrite, .rewriteKeepingTime, .rewriteAtSharedTime, .truncate, .storeMapped,
            .saveAtomically:
            return (linked() ?? pick(S_IFREG)).map { edit(kind, $0) }
        case .breakLink: return linked().map { edit(kind, $0) }
        case .changeMode, .changeOwner, .changeTime, .setAttribute, .removeAttribute, .setACL,
            .removeACL:
            return any(withRoots: true).map { edit(kind, $0) }
        case .unlink: return (linked() ?? pick(S_IFREG, S_IFLNK, S_IFIFO)).map { edit(kind, $0) }
        case .removeTree: return small().map { edit(kind, $0) }
        case .replaceByTwin: return small(S_IFDIR).map { edit(kind, $0) }
        case .changeType: return small().map { edit(kind, $0) }
        case .recreate:
            return (random.chance(60) ? pick(S_IFREG) : small()).map { edit(kind, $0) }
        case .makeDirectory, .makeDeep, .makeSpecial: return new().map { edit(kind, $0) }
        case .makeSymlink: return (random.chance(50) ? pick(S_IFLNK) : new()).map { edit(kind, $0) }
        default: return chooseTwo(kind)
        }
    }

    private mutating func chooseTwo(_ kind: UserEdit.Kind) -> UserEdit? {
        switch kind {
        case .link:
            guard let path = new(), let file = pick(S_IFREG, S_IFREG, S_IFLNK, S_IFIFO) else {
                return nil
            }
            return edit(kind, path, file)
        case .moveIntoNew:
            guard let path = any(), let directory = new() else { return nil }
            return edit(kind, path, directory)
        case .rename:
            guard let path = any() else { return nil }
            // Over what is there, or to a name that is free; the type decides whether it can be.
            let other = random.chance(40) ? any() : new()
            return other.map { edit(kind, path, $0) }
        default:
            // Directories most, for what lies below them does not change; then files among files.
            let choice = random.below(10)
            let type = choice < 6 ? S_IFDIR : S_IFREG
            guard let path = pick(type) else { return nil }
            let other = choice == 9 ? any() : random.chance(40) ? sibling(path) : pick(type)
            return other.flatMap { $0 == path ? nil : edit(kind, path, $0) }
        }
    }

    private mutating func edit(
        _ kind: UserEdit.Kind,
        _ path: [UInt8],
        _ other: [UInt8] = []
    ) -> UserEdit {
        UserEdit(kind, path, other, number: random.next() >> 16)
    }

    // MARK: Which entries

    private static func isRoot(_ path: [UInt8]) -> Bool { path == source || path == aside }

    private mutating func any(withRoots: Bool = false) -> [UInt8]? {
        for _ in 0..<20 where !entries.isEmpty {
            let path = entries[random.below(entries.count)].path
            if withRoots ? path != Self.aside : !Self.isRoot(path) { return path }
        }
        return nil
    }

    private mutating func pick(_ types: mode_t...) -> [UInt8]? {
        for _ in 0..<40 where !entries.isEmpty {
            let entry = entries[random.below(entries.count)]
            if types.contains(entry.type) && !Self.isRoot(entry.path) { return entry.path }
        }
        return nil
    }

    /// A file with several names, or nil more often than not.
    private mutating func linked() -> [UInt8]? {
        for _ in 0..<6 {
            guard let path = pick(S_IFREG) else { return nil }
            if let status = try? Files.status(joined(home, path)), status.st_nlink > 1 {
                return path
            }
        }
        return nil
    }

    /// An entry with few below it: a script that removes half of everything tests nothing then.
    private mutating func small(_ type: mode_t? = nil) -> [UInt8]? {
        for _ in 0..<10 {
            guard let path = type.map({ pick($0) }) ?? any() else { return nil }
            let slash: [UInt8] = path + [UInt8(ascii: "/")]
            if entries.count(where: { $0.path.starts(with: slash) }) < 12 { return path }
        }
        return nil
    }

    /// Another entry of the same directory, of any type.
    private mutating func sibling(_ path: [UInt8]) -> [UInt8]? {
        let slash = UInt8(ascii: "/")
        let parent = path.prefix(through: path.lastIndex(of: slash) ?? 0)
        let others = entries.map(\.path).filter {
            $0.starts(with: parent) && $0 != path && !$0.dropFirst(parent.count).contains(slash)
        }
        return others.isEmpty ? nil : others[random.below(others.count)]
    }

    /// A name in a random directory, mostly of SOURCE; it may be taken.
    private mutating func new() -> [UInt8]? {
        for _ in 0..<10 {
            guard let parent = random.chance(4) ? Self.source : pick(S_IFDIR) else { return nil }
            if parent.starts(with: Self.aside) && random.chance(70) { continue }
            let path = joined(parent, Lookalike.names[random.below(Lookalike.names.count)])
            if path.count < 1500 && !Files.exists(joined(home, path)) { return path }
        }
        return nil
    }

    /// The kinds, the treacherous ones several times.
    private static let kinds: [UserEdit.Kind] =
        UserEdit.Kind.allCases + [
            .rewriteKeepingTime, .rewriteKeepingTime, .saveAtomically, .storeMapped, .link, .link,
            .unlink, .rename, .rename, .rename, .rename, .exchange, .exchange, .exchange, .exchange,
            .exchangeByRenames, .replaceByTwin, .replaceByOther, .replaceByOther, .moveIntoNew,
            .moveIntoNew, .recreate, .recreate, .write, .makeDirectory,
        ]
}
