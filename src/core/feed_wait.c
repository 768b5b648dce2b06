/* Those who wait for a job's end: looked after without a gap between "it is over already" and "it ended now". */
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/core_internal.h"
#include "core/feed_internal.h"

/* Marks those whose job is among the changes, to be looked at again. */
void feed_mark_waiters_locked(struct feed *feed, const struct json *rows)
{
    for (size_t i = 0; feed->waiters != NULL && i < json_count(rows); i++) {
        const struct json *row = json_at(rows, i);
        long long job = json_integer(row, "item", 0);

        if (!text_is(json_string(row, "kind", ""), "job"))
            continue;
        for (struct waiter *each = feed->waiters; each != NULL; each = each->next)
            if (each->job == job)
                each->is_due = true;
    }
}

/* A job that is gone is over.  One that this snapshot does not know yet is not: its first change is still to come. */
static bool is_over(struct db *db, const struct waiter *waiter)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error ignored = { 0 };
    const struct json *row = db_row(
        db, arena, &ignored,
        "SELECT coalesce((SELECT stage FROM jobs WHERE id = ?), CASE WHEN (SELECT max(id) "
        "FROM jobs) >= ? THEN 'final' END) AS stage",
        VALUES(V(waiter->job), V(waiter->job)));
    const char *stage = json_string(row, "stage", "");

    if (!waiter->until_waiting)
        return text_is(stage, "final");
    return text_is(stage, "final") || text_is(stage, "question") ||
           text_is(stage, "approval") || text_is(stage, "unsure");
}

/* Takes those out that have to be looked at; the list belongs to this thread until they are put back. */
static struct waiter *take_marked(struct feed *feed)
{
    struct waiter *taken = NULL;
    struct waiter **at = &feed->waiters;
    long long now_ms = clock_steady_ms();

    pthread_mutex_lock(&feed->lock);
    while (*at != NULL) {
        struct waiter *waiter = *at;

        if (!waiter->is_new && !waiter->is_due && waiter->deadline_ms > now_ms) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        waiter->next = taken;
        taken = waiter;
    }
    pthread_mutex_unlock(&feed->lock);
    return taken;
}

static void put_back(struct feed *feed, struct waiter *waiter)
{
    waiter->is_new = false;
    waiter->is_due = false;
    pthread_mutex_lock(&feed->lock);
    waiter->next = feed->waiters;
    feed->waiters = waiter;
    pthread_mutex_unlock(&feed->lock);
}

static void waiter_end(struct waiter *waiter)
{
    waiter->done(waiter->context);
    free(waiter);
}

void feed_look_after_waiters(struct feed *feed, struct db *db)
{
    struct waiter *waiter = take_marked(feed);

    while (waiter != NULL) {
        struct waiter *next = waiter->next;

        if (waiter->deadline_ms <= clock_steady_ms() || (db != NULL && is_over(db, waiter)))
            waiter_end(waiter);
        else
            put_back(feed, waiter);
        waiter = next;
    }
}

long long feed_newest_change(struct db *db)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error ignored = { 0 };
    const struct json *row = db_row(
        db, arena, &ignored, "SELECT coalesce(max(id), 0) AS id FROM changes", NO_VALUES);

    return row == NULL ? -1 : json_integer(row, "id", 0);
}

bool feed_find_cursor(struct feed *feed, struct db *db)
{
    bool has_old = false;
    long long newest;

    pthread_mutex_lock(&feed->lock);
    for (struct waiter *each = feed->waiters; each != NULL; each = each->next)
        has_old = has_old || !each->is_new;
    pthread_mutex_unlock(&feed->lock);
    if (has_old)
        return true;
    newest = feed_newest_change(db);
    pthread_mutex_lock(&feed->lock);
    if (newest >= 0)
        feed->cursor = newest;
    pthread_mutex_unlock(&feed->lock);
    return false;
}

long long feed_next_deadline_locked(const struct feed *feed, long long latest_ms)
{
    for (const struct waiter *each = feed->waiters; each != NULL; each = each->next)
        if (each->deadline_ms < latest_ms)
            latest_ms = each->deadline_ms;
    return latest_ms;
}

void feed_end_waiters(struct feed *feed)
{
    struct waiter *waiter;

    pthread_mutex_lock(&feed->lock);
    waiter = feed->waiters;
    feed->waiters = NULL;
    pthread_mutex_unlock(&feed->lock);
    while (waiter != NULL) {
        struct waiter *next = waiter->next;

        waiter_end(waiter);
        waiter = next;
    }
}

void feed_wait_job(struct feed *feed, long long job, bool until_waiting, long long limit_ms,
                   void (*done)(void *context), void *context)
{
    struct waiter *waiter = memory_new(sizeof(*waiter));
    bool closing;

    *waiter = (struct waiter){ .job = job,
                               .until_waiting = until_waiting,
                               .deadline_ms = clock_steady_ms() + limit_ms,
                               .done = done,
                               .context = context,
                               .is_new = true };
    pthread_mutex_lock(&feed->lock);
    closing = feed->closing;
    if (!closing) {
        waiter->next = feed->waiters;
        feed->waiters = waiter;
    }
    pthread_mutex_unlock(&feed->lock);
    if (closing)
        waiter_end(waiter);
    else
        feed_wake(feed);
}
