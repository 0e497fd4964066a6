// A command that looks at both volumes and answers with a table: run under supervision, and ended where it is refused or
// interrupted.

import ArgumentParser
import LinuxIO
import Migration
import Reporting

extension TableOutput {
    /// What `body` answers; nil from it: it was stopped by its control.
    ///
    /// Where there is no answer that is told, and the status thrown; a `body` that does not come back ends the process.
    /// `notice`: what goes on after a signal.
    func supervised<Answer: Sendable>(
        notice: String,
        _ body: @escaping @Sendable (RunControl, Supervision) throws(Refusal) -> Answer?
    ) throws -> Answer {
        let control = RunControl()
        let supervision = Supervision(notice: notice, tell: Self.tell)
        let ended: Answer??
        do throws(Refusal) {
            ended = try supervision.run { () throws(Refusal) in
                supervision.steer(
                    .init {
                        control.interrupt()
                        return true
                    }
                )
                return try body(control, supervision)
            }
        } catch {
            let text = RefusalText(error)
            refuse(text.reason, path: text.path, error)
            throw ExitCode(ExitStatus.refused.rawValue)
        }
        guard let ended else {
            let reason = Supervision.reason(supervision.watch.stuck(), "interrupted", "")
            refuse(reason, path: nil, status: .interrupted)
            supervision.end(.interrupted)
        }
        guard let answer = ended else { throw ExitCode(ExitStatus.interrupted.rawValue) }
        return answer
    }
}
