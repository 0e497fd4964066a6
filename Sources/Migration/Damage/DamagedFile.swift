// A file that could not be read whole, read once more for all that it gives. The same for SOURCE and
// DESTINATION, for a pass and for who compares.

package import LinuxIO

/// Reads one file around its unreadable parts.
///
/// It opens the file anew: past the page cache, in the disk's logical blocks, for a read through it fails for
/// whole pages, and readahead for more than that. A block that the disk does not give is asked of the page
/// cache, where a file in use may still have it. Without direct reads: through the page cache, in its pages.
package struct DamagedFile {
    /// Reads through the page cache bring in pages of this size at least.
    private static let pageBytes = 4096

    private let reader: SharedDescriptor
    private let cache: SharedDescriptor?
    private let side: Failure.Side
    /// The smallest part that is read.
    package let blockBytes: Int

    /// `file` is open for reading, or a handle on a regular file; it is left as it is.
    ///
    /// Two descriptors are opened and held.
    package init(_ file: borrowing Descriptor, side: Failure.Side) throws(ContentFailure) {
        self.side = side
        do throws(SystemError) {
            let alignment = try file.directReadAlignment()
            if let direct = try file.reopenForDirectReading() {
                reader = SharedDescriptor(direct)
                cache = SharedDescriptor(try file.reopenForReading())
                blockBytes = alignment ?? Self.pageBytes
            } else {
                reader = SharedDescriptor(try file.reopenForReading())
                reader.descriptor.adviseRandom()
                cache = nil
                blockBytes = Self.pageBytes
            }
        } catch {
            throw ContentFailure(side: side, error: error, bytes: 0..<0)
        }
    }

    /// Reads all data of a file of `sizeBytes` and returns what is unreadable of it; holes are not read.
    ///
    /// - Parameters:
    ///   - sizeBytes: what lies behind is not looked at.
    ///   - buffer: read into; aligned to 4 KiB, a multiple of 64 KiB long.
    ///   - limits: how much it may cost.
    ///   - takesBehindDamage: whether what lies behind the first unreadable block is taken, too.
    ///   - mayGoOn: asked before each read, with its length (for `--bwlimit` and signals).
    ///   - take: gets what could be read, once and in ascending order; the memory has room for a whole block.
    /// - Throws: what `take` throws, and errors that say nothing of the medium.
    /// - Returns: the damage, and the end: less than `sizeBytes` where the file shrank. Nil when interrupted.
    package func read(  // Six: closures that do not escape stand in no value.
        sizeBytes: UInt64,
        into buffer: UnsafeMutableRawBufferPointer,
        limits: DamageFinder.Limits = .init(),
        takesBehindDamage: Bool = true,
        mayGoOn: (Int) -> Bool,
        take: DamageFinder.Take
    ) throws(ContentFailure) -> (damage: Damage, end: UInt64)? {
        var finder = DamageFinder(
            side: side,
            blockBytes: UInt64(blockBytes),
            buffer: buffer,
            limits: limits
        )
        var position: UInt64 = 0
        var isWhole = true
        while let data = try reader.descriptor.nextData(
            side,
            from: position,
            sizeBytes: sizeBytes
        ) {
            // In whole blocks, as a filesystem can have smaller ones than direct reads want.
            let block = UInt64(blockBytes)
            let start = data.lowerBound / block * block
            let end = min((data.upperBound + block - 1) / block * block, sizeBytes)
            let outcome = try finder.examine(
                start..<end,
                mayGoOn: mayGoOn,
                read: { (buffer, offset) throws(SystemError) in
                    try self.read(into: buffer, at: offset, &isWhole)
                },
                take: { (bytes, offset) throws(ContentFailure) in
                    if isWhole || takesBehindDamage { try take(bytes, offset) }
                }
            )
            guard case .examined(let reached) = outcome else { return nil }
            if reached < end { return (finder.damage, reached) }
            position = end
        }
        return (finder.damage, try end(sizeBytes))
    }

    private func read(
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64,
        _ isWhole: inout Bool
    ) throws(SystemError) -> Int {
        do throws(SystemError) {
            return try reader.descriptor.read(into: buffer, at: offset)
        } catch {
            // Only a single block: what is larger is read in parts first.
            guard error.isDamage, buffer.count <= blockBytes else { throw error }
            if let count = try? cache?.descriptor.readCached(into: buffer, at: offset), count > 0 {
                return count
            }
            isWhole = false
            throw error
        }
    }

    /// Behind the last hole, or where a file that shrank has its end now (S17).
    private func end(_ sizeBytes: UInt64) throws(ContentFailure) -> UInt64 {
        do throws(SystemError) {
            return min(try reader.descriptor.status().sizeBytes, sizeBytes)
        } catch {
            throw ContentFailure(side: side, error: error, bytes: 0..<sizeBytes)
        }
    }
}
