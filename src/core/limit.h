/* How many commands one person may start in a minute. */
#pragma once

#include "base/error.h"
#include "store/store.h"

/* Ten a second for a whole minute: a person never, a script gone wrong soon. */
enum {
    COMMANDS_PER_MINUTE = 600
};

/* Inside a write function, before a job is added.  ERROR_BUSY with retry_after_s when there were too many. */
MUST_CHECK int limit_check(struct db *db, const char *person, long long now_ms,
                           struct error *err);
