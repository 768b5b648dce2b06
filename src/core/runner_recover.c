/* What a start finds: leases of a process that is gone, jobs whose commands are gone; and jobs that are over their time. */
#include "base/clock.h"
#include "core/runner_internal.h"

struct recovering {
    struct core *core;
    const struct catalog *catalog;
    long long after;   /* job: those up to here have been looked at */
    long long looked;  /* out: at how many */
    long long parked;  /* out: how many of them */
    long long reached; /* out: the last one's job */
};

enum {
    RECOVER_AT_ONCE = 200
};

static int park_orphan(struct db *db, struct recovering *recovering, struct arena *arena,
                       const struct job_row *row, struct error *err)
{
    const struct catalog_entry *entry =
        row->command == NULL ? NULL : catalog_find(recovering->catalog, row->command);
    const char *orphan = row_is_orphan(arena, entry, row);

    /* One that has not begun fails by itself when a worker takes it. */
    if (orphan == NULL || row->step == NULL)
        return 0;
    recovering->parked++;
    return job_await_person(db, recovering->core, row->id, orphan, err);
}

/* A single process owns the store: whoever held a lease is gone. */
static int recover_write(struct db *db, void *argument, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct recovering *recovering = argument;
    const struct json *rows;

    recovering->parked = 0;
    recovering->reached = recovering->after;
    if (db_run(db, err,
               "UPDATE queue SET lease_owner = NULL, lease_until = 0 "
               "WHERE lease_owner IS NOT NULL",
               NO_VALUES) < 0)
        return -1;
    rows = db_rows(db, arena, err,
                   "SELECT j.* FROM queue q JOIN jobs j ON j.id = q.job WHERE q.job > ? "
                   "ORDER BY q.job LIMIT ?",
                   VALUES(V(recovering->after), V((int)RECOVER_AT_ONCE)));
    if (rows == NULL)
        return -1;
    for (size_t i = 0; i < json_count(rows); i++) {
        struct job_row row;

        job_row_read(arena, json_at(rows, i), &row);
        if (park_orphan(db, recovering, arena, &row, err) < 0)
            return -1;
        recovering->reached = row.id;
    }
    recovering->looked = (long long)json_count(rows);
    return 0;
}

int runner_recover(struct core *core, struct error *err)
{
    AUTO(config) const struct config *config = core_config(core);
    struct recovering recovering = { .core = core, .catalog = core_catalog(core, config) };
    long long total = 0;
    long long parked = 0;

    do {
        if (store_write(core_store(core), recover_write, &recovering, err) < 0)
            return error_prefix(err, "taking up the jobs of the last run");
        recovering.after = recovering.reached;
        total += recovering.looked;
        parked += recovering.parked;
    } while (recovering.looked == RECOVER_AT_ONCE);
    if (total > 0)
        log_info(0, "%lld jobs of the last run go on", total - parked);
    if (parked > 0)
        log_warn(0, "%lld jobs cannot go on, their commands are gone: they wait for a person",
                 parked);
    return 0;
}

/* Waiting ones are woken: the worker that takes them stops what they started and ends them. */
#define LATE                                                                                    \
    "lease_owner IS NULL AND wake_at > ? AND job IN (SELECT id FROM jobs WHERE finished_at IS " \
    "NULL AND deadline_at IS NOT NULL AND deadline_at <= ?)"

static int expire_write(struct db *db, void *argument, struct error *err)
{
    long long now_ms = *(const long long *)argument;

    return db_run(db, err, "UPDATE queue SET wake_at = ?, woken = 1 WHERE " LATE,
                  VALUES(V(now_ms), V(now_ms), V(now_ms))) < 0
               ? -1
               : 0;
}

static int has_late(struct core *core, long long now_ms, bool *late, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(db) struct db *db = store_read_start(core_store(core), err);
    const struct json *row;

    if (db == NULL)
        return -1;
    row = db_row(db, arena, err, "SELECT 1 AS late FROM queue WHERE " LATE " LIMIT 1",
                 VALUES(V(now_ms), V(now_ms)));
    if (row == NULL)
        return -1;
    *late = json_is(row, JSON_OBJECT);
    return 0;
}

int runner_expire(struct core *core, long long now_ms, struct error *err)
{
    bool late = false;

    if (has_late(core, now_ms, &late, err) < 0)
        return -1;
    return late ? store_write(core_store(core), expire_write, &now_ms, err) : 0;
}
