// What `cutover --generate-completion-script SHELL` prints: a function for the shell, which asks the program and hands on
// the answer. All that is known of options stands in the program, so the functions know none, and are as new as it is.
//
// They run the `cutover` of PATH and never the word that was typed: TAB behind ./cutover in a directory of somebody else
// would start what lies there.

extension CompletionShell {
    /// The function, to be read by the shell as it starts, or put where it looks for such.
    var script: String {
        switch self {
        case .bash: Self.ofBash
        case .zsh: Self.ofZsh
        case .fish: Self.ofFish
        }
    }

    /// From bash 4.4 on, which has `mapfile -d`.
    private static let ofBash = #"""
        # Completion of cutover for bash 4.4 and later.
        _cutover() {
            local -a answer
            local -i index
            COMPREPLY=()
            mapfile -d '' -t answer < <(command cutover ---complete bash \
                "${COMP_LINE:0:COMP_POINT}" "${COMP_LINE:COMP_POINT}" "$2" 2>/dev/null </dev/null)
            for ((index = 2; index + 1 < ${#answer[@]}; index += 2)); do
                COMPREPLY+=("${answer[index]}")
            done
            case ${answer[0]-} in
            d) compopt -o plusdirs -o filenames ;;
            f) compopt -o default -o filenames ;;
            esac
        }
        complete -F _cutover cutover
        """#

    private static let ofZsh = #"""
        #compdef cutover
        # Completion of cutover for zsh.
        _cutover() {
            local head=${(j: :)words[1,CURRENT]} tail=" ${(j: :)words[CURRENT+1,-1]}"
            local -a answer chosen shown
            local -i index
            answer=("${(@0)$(command cutover ---complete zsh "$head" "$tail" 2>/dev/null </dev/null)}")
            if [[ -n ${answer[2]-} ]]; then
                compset -P "${(b)answer[2]}" || return 1
            fi
            for ((index = 3; index + 1 <= $#answer; index += 2)); do
                chosen+=("$answer[index]")
                shown+=("$answer[index]${answer[index+1]:+  -- $answer[index+1]}")
            done
            if (($#chosen)); then
                if [[ "$chosen" == "$shown" ]]; then compadd -V cutover -a chosen
                else compadd -V cutover -l -d shown -a chosen; fi
            fi
            case ${answer[1]-} in
            d) _files -/ ;;
            f) _files ;;
            esac
        }
        if [[ $funcstack[1] == _cutover ]]; then _cutover "$@"; else compdef _cutover cutover; fi
        """#

    /// fish shows a completion only what stands before the cursor.
    private static let ofFish = #"""
        # Completion of cutover for fish.
        function __cutover_complete
            set -l head (commandline -cp | string collect)
            set -l answer (command cutover ---complete fish "$head" "" 2>/dev/null </dev/null | string split0)
            set -l token (commandline -ct | string collect)
            set -l lead ''
            if set -q answer[2]; and test -n "$answer[2]"
                set lead $answer[2]
                set token (string sub --start (math 1 + (string length -- "$lead")) -- "$token")
            end
            switch "$answer[1]"
                case d
                    __fish_complete_directories "$token" Directory | string replace -r '^' -- "$lead"
                case f
                    __fish_complete_path "$token" | string replace -r '^' -- "$lead"
            end
            for index in (seq 3 2 (count $answer))
                set -l text (math $index + 1)
                printf '%s\t%s\0' $answer[$index] $answer[$text]
            end | string split0
        end
        complete -c cutover -f -k -a '(__cutover_complete)'
        """#
}
