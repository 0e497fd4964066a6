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
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    ],
    targets: [
        .target(
            name: "CLinux",
            // The fault table of Tests: compiled into debug builds only (include/faults.h).
            cSettings: [.define("CUTOVER_FAULTS", .when(configuration: .debug))],
            // liburing's archive, for its shared library is on few machines; the others are on all.
            linkerSettings: [
                .linkedLibrary("acl"), .linkedLibrary("attr"), .linkedLibrary(":liburing.a"),
            ]
        ),
        .target(name: "LinuxIO", dependencies: ["CLinux"], swiftSettings: swiftSettings),
        .target(
            name: "CSQLite",
            dependencies: ["CLinux"],
            cSettings: [.define("CUTOVER_FAULTS", .when(configuration: .debug))]
        ),
        .target(
            name: "History",
            dependencies: [
                "LinuxIO", "CSQLite",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: swiftSettings,
            // SQLite's archive, for its shared library is not on every machine; the file there says how.
            linkerSettings: [.unsafeFlags(["-L\(Context.packageDirectory)/scripts/link"])]
        ),
        .target(
            name: "Migration",
            dependencies: [
                "History", "LinuxIO",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
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
            dependencies: [
                "History", "TestSupport",
                // The judge of the files, and the way to make wrong ones.
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
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
            dependencies: ["cutover", "TestSupport"],
            exclude: [
                "Output/ArgumentsCheckHelp.txt", "Output/ArgumentsFollowHelp.txt",
                "Output/ArgumentsHelp.txt",
                "Output/ArgumentsHistoryHelp.txt", "Output/ArgumentsReportHelp.txt",
                "Output/ArgumentsSyncHelp.txt",
                "Output/ArgumentsVerifyHelp.txt", "Output/CommandLineMistakes.txt",
                "Output/Golden",
            ],
            swiftSettings: swiftSettings
        ),
    ]
)
