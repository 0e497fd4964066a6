// swift-tools-version: 6.2

// The targets and the one direction in which they may import each other: docs/DESIGN.md.
// scripts/check-layering holds the same table and fails when an import leaves it.

import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "cutover",
    products: [
        .executable(name: "cutover", targets: ["cutover"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        .target(
            name: "CLinux",
            // The fault table of Tests: compiled into debug builds only (include/faults.h).
            cSettings: [.define("CUTOVER_FAULTS", .when(configuration: .debug))],
            // Archives of what is not on every machine, or not in the same version; the others are on all.
            linkerSettings: [
                .linkedLibrary("acl"), .linkedLibrary("attr"), .linkedLibrary(":liburing.a"),
                .linkedLibrary(":libcrypto.a"),
            ]
        ),
        .target(name: "LinuxIO", dependencies: ["CLinux"], swiftSettings: swiftSettings),
        .target(
            name: "CSQLite",
            dependencies: ["CLinux"],
            cSettings: [.define("CUTOVER_FAULTS", .when(configuration: .debug))],
            linkerSettings: [.linkedLibrary(":libsqlite3.a"), .linkedLibrary("m")]
        ),
        .target(
            name: "History",
            dependencies: ["LinuxIO", "CSQLite"],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Migration",
            dependencies: ["History", "LinuxIO"],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "Reporting",
            dependencies: ["Migration", "History", "LinuxIO"],
            swiftSettings: swiftSettings + [.strictMemorySafety()]
        ),
        .executableTarget(
            name: "cutover",
            dependencies: [
                "Reporting", "Migration", "History", "LinuxIO",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swiftSettings),
        .testTarget(
            name: "LinuxIOTests",
            dependencies: ["LinuxIO", "TestSupport"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "HistoryTests",
            // CSQLite: the judge of the files, and the way to make wrong ones.
            dependencies: ["History", "TestSupport", "CSQLite"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "MigrationTests",
            dependencies: ["Migration", "History", "LinuxIO", "TestSupport"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "ReportingTests",
            dependencies: ["Reporting", "Migration", "History", "LinuxIO", "TestSupport"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "CommandTests",
            // Migration: plans that no command would make.
            dependencies: ["cutover", "Migration", "LinuxIO", "TestSupport"],
            exclude: [
                "Output/ArgumentsCheckHelp.txt", "Output/ArgumentsFollowHelp.txt",
                "Output/ArgumentsHelp.txt",
                "Output/ArgumentsHistoryHelp.txt", "Output/ArgumentsPlanHelp.txt",
                "Output/ArgumentsReportHelp.txt",
                "Output/ArgumentsSyncHelp.txt", "Output/ArgumentsTuneHelp.txt",
                "Output/ArgumentsVerifyHelp.txt", "Output/CommandLineMistakes.txt",
                "Output/Golden",
            ],
            swiftSettings: swiftSettings
        ),
    ]
)
