/*
 * Threads that work for entries of the configuration (a sender per chat, a watch per connection): started when the entry
 * appears, ended when it goes, started anew after a reload and, with back-off, when they come back by themselves.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"
#include "core/config.h"
#include "core/core.h"

/* What one thread works for. */
struct followed {
    struct core *core;
    const struct config *config; /* the snapshot it runs under; held */
    const char *name;
    const void *thing;   /* the entry, in that snapshot */
    atomic_bool closing; /* it is to end */
    /* follow_wait() and follow_wake() */
    pthread_mutex_t lock;
    pthread_cond_t heard;
    unsigned long news;
};

struct follow_plan {
    const char *what; /* "sender": for the log and its metric */
    /* The entry at a position, false behind the last; *thing NULL: it needs no thread. */
    bool (*entry)(const struct config *config, size_t position, const char **name,
                  const void **thing);
    /* Returns when closing, or when it cannot go on: then err says why and it is tried again later. */
    int (*run)(struct followed *followed, struct error *err);
    /* About once a second, on the thread that follows; NULL: nothing. */
    void (*tick)(struct core *core);
};

struct follower;
struct follower *follow_start(struct core *core, const struct follow_plan *plan,
                              struct error *err);
/* Wakes those that wait; after commits; never blocks. */
void follow_wake(struct follower *follower);
/* Waits for all of them; frees it.  NULL is accepted. */
void follow_stop(struct follower *follower);

/* From run(): how often it was woken, and waiting for more than that, closing or the time. */
unsigned long follow_news(struct followed *followed);
void follow_wait(struct followed *followed, unsigned long heard, long long wait_ms);
