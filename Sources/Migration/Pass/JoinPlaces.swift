// Directories in which closing links names, by their paths.

import LinuxIO

/// A directory in which names are linked.
struct JoinPlace {
    let node: PassDirectory
    let source: SharedDescriptor
    let destination: SharedDescriptor

    var open: OpenDirectory { OpenDirectory(source: source, destination: destination) }
}

/// Opens directories on both sides.
///
/// Belongs to one worker.
final class JoinPlaces {
    /// It could not be opened, which was told.
    private struct Told: Error {}

    private let context: PassContext
    private let reports: PassReports
    private var chain: PathChain<JoinPlace>

    init(_ rooms: LaneRooms, _ roots: Roots, _ destination: SharedDescriptor) {
        context = rooms.context
        reports = rooms.reports
        let root = PassDirectory(
            parent: nil,
            name: Name("."),
            state: PassDirectoryState(purpose: .pair, branch: nil)
        )
        root.state.facts.withLock { $0.source = roots.sourceStatus }
        chain = PathChain(
            root: JoinPlace(node: root, source: roots.source, destination: destination)
        )
    }

    /// The directory with this path below the roots, and how DESTINATION's is now; nil: that was told.
    func open(_ path: ArraySlice<UInt8>) -> JoinPlace? {
        let place: JoinPlace
        do throws(Told) {
            place = try chain.open(path) { name, parent throws(Told) in
                guard let place = enter(name, in: parent) else { throw Told() }
                return place
            }
        } catch { return nil }
        do throws(SystemError) {
            let status = try place.destination.descriptor.status()
            place.node.state.facts.withLock { $0.destination = status }
        } catch {
            reports.of(.directory(place.node)).fail(.examine, .destination, error)
            return nil
        }
        return place
    }

    private func enter(_ name: Name, in parent: JoinPlace) -> JoinPlace? {
        let node = PassDirectory(
            parent: parent.node,
            name: name,
            state: PassDirectoryState(purpose: .pair, branch: nil)
        )
        let source: OpenedDirectory
        do throws(NotEntered) {
            source = try context.volumes.sourceBoundary.enter(name, in: parent.source.descriptor)
        } catch {
            // A failure is recorded; nothing is deleted here that it could protect.
            _ = reports.reportNotEntered(error, node)
            return nil
        }
        do throws(SystemError) {
            let opened = SharedDescriptor(
                try parent.destination.descriptor.openDirectory(name)
            )
            let status = try opened.descriptor.status()
            if context.volumes.isForeignDestination(status) {
                throw SystemError(.open, .crossDevice)
            }
            node.state.facts.withLock { facts in
                facts.source = source.status
                facts.destination = status
            }
            return JoinPlace(node: node, source: source.handle, destination: opened)
        } catch {
            reports.of(.directory(node)).fail(.open, .destination, error)
            return nil
        }
    }
}
