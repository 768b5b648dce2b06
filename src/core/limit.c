/* A minute's counter for each person, in a table of fixed size. */
#include "core/limit.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/text.h"

enum {
    PLACES = 4096,
    TRIES = 16,
    NAME_BYTES = 64,
    MINUTE_MS = 60 * 1000,
};

struct counter {
    char person[NAME_BYTES];
    long long since_ms; /* start of its minute */
    long long count;
};

struct limit {
    pthread_mutex_t lock;
    struct counter counters[PLACES];
};

struct limit *limit_new(void)
{
    struct limit *limit = memory_new(sizeof(*limit));

    pthread_mutex_init(&limit->lock, NULL);
    return limit;
}

void limit_free(struct limit *limit)
{
    if (limit == NULL)
        return;
    pthread_mutex_destroy(&limit->lock);
    free(limit);
}

/* FNV-1a. */
static size_t place_of(const char *person)
{
    uint64_t hash = 14695981039346656037ULL;

    for (; *person != '\0'; person++)
        hash = (hash ^ (unsigned char)*person) * 1099511628211ULL;
    return (size_t)(hash % PLACES);
}

/* The person's own, or one whose minute is over; NULL when the table is crowded: then nobody is kept out. */
static struct counter *find_locked(struct limit *limit, const char *person, long long now_ms)
{
    struct counter *spare = NULL;

    for (size_t i = 0; i < TRIES; i++) {
        struct counter *counter = &limit->counters[(place_of(person) + i) % PLACES];

        if (text_is(counter->person, person))
            return counter;
        if (spare == NULL && now_ms - counter->since_ms >= MINUTE_MS)
            spare = counter;
    }
    if (spare != NULL) {
        *spare = (struct counter){ .since_ms = now_ms };
        snprintf(spare->person, sizeof(spare->person), "%s", person);
    }
    return spare;
}

/* Seconds to wait, 0: none. */
static long long take_locked(struct limit *limit, const char *person, long long per_minute,
                             long long now_ms)
{
    struct counter *counter = find_locked(limit, person, now_ms);

    if (counter == NULL)
        return 0;
    if (now_ms - counter->since_ms >= MINUTE_MS || now_ms < counter->since_ms) {
        counter->since_ms = now_ms;
        counter->count = 0;
    }
    if (counter->count < per_minute) {
        counter->count++;
        return 0;
    }
    return (counter->since_ms + MINUTE_MS - now_ms + 999) / 1000;
}

int limit_take(struct limit *limit, const char *person, long long per_minute, long long now_ms,
               struct error *err)
{
    long long wait_s;

    pthread_mutex_lock(&limit->lock);
    wait_s = take_locked(limit, person, per_minute, now_ms);
    pthread_mutex_unlock(&limit->lock);
    if (wait_s == 0)
        return 0;
    error_set(
        err, ERROR_BUSY,
        "%s has started %lld commands within a minute, which is the limit; try again in %llds",
        person, per_minute, wait_s);
    err->retry_after_s = (int)wait_s;
    return -1;
}
