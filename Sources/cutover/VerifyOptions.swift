// What was typed after `cutover verify`. Parsing touches no filesystem; VerifyPlan makes a plan of it.

import ArgumentParser
import Migration

/// The options of one verification, grouped as `--help` shows them.
struct VerifyOptions: ParsableArguments {
    @Argument(
        help: "SOURCE and DESTINATION; or DESTINATION alone, to check it against --manifest."
    )
    var volumes: [BytesArgument] = []

    @OptionGroup(title: "What is compared") var compared: CompareOptions
    @OptionGroup(title: "One part of a plan") var planned: PlannedOptions
    @OptionGroup(title: "How") var how: WorkersOption
    @OptionGroup(title: "How") var time: TimeLimitOptions
    @OptionGroup(title: "How") var place: StateOption
    @OptionGroup(title: "Reporting") var telling: TellOptions

    func validate() throws {
        if planned.plan != nil { try judgePlanned() }
        if volumes.count > 2 {
            throw ValidationError("Give SOURCE and DESTINATION, and nothing more.")
        }
        if volumes.isEmpty || volumes.count == 1 && compared.manifest == nil {
            throw ValidationError(
                "Give SOURCE and DESTINATION, or --manifest FILE and DESTINATION."
            )
        }
        if volumes.count == 1,
            let option = compared.optionOfTwoTrees ?? (place.state == nil ? nil : "--state")
        {
            throw ValidationError("\(option) needs SOURCE and DESTINATION.")
        }
    }
}

extension VerifyOptions {
    /// Refuses what a plan has decided, or what would make "equal" of some shards mean less than that of others.
    private func judgePlanned() throws {
        if let option = compared.optionOfNoPlan ?? (place.state == nil ? nil : "--state") {
            throw ValidationError(
                "--plan and \(option) cannot both be had: a comparison by a plan is of all that its passes copy."
            )
        }
        if volumes.count != 2 { throw ValidationError("--plan needs SOURCE and DESTINATION.") }
    }
}

/// What is compared.
struct CompareOptions: ParsableArguments {
    @Flag(help: "Compare attributes and every byte of every file (the default).")
    var content = false
    @Flag(help: "Compare attributes only: no file is read.") var metadata = false
    @Option(
        help: ArgumentHelp(
            "Read only this percentage of the files, chosen at random.",
            valueName: "percent"
        )
    )
    var sample: Double?
    @Option(
        help: ArgumentHelp(
            "Choose the same files for --sample as the run that printed this seed.",
            valueName: "number"
        )
    )
    var seed: UInt32?
    @Option(
        help: ArgumentHelp("Compare only this top-level entry. Repeatable.", valueName: "name")
    )
    var branch: [BytesArgument] = []
    @OptionGroup var filters: FilterOptions
    @OptionGroup var attributes: AttributesOption
    @Option(
        help: ArgumentHelp(
            "Limits, grace times and accounts of quotas: compared where both sides are whole volumes, or not.",
            valueName: "auto|off"
        )
    )
    var quotas = QuotaChoice.auto

    /// `--quotas` of a comparison.
    enum QuotaChoice: String, ExpressibleByArgument, CaseIterable { case auto, off }

    @Flag(help: "What users changed since the last pass counts as different, too.")
    var strict = false
    @Flag(
        name: .customLong("no-check"),
        help: "Compare even if part of SOURCE is invisible (see 'cutover check'); ends with 23."
    )
    var skipsCheck = false
    @Option(
        help: ArgumentHelp(
            "With SOURCE: write digests of the compared files, for 'sha256sum -c'. Without SOURCE: check against them.",
            valueName: "file"
        )
    )
    var manifest: BytesArgument?

    func validate() throws {
        if metadata, content { throw ValidationError("Give only one of --content and --metadata.") }
        if metadata, sample != nil {
            throw ValidationError("--sample is about contents, and --metadata reads none.")
        }
        if metadata, manifest != nil {
            throw ValidationError("--manifest is about contents, and --metadata reads none.")
        }
        if let sample, !(sample > 0 && sample <= 100) {
            throw ValidationError("--sample takes more than 0 and at most 100 percent.")
        }
        if seed != nil, sample == nil { throw ValidationError("--seed needs --sample.") }
    }

    /// An option that was given and cannot be had with a plan.
    var optionOfNoPlan: String? {
        if manifest != nil { return "--manifest" }
        if metadata { return "--metadata" }
        if sample != nil { return "--sample" }
        if attributes.xattrs != nil { return "--xattrs" }
        if let option = filters.given { return option }
        return branch.isEmpty ? nil : "--branch"
    }

    /// An option that was given and has no meaning for a manifest alone.
    var optionOfTwoTrees: String? {
        if metadata { return "--metadata" }
        if sample != nil { return "--sample" }
        if attributes.xattrs != nil { return "--xattrs" }
        if skipsCheck { return "--no-check" }
        if strict { return "--strict" }
        if let option = filters.given { return option }
        return branch.isEmpty ? nil : "--branch"
    }
}
