// How long a comparison of all attributes takes, asked of an open record.

import History

extension ComparisonTime {
    /// By the record of the pair, on this machine; nil: there is none.
    init(_ history: History?) {
        do throws(HistoryProblem) {
            self.init(try history?.verifications() ?? [], on: Machine.identifier)
        } catch {
            self = .unknown(.unreadable)
        }
    }
}
