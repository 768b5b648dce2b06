/* What was deployed where: the rows behind status, releases and rollback.  For core/ only. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "core/config.h"
#include "store/store.h"

struct deployment_row {
    long long id;
    const char *app, *environment, *version, *commit_id;
    long long job;
    const char *person, *kind, *state, *health;
    long long started_at, finished_at;
};

/* The newest one that succeeded there.  *row.id is 0 when there is none. */
MUST_CHECK int deployment_current(struct db *db, struct arena *arena, const char *app,
                                  const char *environment, struct deployment_row *row,
                                  struct error *err);
/* What to go back to: the newest that succeeded with another version than the newest of all, which may have failed. */
MUST_CHECK int deployment_previous(struct db *db, struct arena *arena, const char *app,
                                   const char *environment, struct deployment_row *row,
                                   struct error *err);

/* Inside a write function: takes the environment for this job.  ERROR_CONFLICT with *holder set: another job has it. */
MUST_CHECK int deployment_begin(struct db *db, struct deployment_row *row, long long *holder,
                                struct error *err);
MUST_CHECK int deployment_set_health(struct db *db, long long job, const char *health,
                                     struct error *err);
/* Called by job_finish() for every job: what it had begun has ended with it. */
MUST_CHECK int deployment_end(struct db *db, long long job, const char *state,
                              struct error *err);

/* Rows {job, version, commit, environment, by, kind, state, health, started_at, finished_at}, newest first. */
const struct json *deployment_list(struct db *db, struct arena *arena, const char *app,
                                   const char *environment, long long limit, struct error *err);
