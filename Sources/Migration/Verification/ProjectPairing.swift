// Project ids that DESTINATION lacks. An ext4 made without `-O project` holds none, which is no fault of the copy
// and said once (S31's spirit, the last table of the rules); one that holds some and lacks this one is different.
// Which of the two it is shows when the first project id of DESTINATION is met, or none is.

import LinuxIO
import Synchronization

/// Project ids that are 0 on DESTINATION and not on SOURCE, until it is known what that means.
///
/// Thread-safe.
final class ProjectPairing: Sendable {
    /// When so many entries of DESTINATION lack their project id and none has one, it holds none.
    static let heldMax = 1000

    private struct State: Sendable {
        var held: [(difference: FoundDifference, isChanged: Bool)] = []
        var isDecided = false
    }

    private let log: VerificationLog
    private let state = Lock(State())
    private let holdsProjects = Atomic<Bool>(false)

    init(log: VerificationLog) { self.log = log }

    /// DESTINATION has a project id: what was held back is a difference.
    func noteProject() {
        if holdsProjects.exchange(true, ordering: .relaxed) { return }
        let held = state.withLock { state in
            state.isDecided = true
            defer { state.held = [] }
            return state.held
        }
        for each in held { log.tell(each.difference, isChanged: each.isChanged) }
    }

    /// DESTINATION has none where SOURCE has one.
    func noteMissing(_ difference: FoundDifference, isChanged: Bool) {
        let isTold = state.withLock { state in
            if state.isDecided { return holdsProjects.load(ordering: .relaxed) }
            state.held.append((difference, isChanged))
            if state.held.count >= Self.heldMax {
                state.held = []
                state.isDecided = true
                log.say(.projectsNotKept)
            }
            return false
        }
        if isTold { log.tell(difference, isChanged: isChanged) }
    }

    /// Everything was compared.
    func finish() {
        let isMissing = state.withLock { state in
            defer { state.held = [] }
            return !state.isDecided && !state.held.isEmpty
        }
        if isMissing { log.say(.projectsNotKept) }
    }
}
