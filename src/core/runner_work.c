/* One claimed job in a worker's hands: which part of its life comes next. */
#include "base/clock.h"
#include "base/metrics.h"
#include "core/audit.h"
#include "core/runner_internal.h"

enum {
    COMMIT_ATTEMPTS =
        3, /* while the store is well: then it is not the disk but the write itself */
};

long long back_off_ms(long long attempt, const struct error *err)
{
    static const int seconds[] = { 1, 2, 5, 10, 30, 60 };
    size_t step = attempt < 1 ? 0 : (size_t)attempt - 1;

    if (err != NULL && err->retry_after_s > 0)
        return err->retry_after_s * 1000LL;
    return seconds[step < COUNT_OF(seconds) ? step : COUNT_OF(seconds) - 1] * 1000LL;
}

bool is_passing(const struct error *err)
{
    return err->kind == ERROR_BUSY || err->kind == ERROR_UNREACHABLE;
}

void count_end(const struct unit *unit, const char *state)
{
    const char *name = unit->row->command == NULL ? "" : unit->entry->name;
    long long started_ms = unit->row->started_at;

    metric_add(metric_get(METRIC_COUNTER, "opsroom_jobs_total",
                          "Jobs that ended, by their state", "command,state"),
               (const char *const[]){ name, state }, 1);
    if (started_ms > 0)
        metric_observe(
            metric_get(METRIC_HISTOGRAM, "opsroom_job_seconds", "How long jobs ran", "command"),
            &name, (double)(clock_now_ms() - started_ms) / 1000.0);
}

/* Waits for the disk; false when we are closing. */
static bool wait_for_disk(struct runner *runner, int attempt)
{
    long long until_ms = clock_steady_ms() + back_off_ms(attempt + 1, NULL);
    bool closing;

    pthread_mutex_lock(&runner->lock);
    while (!runner->closing && wait_until_locked(&runner->changed, &runner->lock, until_ms))
        continue;
    closing = runner->closing;
    pthread_mutex_unlock(&runner->lock);
    return !closing;
}

struct giving_up {
    const struct unit *unit;
    struct job_end end;
};

static int give_up_write(struct db *db, void *argument, struct error *err)
{
    const struct giving_up *giving_up = argument;
    const struct unit *unit = giving_up->unit;

    if (lease_check(db, unit->call->owner, unit->row->id, unit->call->fence, err) < 0)
        return -1;
    return job_finish(db, unit->core, unit->row->id, &giving_up->end, err);
}

/* What was done cannot be written and it is not the disk: the job must not look as if it went on. */
static void give_up(struct unit *unit, const struct error *why)
{
    struct giving_up giving_up = {
        .unit = unit,
        .end = { .state = "failed",
                 .error = arena_printf(unit->arena, "its result could not be stored: %s",
                                       why->text) },
    };
    struct error err = { 0 };

    if (store_write(core_store(unit->core), give_up_write, &giving_up, &err) < 0)
        log_error(unit->row->id, "%s; %s", giving_up.end.error, err.text);
}

int unit_commit(struct unit *unit, store_function *run, void *argument)
{
    struct store *store = core_store(unit->core);
    int attempts = 0;

    for (int i = 0;; i++) {
        struct error err = { 0 };

        if (store_write(store, run, argument, &err) == 0)
            return 0;
        if (err.kind == ERROR_CONFLICT || err.kind == ERROR_MISSING) {
            log_info(unit->row->id, "dropped a worker's result: %s", err.text);
            return -1;
        }
        log_error(unit->row->id, "writing the job's state: %s", err.text);
        attempts += store_is_well(store) ? 1 : 0;
        if (attempts == COMMIT_ATTEMPTS) {
            give_up(unit, &err);
            return -1;
        }
        if (!wait_for_disk(unit->runner, i))
            return -1;
    }
}

struct unit_words unit_settle(struct unit *unit)
{
    struct unit_words words = { 0 };

    call_settle(unit->call, &words.log, &words.progress);
    return words;
}

static int write_notes(struct db *db, const struct unit *unit, struct error *err)
{
    const struct call *call = unit->call;
    struct audit_record record = {
        .kind = "called",
        .job = unit->row->id,
        .person = unit->row->person,
        .command = unit->row->command,
    };

    for (size_t i = 0; i < call->note_count; i++) {
        record.text = call->notes[i];
        if (audit_append(db, &record, err) < 0)
            return -1;
    }
    if (call->notes_left_out == 0)
        return 0;
    record.text = arena_printf(unit->arena, "and %zu more", call->notes_left_out);
    return audit_append(db, &record, err);
}

int unit_write_words(struct db *db, const struct unit *unit, const struct unit_words *words,
                     struct error *err)
{
    const struct call *call = unit->call;
    long long job = unit->row->id;

