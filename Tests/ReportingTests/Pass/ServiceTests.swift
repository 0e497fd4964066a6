// What a service manager is told and when, by a clock made up.

import LinuxIO
import Migration
import Reporting
import TestSupport
import Testing

@Suite("Statuses for a service manager") struct ServiceNotifierTests {
    private final class Manager: Sendable {
        let messages = Lock<[String]>([])
        let now = Lock<UInt64>(0)
        let isListening = Lock(true)
        var told: [String] {
            messages.withLock { messages in
                defer { messages = [] }
                return messages
            }
        }
        func pass(seconds: UInt64) { now.withLock { $0 += seconds * 1_000_000_000 } }
        func listen(_ isListening: Bool) { self.isListening.withLock { $0 = isListening } }
    }

    private let manager = Manager()
    private let notifier: ServiceNotifier

    init() {
        let manager = manager
        notifier = ServiceNotifier(
            clock: { manager.now.withLock { $0 } },
            send: { text in
                guard manager.isListening.withLock({ $0 }) else { return false }
                manager.messages.withLock { $0.append(text) }
                return true
            }
        )
    }

    @Test("a status is told at once where something else begins, and again after ten seconds")
    func intervals() {
        notifier.show(.running, "a")
        notifier.show(.running, "b")
        #expect(manager.told == ["STATUS=a"])
        manager.pass(seconds: 9)
        notifier.show(.running, "c")
        #expect(manager.told == [])
        notifier.show(.waiting, "d")
        #expect(manager.told == ["STATUS=d"])
        manager.pass(seconds: 10)
        notifier.show(.waiting, "e")
        #expect(manager.told == ["STATUS=e"])
    }

    @Test("READY is told once, and what was not taken goes along with the next message")
    func owed() {
        manager.listen(false)
        notifier.ready()
        notifier.show(.running, "a")
        manager.listen(true)
        // A status is not due, and what is owed goes without it.
        notifier.show(.running, "b")
        #expect(manager.told == ["READY=1"])
        notifier.ready()
        manager.listen(false)
        notifier.stop(isSynchronizing: false, "stopping")
        manager.listen(true)
        notifier.show(.ended, "over")
        #expect(manager.told == ["STOPPING=1\nSTATUS=over"])
    }

    @Test("a start is given time for a command; once it is over there is nothing to give")
    func start() {
        notifier.extendStart(seconds: 600)
        #expect(manager.told == ["EXTEND_TIMEOUT_USEC=720000000"])
        notifier.ready()
        notifier.extendStart(seconds: 600)
        #expect(manager.told == ["READY=1"])
    }

    @Test("a stop is told once, with more time where a disk is waited for; a run says nothing then")
    func stop() {
        notifier.stop(isSynchronizing: false, "stopping")
        notifier.show(.running, "pass 1: 3%")
        notifier.stop(isSynchronizing: true, "stopping")
        notifier.show(.ended, "the pass ended with 20: interrupted")
        #expect(
            manager.told == [
                "STOPPING=1\nSTATUS=stopping",
                "STATUS=stopping\nEXTEND_TIMEOUT_USEC=1800000000",
                "STATUS=the pass ended with 20: interrupted",
            ]
        )
    }

    @Test("a newline in a status begins no assignment of its own")
    func newline() {
        notifier.show(.running, "a\nREADY=1\r\nb")
        #expect(manager.told == ["STATUS=a READY=1 b"])
    }
}
