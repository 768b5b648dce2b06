/* The feed: what is told, once and in order; resuming; waiting for a job's end without a gap. */
#include "core/feed.h"

#include <pthread.h>
#include <time.h>

#include "engine.h"
#include "tap.h"

enum {
    CHANGES_MAX = 100,
    BOUND_MS = 5000
};

/* What a listener has heard so far. */
struct heard {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct feed *feed;
    struct feed_subscription *subscription;
    size_t count;
    size_t stop_after; /* says false then; 0: never */
    bool unsubscribes; /* inside changed() */
    char kinds[CHANGES_MAX][16];
    long long ids[CHANGES_MAX], items[CHANGES_MAX];
    char only_for[16], person[16], place[32];
};

static void heard_init(struct heard *heard)
{
    *heard = (struct heard){ .count = 0 };
    pthread_mutex_init(&heard->lock, NULL);
    pthread_cond_init(&heard->changed, NULL);
}

static bool hear(void *context, const struct change *change)
{
    struct heard *heard = context;
    bool goes_on;
    AUTO(arena) struct arena *arena = arena_new();

    if (heard->unsubscribes)
        feed_unsubscribe(heard->feed, heard->subscription);
    pthread_mutex_lock(&heard->lock);
    if (heard->count < CHANGES_MAX) {
        snprintf(heard->kinds[heard->count], sizeof(heard->kinds[0]), "%s", change->kind);
        heard->ids[heard->count] = change->id;
        heard->items[heard->count] = change->item;
    }
    if (text_is(change->kind, "job")) {
        snprintf(heard->only_for, sizeof(heard->only_for), "%s",
                 change->only_for != NULL ? change->only_for : "");
        snprintf(heard->person, sizeof(heard->person), "%s",
                 change->person != NULL ? change->person : "");
        snprintf(heard->place, sizeof(heard->place), "%s", place_print(arena, &change->place));
    }
    heard->count++;
    goes_on = heard->stop_after == 0 || heard->count < heard->stop_after;
    pthread_cond_broadcast(&heard->changed);
    pthread_mutex_unlock(&heard->lock);
    return goes_on;
}

/* Until so many were heard; false: they did not come. */
static bool wait_for(struct heard *heard, size_t count)
{
    struct timespec until;
    bool enough;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += BOUND_MS / 1000;
    pthread_mutex_lock(&heard->lock);
    while (heard->count < count &&
           pthread_cond_timedwait(&heard->changed, &heard->lock, &until) == 0)
        continue;
    enough = heard->count >= count;
    pthread_mutex_unlock(&heard->lock);
    return enough;
}

static void ended(void *context)
{
    struct heard *heard = context;

    pthread_mutex_lock(&heard->lock);
    heard->count++;
    pthread_cond_broadcast(&heard->changed);
    pthread_mutex_unlock(&heard->lock);
}

static void feed_engine(struct engine *engine)
{
    struct error err = { 0 };

    engine_new(engine, ENGINE_YAML);
    engine->core->feed = feed_start(engine->core, &err);
    CHECK(engine->core->feed != NULL);
}

static void feed_engine_free(struct engine *engine)
{
    feed_stop(engine->core->feed);
    engine_free(engine);
}

static void tells_what_happens(void)
{
    struct engine engine;
    struct heard heard;
    struct feed *feed;
    struct feed_subscription *subscription;

    feed_engine(&engine);
    feed = engine.core->feed;
    heard_init(&heard);
    engine_ask(&engine, "ana", "fake look before");
    subscription = feed_subscribe(feed, 0, hear, &heard);
    engine_ask(&engine, "ana", "fake build web in staging");
    feed_wake(feed);
    CHECK(wait_for(&heard, 2));
    CHECK_STR(heard.kinds[0], "input");
    CHECK_STR(heard.kinds[1], "job");
    CHECK_INT(heard.items[1], 2);
    CHECK_STR(heard.person, "ana");
    CHECK_STR(heard.only_for, "");
    CHECK_STR(heard.place, "web#ops");

    engine_ask(&engine, "tom", "fake look here");
    feed_wake(feed);
    CHECK(wait_for(&heard, 4));
    CHECK_STR(heard.only_for, "tom");
    feed_unsubscribe(feed, subscription);
    feed_engine_free(&engine);
}

static int change_often(struct db *db, void *argument, struct error *err)
{
    long long *job = argument;

    for (int i = 0; i < 1200; i++)
        if (change_add(db, "job", *job, err) < 0)
            return -1;
    return 0;
}

static void tells_the_last_of_many(void)
{
    struct engine engine;
    struct heard heard;
    struct feed_subscription *subscription;
    long long job;

    feed_engine(&engine);
    heard_init(&heard);
    job = engine_ask(&engine, "ana", "fake look here").job;
    subscription = feed_subscribe(engine.core->feed, 0, hear, &heard);
    engine_run(&engine, change_often, &job);
    feed_wake(engine.core->feed);
    CHECK(wait_for(&heard, 3)); /* one of each page of 500 */
    CHECK_INT(heard.ids[2] - heard.ids[1], 200);
    CHECK_INT(heard.ids[1] - heard.ids[0], 500);
    feed_unsubscribe(engine.core->feed, subscription);
    CHECK_INT(heard.count, 3);
    feed_engine_free(&engine);
}

