// The stable words of the JSON lines for values of the engine, apart from Swift's case names, which
// may be renamed without a thought for readers of JSON.

import LinuxIO
import Migration

extension EventJSON {
    static func name(_ reason: DestinationStop) -> String {
        switch reason {
        case .full: "full"
        case .readOnly: "read_only"
        case .broken: "broken"
        }
    }

    static func name(_ status: ExitStatus) -> String {
        switch status {
        case .done: "done"
        case .different: "different"
        case .refused: "refused"
        case .destinationStopped: "destination_stopped"
        case .interrupted: "interrupted"
        case .someFailed: "some_failed"
        case .someVanished: "some_vanished"
        case .deletionLimit: "deletion_limit"
        case .timeLimit: "time_limit"
        case .usage: "usage"
        }
    }

    static func name(_ kind: EntryKind) -> String {
        switch kind {
        case .regular: "file"
        case .directory: "directory"
        case .symlink: "symlink"
        case .characterDevice: "character_device"
        case .blockDevice: "block_device"
        case .fifo: "fifo"
        case .socket: "socket"
        case .unknown: "unknown"
        }
    }
}

extension ExitStatus {
    /// As JSON has it in `status_name`.
    package var word: String { EventJSON.name(self) }
}
