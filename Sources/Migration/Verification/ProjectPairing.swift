// Project ids that DESTINATION lacks. An ext4 made without `-O project` holds none, which is no fault of the copy
// and said once (S31's spirit, the last table of the rules); one that holds some and lacks this one is different.
// The superblock tells which of the two it is. Where that cannot be read, it shows when the first project id of
// DESTINATION is met, or none is.

import LinuxIO
import Synchronization

/// Project ids that are 0 on DESTINATION and not on SOURCE, until it is known what that means.
///
/// Thread-safe.
final class ProjectPairing: Sendable {
    /// So many differences are held until it is known; further ones are only counted then.
    static let heldMax = 1000

    private struct State: Sendable {
        var held: [(difference: FoundDifference, isChanged: Bool)] = []
        /// Further ones: that say something, and of what changed meanwhile.
        var further: (found: UInt64, changed: UInt64) = (0, 0)
        /// Nil: it is not known.
        var holdsProjects: Bool?
    }

    private let log: VerificationFindings
    private let state: Lock<State>
    /// Spares the lock: a project id was met, or need not be noted.
    private let isNoted: Atomic<Bool>

    /// `holdsProjects`: whether DESTINATION can hold project ids; nil when it cannot be known beforehand.
    init(log: VerificationFindings, holdsProjects: Bool?) {
        self.log = log
        state = Lock(State(holdsProjects: holdsProjects))
        isNoted = Atomic(holdsProjects == true)
    }

    /// DESTINATION has a project id: what was held back is a difference.
    func noteProject() {
        if isNoted.exchange(true, ordering: .relaxed) { return }
        let known = state.withLock { state in
            defer { state = State(holdsProjects: true) }
            return state
        }
        for each in known.held { log.tell(each.difference, isChanged: each.isChanged) }
        log.counters.differences.count(known.further.found)
        log.counters.changed.count(known.further.changed)
    }

    /// DESTINATION has none where SOURCE has one.
    func noteMissing(_ difference: FoundDifference, isChanged: Bool) {
        let holdsProjects = state.withLock { state in
            if state.holdsProjects != nil { return state.holdsProjects }
            if state.held.count < Self.heldMax {
                state.held.append((difference, isChanged))
            } else if isChanged {
                state.further.changed += 1
            } else {
                state.further.found += 1
            }
            return nil
        }
        switch holdsProjects {
        case true: log.tell(difference, isChanged: isChanged)
        case false: log.say(.projectsNotKept)
        default: break
        }
    }

    /// Everything was compared.
    func finish() {
        let isMissing = state.withLock { state in
            state.holdsProjects == nil && !state.held.isEmpty
        }
        if isMissing { log.say(.projectsNotKept) }
    }
}
