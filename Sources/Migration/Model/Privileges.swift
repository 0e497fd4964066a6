// What this process may do and see, asked of the kernel once, and what follows from it for a run (S54). Three kinds
// of lack: what is hidden without an error is never called done; what makes calls fail is told at the start, and
// then fails; what others than root may not do is S31's.

package import LinuxIO

/// What is hidden from effective uid 0, with no call that fails for it.
package struct HiddenParts: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `trusted.*`, without CAP_SYS_ADMIN in the first user namespace.
    package static let trustedAttributes = HiddenParts(rawValue: 1 << 0)
    /// Owners that a user namespace does not map: all are shown as one.
    package static let owners = HiddenParts(rawValue: 1 << 1)

    /// Each of them by itself.
    package var parts: [HiddenParts] {
        [.trustedAttributes, .owners].filter { contains($0) }
    }

    /// What could not be seen, as a failure of the whole run; it is recorded once.
    var failures: [Failure] {
        parts.map { part in
            part == .trustedAttributes
                ? Failure(
                    path: [],
                    side: .source,
                    activity: .readAttributes,
                    detail: "trusted.* is invisible without CAP_SYS_ADMIN"
                )
                : Failure(
                    path: [],
                    side: .source,
                    activity: .examine,
                    detail: "owners that this user namespace does not map are shown as one"
                )
        }
    }
}

/// What a process may do and see.
package struct Privileges: Sendable, Equatable {
    package var isRoot: Bool
    package var capabilities: Capabilities
    package var showsTrustedAttributes: Bool
    package var mapsAllOwners: Bool

    package init(
        isRoot: Bool,
        capabilities: Capabilities,
        showsTrustedAttributes: Bool,
        mapsAllOwners: Bool
    ) {
        self.isRoot = isRoot
        self.capabilities = capabilities
        self.showsTrustedAttributes = showsTrustedAttributes
        self.mapsAllOwners = mapsAllOwners
    }

    /// This process's; they do not change while it runs.
    package static let current = Privileges(
        isRoot: ProcessLimits.isRoot,
        // Where the kernel does not tell, none counts as there: what then succeeds is no harm.
        capabilities: (try? Capabilities.effective()) ?? [],
        showsTrustedAttributes: ProcessSight.showsTrustedAttributes,
        mapsAllOwners: ProcessSight.mapsAllOwners
    )

    /// What is to be carried, or compared, and cannot be seen.
    package func hidden(
        _ preserved: PassOptions.Preserved,
        _ attributes: AttributeSelection
    ) -> HiddenParts {
        guard isRoot else { return [] }
        var hidden: HiddenParts = []
        if preserved.contains(.attributes), attributes.namespaces.contains(.trusted),
            !showsTrustedAttributes
        {
            hidden.insert(.trustedAttributes)
        }
        if !preserved.isDisjoint(with: [.owner, .group]), !mapsAllOwners { hidden.insert(.owners) }
        return hidden
    }

    /// Capabilities that a pass needs and that are missing: calls will fail, or drop setgid bits.
    package func missing(for options: PassOptions) -> Capabilities {
        guard isRoot else { return [] }
        let preserved = options.preserved
        var needed: Capabilities = [
            .overridePermissions, .actAsOwner, .freeze, .exceedLimits,
        ]
        if !preserved.isDisjoint(with: [.owner, .group]) { needed.insert(.changeOwner) }
        if preserved.contains(.mode) { needed.insert(.keepSetID) }
        if preserved.contains(.devices) { needed.insert(.makeDevices) }
        if preserved.contains(.attributes), options.attributes.namespaces.contains(.security) {
            needed.formUnion([.setFileCapabilities, .administer])
        }
        return needed.subtracting(capabilities)
    }

    /// Whether others' closed files and directories can be read.
    package var readsEverything: Bool {
        !capabilities.isDisjoint(with: [.overridePermissions, .searchEverywhere])
    }

    /// Bulkstat is for CAP_SYS_ADMIN, and opening inodes by number for CAP_DAC_READ_SEARCH.
    var mayScan: Bool {
        isRoot && showsTrustedAttributes && capabilities.contains([.administer, .searchEverywhere])
    }
}
