// The options of a pass as the words that a plan keeps, and back: what the shards leave at DESTINATION, and how they
// look for changes, is decided once, when the plan is made.

import ArgumentParser
import Migration

/// The words.
enum PlannedWords {
    /// What a plan keeps of a pass.
    static func words(of pass: PassOptions) -> [[UInt8]] {
        var words = RecordedOptions(pass).words
        switch pass.changeTest {
        case .contents: words.append(Array("--checksum".utf8))
        case .always: words.append(Array("--ignore-times".utf8))
        // The first is the default, the other one of RecordedOptions' words.
        case .sizeAndTime, .sizeOnly: break
        }
        if pass.changeSearch != .auto {
            words.append(Array("--changes=\(pass.changeSearch.rawValue)".utf8))
        }
        if pass.allowsEmptySource { words.append(Array("--allow-empty-source".utf8)) }
        if !pass.checksFirst { words.append(Array("--no-check".utf8)) }
        return words
    }

    /// The pass that a plan's words ask for; nil where they are of a later version.
    static func pass(_ words: [[UInt8]]) -> PassOptions? {
        let typed = words.map(RawArguments.encode) + ["--", ".", "."]
        guard let options = try? SyncOptions.parse(typed),
            var pass = try? PassOptions(options.copied, options.changed, options.deleting)
        else { return nil }
        pass.checksFirst = !options.how.work.run.skipsCheck
        return pass
    }
}
