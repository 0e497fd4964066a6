// What one verification is asked to do. No text, no default that reads less than everything.

package import LinuxIO

/// What is compared, and how.
package struct VerificationOptions: Sendable {
    /// Whether contents are read, or attributes only (`--metadata`).
    package var comparesContents = true
    /// Of which files contents are read; nil: of all.
    package var sample: FileSample?
    /// Only these top-level entries; empty: all, and the roots' own attributes.
    package var branches: Set<Name> = []
    /// The part of a plan that is compared; nil: there is no plan.
    package var share: PlanShare?
    /// Which extended attributes are compared.
    package var attributes = AttributeSelection.all
    /// Refuse to begin where something to be compared cannot be seen (`--no-check`: begin all the same).
    package var checksFirst = true
    /// What is left out on both sides, by the rules of a pass; nil: what the last whole pass left out.
    package var filter: Filter?
    /// The filter is no pass's: it is recorded that other entries may have been compared than passes carry.
    ///
    /// That options leave out attributes is told apart, by `LeftAside`.
    package var hasOtherFilter = false
    /// Where the record of passes is kept; nil: none is asked for.
    package var stateFolder: Name?
    /// Somebody named that folder: that it is missing is told.
    package var namesStateFolder = false
    /// Where it is recorded how the comparison ended, if passes of the two are recorded there; nil: nowhere.
    package var recordFolder: Name?
    /// Of cutover, for the record.
    package var version = ""
    /// What users changed since the last whole pass counts as different (`--strict`).
    package var isStrict = false
    /// What a pass carried: nothing else is compared.
    package var preserved = PassOptions.Preserved.all
    /// Filesystems mounted below the roots are compared, too, as a pass with `--cross-mounts` copied them.
    ///
    /// Nothing is told as pending then: the record knows inodes by their number, of SOURCE's own filesystem.
    package var crossesMounts = false
    /// Whether quotas are compared, where all of two volumes is.
    package var comparesQuotas = true
    /// Lanes that do blocking I/O, 1 to `PassOptions.workersMax`.
    package var workers = 30

    package init() {}
}

extension LeftAside {
    /// Of a comparison with these options and this filter.
    package init(_ options: VerificationOptions, _ filter: Filter) {
        rules = filter.ruleCount
        var pass = PassOptions()
        // How zeros are stored is compared by nobody.
        pass.preserved = options.preserved.union(.sparse)
        pass.attributes = options.attributes
        // Of a plan's parts closing compares them, which nobody asked for either.
        let isShard = options.share.map { $0.part != .closing } ?? false
        pass.quotas = options.comparesQuotas || isShard ? .auto : .off
        self.options = RecordedOptions(pass).words
    }
}

/// A part of all files, chosen by a seed: the same seed chooses the same files as long as they keep their
/// inodes on SOURCE.
package struct FileSample: Sendable, Equatable {
    /// Above 0, at most 100.
    package let percent: Double
    package let seed: UInt32
    /// Of all 64-bit numbers so many are in the sample.
    private let limit: UInt64

    package init(percent: Double, seed: UInt32) {
        precondition(percent > 0 && percent <= 100)
        self.percent = percent
        self.seed = seed
        limit = percent == 100 ? .max : UInt64(percent / 100 * 0x1p64)
    }

    /// Whether the file with this inode on SOURCE is in it; all names of an inode are, or none.
    package func contains(inode: UInt64) -> Bool { Self.mixed(inode, UInt64(seed)) <= limit }

    /// Both numbers made into one that looks random: the finaliser of SplitMix64, twice, so that neighbouring
    /// seeds choose unrelated files.
    private static func mixed(_ number: UInt64, _ seed: UInt64) -> UInt64 {
        finalized(finalized(seed &+ 0x9E37_79B9_7F4A_7C15) ^ number)
    }

    private static func finalized(_ number: UInt64) -> UInt64 {
        var bits = number
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
