// The units for systemd, as systemd itself reads them. That they work is shown in a machine with a real one
// (scripts/unit-trial).

import Glibc
import TestSupport
import Testing

@Suite("Units for systemd", .requiresAnalysisOfUnits)
struct UnitTests {
    private static var folder: [UInt8] {
        let root = #filePath.split(separator: "/").dropLast(4)
        return bytes("/" + root.joined(separator: "/") + "/scripts/package-support")
    }

    /// The units in a folder of their own, with the program of this build in the place of the one that is installed.
    private func units() throws -> [UInt8] {
        let folder = joined(try Scratch.directory(), Scratch.uniqueName("units"))
        try Files.makeDirectory(folder)
        try Shell.run(
            """
            for unit in "$1"/*.service "$1"/*.timer; do
                sed "s|^ExecStart=/usr/bin/cutover |ExecStart=$2 |" "$unit" >"$3/${unit##*/}"
            done
            """,
            Self.folder,
            Cutover.binary,
            folder
        )
        return folder
    }

    @Test(
        "systemd understands all of each unit",
        arguments: ["follow@x.service", "verify@x.service", "verify@x.timer"]
    )
    func understood(unit: String) throws {
        let outcome = try Shell.attempt(
            "systemd-analyze verify --man=no \"$1/cutover-$2\" 2>&1",
            [try units(), bytes(unit)]
        )
        #expect(outcome.status == 0 && outcome.output == "", "\(outcome)")
    }

    /// What systemd thinks of each unit; less is good.
    ///
    /// Passes stand above the 3 that a service should have. Options that would bring less give the unit a table of mounts of its
    /// own, in which a volume that the host has unmounted stays in use and is written to (`mounts`, and the trial in a machine).
    /// Comparisons, which end by themselves, have them.
    @Test(
        "what the units may do beyond their work is little, and no more by mistake",
        arguments: [("cutover-follow@.service", 3.9), ("cutover-verify@.service", 2.4)]
    )
    func exposure(unit: String, expected: Double) throws {
        let lines = try security(unit)
        let line = try #require(lines.last { $0.contains("Overall exposure level") })
        let figure = try #require(line.split(separator: " ").compactMap { Double($0) }.first)
        #expect(figure == expected, "\(line)")
    }

    @Test("of each option that systemd misses in the unit of passes the unit says why")
    func reasons() throws {
        let unit = "cutover-follow@.service"
        let text = String(decoding: try Files.read(joined(Self.folder, unit)), as: UTF8.self)
        let comments = text.split(separator: "\n").filter { $0.hasPrefix("#") }
        let words = Set(
            comments.joined(separator: " ").split { !($0.isLetter || $0 == "_" || $0 == "@") }
        )
        let missed = try security(unit).filter { $0.hasPrefix("✗") }
            .compactMap { $0.split(separator: " ").dropFirst().first?.split(separator: "=").first }
        #expect(missed.count > 20)
        // Of these it is not the option that is missing; what they allow stands there beside its reason.
        let lists: Set<Substring> = [
            "CapabilityBoundingSet", "DeviceAllow", "RestrictAddressFamilies", "SystemCallFilter",
        ]
        #expect(missed.filter { !lists.contains($0) && !words.contains($0) } == [])
    }

    private func security(_ unit: String) throws -> [String] {
        try Shell.attempt(
            "LC_ALL=C.UTF-8 systemd-analyze security --offline=yes --no-pager \"$1/$2\" 2>&1",
            [try units(), bytes(unit)]
        ).lines.map { String($0) }
    }

    @Test("the unit of passes has the host's own table of mounts: no option gives it another")
    func mounts() throws {
        let text = String(
            decoding: try Files.read(joined(Self.folder, "cutover-follow@.service")),
            as: UTF8.self
        )
        let names = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .compactMap { $0.split(separator: "=").first }
        // exec_needs_mount_namespace() of systemd, as far as a unit of the system can ask for it.
        let harmful = [
            "PrivateDevices", "PrivateMounts", "PrivateTmp", "ProtectControlGroups", "ProtectHome",
            "ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables", "ProtectProc",
            "ProtectSystem", "ProcSubset", "ReadOnlyPaths", "ReadWritePaths", "InaccessiblePaths",
            "BindPaths", "TemporaryFileSystem", "MountFlags", "RootDirectory", "RootImage",
            "PrivateIPC",
            "DynamicUser", "LogNamespace",
        ]
        #expect(names.contains("CapabilityBoundingSet"))
        #expect(names.filter { harmful.contains(String($0)) } == [])
    }
}

extension Trait where Self == ConditionTrait {
    /// systemd-analyze that judges files (systemd 250).
    fileprivate static var requiresAnalysisOfUnits: Self {
        .enabled("needs systemd-analyze with --offline (systemd 250)") {
            try Shell.attempt("systemd-analyze --help | grep -q -e --offline").status == 0
        }
    }
}
