// A root that was named to look its past up: the volume itself, if it is there, and the name, if it is not.

package import History
package import LinuxIO

/// A root as somebody names it.
package struct NamedRoot: Sendable {
    /// What is there now; nil where nothing can be opened, or nothing tells it from others for long.
    package let identity: RootIdentity?
    /// The names that a record may have it under: as given, and as the kernel shows it.
    private let paths: Set<[UInt8]>

    /// Opens what is there and closes it again; nothing is read or changed.
    package init(_ name: Name) {
        var given = Array(name.bytes)
        while given.count > 1, given.last == 0x2F { given.removeLast() }
        guard let root = try? SharedDescriptor(Descriptor.openRoot(name)) else {
            identity = nil
            paths = [given]
            return
        }
        let path = (try? root.descriptor.path()) ?? given
        // What cannot be asked now is found by its name.
        identity = (try? RootIdentity.read(from: root, path)) ?? nil
        paths = [given, path]
    }

    /// Whether this is that very root, or was called so at its last pass.
    package func mayBe(_ root: RootIdentity) -> Bool {
        identity == root || paths.contains(root.path)
    }
}
