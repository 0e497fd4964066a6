// Passes one after another in one process, as a loop of passes runs them.

import LinuxIO
import Migration
import TestSupport
import Testing

@Suite("Passes in one process")
struct PassesInOneProcess {
    @Test("a pass that has ended holds no lock: the next one runs while it is still in memory")
    func locks() throws {
        let folder = try Scratch.directory()
        let (source, destination) = (joined(folder, "source"), joined(folder, "destination"))
        let state = joined(folder, "state")
        try Files.makeDirectory(source)
        try Files.makeDirectory(destination)
        let process = try ProcessSetup(writesTrees: false)
        var options = PassOptions()
        options.stateFolder = Name(state)
        options.workers = WorkersWanted(2)
        var ended: [Pass] = []
        for round in 1...3 {
            try Files.write(joined(source, "file"), bytes("round \(round)"))
            let pass = try Pass(
                process,
                RootNames(source: Name(source), destination: Name(destination)),
                options,
                counters: Counters(),
                emit: { _ in }
            )
            let summary = pass.run()
            #expect(summary.status == .done)
            #expect(summary.recordedPass == Int64(round))
            #expect(try Files.read(joined(destination, "file")) == bytes("round \(round)"))
            ended.append(pass)
        }
        #expect(ended.count == 3)
    }
}
