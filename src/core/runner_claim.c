/* Claiming: one UPDATE takes a due job and notes, in the same transaction, what is about to begin. */
#include "base/clock.h"
#include "core/runner_internal.h"

struct claiming {
    struct worker *worker;
    const struct catalog *catalog;
    struct claim *claim;
    bool found;
};

static long long quick_limit_ms(const struct claiming *claiming, const struct job_row *row)
{
    const struct catalog_entry *entry =
        row->command == NULL ? NULL : catalog_find(claiming->catalog, row->command);

    return entry == NULL || entry->command->limit_s == 0 ? QUICK_LIMIT_S * 1000
                                                         : entry->command->limit_s * 1000LL;
}

/* A quick command begins with its claim; the first step of a job only when its pins are known and written. */
static int note_start(struct db *db, const struct claiming *claiming, const struct job_row *row,
                      long long now_ms, struct error *err)
{
    if (row->quick)
        return db_run(
                   db, err,
                   "UPDATE jobs SET state = 'running', step_running = 1, attempt = attempt + 1, "
                   "started_at = coalesce(started_at, ?), deadline_at = ? WHERE id = ?",
                   VALUES(V(now_ms), V(now_ms + quick_limit_ms(claiming, row)), V(row->id))) < 0
                   ? -1
                   : 0;
    if (row->step == NULL)
        return db_run(db, err, "UPDATE jobs SET attempt = attempt + 1 WHERE id = ?",
                      VALUES(V(row->id))) < 0
                   ? -1
                   : 0;
    return db_run(db, err,
                  "UPDATE jobs SET state = 'running', step_running = 1, attempt = attempt + 1 "
                  "WHERE id = ?",
                  VALUES(V(row->id))) < 0
               ? -1
               : 0;
}

static int claim_write(struct db *db, void *argument, struct error *err)
{
    struct claiming *claiming = argument;
    struct worker *worker = claiming->worker;
    struct claim *claim = claiming->claim;
    long long now_ms = clock_now_ms();
    /* A lease that ran out is another process's: our own are renewed, and given back by the commit that ends the work. */
    const struct json *queue = db_row(
        db, claim->arena, err,
        "UPDATE queue SET lease_owner = ?, lease_until = ?, fence = fence + 1, woken = 0 "
        "WHERE job = ? AND lane = ? AND wake_at <= ? AND (lease_owner IS NULL OR "
        "(lease_until < ? AND lease_owner <> ?)) RETURNING job, fence",
        VALUES(V((const char *)worker->runner->owner), V(now_ms + LEASE_MS), V(worker->job),
               V(worker->lane->name), V(now_ms), V(now_ms),
               V((const char *)worker->runner->owner)));
    struct job_row before;

    claiming->found = false;
    if (queue == NULL)
        return -1;
    if (!json_is(queue, JSON_OBJECT))
        return 0;
    if (job_load(db, claim->arena, json_integer(queue, "job", 0), &before, err) < 0 ||
        note_start(db, claiming, &before, now_ms, err) < 0 ||
        job_load(db, claim->arena, before.id, &claim->row, err) < 0)
        return -1;
    claim->fence = json_integer(queue, "fence", 0);
    claim->was_running = before.step_running;
    claiming->found = true;
    return 0;
}

int claim_write_now(struct worker *worker, const struct config *config, struct claim *claim,
                    struct error *err)
{
    struct core *core = worker->runner->core;
    struct claiming claiming = { .worker = worker,
                                 .catalog = core_catalog(core, config),
                                 .claim = claim };

    if (store_write(core_store(core), claim_write, &claiming, err) < 0)
        return -1;
    return claiming.found ? 1 : 0;
}
