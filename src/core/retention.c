/* What is older than server.retain_days goes, in small batches, so that nobody waits long for the writer. */
#include "core/core_internal.h"
#include "core/timer.h"

enum {
    PAGE_ROWS = 500,
    JOBS_AT_ONCE = 50,
    ROWS_AT_ONCE = 500
};

static const long long DAY_MS = 24LL * 60 * 60 * 1000;

/* Jobs to be deleted in one transaction. */
struct batch {
    long long before_ms;
    long long jobs[JOBS_AT_ONCE];
    size_t count;
};

/* What refers to others before what they refer to. */
static int delete_job(struct db *db, long long job, struct error *err)
{
    static const char *const statements[] = {
        "DELETE FROM votes WHERE job = ?",     "DELETE FROM approvals WHERE job = ?",
        "DELETE FROM decisions WHERE job = ?", "DELETE FROM job_log WHERE job = ?",
        "DELETE FROM jobs WHERE id = ?",
    };

    for (size_t i = 0; i < COUNT_OF(statements); i++)
        if (db_run(db, err, statements[i], VALUES(V(job))) < 0)
            return -1;
    return 0;
}

static int delete_jobs_write(struct db *db, void *argument, struct error *err)
{
    const struct batch *batch = argument;

    for (size_t i = 0; i < batch->count; i++)
        if (delete_job(db, batch->jobs[i], err) < 0)
            return -1;
    return 0;
}

static int flush(struct core *core, struct batch *batch, struct error *err)
{
    int result = 0;

    if (batch->count > 0)
        result = store_write(core_store(core), delete_jobs_write, batch, err);
    batch->count = 0;
    return result;
}

/* In the order of their ids, which is that of their beginning: those that are kept for long are few. */
static const struct json *read_page(struct core *core, struct arena *arena, long long after,
                                    struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(core), err);

    if (db == NULL)
        return NULL;
    return db_rows(db, arena, err,
                   "SELECT id, created_at, finished_at, EXISTS (SELECT 1 FROM jobs AS child "
                   "WHERE child.parent = jobs.id) AS has_children FROM jobs WHERE id > ? "
                   "ORDER BY id LIMIT ?",
                   VALUES(V(after), V((int)PAGE_ROWS)));
}

/* A parent goes with the run after its children's. */
static bool may_go(const struct json *row, long long before_ms)
{
    long long finished_at = json_integer(row, "finished_at", 0);

    return finished_at != 0 && finished_at < before_ms &&
           json_integer(row, "has_children", 0) == 0;
}

/* Where the next page begins; 0: this was the last that can hold something; -1: err. */
static long long delete_page(struct core *core, struct batch *batch, long long after,
                             struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *rows = read_page(core, arena, after, err);
    size_t count = json_count(rows);

    if (rows == NULL)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct json *row = json_at(rows, i);

        if (json_integer(row, "created_at", 0) >= batch->before_ms)
            return 0;
        after = json_integer(row, "id", 0);
        if (may_go(row, batch->before_ms))
            batch->jobs[batch->count++] = after;
        if (batch->count == JOBS_AT_ONCE && flush(core, batch, err) < 0)
            return -1;
    }
    return count < PAGE_ROWS ? 0 : after;
}

static int delete_jobs(struct core *core, long long before_ms, struct error *err)
{
    struct batch batch = { .before_ms = before_ms };
    long long after = 0;

    do {
        after = delete_page(core, &batch, after, err);
        if (after < 0)
            return -1;
    } while (after > 0 && !core_is_closing(core));
    return flush(core, &batch, err);
}

struct sweep {
    const char *sql;
    long long before_ms;
    long long count;
};

static int sweep_write(struct db *db, void *argument, struct error *err)
{
    struct sweep *sweep = argument;

    sweep->count =
        db_run(db, err, sweep->sql, VALUES(V((int)ROWS_AT_ONCE), V(sweep->before_ms)));
    return sweep->count < 0 ? -1 : 0;
}

static int delete_rows(struct core *core, const char *sql, long long before_ms,
                       struct error *err)
{
    struct sweep sweep = { .sql = sql, .before_ms = before_ms };

    do {
        if (store_write(core_store(core), sweep_write, &sweep, err) < 0)
            return -1;
    } while (sweep.count > 0 && !core_is_closing(core));
    return 0;
}

int retention_run(struct core *core, long long now_ms, struct error *err)
{
    AUTO(config) const struct config *config = core_config(core);
    long long before_ms = now_ms - config->server.retain_days * DAY_MS;

    if (config->server.retain_days <= 0)
        return 0;
    if (delete_jobs(core, before_ms, err) < 0)
        return -1;
    if (delete_rows(core,
                    "DELETE FROM messages WHERE id IN (SELECT id FROM messages ORDER BY id "
                    "LIMIT ?) AND updated_at < ? AND place_in_queue IS NULL AND NOT EXISTS "
                    "(SELECT 1 FROM jobs WHERE jobs.id = messages.job AND finished_at IS NULL)",
                    before_ms, err) < 0)
        return -1;
    return delete_rows(
        core,
        "DELETE FROM inputs WHERE id IN (SELECT id FROM inputs ORDER BY id "
        "LIMIT ?) AND created_at < ? AND NOT EXISTS "
        "(SELECT 1 FROM jobs WHERE jobs.id = inputs.job AND finished_at IS NULL)",
        before_ms, err);
}
