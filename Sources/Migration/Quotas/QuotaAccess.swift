// What the carrier of quotas wants of a filesystem: the kernel's quotas, or in tests a list in memory.

package import LinuxIO

/// Records of one kind in ascending order of their ids.
package protocol QuotaRecords {
    /// The next one; nil at the end, which only the filesystem itself can tell.
    mutating func next() throws(SystemError) -> QuotaRecord?
}

/// The quotas of one filesystem.
package protocol QuotaAccess {
    associatedtype Records: QuotaRecords

    func state() throws(SystemError) -> QuotaState
    func grace(of kind: QuotaKind) throws(SystemError) -> QuotaGrace
    func storage(of kind: QuotaKind) throws(SystemError) -> QuotaStorage
    func records(of kind: QuotaKind) -> Records
    func limits(of owner: QuotaOwner) throws(SystemError) -> QuotaLimits

    func set(_ grace: QuotaGrace, of kind: QuotaKind) throws(SystemError)
    func set(_ limits: QuotaLimits, of owner: QuotaOwner) throws(SystemError)
    /// Seconds since 1970; nil: as it is.
    func setGraceEnd(block: UInt64?, inode: UInt64?, of owner: QuotaOwner) throws(SystemError)
}

extension QuotaCursor: QuotaRecords {}

extension Quotas: QuotaAccess {
    package func records(of kind: QuotaKind) -> QuotaCursor { QuotaCursor(self, kind) }
}