static void resumes(void)
{
    struct engine engine;
    struct heard heard;
    struct heard second;
    struct feed_subscription *subscriptions[2];

    feed_engine(&engine);
    heard_init(&heard);
    heard_init(&second);
    for (int i = 0; i < 3; i++)
        engine_ask(&engine, "ana", "fake look here"); /* an input and a job each */
    subscriptions[0] = feed_subscribe(engine.core->feed, 2, hear, &heard);
    CHECK(wait_for(&heard, 4));
    CHECK_INT(heard.ids[0], 3);
    CHECK_INT(heard.ids[3], 6);
    subscriptions[1] = feed_subscribe(engine.core->feed, 5, hear, &second);
    CHECK(wait_for(&second, 1));
    CHECK_INT(second.ids[0], 6);
    feed_unsubscribe(engine.core->feed, subscriptions[0]);
    feed_unsubscribe(engine.core->feed, subscriptions[1]);
    CHECK_INT(heard.count, 4);
    CHECK_INT(second.count, 1);
    feed_engine_free(&engine);
}

static void ends_when_told(void)
{
    struct engine engine;
    struct heard stops;
    struct heard leaves;
    struct heard stays;
    struct feed_subscription *subscriptions[2];
    struct feed *feed;

    feed_engine(&engine);
    feed = engine.core->feed;
    heard_init(&stops);
    heard_init(&leaves);
    heard_init(&stays);
    stops.stop_after = 1;
    leaves.feed = feed;
    subscriptions[0] = feed_subscribe(feed, 0, hear, &stops);
    leaves.subscription = feed_subscribe(feed, 0, hear, &leaves);
    leaves.unsubscribes = true;
    subscriptions[1] = feed_subscribe(feed, 0, hear, &stays);
    engine_ask(&engine, "ana", "fake look here");
    feed_wake(feed);
    CHECK(wait_for(&stays, 2));
    feed_unsubscribe(feed, subscriptions[1]);
    feed_unsubscribe(feed, subscriptions[0]);
    CHECK_INT(stops.count, 1);
    CHECK_INT(leaves.count, 1);
    feed_engine_free(&engine);
}

static void waits_for_the_end(void)
{
    struct engine engine;
    struct heard heard;
    struct ending ending = { .end = { .state = "failed", .error = "it broke" } };
    struct feed *feed;
    long long job;

    feed_engine(&engine);
    feed = engine.core->feed;
    heard_init(&heard);
    job = engine_ask(&engine, "tom", "fake look over").job;
    feed_wait_job(feed, job, false, BOUND_MS, ended, &heard);
    CHECK(wait_for(&heard, 1)); /* it is over already */

    job = engine_ask(&engine, "ana", "fake look here").job;
    feed_wait_job(feed, job, false, BOUND_MS * 10, ended, &heard);
    feed_wait_job(feed, job, true, BOUND_MS * 10, ended, &heard);
    feed_wait_job(feed, job, false, 20, ended, &heard);
    CHECK(wait_for(&heard, 2)); /* the last one's time is over */
    CHECK_INT(heard.count, 2);
    ending.core = engine.core;
    ending.job = job;
    engine_run(&engine, engine_end, &ending);
    feed_wake(feed);
    CHECK(wait_for(&heard, 4));

    job = engine_ask(&engine, "ana", "fake build web").job;
    feed_wait_job(feed, job, true, BOUND_MS * 10, ended, &heard);
    CHECK(wait_for(&heard, 5)); /* it asks something */
    feed_wait_job(feed, job, false, BOUND_MS * 10, ended, &heard);
    feed_wait_job(feed, 0, false, BOUND_MS * 10, ended, &heard);
    CHECK(wait_for(&heard, 6)); /* there is no such job any more */
    feed_wait_job(feed, job + 1, false, BOUND_MS * 10, ended, &heard);
    feed_wait_job(feed, 0, false, BOUND_MS * 10, ended, &heard);
    CHECK(
        wait_for(&heard, 7)); /* both were looked at: a job of the next moment is waited for */
    CHECK_INT(heard.count, 7);
    CHECK_INT(engine_ask(&engine, "tom", "fake look over").job, job + 1);
    feed_wake(feed);
    CHECK(wait_for(&heard, 8));
    CHECK_INT(heard.count, 8);
    feed_stop(feed);
    CHECK_INT(heard.count, 9);
    feed_wait_job(feed, job, false, BOUND_MS * 10, ended, &heard);
    CHECK_INT(heard.count, 10);
    engine_free(&engine);
}

static void forgets(void)
{
    struct engine engine;
    struct error err = { 0 };

    engine_new(&engine, ENGINE_YAML);
    engine_ask(&engine, "ana", "fake look here");
    CHECK_INT(feed_prune(engine.core, clock_now_ms() + 23 * 3600 * 1000, &err), 0);
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM changes"), "2");
    CHECK_INT(feed_prune(engine.core, clock_now_ms() + 25 * 3600 * 1000, &err), 0);
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM changes"), "0");
    engine_free(&engine);
}

int main(void)
{
    tells_what_happens();
    tells_the_last_of_many();
    resumes();
    ends_when_told();
    waits_for_the_end();
    forgets();
    return tap_done();
}
