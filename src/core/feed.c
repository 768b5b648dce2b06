/* One thread that reads what changed after each commit; who looks on, who waits. */
#include "core/feed.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/core_internal.h"
#include "core/feed_internal.h"

enum {
    PAGES_AT_ONCE = 20, /* in one read transaction */
    PASS_MS = 2,        /* between two passes: many changes of one thing become one */
    IDLE_MS = 60 * 1000,
    KEPT_MS = 24 * 60 * 60 * 1000,
    PRUNED_AT_ONCE = 5000
};

int change_add(struct db *db, const char *kind, long long item, struct error *err)
{
    return db_run(db, err, "INSERT INTO changes (kind, item, at) VALUES (?, ?, ?)",
                  VALUES(V(kind), V(item), V(clock_now_ms()))) < 0
               ? -1
               : 0;
}

static bool has_listeners(struct feed *feed)
{
    bool has;

    pthread_mutex_lock(&feed->lock);
    has = feed->subscriptions != NULL || feed->waiters != NULL;
    pthread_mutex_unlock(&feed->lock);
    return has;
}

/* One read transaction: what is new is told, and who waits is looked after as of the same moment. */
static void feed_pass(struct feed *feed)
{
    struct error err = { 0 };
    AUTO(db) struct db *db = NULL;
    bool has_waiters;
    bool more = true;

    if (!has_listeners(feed))
        return;
    db = store_read_start(core_store(feed->core), &err);
    if (db == NULL) {
        log_warn(0, "reading what changed: %s", err.text);
        feed_look_after_waiters(feed, NULL);
        return;
    }
    has_waiters = feed_find_cursor(feed, db);
    for (int i = 0; i < PAGES_AT_ONCE && more; i++)
        more = feed_tell_page(feed, db, has_waiters);
    feed_look_after_waiters(feed, db);
    if (more)
        feed_wake(feed);
}

static void wait_until_locked(struct feed *feed, long long steady_ms)
{
    struct timespec until = { .tv_sec = steady_ms / 1000,
                              .tv_nsec = (steady_ms % 1000) * 1000000 };

    pthread_cond_timedwait(&feed->changed, &feed->lock, &until);
}

/* False: closing. */
static bool feed_wait(struct feed *feed, long long last_pass_ms)
{
    bool closing;
    long long now_ms;

    pthread_mutex_lock(&feed->lock);
    while (!feed->closing) {
        now_ms = clock_steady_ms();
        if (now_ms < last_pass_ms + PASS_MS)
            wait_until_locked(feed, last_pass_ms + PASS_MS);
        else if (!feed->woken && feed_next_deadline_locked(feed, now_ms + IDLE_MS) > now_ms)
            wait_until_locked(feed, feed_next_deadline_locked(feed, now_ms + IDLE_MS));
        else
            break;
    }
    feed->woken = false;
    closing = feed->closing;
    pthread_mutex_unlock(&feed->lock);
    return !closing;
}

static void *feed_main(void *context)
{
    struct feed *feed = context;
    long long last_pass_ms = 0;

    while (feed_wait(feed, last_pass_ms)) {
        feed_pass(feed);
        last_pass_ms = clock_steady_ms();
    }
    return NULL;
}

struct feed *feed_start(struct core *core, struct error *err)
{
    struct feed *feed = memory_new(sizeof(*feed));
    pthread_condattr_t monotonic;
    int result;

    *feed = (struct feed){ .core = core };
    pthread_mutex_init(&feed->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&feed->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    result = pthread_create(&feed->thread, NULL, feed_main, feed);
    if (result == 0)
        return feed;
    error_system(err, result, "starting the feed's thread");
    pthread_cond_destroy(&feed->changed);
    pthread_mutex_destroy(&feed->lock);
    free(feed);
    return NULL;
}

void feed_wake(struct feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    feed->woken = true;
    pthread_cond_broadcast(&feed->changed);
    pthread_mutex_unlock(&feed->lock);
}

void feed_stop(struct feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    feed->closing = true;
    pthread_cond_broadcast(&feed->changed);
    pthread_mutex_unlock(&feed->lock);
    pthread_join(feed->thread, NULL);
    feed_end_waiters(feed);
}

void feed_free(struct feed *feed)
{
    if (feed == NULL)
        return;
    while (feed->subscriptions != NULL) {
        struct feed_subscription *next = feed->subscriptions->next;

        free(feed->subscriptions);
        feed->subscriptions = next;
    }
    pthread_cond_destroy(&feed->changed);
    pthread_mutex_destroy(&feed->lock);
    free(feed);
}

struct feed *core_feed(struct core *core)
{
    return core->feed;
}

long long feed_position(struct feed *feed)
{
    struct error ignored = { 0 };
    AUTO(db) struct db *db = store_read_start(core_store(feed->core), &ignored);

    return db == NULL ? -1 : feed_newest_change(db);
}

struct feed_subscription *
feed_subscribe(struct feed *feed, long long after,
               bool (*changed)(void *context, const struct change *change), void *context)
{
    struct feed_subscription *subscription;

    if (after == 0)
        after = feed_position(feed);
    if (after < 0)
        return NULL;
    subscription = memory_new(sizeof(*subscription));
    *subscription =
        (struct feed_subscription){ .after = after, .changed = changed, .context = context };
    pthread_mutex_lock(&feed->lock);
    subscription->next = feed->subscriptions;
    feed->subscriptions = subscription;
    pthread_mutex_unlock(&feed->lock);
    feed_wake(feed);
    return subscription;
}

void feed_unsubscribe(struct feed *feed, struct feed_subscription *subscription)
{
    bool inside = pthread_equal(pthread_self(), feed->thread) != 0;

    if (subscription == NULL)
        return;
    pthread_mutex_lock(&feed->lock);
    while (feed->calling == subscription && !inside)
        pthread_cond_wait(&feed->changed, &feed->lock);
    if (feed->calling == subscription) {
        subscription->removed = true;
        subscription->finished = true;
    } else {
        feed_unlink_locked(feed, subscription);
        free(subscription);
    }
    pthread_mutex_unlock(&feed->lock);
}

struct pruning {
    long long before_ms;
    long long count;
};

/* Ids and times grow together, so that the oldest rows are at the front. */
static int prune_write(struct db *db, void *argument, struct error *err)
{
    struct pruning *pruning = argument;

    pruning->count = db_run(
        db, err,
        "DELETE FROM changes WHERE id IN (SELECT id FROM changes ORDER BY id LIMIT ?) AND at < ?",
        VALUES(V((int)PRUNED_AT_ONCE), V(pruning->before_ms)));
    return pruning->count < 0 ? -1 : 0;
}

int feed_prune(struct core *core, long long now_ms, struct error *err)
{
    struct pruning pruning = { .before_ms = now_ms - KEPT_MS };

    do {
        if (store_write(core_store(core), prune_write, &pruning, err) < 0)
            return -1;
    } while (pruning.count == PRUNED_AT_ONCE);
    return 0;
}
