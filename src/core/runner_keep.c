/* The keeper: one thread that renews leases, writes what goes on, and looks whether anyone wants it to end. */
#include "base/clock.h"
#include "base/metrics.h"
#include "core/runner_internal.h"

static bool has_calls_locked(const struct runner *runner)
{
    for (size_t i = 0; i < LANE_COUNT; i++)
        for (size_t j = 0; j < runner->lanes[i].count; j++)
            if (runner->lanes[i].workers[j].call != NULL)
                return true;
    return false;
}

void worker_show(struct worker *worker, struct call *call)
{
    struct runner *runner = worker->runner;

    pthread_mutex_lock(&runner->lock);
    if (!has_calls_locked(runner))
        pthread_cond_broadcast(&runner->changed);
    worker->call = call;
    pthread_mutex_unlock(&runner->lock);
}

void worker_hide(struct worker *worker)
{
    pthread_mutex_lock(&worker->runner->lock);
    while (worker->is_kept)
        pthread_cond_wait(&worker->runner->changed, &worker->runner->lock);
    worker->call = NULL;
    pthread_mutex_unlock(&worker->runner->lock);
}

/* The call, which stays until it is let go. */
static struct call *hold(struct worker *worker, bool *handing_back)
{
    struct call *call;

    pthread_mutex_lock(&worker->runner->lock);
    call = worker->call;
    worker->is_kept = call != NULL;
    *handing_back = worker->runner->handing_back;
    pthread_mutex_unlock(&worker->runner->lock);
    return call;
}

static void let_go(struct worker *worker)
{
    pthread_mutex_lock(&worker->runner->lock);
    worker->is_kept = false;
    pthread_cond_broadcast(&worker->runner->changed);
    pthread_mutex_unlock(&worker->runner->lock);
}

/* Cancelled, or ended by somebody else. */
static bool is_unwanted(struct core *core, long long job)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(core_store(core), &err);
    const struct json *row;

    if (db == NULL)
        return false;
    row = db_row(db, arena, &err, "SELECT cancel_by, finished_at FROM jobs WHERE id = ?",
                 VALUES(V(job)));
    return json_get(row, "cancel_by") != NULL || json_get(row, "finished_at") != NULL;
}

static bool is_over_time(const struct call *call)
{
    return call->deadline_ms != 0 && clock_now_ms() >= call->deadline_ms;
}

static void keep_call(struct call *call, bool handing_back, bool polls)
{
    call_flush(call);
    if (handing_back) {
        call_cut(call);
        return;
    }
    if (!polls || atomic_load(&call->is_ending) || atomic_load(&call->is_cut))
        return;
    if (is_over_time(call) || is_unwanted(call->core, call->row.id))
        call_cut(call);
}

static void keep_calls(struct runner *runner, bool polls)
{
    for (size_t i = 0; i < LANE_COUNT; i++) {
        struct lane *lane = &runner->lanes[i];

        for (size_t j = 0; j < lane->count; j++) {
            bool handing_back;
            struct call *call = hold(&lane->workers[j], &handing_back);

            if (call == NULL)
                continue;
            keep_call(call, handing_back, polls);
            let_go(&lane->workers[j]);
        }
    }
}

static int renew_write(struct db *db, void *argument, struct error *err)
{
    const struct runner *runner = argument;

    return db_run(db, err, "UPDATE queue SET lease_until = ? WHERE lease_owner = ?",
                  VALUES(V(clock_now_ms() + LEASE_MS), V((const char *)runner->owner))) < 0
               ? -1
               : 0;
}

static void renew_leases(struct runner *runner)
{
    struct error err = { 0 };

    if (store_write(core_store(runner->core), renew_write, runner, &err) < 0)
        log_error(0, "renewing the workers' leases: %s", err.text);
}

static size_t count_busy(struct runner *runner, const struct lane *lane)
{
    size_t busy = 0;

    pthread_mutex_lock(&runner->lock);
    for (size_t i = 0; i < lane->count; i++)
        busy += lane->workers[i].call != NULL ? 1 : 0;
    pthread_mutex_unlock(&runner->lock);
    return busy;
}

static void measure_lane(struct runner *runner, const struct lane *lane)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(core_store(runner->core), &err);
    const struct json *row = NULL;

    if (db != NULL)
        row = db_row(db, arena, &err,
                     "SELECT count(*) AS depth FROM queue WHERE lane = ? AND wake_at <= ? "
                     "AND lease_owner IS NULL",
                     VALUES(V(lane->name), V(clock_now_ms())));
    if (row != NULL)
        metric_set(metric_get(METRIC_GAUGE, "opsroom_queue_depth",
                              "Jobs that are due and wait for a worker", "lane"),
                   &lane->name, (double)json_integer(row, "depth", 0));
    metric_set(
        metric_get(METRIC_GAUGE, "opsroom_workers_busy", "Workers with a job in hand", "lane"),
        &lane->name, (double)count_busy(runner, lane));
}

/* The next turn: soon while steps run. */
static bool wait_for_turn(struct runner *runner)
{
    long long started_ms = clock_steady_ms();
    bool ends;

    pthread_mutex_lock(&runner->lock);
    while (!runner->keeper_ends) {
        long long wait_ms = has_calls_locked(runner) ? FLUSH_MS : POLL_MS;

        if (!wait_until_locked(&runner->changed, &runner->lock, started_ms + wait_ms))
            break;
    }
    ends = runner->keeper_ends;
    pthread_mutex_unlock(&runner->lock);
    return !ends;
}

void *runner_keep(void *context)
{
    struct runner *runner = context;
    long long polled_ms = 0;
    long long renewed_ms = clock_steady_ms();

    while (wait_for_turn(runner)) {
        long long now_ms = clock_steady_ms();
        bool polls = now_ms - polled_ms >= POLL_MS;

        keep_calls(runner, polls);
        if (polls) {
            polled_ms = now_ms;
            for (size_t i = 0; i < LANE_COUNT; i++)
                measure_lane(runner, &runner->lanes[i]);
        }
        if (now_ms - renewed_ms >= LEASE_RENEW_MS) {
            renewed_ms = now_ms;
            if (count_busy(runner, &runner->lanes[0]) + count_busy(runner, &runner->lanes[1]) >
                0)
                renew_leases(runner);
        }
    }
    return NULL;
}
