// swift-tools-version: 6.2

// The targets and the one direction in which they may import each other: docs/DESIGN.md, "The house".
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
            // liburing's archive, for its shared library is on few machines; the others are on all.
            linkerSettings: [
                .linkedLibrary("acl"), .linkedLibrary("attr"), .linkedLibrary(":liburing.a"),
            ]
        ),
        .target(name: "LinuxIO", dependencies: ["CLinux"], swiftSettings: swiftSettings),
        .target(name: "Migration", dependencies: ["LinuxIO"], swiftSettings: swiftSettings),
        .target(
            name: "Reporting",
            dependencies: ["Migration", "LinuxIO"],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "cutover",
            dependencies: [
                "Reporting", "Migration", "LinuxIO",
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
            name: "MigrationTests",
            dependencies: ["Migration", "LinuxIO", "TestSupport"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "ReportingTests",
            dependencies: ["Reporting", "Migration", "LinuxIO", "TestSupport"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: ["cutover", "TestSupport"],
            exclude: ["ArgumentsHelp.txt", "ArgumentsSyncHelp.txt"],
            swiftSettings: swiftSettings
        ),
    ]
)
