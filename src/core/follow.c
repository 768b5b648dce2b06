/* Threads that work for entries of the configuration. */
#include "core/follow.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

enum {
    TICK_MS = 1000,
    STEADY_MS = 60 * 1000 /* after running so long an end is not a repeated failure */
};

/* One entry's thread, or the memory of it while it waits to be started again. */
struct place_for {
    struct followed followed;
    struct follower *follower;
    struct place_for *next;
    pthread_t thread;
    bool running; /* to be joined */
    bool ended;   /* its thread has set this last, under the follower's lock */
    int failures;
    long long started_ms, start_at_ms;
};

struct follower {
    struct core *core;
    const struct follow_plan *plan;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool closing;
    struct place_for *places;
};

static void condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

static struct timespec timespec_of(long long steady_ms)
{
    return (struct timespec){ .tv_sec = steady_ms / 1000,
                              .tv_nsec = (steady_ms % 1000) * 1000000 };
}

unsigned long follow_news(struct followed *followed)
{
    unsigned long news;

    pthread_mutex_lock(&followed->lock);
    news = followed->news;
    pthread_mutex_unlock(&followed->lock);
    return news;
}

void follow_wait(struct followed *followed, unsigned long heard, long long wait_ms)
{
    struct timespec until = timespec_of(clock_steady_ms() + wait_ms);

    pthread_mutex_lock(&followed->lock);
    while (!atomic_load(&followed->closing) && followed->news == heard &&
           pthread_cond_timedwait(&followed->heard, &followed->lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&followed->lock);
}

static void wake(struct followed *followed)
{
    pthread_mutex_lock(&followed->lock);
    followed->news++;
    pthread_cond_broadcast(&followed->heard);
    pthread_mutex_unlock(&followed->lock);
}

void follow_wake(struct follower *follower)
{
    pthread_mutex_lock(&follower->lock);
    for (struct place_for *place = follower->places; place != NULL; place = place->next)
        wake(&place->followed);
    pthread_mutex_unlock(&follower->lock);
}

static long long pause_ms(int failures)
{
    static const int seconds[] = { 1, 2, 5, 10, 30, 60 };
    size_t step = failures < 1 ? 0 : (size_t)failures - 1;

    return seconds[step < COUNT_OF(seconds) ? step : COUNT_OF(seconds) - 1] * 1000LL;
}

static void *thread_main(void *context)
{
    struct place_for *place = context;
    struct follower *follower = place->follower;
    struct error err = { 0 };
    int result = follower->plan->run(&place->followed, &err);

    if (result < 0 && !atomic_load(&place->followed.closing))
        log_warn(0, "%s of \"%s\": %s", follower->plan->what, place->followed.name, err.text);
    pthread_mutex_lock(&follower->lock);
    place->ended = true;
    pthread_cond_broadcast(&follower->changed);
    pthread_mutex_unlock(&follower->lock);
    return NULL;
}

static void place_free(struct place_for *place)
{
    config_release(place->followed.config);
    pthread_cond_destroy(&place->followed.heard);
    pthread_mutex_destroy(&place->followed.lock);
    free(place);
}

static bool has_ended(struct place_for *place)
{
    bool ended;

    pthread_mutex_lock(&place->follower->lock);
    ended = place->ended;
    pthread_mutex_unlock(&place->follower->lock);
    return ended;
}

/* Joins the thread once it has ended, and sets when it may be started again. */
static void reap(struct place_for *place)
{
    long long now_ms = clock_steady_ms();

    if (!place->running || !has_ended(place))
        return;
    pthread_join(place->thread, NULL);
    place->running = false;
    if (now_ms - place->started_ms >= STEADY_MS)
        place->failures = 0;
    place->failures++;
    place->start_at_ms =
        atomic_load(&place->followed.closing) ? 0 : now_ms + pause_ms(place->failures);
}

static void tell_to_end(struct place_for *place)
{
    atomic_store(&place->followed.closing, true);
    wake(&place->followed);
}

static void run_again(struct place_for *place, const struct config *config, const char *name,
                      const void *thing)
{
    struct followed *followed = &place->followed;

    config_release(followed->config);
    followed->config = config_hold(config);
    followed->name = name;
    followed->thing = thing;
    atomic_store(&followed->closing, false);
    place->ended = false;
    place->started_ms = clock_steady_ms();
    place->running = pthread_create(&place->thread, NULL, thread_main, place) == 0;
    if (!place->running)
        log_error(0, "%s of \"%s\": no thread can be started", place->follower->plan->what,
                  name);
}

static struct place_for *find_place(struct follower *follower, const char *name)
{
    for (struct place_for *place = follower->places; place != NULL; place = place->next)
        if (text_is(place->followed.name, name))
            return place;
    return NULL;
}

static struct place_for *add_place(struct follower *follower)
{
    struct place_for *place = memory_new(sizeof(*place));

    place->follower = follower;
    place->followed.core = follower->core;
    pthread_mutex_init(&place->followed.lock, NULL);
    condition_init(&place->followed.heard);
    pthread_mutex_lock(&follower->lock);
    place->next = follower->places;
    follower->places = place;
    pthread_mutex_unlock(&follower->lock);
    return place;
}

/* An entry of today's configuration: its thread runs under today's snapshot, or is brought to. */
static void follow_entry(struct follower *follower, const struct config *config,
                         const char *name, const void *thing)
{
    struct place_for *place = find_place(follower, name);

    if (place != NULL && place->running) {
        if (place->followed.config != config)
            tell_to_end(place);
        return;
    }
    if (place != NULL && place->start_at_ms > clock_steady_ms())
        return;
    run_again(place == NULL ? add_place(follower) : place, config, name, thing);
}

static bool is_entry(const struct follower *follower, const struct config *config,
                     const char *wanted)
{
    const char *name;
    const void *thing;

    for (size_t i = 0; follower->plan->entry(config, i, &name, &thing); i++)
        if (thing != NULL && text_is(name, wanted))
            return true;
    return false;
}

/* Ends those whose entry is gone, and forgets them once they have ended. */
static void drop_gone(struct follower *follower, const struct config *config)
{
    struct place_for **link = &follower->places;

    while (*link != NULL) {
        struct place_for *place = *link;

        if (is_entry(follower, config, place->followed.name)) {
            link = &place->next;
            continue;
        }
        if (place->running) {
            tell_to_end(place);
            link = &place->next;
            continue;
        }
        pthread_mutex_lock(&follower->lock);
        *link = place->next;
        pthread_mutex_unlock(&follower->lock);
        place_free(place);
    }
}

static void look(struct follower *follower)
{
    AUTO(config) const struct config *config = core_config(follower->core);
    const char *name;
    const void *thing;

    for (struct place_for *place = follower->places; place != NULL; place = place->next)
        reap(place);
    drop_gone(follower, config);
    for (size_t i = 0; follower->plan->entry(config, i, &name, &thing); i++)
        if (thing != NULL)
            follow_entry(follower, config, name, thing);
    if (follower->plan->tick != NULL)
        follower->plan->tick(follower->core);
}

static bool wait_for_change(struct follower *follower)
{
    struct timespec until = timespec_of(clock_steady_ms() + TICK_MS);
    bool closing;

    pthread_mutex_lock(&follower->lock);
    if (!follower->closing)
        pthread_cond_timedwait(&follower->changed, &follower->lock, &until);
    closing = follower->closing;
    pthread_mutex_unlock(&follower->lock);
    return !closing;
}

static void *follower_main(void *context)
{
    struct follower *follower = context;

    do
        look(follower);
    while (wait_for_change(follower));
    return NULL;
}

static void follower_free(struct follower *follower)
{
    pthread_cond_destroy(&follower->changed);
    pthread_mutex_destroy(&follower->lock);
    free(follower);
}

struct follower *follow_start(struct core *core, const struct follow_plan *plan,
                              struct error *err)
{
    struct follower *follower = memory_new(sizeof(*follower));
    int fault;

    follower->core = core;
    follower->plan = plan;
    pthread_mutex_init(&follower->lock, NULL);
    condition_init(&follower->changed);
    fault = pthread_create(&follower->thread, NULL, follower_main, follower);
    if (fault == 0)
        return follower;
    error_system(err, fault, "starting the %s threads", plan->what);
    follower_free(follower);
    return NULL;
}

void follow_stop(struct follower *follower)
{
    if (follower == NULL)
        return;
    pthread_mutex_lock(&follower->lock);
    follower->closing = true;
    pthread_cond_broadcast(&follower->changed);
    pthread_mutex_unlock(&follower->lock);
    pthread_join(follower->thread, NULL);
    for (struct place_for *place = follower->places; place != NULL; place = place->next)
        tell_to_end(place);
    while (follower->places != NULL) {
        struct place_for *place = follower->places;

        follower->places = place->next;
        if (place->running)
            pthread_join(place->thread, NULL);
        place_free(place);
    }
    follower_free(follower);
}
