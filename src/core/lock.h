/* Who keeps an environment for themselves, and when nobody may deploy.  For core/ only. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "core/config.h"
#include "store/store.h"

struct lock {
    const char *person; /* NULL: there is none */
    const char *reason;
    long long at;
};

MUST_CHECK int lock_find(struct db *db, struct arena *arena, const char *app,
                         const char *environment, struct lock *lock, struct error *err);
/* Of this environment, or of all. */
MUST_CHECK int freeze_find(struct db *db, struct arena *arena, const char *environment,
                           struct lock *freeze, struct error *err);

/* "by ana for 2h 5m (migration)" */
const char *lock_print(struct arena *arena, const struct lock *lock);

/* Why this person may not deploy there now, for a person to read; NULL: nothing stands in the way.  overrides: freezes do not
 * count.  -1 only when it cannot be read. */
struct deploy_gate {
    const struct app *app;
    const struct environment *environment;
    const char *person;
    bool overrides;
};
MUST_CHECK int deploy_gate_check(struct db *db, struct arena *arena,
                                 const struct deploy_gate *gate, const char **refusal,
                                 struct error *err);
