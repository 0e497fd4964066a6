// A call that does not come back, in words.

package import Migration

/// The sentence for a call that does not come back.
package enum WaitingText {
    /// A line for people; the path as it is shown to them.
    package static func line(_ call: WaitingCall, _ shown: ShownName) -> String {
        "still waiting: \(what(call, shown)); a disk, a filesystem or a scanner does not answer"
    }

    /// There are threads for so many workers and no more (S58).
    package static func threads(_ workers: Int) -> String { NoticeText.threads(workers) }

    /// Without the path, which JSON has beside it.
    static func sentence(_ call: WaitingCall) -> String {
        "\(call.call) does not come back: \(time(call))"
    }

    /// `read of home/mail on SOURCE, for 60 s`.
    package static func what(_ call: WaitingCall, _ shown: ShownName) -> String {
        var text = call.call
        switch (call.path, call.side) {
        case (let path?, let side?) where path.isEmpty: text += " of \(name(side))"
        case (let path?, let side?): text += " of \(shown.path(path)) on \(name(side))"
        case (let path?, nil): text += " of \(shown.path(path))"
        case (nil, _): break
        }
        return text + ", for " + time(call)
    }

    private static func name(_ side: Failure.Side) -> String {
        side == .source ? "SOURCE" : "DESTINATION"
    }

    private static func time(_ call: WaitingCall) -> String {
        let seconds = call.nanoseconds / 1_000_000_000
        return seconds < 60 ? "\(seconds) s" : Quantity.duration(call.nanoseconds)
    }

    /// What a run that was given up says of them at its end.
    static func lines(_ calls: [WaitingCall], _ shown: ShownName) -> [String] {
        if calls.isEmpty { return [] }
        let most = 10
        var lines = ["  Did not come back:"]
        lines += calls.prefix(most).map { "    " + what($0, shown) }
        if calls.count > most {
            lines.append("    and \(Quantity.count(UInt64(calls.count - most))) more")
        }
        return lines
    }
}
