/* The timer's thread: a list of duties, each with its interval. */
#include "core/timer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/approval.h"
#include "core/event.h"
#include "core/feed.h"
#include "core/gathering.h"
#include "core/job_row.h"
#include "core/runner.h"

enum {
    SECOND_MS = 1000,
    MINUTE_MS = 60 * SECOND_MS,
    HOUR_MS = 60 * MINUTE_MS,
    PAUSE_AFTER_FAULT_MS = MINUTE_MS
};

static const struct duty {
    const char *name;
    int (*run)(struct core *core, long long now_ms, struct error *err);
    long long first_ms; /* after the start */
    long long every_ms;
} duties[] = {
    { "expiry of approvals", approval_expire, 0, SECOND_MS },
    { "expiry of questions", job_expire_questions, 0, SECOND_MS },
    { "time limits of jobs", runner_expire, 0, SECOND_MS },
    { "what routes have gathered", gathering_flush, 0, SECOND_MS },
    { "forgetting old events", event_prune, MINUTE_MS, HOUR_MS },
    { "forgetting old changes", feed_prune, MINUTE_MS, 10 * MINUTE_MS },
    { "forgetting what is older than server.retain_days", retention_run, MINUTE_MS, HOUR_MS },
};

struct timer {
    struct core *core;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool closing;
};

/* False: closing. */
static bool timer_wait(struct timer *timer, long long steady_ms)
{
    struct timespec until = { .tv_sec = steady_ms / 1000,
                              .tv_nsec = (steady_ms % 1000) * 1000000 };
    bool closing;

    pthread_mutex_lock(&timer->lock);
    while (!timer->closing &&
           pthread_cond_timedwait(&timer->changed, &timer->lock, &until) == 0)
        continue;
    closing = timer->closing;
    pthread_mutex_unlock(&timer->lock);
    return !closing;
}

/* When it is to be done next. */
static long long do_duty(struct timer *timer, const struct duty *duty)
{
    struct error err = { 0 };

    if (duty->run(timer->core, clock_now_ms(), &err) == 0)
        return clock_steady_ms() + duty->every_ms;
    log_error(0, "%s: %s", duty->name, err.text);
    return clock_steady_ms() +
           (duty->every_ms > PAUSE_AFTER_FAULT_MS ? duty->every_ms : PAUSE_AFTER_FAULT_MS);
}

static void *timer_main(void *context)
{
    struct timer *timer = context;
    long long next_ms[COUNT_OF(duties)];
    long long now_ms = clock_steady_ms();

    for (size_t i = 0; i < COUNT_OF(duties); i++)
        next_ms[i] = now_ms + duties[i].first_ms;
    do {
        for (size_t i = 0; i < COUNT_OF(duties); i++)
            if (next_ms[i] <= clock_steady_ms())
                next_ms[i] = do_duty(timer, &duties[i]);
        now_ms = clock_steady_ms();
    } while (timer_wait(timer, now_ms + SECOND_MS));
    return NULL;
}

static void timer_free(struct timer *timer)
{
    pthread_cond_destroy(&timer->changed);
    pthread_mutex_destroy(&timer->lock);
    free(timer);
}

struct timer *timer_start(struct core *core, struct error *err)
{
    struct timer *timer = memory_new(sizeof(*timer));
    pthread_condattr_t monotonic;
    int result;

    timer->core = core;
    pthread_mutex_init(&timer->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&timer->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    result = pthread_create(&timer->thread, NULL, timer_main, timer);
    if (result == 0)
        return timer;
    error_system(err, result, "starting the timer's thread");
    timer_free(timer);
    return NULL;
}

void timer_stop(struct timer *timer)
{
    if (timer == NULL)
        return;
    pthread_mutex_lock(&timer->lock);
    timer->closing = true;
    pthread_cond_broadcast(&timer->changed);
    pthread_mutex_unlock(&timer->lock);
    pthread_join(timer->thread, NULL);
    timer_free(timer);
}
