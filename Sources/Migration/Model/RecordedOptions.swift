// The options of a pass as words of the command line, as the record keeps them: those that decide what the pass leaves
// at DESTINATION, so that a later one can be asked for the same. Options that say how fast, where and what is told are
// no part of it, nor are confirmations (`--new-pair`), and `--checksum` leaves what the usual test leaves.
//
// Each is one word, a value behind `=`: a rule may begin with a dash, and look like an option. The command line's own
// parser reads them back (SyncOptions); this file only knows which words there are.

/// What a pass was asked for, in canonical words.
package struct RecordedOptions: Equatable, Sendable {
    /// As `--exclude=*.tmp`; without a zero byte.
    package let words: [[UInt8]]

    /// More is recorded as unknown: it would be a thousand times in the record.
    package static let bytesMax = 64 << 10

    private static let excludePrefix = Array("--exclude=".utf8)

    /// What each part of `Preserved` is left out by.
    private static let leavesOut: [(PassOptions.Preserved, String)] = [
        (.attributes, "--no-xattrs"), (.accessControl, "--no-acls"), (.sparse, "--no-sparse"),
        (.hardLinks, "--no-hard-links"), (.owner, "--no-owner"), (.group, "--no-group"),
        (.mode, "--no-perms"), (.times, "--no-times"), (.devices, "--no-devices"),
        (.specials, "--no-specials"),
    ]

    /// The words of the options of a pass: none where all is as it is without any.
    ///
    /// Rules of files become words of their own, so the files need not be there the next time.
    package init(_ options: PassOptions) {
        var words: [[UInt8]] = []
        func add(_ word: String, _ value: [UInt8]? = nil) {
            words.append(Array(word.utf8) + (value.map { [0x3D] + $0 } ?? []))
        }
        if options.deletesExtras { add("--delete") }
        if let most = options.deletionsMax { add("--max-delete", Array(String(most).utf8)) }
        for (part, word) in Self.leavesOut where !options.preserved.contains(part) { add(word) }
        if options.preserved.contains(.attributes), options.attributes != .all {
            add("--xattrs", options.attributes.canonicalList)
        }
        if options.changeTest == .sizeOnly { add("--size-only") }
        if options.crossesMounts { add("--cross-mounts") }
        if options.quotas != .auto { add("--quotas", Array(options.quotas.rawValue.utf8)) }
        if options.salvages { add("--salvage") }
        for rule in options.filter.rulesText.split(separator: 0) { add("--exclude", Array(rule)) }
        self.words = words
    }

    /// By which a comparison left aside attributes or quotas.
    init(leftAside: LeftAside) { words = leftAside.options }

    /// What a record holds; nil where it holds nothing: the pass was one of an earlier version, or its options were too
    /// long.
    package init?(recorded bytes: [UInt8]?) {
        guard let bytes else { return nil }
        words = bytes.split(separator: 0).map(Array.init)
    }

    /// For the record: each word ended by a zero byte; nil where they are too long.
    package var recorded: [UInt8]? {
        var bytes: [UInt8] = []
        for word in words { bytes += word + [0] }
        return bytes.count <= Self.bytesMax ? bytes : nil
    }

    /// The rules of the filter in their order, each as `Filter.exclude(pattern:)` takes it.
    package var filterRules: [[UInt8]] {
        words.filter { $0.starts(with: Self.excludePrefix) }
            .map { Array($0.dropFirst(Self.excludePrefix.count)) }
    }

    /// The filter that they make; throws only where the record was written by others.
    package func filter() throws(FilterError) -> Filter {
        var filter = Filter()
        for rule in filterRules { try filter.exclude(pattern: rule) }
        return filter
    }
}
