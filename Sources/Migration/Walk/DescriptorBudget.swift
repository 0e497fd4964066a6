// How the descriptors of this process are shared out.
//
//   directories = (limit - reserved - workers * (perWorker + batchFiles) - windowFiles) / 4, each of them two
//   descriptors: the other half is for workers that SIGUSR1 adds; at most 4,096, for more saves no opening
//
// reserved (32): standard streams, roots, reports, what looks at threads, and some to spare.
// perWorker (12): a file's handle, its reading end, its temporary, a link's handle (4), the parent and the
// directory in hand on both sides (4), a large file's three (3), 1 to spare.
// batchFiles: files that are read together, or their handles until they are opened; while that goes on a few are both
// (FileCopier+Batch), and the temporary, the link's handle and the one to spare are not needed.

/// The shares of one run: directories, files that are read together, workers.
package struct DescriptorBudget: Sendable {
    static let reserved = 32
    static let perWorker = 12
    /// With fewer directories the tree would be reopened all the time.
    static let directoriesMin = 8
    static let directoriesLimit = 4096
    /// One worker, the roots and the smallest number of open directories.
    static let descriptorsMin = reserved + perWorker + 2 * directoriesMin

    /// Open directories at most; only those in use may exceed it.
    package let directoriesMax: Int
    /// Files that a worker may have open at once to read them together; 0: none.
    package let batchFiles: Int
    /// Files that all workers together may have open to read them in the order of the disk; 0: none.
    package let windowFiles: Int
    /// Workers that there are descriptors for.
    let workersMax: Int

    /// `batchFilesMax`: files that one worker wants to have open to read them together; `windowFilesMax`: that all
    /// together want.
    package init(
        descriptorLimit: Int,
        workers: Int,
        batchFilesMax: Int,
        windowFilesMax: Int = 0
    ) {
        batchFiles = Self.batchFiles(
            descriptorLimit: descriptorLimit,
            workers: workers,
            most: batchFilesMax
        )
        let each = Self.perWorker + batchFiles
        windowFiles = Self.windowFiles(
            descriptorLimit / 2 - Self.reserved - workers * each,
            most: windowFilesMax
        )
        let descriptors = descriptorLimit - Self.reserved - workers * each - windowFiles
        directoriesMax = max(Self.directoriesMin, min(Self.directoriesLimit, descriptors / 4))
        let forWorkers = descriptorLimit - Self.reserved - 2 * directoriesMax - windowFiles
        workersMax = max(workers, forWorkers / each)
    }

    /// How many workers a limit of descriptors allows.
    package static func workersMax(descriptorLimit: Int) -> Int {
        max(1, (descriptorLimit - reserved - 2 * directoriesMin) / perWorker)
    }

    /// Files that one worker may have open to read them together: as many as half of the descriptors allow
    /// for, 0 when that is not worth it.
    private static func batchFiles(descriptorLimit: Int, workers: Int, most: Int) -> Int {
        let each = (descriptorLimit / 2 - reserved) / max(workers, 1) - perWorker
        return each < batchFilesMin ? 0 : min(each, most)
    }
    private static let batchFilesMin = 4

    /// The same for those of all workers.
    private static func windowFiles(_ left: Int, most: Int) -> Int {
        left < windowFilesMin ? 0 : min(left, most)
    }
    private static let windowFilesMin = 16
}
