// What the last pass is asked for: what the last whole one was, or what was typed.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

/// The plan of a last pass, made before the roots are opened.
struct FinalPlan {
    let pass: PassOptions
    let origin: FinalReporter.Origin
    let source: SourceUse

    /// What the pass is asked for, in words.
    var options: RecordedOptions { RecordedOptions(pass) }

    /// Looks the last whole pass up, and who can write to SOURCE.
    ///
    /// Any option that decides what is copied or deleted replaces all recorded ones: there is none that takes another
    /// back, so a mixture could not be told from a mistake.
    init(
        _ typed: PassOptions,
        _ names: RootNames,
        stateFolder: Name,
        allowsWriters: Bool
    ) throws(Refusal) {
        let last: LastWholePass
        do throws(Refusal) { last = try .find(names, stateFolder: stateFolder) } catch {
            try Self.judgeRoots(names, typed)
            throw error
        }
        if RecordedOptions(typed).words.isEmpty {
            guard let recorded = last.options, let asked = Self.options(recorded, typed) else {
                throw .optionsUnknown(.notKept(pass: last.id))
            }
            pass = asked
            origin = .recorded(pass: last.id)
        } else {
            pass = typed
            origin = .given(instead: last.id, of: last.options)
        }
        if let refusal = last.refusal(of: pass) { throw refusal }
        source = try SourceUse.look(at: names.source, crossesMounts: pass.crossesMounts)
        if !source.isStill, !allowsWriters { throw .sourceWritable(source) }
    }

    /// Refuses roots that are not those that are meant: that there is no record of them says less, and what to do then
    /// would be wrong.
    private static func judgeRoots(
        _ names: RootNames,
        _ typed: PassOptions
    ) throws(Refusal) {
        var look = typed
        look.isDryRun = true
        // They are opened for the judgement alone, and closed again.
        _ = try Roots(names, look)
    }

    /// What was typed, with what recorded words decide; nil where the parser does not know them: they are of a later
    /// version.
    private static func options(
        _ recorded: RecordedOptions,
        _ typed: PassOptions
    ) -> PassOptions? {
        let words = recorded.words.map(RawArguments.encode) + ["--", ".", "."]
        guard let options = try? SyncOptions.parse(words) else { return nil }
        var pass = typed
        guard (try? pass.decide(options.copied, options.changed, options.deleting)) != nil else {
            return nil
        }
        // Contents are compared, or copied, where that was typed: that leaves the same, and more surely.
        if typed.changeTest != .sizeAndTime { pass.changeTest = typed.changeTest }
        return pass
    }

    /// The options of the second look: the usual test, for after `--ignore-times` every file would be found.
    var secondLook: PassOptions {
        var look = pass
        if look.changeTest != .sizeOnly { look.changeTest = .sizeAndTime }
        look.isDryRun = true
        look.itemizes = true
        look.isNewPair = false
        return look
    }

    /// The comparison of what the pass carried.
    var comparison: VerificationOptions {
        var options = VerificationOptions()
        options.comparesContents = false
        options.recordFolder = pass.stateFolder
        options.version = pass.version
        options.filter = pass.filter
        options.preserved = pass.preserved
        options.attributes = pass.attributes
        // What the pass copied of other filesystems is to be equal as well.
        options.crossesMounts = pass.crossesMounts
        options.checksFirst = pass.checksFirst
        options.comparesQuotas = pass.quotas != .off
        options.workers = pass.workers.number()
        return options
    }
}
