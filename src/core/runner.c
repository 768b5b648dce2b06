/* Lanes of workers: who looks for due jobs, who claims, and how it all starts and stops. */
#include "core/runner_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"

enum {
    LOOK_AGAIN_MS =
        10 * 1000, /* at the latest: leases of other processes run out unannounced */
    ERROR_PAUSE_MS = 1000,
    GRACE_MS = 2000 /* for steps that were cut off */
};

bool wait_until_locked(pthread_cond_t *condition, pthread_mutex_t *lock, long long steady_ms)
{
    struct timespec until = { .tv_sec = steady_ms / 1000,
                              .tv_nsec = (steady_ms % 1000) * 1000000 };

    return pthread_cond_timedwait(condition, lock, &until) == 0;
}

/* Until something may have been queued, or the time has come. */
static void wait_for_news(struct worker *worker, unsigned long heard, long long wait_ms)
{
    struct runner *runner = worker->runner;
    long long until_ms = clock_steady_ms() + wait_ms;

    pthread_mutex_lock(&runner->lock);
    while (!runner->closing && worker->lane->news == heard &&
           wait_until_locked(&worker->lane->heard, &runner->lock, until_ms))
        continue;
    pthread_mutex_unlock(&runner->lock);
}

static long long wait_ms_for(long long next_at)
{
    long long wait_ms = next_at == 0 ? LOOK_AGAIN_MS : next_at - clock_now_ms();

    if (wait_ms > LOOK_AGAIN_MS)
        return LOOK_AGAIN_MS;
    return wait_ms < 0 ? 0 : wait_ms;
}

static unsigned long take_seat(struct worker *worker, bool *closing)
{
    struct runner *runner = worker->runner;
    unsigned long heard;

    pthread_mutex_lock(&runner->lock);
    while (worker->lane->is_looking && !runner->closing)
        pthread_cond_wait(&worker->lane->seat, &runner->lock);
    worker->lane->is_looking = true;
    heard = worker->lane->news;
    *closing = runner->closing;
    pthread_mutex_unlock(&runner->lock);
    return heard;
}

static void leave_seat(struct worker *worker)
{
    struct runner *runner = worker->runner;

    pthread_mutex_lock(&runner->lock);
    worker->lane->is_looking = false;
    pthread_cond_signal(&worker->lane->seat);
    pthread_mutex_unlock(&runner->lock);
}

/* In the seat: true when a job was chosen, false after waiting. */
static bool look(struct worker *worker, unsigned long heard)
{
    struct error err = { 0 };
    long long next_at = 0;
    int found = look_for_job(worker, &next_at, &err);

    if (found == 1)
        return true;
    if (found < 0)
        log_error(0, "looking for jobs: %s", err.text);
    wait_for_news(worker, heard, found < 0 ? ERROR_PAUSE_MS : wait_ms_for(next_at));
    return false;
}

/* The store refuses: it is not asked again at once. */
static void pause_unless_closing(struct runner *runner)
{
    long long until_ms = clock_steady_ms() + ERROR_PAUSE_MS;

    pthread_mutex_lock(&runner->lock);
    while (!runner->closing && wait_until_locked(&runner->changed, &runner->lock, until_ms))
        continue;
    pthread_mutex_unlock(&runner->lock);
}

static void claim_and_work(struct worker *worker)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(config) const struct config *config = core_config(worker->runner->core);
    struct claim claim = { .arena = arena };
    struct error err = { 0 };
    int claimed = claim_write_now(worker, config, &claim, &err);

    if (claimed < 0) {
        log_error(worker->job, "claiming the job: %s", err.text);
        pause_unless_closing(worker->runner);
    }
    if (claimed == 1)
        work_on(worker, config, &claim);
    worker_drop_job(worker);
}

static void count_alive(struct runner *runner, int change)
{
    pthread_mutex_lock(&runner->lock);
    runner->alive += change;
    pthread_cond_broadcast(&runner->changed);
    pthread_mutex_unlock(&runner->lock);
}

static void *worker_main(void *context)
{
    struct worker *worker = context;
    struct runner *runner = worker->runner;

    for (;;) {
        bool closing;
        unsigned long heard = take_seat(worker, &closing);
        bool due = !closing && look(worker, heard);

        leave_seat(worker);
        if (closing)
            break;
        if (due)
            claim_and_work(worker);
    }
    count_alive(runner, -1);
    return NULL;
}

static void condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

static int start_lane(struct runner *runner, struct lane *lane, struct error *err)
{
    for (size_t i = 0; i < lane->count; i++) {
        struct worker *worker = &lane->workers[i];
        int fault;

        count_alive(runner, 1);
        fault = pthread_create(&worker->thread, NULL, worker_main, worker);
        worker->has_thread = fault == 0;
        if (fault != 0) {
            count_alive(runner, -1);
            return error_system(err, fault, "starting worker %zu", i + 1);
        }
    }
    return 0;
}

