// What `cutover --help` prints: the eight commands, how a move goes, two lines to copy.

/// The help of the program; that of each subcommand comes from its options.
enum HelpText {
    /// At most 79 columns wide.
    static let text = """
        cutover [sync] [OPTIONS] SOURCE DESTINATION     one pass: copy what changed
        cutover follow  [OPTIONS] SOURCE DESTINATION    passes in a loop; an estimate
        cutover check   [OPTIONS] SOURCE DESTINATION    will it fit, what is refused
        cutover verify  [OPTIONS] SOURCE DESTINATION    compare, report differences
        cutover tune    [OPTIONS] SOURCE DESTINATION    find the best number of workers
        cutover plan    [OPTIONS] SOURCE DESTINATION    cut it for several machines
        cutover history [OPTIONS] [SOURCE DESTINATION]  show the recorded passes
        cutover report  [OPTIONS] [SOURCE DESTINATION]  a page of them, in HTML

        Moves a filesystem volume to another while it is in use. A pass makes
        DESTINATION like SOURCE. Run it again for each delta pass, and a last time,
        with --final, when SOURCE is read-only. Nothing is deleted without --delete.

        Options most often used (all of them: cutover help sync):
          --delete               delete at DESTINATION what SOURCE lacks
          -n, --dry-run          write nothing at all
          -i, --itemize          print a line for each change
          --exclude PATTERN      leave out what matches (rsync's rules)
          -w, --workers NUMBER   workers at the same time (as tuned, else 30)
          -h, --help             'cutover help SUBCOMMAND' prints the options of one
          --version              print the version

        rsync's letters (-aHAXxv) are accepted; what they ask for is always on.

        Environment:
          CUTOVER_STATE   where the state between passes is kept, unless --state is
                          given (default: /var/lib/cutover)

        Examples:
          cutover check /mnt/old /mnt/new && cutover /mnt/old /mnt/new
          cutover --delete /mnt/old /mnt/new && cutover verify /mnt/old /mnt/new
        """
}
