// SQLite, and its own file calls as far as tests have to make them fail: see CLinux/include/faults.h.

#ifndef CUTOVER_CSQLITE_H
#define CUTOVER_CSQLITE_H

#include <sqlite3.h>

/// Lets the file calls of SQLite ask the table of faults first; does nothing in a build without one.
///
/// Before the first database is opened.
void cl_sqlite_prepare_faults(void);

#endif
