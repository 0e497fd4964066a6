// A refusal as a word for programs.

extension Refusal {
    /// A stable word, as reports have it.
    package var word: String {
        switch self {
        case .cannotOpen: "cannot_open"
        case .notDirectory: "not_a_directory"
        case .cannotCreate: "cannot_create"
        case .sameDirectory: "same_directory"
        case .nested: "nested"
        case .emptySource: "empty_source"
        case .wrongRoots(let wrong, _): wrong.word
        case .noSuchBranch: "no_such_branch"
        case .noDescriptorPaths: "no_proc"
        case .noAttributeRules: "no_attribute_rules"
        case .cannotSee: "capabilities_missing"
        case .cannotExamine: "cannot_examine"
        case .tooFewDescriptors: "too_few_descriptors"
        case .tooFewThreads: "too_few_threads"
        case .destinationBusy, .stateBusy: "another_pass"
        case .stateOnDestination: "state_on_destination"
        case .stateUnusable: "state_unusable"
        case .destinationMissing: "destination_missing"
        case .destinationReadOnly: "destination_read_only"
        case .tooLittleSpace: "too_little_space"
        case .tooFewInodes: "too_few_inodes"
        case .badManifest: "bad_manifest"
        case .reportInUse: "report_in_use"
        case .quotasNotCarried: "quotas_not_carried"
        case .optionsUnknown(.noWholePass): "no_whole_pass"
        case .optionsUnknown(.unreadable): "record_unreadable"
        case .optionsUnknown(.notKept): "options_not_kept"
        case .sizesAlone: "sizes_alone"
        case .badPlan(_, let problem): problem.word
        case .sourceWritable: "source_writable"
        case .planUnusable: "plan_unusable"
        case .planOfOtherRoot: "plan_of_other_roots"
        case .noSuchShard: "no_such_shard"
        case .planBusy: "plan_busy"
        case .shardsNotDone: "shards_not_done"
        }
    }

    /// The passes that speak against the roots; nil where it is not for passes that they are refused.
    package var recorded: KnownPair? {
        guard case .wrongRoots(.conflict(let conflict, _), _) = self else { return nil }
        return conflict.recorded
    }
}
