/* The feed's inside.  For core/feed*.c. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "core/feed.h"

struct feed_subscription {
    long long after;
    bool (*changed)(void *context, const struct change *change);
    void *context;
    bool reading;  /* takes part in the page that is being told */
    bool finished; /* changed() said false */
    bool removed;  /* inside its own changed() */
    struct feed_subscription *next;
};

struct waiter {
    long long job;
    bool until_waiting;
    long long deadline_ms; /* steady */
    void (*done)(void *context);
    void *context;
    bool is_new; /* not looked at yet: the job may be over already */
    bool is_due;
    struct waiter *next;
};

struct feed {
    struct core *core;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool woken, closing;
    struct feed_subscription *subscriptions;
    struct feed_subscription *calling; /* its changed() is under way */
    struct waiter *waiters;
    long long cursor; /* changes up to here are known to the waiters that are not new */
};

/* feed_tell.c: one page of changes to those who look on; true when there is more. */
bool feed_tell_page(struct feed *feed, struct db *db, bool has_waiters);
void feed_unlink_locked(struct feed *feed, struct feed_subscription *subscription);

/* feed_wait.c */
/* Are there waiters that know the changes up to feed->cursor?  Where there are none, it becomes the end of this snapshot. */
bool feed_find_cursor(struct feed *feed, struct db *db);
void feed_mark_waiters_locked(struct feed *feed, const struct json *rows);
/* Ends those whose job is over or whose time is; db NULL: it cannot be read, only the time counts. */
void feed_look_after_waiters(struct feed *feed, struct db *db);
/* When the next one's time is over (steady), or `latest`. */
long long feed_next_deadline_locked(const struct feed *feed, long long latest_ms);
void feed_end_waiters(struct feed *feed);
/* The id of the newest change, -1: the store cannot be read. */
long long feed_newest_change(struct db *db);
