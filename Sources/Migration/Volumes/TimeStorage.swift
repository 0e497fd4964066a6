// How exactly DESTINATION stores times of modification, so that a file is never copied for ever since
// its time cannot be kept (S6). ext4 with 128-byte inodes keeps whole seconds until 2038 only.

package import LinuxIO

/// The step and the range in which a filesystem stores times.
package struct TimeStorage: Sendable, Equatable {
    /// 1, or 1,000,000,000 where only whole seconds are kept; never 0.
    package var stepNanoseconds: UInt32
    package var earliestSeconds: Int64
    package var latestSeconds: Int64

    /// Nanoseconds, any year.
    package static let exact = TimeStorage(
        stepNanoseconds: 1,
        earliestSeconds: .min,
        latestSeconds: .max
    )

    /// What ext4 stores in inodes of 128 bytes: 32-bit seconds.
    package static let wholeSecondsUntil2038 = TimeStorage(
        stepNanoseconds: 1_000_000_000,
        earliestSeconds: Int64(Int32.min),
        latestSeconds: Int64(Int32.max)
    )

    /// What ext4 stores in larger inodes: 34-bit seconds from 1901 to 2446 (EXT4_EXTRA_TIMESTAMP_MAX).
    package static let exactUntil2446 = TimeStorage(
        stepNanoseconds: 1,
        earliestSeconds: Int64(Int32.min),
        latestSeconds: (1 << 34) - 1 + Int64(Int32.min)
    )

    /// What XFS stores with `bigtime`: nanoseconds from 1901 to 2486 (XFS_BIGTIME_TIME_MAX of xfs_format.h).
    package static let exactUntil2486 = TimeStorage(
        stepNanoseconds: 1,
        earliestSeconds: Int64(Int32.min),
        latestSeconds: 16_299_260_424
    )

    /// What XFS stores without it.
    package static let exactUntil2038 = TimeStorage(
        stepNanoseconds: 1,
        earliestSeconds: Int64(Int32.min),
        latestSeconds: Int64(Int32.max)
    )

    package init(stepNanoseconds: UInt32, earliestSeconds: Int64, latestSeconds: Int64) {
        precondition(stepNanoseconds > 0)
        self.stepNanoseconds = stepNanoseconds
        self.earliestSeconds = earliestSeconds
        self.latestSeconds = latestSeconds
    }

    /// What becomes of `time` when it is stored: clamped, then cut to the step, as the kernel does
    /// (timestamp_truncate in fs/inode.c).
    package func stored(_ time: Timestamp) -> Timestamp {
        if time.seconds <= earliestSeconds || time.seconds >= latestSeconds {
            let seconds = min(max(time.seconds, earliestSeconds), latestSeconds)
            return Timestamp(seconds: seconds, nanoseconds: 0)
        }
        return Timestamp(
            seconds: time.seconds,
            nanoseconds: stepNanoseconds == 1
                ? time.nanoseconds : time.nanoseconds / stepNanoseconds * stepNanoseconds
        )
    }

    /// Whether `time` lies outside of the range, so that another is stored.
    package func clamps(_ time: Timestamp) -> Bool {
        time.seconds < earliestSeconds || time.seconds > latestSeconds
    }

    /// Whether `destination` is what DESTINATION stores for `source`.
    package func agree(source: Timestamp, destination: Timestamp) -> Bool {
        source == destination || stored(source) == destination
    }

    /// Tries out what the filesystem behind `directory` stores, on a file without a name
    /// (O_TMPFILE) that is gone at once.
    ///
    /// Nil where that cannot be tried: read-only, or no O_TMPFILE.
    package static func probed(in directory: borrowing Descriptor) -> TimeStorage? {
        do throws(SystemError) {
            let file = try directory.createUnnamedFile()
            // 2001-09-09 with odd nanoseconds, then moments far outside of what any filesystem stores.
            try file.setModified(Timestamp(seconds: 1_000_000_001, nanoseconds: 999_999_999))
            let near = try file.status().modified
            try file.setModified(Timestamp(seconds: 1 << 40, nanoseconds: 0))
            let latest = try file.status().modified.seconds
            try file.setModified(Timestamp(seconds: -(1 << 40), nanoseconds: 0))
            let earliest = try file.status().modified.seconds
            try file.close()
            return TimeStorage(
                stepNanoseconds: 1_000_000_000 - min(near.nanoseconds, 999_999_999),
                earliestSeconds: earliest == -(1 << 40) ? .min : earliest,
                latestSeconds: latest == 1 << 40 ? .max : latest
            )
        } catch {
            return nil
        }
    }

    /// What can be known without writing (S49): ext4 shows no time of birth in 128-byte inodes.
    ///
    /// XFS says it itself (`XFSGeometry.hasBigTimes`; nil: not asked).
    package static func inferred(
        type: String,
        root: FileStatus,
        hasBigTimes: Bool? = nil
    ) -> TimeStorage {
        switch type {
        case "ext4": root.hasBirthTime ? .exactUntil2446 : .wholeSecondsUntil2038
        case "xfs": hasBigTimes.map { $0 ? .exactUntil2486 : .exactUntil2038 } ?? .exact
        default: .exact
        }
    }
}