static void lane_init(struct runner *runner, struct lane *lane, const char *name, size_t count)
{
    lane->name = name;
    lane->count = count;
    lane->workers = memory_new(sizeof(struct worker) * (count + 1));
    for (size_t i = 0; i < count; i++)
        lane->workers[i] = (struct worker){ .runner = runner, .lane = lane };
    condition_init(&lane->seat);
    condition_init(&lane->heard);
}

static struct runner *runner_new(struct core *core, unsigned threads, unsigned core_threads)
{
    struct runner *runner = memory_new(sizeof(*runner));
    AUTO(arena) struct arena *arena = arena_new();

    runner->core = core;
    snprintf(runner->owner, sizeof(runner->owner), "%s", random_token(arena, 12));
    runner->connection_limit = threads / CONNECTION_SHARE > 2 ? threads / CONNECTION_SHARE : 2;
    pthread_mutex_init(&runner->lock, NULL);
    condition_init(&runner->changed);
    lane_init(runner, &runner->lanes[0], "work", threads);
    lane_init(runner, &runner->lanes[1], "core", core_threads);
    return runner;
}

static int start_threads(struct runner *runner, struct error *err)
{
    int fault = pthread_create(&runner->keeper, NULL, runner_keep, runner);

    if (fault != 0)
        return error_system(err, fault, "starting the workers' keeper");
    runner->has_keeper = true;
    for (size_t i = 0; i < LANE_COUNT; i++)
        if (start_lane(runner, &runner->lanes[i], err) < 0)
            return -1;
    return 0;
}

struct runner *runner_start(struct core *core, unsigned threads, unsigned core_threads,
                            struct error *err)
{
    struct runner *runner = runner_new(core, threads, core_threads);

    if (start_threads(runner, err) == 0)
        return runner;
    runner_stop(runner, 0);
    runner_free(runner);
    return NULL;
}

void runner_wake(struct runner *runner)
{
    pthread_mutex_lock(&runner->lock);
    for (size_t i = 0; i < LANE_COUNT; i++) {
        runner->lanes[i].news++;
        pthread_cond_signal(&runner->lanes[i].heard);
    }
    pthread_mutex_unlock(&runner->lock);
}

static bool wait_for_workers(struct runner *runner, long long limit_ms)
{
    long long until_ms = clock_steady_ms() + limit_ms;
    bool all;

    pthread_mutex_lock(&runner->lock);
    while (runner->alive > 0 && wait_until_locked(&runner->changed, &runner->lock, until_ms))
        continue;
    all = runner->alive == 0;
    pthread_mutex_unlock(&runner->lock);
    return all;
}

static void close_lanes(struct runner *runner)
{
    pthread_mutex_lock(&runner->lock);
    runner->closing = true;
    for (size_t i = 0; i < LANE_COUNT; i++) {
        pthread_cond_broadcast(&runner->lanes[i].seat);
        pthread_cond_broadcast(&runner->lanes[i].heard);
    }
    pthread_cond_broadcast(&runner->changed);
    pthread_mutex_unlock(&runner->lock);
}

/* The keeper sees it and cuts off what is under way. */
static void hand_back(struct runner *runner)
{
    pthread_mutex_lock(&runner->lock);
    runner->handing_back = true;
    pthread_cond_broadcast(&runner->changed);
    pthread_mutex_unlock(&runner->lock);
}

static void stop_keeper(struct runner *runner)
{
    pthread_mutex_lock(&runner->lock);
    runner->keeper_ends = true;
    pthread_cond_broadcast(&runner->changed);
    pthread_mutex_unlock(&runner->lock);
    if (runner->has_keeper)
        pthread_join(runner->keeper, NULL);
    runner->has_keeper = false;
}

void runner_stop(struct runner *runner, int limit_s)
{
    close_lanes(runner);
    if (!wait_for_workers(runner, limit_s * 1000LL)) {
        hand_back(runner);
        if (!wait_for_workers(runner, GRACE_MS))
            log_warn(0, "some steps did not end in time; the next start goes on with them");
    }
    stop_keeper(runner);
}

/* A worker that never came back keeps its memory: the process is about to end. */
void runner_free(struct runner *runner)
{
    if (runner == NULL || !wait_for_workers(runner, 0))
        return;
    for (size_t i = 0; i < LANE_COUNT; i++) {
        struct lane *lane = &runner->lanes[i];

        for (size_t j = 0; j < lane->count; j++)
            if (lane->workers[j].has_thread)
                pthread_join(lane->workers[j].thread, NULL);
        pthread_cond_destroy(&lane->seat);
        pthread_cond_destroy(&lane->heard);
        free(lane->workers);
    }
    pthread_cond_destroy(&runner->changed);
    pthread_mutex_destroy(&runner->lock);
    free(runner);
}
