// What speaks against two roots before a pass touches them (S61).

package import History

/// A pair of roots that has whole passes.
package struct KnownPair: Equatable, Sendable {
    package var pair: PairIdentity
    package var passes: Int
    /// When the last of them ended, in nanoseconds since 1970.
    package var lastEndNanoseconds: Int64
    /// It was begun by `--new-pair`, and no whole pass since then did without.
    package var isDeclared: Bool

    package init(pair: PairIdentity, passes: Int, lastEndNanoseconds: Int64, isDeclared: Bool) {
        self.pair = pair
        self.passes = passes
        self.lastEndNanoseconds = lastEndNanoseconds
        self.isDeclared = isDeclared
    }
}

/// Why the records say that these are not the volumes that are meant.
package struct PairConflict: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// Another filesystem is where SOURCE was.
        case otherSource
        case otherDestination
        /// Passes went the other way.
        case reversed
    }

    package var kind: Kind
    package var recorded: KnownPair
}

/// What speaks against two roots.
package enum WrongRoots: Equatable, Sendable {
    case conflict(PairConflict, present: PresentVolume)
    /// SOURCE is a whole volume, and DESTINATION a directory of the filesystem of `/`; `isMissing`: it would be made.
    case notMounted(path: [UInt8], typeName: String, isMissing: Bool = false)

    /// The word for it in JSON.
    package var word: String {
        switch self {
        case .conflict(let conflict, _):
            switch conflict.kind {
            case .otherSource: "other_source"
            case .otherDestination: "other_destination"
            case .reversed: "reversed"
            }
        case .notMounted: "not_mounted"
        }
    }
}

/// The volume that is where another one was.
package struct PresentVolume: Equatable, Sendable {
    package var path: [UInt8]
    package var typeName: String
    /// It is the filesystem of `/`: nothing is mounted here.
    package var isRootFilesystem: Bool
}
