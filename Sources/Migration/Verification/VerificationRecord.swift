// What a verification takes of the record of passes: since when users may have changed something, and what is left out.
// Where it cannot be used the notices say so; where there is none, nothing is said.

import History
import LinuxIO

/// What the record of one pair gives to one verification.
struct VerificationRecord {
    /// What is left out on both sides.
    private(set) var filter: Filter
    /// Nil where nothing of it is left out.
    private(set) var filterUse: FilterUse?
    /// Nil where no record tells what users changed, or that is not asked for.
    private(set) var pending: PendingEntries?
    /// The last whole pass.
    private(set) var lastPass: ReferencePass?
    private(set) var notices: [VerificationNotice] = []

    /// Reads the record, if there is one and it was not left out.
    init(_ roots: Roots, _ options: VerificationOptions, _ beginning: VerificationClock) {
        filter = options.filter ?? Filter()
        if let given = options.filter, !given.isEmpty {
            filterUse = FilterUse(rules: given.ruleCount)
        }
        // Two that cannot be told from others have no record.
        guard let folder = options.stateFolder, let pair = roots.pair else { return }
        // Nothing is wanted of it.
        if options.isStrict, options.filter != nil { return }
        do throws(RecordTrouble) {
            guard
                let passes = try LastPasses.read(
                    folder: folder,
                    isNamed: options.namesStateFolder,
                    pair: pair
                )
            else { return }
            if options.filter == nil { useFilter(of: passes.whole) }
            if !options.isStrict { try use(passes, roots, beginning) }
        } catch {
            if !options.isStrict { notices.append(.recordNotUsed(error)) }
            if options.filter == nil, error.hidesFilters { notices.append(.filtersUnknown) }
        }
    }

    /// Leaves out what a pass left out.
    private mutating func useFilter(of pass: PassRecord) {
        guard let recorded = RecordedOptions(recorded: pass.arguments) else {
            // Too many rules, or an earlier version; but whether there were any is known.
            if CarriedParts(signature: pass.options)?.hasFilter != false {
                notices.append(.filtersUnknown)
            }
            return
        }
        do throws(FilterError) {
            filter = try recorded.filter()
            if !filter.isEmpty { filterUse = FilterUse(rules: filter.ruleCount, pass: pass.id) }
        } catch {
            notices.append(.filtersUnknown)
        }
    }

    /// Takes its moments.
    private mutating func use(
        _ passes: LastPasses,
        _ roots: Roots,
        _ beginning: VerificationClock
    ) throws(RecordTrouble) {
        guard let destination = roots.destinationStatus else { return }
        pending = try PendingEntries(
            passes,
            at: ClockReading.now(on: nil),
            verificationBegan: beginning.nanoseconds,
            times: .inferred(
                type: roots.destinationVolume.typeName,
                root: destination,
                hasBigTimes: roots.holdsBigTimes
            ),
            roots: roots,
            filter: filter
        )
        lastPass = ReferencePass(
            id: passes.whole.id,
            endNanoseconds: passes.whole.endNanoseconds ?? passes.whole.startNanoseconds
        )
    }
}
