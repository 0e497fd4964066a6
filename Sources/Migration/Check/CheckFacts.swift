// What a check knows of both volumes, as values: gathered by Check, judged by CheckFindings.

package import LinuxIO

/// Why DESTINATION takes no write.
package enum ReadOnlyCause: String, Sendable {
    /// Mounted so.
    case mount
    /// The filesystem itself, after an error or on request.
    case filesystem
    /// Its block device.
    case device
    /// It was shut down after an error, and answers nothing any more.
    case shutdown
}

/// Why nothing was tried out on DESTINATION.
package enum ProbeProblem: Sendable, Equatable {
    case readOnly
    /// A pass writes to it: probe and pass would take each other's temporary files for leftovers.
    case busy
    case failed(SystemError)
    /// Nobody has touched its root since that pass, which was complete: trying something out would cost the next pass
    /// its scan.
    case untouched(pass: Int64)
}

/// What the kernel knows of damage to a filesystem.
package struct FilesystemHealth: Sendable, Equatable {
    /// Errors that ext4 has counted; 0 elsewhere.
    package var errors: UInt64 = 0
    /// XFS has found its metadata damaged.
    package var isSick = false
    package var isShutDown = false

    package init() {}
    package var isGood: Bool { errors == 0 && !isSick && !isShutDown }
}

/// SOURCE.
package struct SourceFacts: Sendable, Equatable {
    package var path: [UInt8]
    package var typeName: String
    /// Whether SOURCE is the root of its filesystem, so that the filesystem's counts are its own.
    package var isWhole: Bool
    package var usedBytes: UInt64
    /// What of its root is not copied for its name.
    package var leftOut: LeftOut?
    /// Nil: not known, for `mountError` or because the table does not name it.
    package var mount: MountEntry?
    package var mountError: SystemError?
    package var health = FilesystemHealth()
    package var census: Census

    package init(
        path: [UInt8],
        typeName: String,
        isWhole: Bool,
        usedBytes: UInt64,
        census: Census
    ) {
        self.path = path
        self.typeName = typeName
        self.isWhole = isWhole
        self.usedBytes = usedBytes
        self.census = census
    }
}

/// DESTINATION.
package struct DestinationFacts: Sendable, Equatable {
    package var path: [UInt8]
    package var typeName: String
    package var blockBytes: UInt64 = 4096
    package var totalBytes: UInt64
    /// Nobody's, what is kept for root included.
    package var freeBytes: UInt64
    /// What others than root may fill.
    package var availableBytes: UInt64
    /// Nil where inodes are made as needed and not counted.
    package var totalInodes: UInt64?
    package var freeInodes: UInt64 = 0
    /// Its root holds nothing but `lost+found`.
    package var isEmpty: Bool
    /// A pass from this SOURCE was complete: what is there is the copy.
    package var holdsCopy = false
    /// The last pass, if it was complete and the root of DESTINATION is as that one left it.
    package var untouchedSincePass: Int64?
    package var linkCountMax: UInt32?
    /// Nil: not known, for `mountError` or because the table does not name it.
    package var mount: MountEntry?
    package var mountError: SystemError?
    package var superblock: Ext4Superblock?
    package var health = FilesystemHealth()
    package var readOnly: ReadOnlyCause?
    package var probe: ProbeResult?
    package var probeProblem: ProbeProblem?

    package init(  // One for each field.
        path: [UInt8],
        typeName: String,
        totalBytes: UInt64,
        freeBytes: UInt64,
        availableBytes: UInt64,
        isEmpty: Bool
    ) {
        self.path = path
        self.typeName = typeName
        self.totalBytes = totalBytes
        self.freeBytes = freeBytes
        self.availableBytes = availableBytes
        self.isEmpty = isEmpty
    }
}

/// Both, and who asks.
package struct CheckFacts: Sendable, Equatable {
    package var source: SourceFacts
    package var destination: DestinationFacts
    package var isRoot: Bool
    /// Capabilities that a whole copy needs and this process lacks, by name.
    package var missingCapabilities: [String] = []
    /// What is to be carried and cannot be seen.
    package var hidden: HiddenParts = []
    /// What speaks against these being the volumes that are meant.
    package var wrongRoots: WrongRoots?
    /// SOURCE's root holds nothing of its own.
    package var isSourceEmpty = false
    /// Nil: there is nothing to be said of quotas, or they would not be carried between these roots.
    package var quotas: QuotaForecast?
    /// What SOURCE accounts, also where quotas would not be carried.
    package var accountedBySource: Set<QuotaKind> = []

    package init(source: SourceFacts, destination: DestinationFacts, isRoot: Bool) {
        self.source = source
        self.destination = destination
        self.isRoot = isRoot
    }
}
