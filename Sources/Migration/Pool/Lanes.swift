// A few blocking lanes for work that is no pass: carried as WorkerPool's are, by one serial queue each.

import Dispatch

/// Runs `body` in so many lanes at the same time and returns when all have ended; blocks.
///
/// With one lane it runs on the calling thread.
func inLanes(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    guard count > 1 else {
        if count == 1 { body(0) }
        return
    }
    withoutActuallyEscaping(body) { body in
        let group = DispatchGroup()
        for lane in 0..<count {
            DispatchQueue(label: "cutover.lane.\(lane)").async(group: group) { body(lane) }
        }
        group.wait()
    }
}
