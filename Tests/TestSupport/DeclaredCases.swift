// The cases of an enumeration as its source declares them: a list that a test keeps by hand of values with payloads
// cannot be asked for what it lacks, but can be held against these.

package import Testing

/// What the package's own files say.
package enum SourceText {
    /// The package's folder.
    package static let root: [UInt8] = {
        let folders = #filePath.split(separator: "/").dropLast(3)
        return bytes("/" + folders.joined(separator: "/"))
    }()

    /// The names of the cases of the one enumeration of this name in Sources, wherever it is.
    ///
    /// - Throws: `CallError` when a file cannot be read, `DeclarationNotFound` when there is none or several.
    package static func cases(of name: String) throws -> Set<String> {
        let sources = joined(root, "Sources")
        var found: [Set<String>] = []
        for path in try Files.tree(sources) where path.suffix(6) == bytes(".swift")[...] {
            let text = String(decoding: try Files.read(joined(sources, path)), as: UTF8.self)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            for (number, line) in lines.enumerated() {
                let words = line.split { " :{".contains($0) }
                guard let keyword = words.firstIndex(of: "enum"), keyword + 1 < words.count,
                    words[keyword + 1] == name, !line.contains("//")
                else { continue }
                found.append(cases(in: lines[(number + 1)...], indentation: indentation(line)))
            }
        }
        guard found.count == 1, !found[0].isEmpty else {
            throw DeclarationNotFound(name: name, count: found.count)
        }
        return found[0]
    }

    /// Those that stand in the body itself, which ends at a brace as far to the left as its head.
    private static func cases(in lines: ArraySlice<Substring>, indentation outer: Int)
        -> Set<String>
    {
        var names: Set<String> = []
        for line in lines {
            if indentation(line) == outer, line.drop(while: { $0 == " " }).first == "}" { break }
            guard indentation(line) == outer + 4,
                let declared = line.firstMatch(of: /^ *(?:indirect )?case ([a-z].*)/)
            else { continue }
            // `case a, b(Int, Int)`: what stands in brackets is no name.
            var depth = 0
            let plain = declared.output.1.prefix { $0 != "/" }.filter { character in
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
                return depth == 0 && character != ")"
            }
            for part in plain.split(separator: ",") {
                let name = part.drop { $0 == " " }.prefix { $0.isLetter || $0.isNumber }
                names.insert(String(name))
            }
        }
        return names
    }

    private static func indentation(_ line: Substring) -> Int { line.prefix { $0 == " " }.count }
}

/// An enumeration that is not where it is looked for.
package struct DeclarationNotFound: Error, CustomStringConvertible {
    package let name: String
    /// The declarations that there are.
    package let count: Int

    package var description: String {
        "\(count) declarations of enum \(name) with cases in Sources"
    }
}

/// Expects that a list has a value of every case that its type declares.
///
/// The type must be no CustomStringConvertible: its values are told apart by what Swift calls them.
package func expectEveryCase<Value>(
    of name: String,
    in values: [Value],
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let named = values.map { Mirror(reflecting: $0).children.first?.label ?? "\($0)" }
    let lacking = try SourceText.cases(of: name).symmetricDifference(named).sorted()
    #expect(lacking.isEmpty, "of \(name): \(lacking)", sourceLocation: sourceLocation)
}