    if (lease_check(db, call->owner, job, call->fence, err) < 0 ||
        write_notes(db, unit, err) < 0)
        return -1;
    if (words->log != NULL && job_log_add(db, job, words->log, err) < 0)
        return -1;
    if (words->progress == NULL)
        return 0;
    return db_run(db, err, "UPDATE jobs SET progress = ? WHERE id = ?",
                  VALUES(V(words->progress), V(job))) < 0
               ? -1
               : 0;
}

const struct command_step *row_step(const struct catalog_entry *entry,
                                    const struct job_row *row, size_t *position)
{
    for (size_t i = 0; i < entry->command->step_count; i++)
        if (text_is(entry->command->steps[i].name, row->step)) {
            *position = i;
            return &entry->command->steps[i];
        }
    return NULL;
}

const char *row_is_orphan(struct arena *arena, const struct catalog_entry *entry,
                          const struct job_row *row)
{
    size_t position;

    if (entry == NULL)
        return arena_printf(arena, "there is no command \"%s\" any more", row->command);
    if (row->step != NULL && row_step(entry, row, &position) == NULL)
        return arena_printf(arena, "the command \"%s\" has no step \"%s\" any more",
                            row->command, row->step);
    if (row->quick != (entry->command->run != NULL))
        return arena_printf(arena, "the command \"%s\" is another one now", row->command);
    return NULL;
}

/* Whether the same worker goes on with the job. */
static bool unit_go(struct unit *unit)
{
    struct error err = { 0 };
    const struct job_row *row = unit->row;

    if (row->cancel_by != NULL || unit_is_late(unit))
        return unit_cancel(unit);
    if (row->attempt > ATTEMPTS_MAX && unit->was_running) {
        error_set(&err, ERROR_INTERNAL, "opsroom stopped %d times while it was under way",
                  ATTEMPTS_MAX);
        unit_fail(unit, &err);
        return false;
    }
    if (unit->entry->command->run != NULL)
        return unit_run_quick(unit);
    if (unit->step == NULL)
        return unit_prepare(unit);
    if (unit->was_running && unit->step->happened != NULL)
        return unit_ask_happened(unit);
    return unit_run_step(unit);
}

static void open_call(struct unit *unit, long long fence)
{
    unit->call = call_new_job(unit->core, unit->config, unit->entry, unit->row, unit->arena);
    unit->call->owner = unit->runner->owner;
    unit->call->fence = fence;
}

/* An entry for jobs whose command is gone: enough to write their end. */
static const struct command no_command = { .name = "", .help = "" };
static const struct catalog_entry no_entry = { .name = "", .command = &no_command };

static bool unit_start(struct unit *unit, long long fence)
{
    const char *orphan;
    struct error err = { 0 };
    bool more = false;

    if (unit->row->command != NULL)
        unit->entry = catalog_find(core_catalog(unit->core, unit->config), unit->row->command);
    orphan = row_is_orphan(unit->arena, unit->entry, unit->row);
    if (unit->entry == NULL)
        unit->entry = &no_entry;
    open_call(unit, fence);
    if (orphan != NULL && unit->row->step == NULL) {
        error_set(&err, ERROR_CONFLICT, "%s", orphan);
        unit_fail(unit, &err);
        return false;
    }
    if (orphan != NULL) {
        error_set(&err, ERROR_CONFLICT, "%s", orphan);
        log_warn(unit->row->id, "the job waits for a person: %s", orphan);
        return unit_end_step(unit, OUTCOME_UNSURE, &err);
    }
    if (unit->row->step != NULL)
        unit->step = row_step(unit->entry, unit->row, &unit->position);
    worker_show(unit->worker, unit->call);
    more = unit_go(unit);
    worker_hide(unit->worker);
    return more;
}

/* False when we are closing before it could be read. */
static bool load_row(struct runner *runner, struct arena *arena, long long job,
                     struct job_row *row)
{
    for (int i = 0;; i++) {
        struct error err = { 0 };
        AUTO(db) struct db *db = store_read_start(core_store(runner->core), &err);

        if (db != NULL && job_load(db, arena, job, row, &err) == 0)
            return true;
        log_error(job, "reading the job: %s", err.text);
        if (!wait_for_disk(runner, i))
            return false;
    }
}

void work_on(struct worker *worker, const struct config *config, const struct claim *claim)
{
    struct job_row row = claim->row;
    bool was_running = claim->was_running;
    bool more = true;

    while (more) {
        AUTO(arena) struct arena *arena = arena_new();
        struct unit unit = {
            .worker = worker,
            .runner = worker->runner,
            .core = worker->runner->core,
            .config = config,
            .row = &row,
            .arena = arena,
            .was_running = was_running,
        };

        if (row.id == 0 && !load_row(unit.runner, arena, claim->row.id, &row))
            return;
        more = unit_start(&unit, claim->fence);
        was_running = unit.was_running;
        row = (struct job_row){ 0 };
    }
}
