// A descriptor with several users, for those that nothing is written through: directories, handles.

/// An open descriptor that several workers share; closed with the last reference.
///
/// Nothing is written through it, so nothing is lost when its closing fails.
package final class SharedDescriptor: Sendable {
    package let descriptor: Descriptor

    package init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}
