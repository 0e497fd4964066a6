// Parts of a file that a disk does not give: found to the block by halving (DamageFinder), and what can be read of
// them compared all the same. The page cache is not asked for what the disk lacks: a copy that only memory holds is
// none.

import LinuxIO

extension FileVerifier {
    /// Replaces what could not be read, by the chunk, by what cannot be read, by the block.
    func examineDamage(of pair: FilePair, _ findings: inout ContentFindings) {
        for (file, other) in [(pair.source, pair.destination), (pair.destination, pair.source)] {
            let chunks = findings.unreadable.filter { $0.side == file.side && $0.error.isDamage }
            if chunks.isEmpty { continue }
            findings.unreadable.removeAll { $0.side == file.side && $0.error.isDamage }
            do throws(ContentFailure) {
                try examine(chunks.map(\.bytes), of: file, besides: other, &findings)
            } catch {
                // Another error than before: the chunks stay what they are.
                findings.unreadable += chunks
                findings.noteUnreadable(
                    UnreadableRange(side: error.side, error: error.error, bytes: error.bytes)
                )
            }
        }
    }

    private func examine(
        _ chunks: [Range<UInt64>],
        of file: ComparedFile,
        besides other: ComparedFile,
        _ findings: inout ContentFindings
    ) throws(ContentFailure) {
        // Through the page cache a read fails for whole pages.
        let alignment = file.isDirect ? (try? file.reader.descriptor.directReadAlignment()) : nil
        let block = UInt64(alignment ?? ContentCopier.directAlignment)
        var finder = DamageFinder(side: file.side, blockBytes: block, buffer: comparer.left)
        for chunk in chunks {
            let outcome = try finder.examine(
                chunk.lowerBound / block * block..<chunk.upperBound,
                mayGoOn: { _ in !context.isInterrupted },
                read: { (buffer, offset) throws(SystemError) in
                    try file.reader.descriptor.read(into: buffer, at: offset)
                },
                take: { (bytes, offset) throws(ContentFailure) in
                    comparer.compare(
                        UnsafeRawBufferPointer(bytes),
                        at: offset,
                        with: other,
                        &findings
                    )
                }
            )
            if outcome == .interrupted {
                findings.isInterrupted = true
                return
            }
        }
        guard let error = finder.firstError, !finder.damage.isEmpty else { return }
        findings.damaged.append(
            DamagedSide(side: file.side, error: error, damage: finder.damage)
        )
    }
}
