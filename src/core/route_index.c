/*
 * The routes of a configuration, found by source and by one equality: with thousands of them an event looks at the few
 * that can fit.
 */
#include <string.h>

#include "base/text.h"
#include "core/mute.h"
#include "core/names.h"
#include "core/route.h"

enum {
    LABELS_MAX =
        30 /* different names that a source's routes are indexed by; the rest is looked at one by one */
};

/* Positions of routes, ascending. */
struct positions {
    size_t *list;
    size_t count, capacity;
};

/* Those of one source that ask for a value of one label. */
struct label_index {
    const char *label;
    struct names *values; /* value -> struct positions */
};

struct bucket {
    struct positions linear;
    struct label_index labels[LABELS_MAX];
    size_t label_count;
};

struct routes {
    const struct route *list;
    size_t count;
    struct bucket any;     /* of no particular source */
    struct names *sources; /* name -> struct bucket */
};

static void positions_add(struct arena *arena, struct positions *positions, size_t position)
{
    if (positions->count > 0 && positions->list[positions->count - 1] == position)
        return;
    if (positions->count == positions->capacity) {
        size_t capacity = positions->capacity * 2 + 4;
        size_t *list = ARENA_ARRAY(arena, size_t, capacity);

        if (positions->count > 0)
            memcpy(list, positions->list, positions->count * sizeof(*list));
        positions->list = list;
        positions->capacity = capacity;
    }
    positions->list[positions->count++] = position;
}

/* In a table of our own making: what names.h gives back is what was put in. */
static void *find_own(const struct names *names, const char *key)
{
    union {
        const void *found;
        void *own;
    } value = { .found = names_find(names, key) };

    return value.own;
}

static struct label_index *label_find(struct bucket *bucket, struct arena *arena,
                                      const char *label)
{
    for (size_t i = 0; i < bucket->label_count; i++)
        if (text_is(bucket->labels[i].label, label))
            return &bucket->labels[i];
    if (bucket->label_count == LABELS_MAX)
        return NULL;
    bucket->labels[bucket->label_count] =
        (struct label_index){ .label = label, .values = names_new(arena) };
    return &bucket->labels[bucket->label_count++];
}

static void bucket_add(struct bucket *bucket, struct arena *arena, const struct matcher *key,
                       size_t position)
{
    struct label_index *label = key == NULL ? NULL : label_find(bucket, arena, key->name);
    struct positions *positions;

    if (label == NULL) {
        positions_add(arena, &bucket->linear, position);
        return;
    }
    positions = find_own(label->values, key->value);
    if (positions == NULL) {
        positions = ARENA_NEW(arena, struct positions);
        names_add(label->values, key->value, positions);
    }
    positions_add(arena, positions, position);
}

static const char *equality_name(struct arena *arena, const struct matcher *matcher)
{
    return arena_printf(arena, "%s\x01%s", matcher->name, matcher->value);
}

/* How many routes ask for the same. */
static void count_equalities(struct arena *arena, struct names *counts,
                             const struct matchers *matchers)
{
    for (size_t i = 0; matchers != NULL && i < matchers_count(matchers); i++) {
        const struct matcher *matcher = matchers_at(matchers, i);
        const char *name = equality_name(arena, matcher);
        size_t *count;

        if (matcher->sign != MATCHER_IS)
            continue;
        count = find_own(counts, name);
        if (count == NULL) {
            count = ARENA_NEW(arena, size_t);
            names_add(counts, name, count);
        }
        ++*count;
    }
}

/* The equality that the fewest share; NULL: it has none. */
static const struct matcher *choose_key(struct arena *arena, const struct names *counts,
                                        const struct matchers *matchers)
{
    const struct matcher *best = NULL;
    size_t best_count = 0;

    for (size_t i = 0; matchers != NULL && i < matchers_count(matchers); i++) {
        const struct matcher *matcher = matchers_at(matchers, i);
        const size_t *count;

        if (matcher->sign != MATCHER_IS)
            continue;
        count = names_find(counts, equality_name(arena, matcher));
        if (best == NULL || *count < best_count) {
            best = matcher;
            best_count = *count;
        }
    }
    return best;
}

static struct bucket *source_bucket(struct routes *routes, struct arena *arena,
                                    const char *source)
{
    struct bucket *bucket = find_own(routes->sources, source);

    if (bucket == NULL) {
        bucket = ARENA_NEW(arena, struct bucket);
        names_add(routes->sources, source, bucket);
    }
    return bucket;
}

const struct routes *routes_new(struct arena *arena, const struct route *list, size_t count)
{
    AUTO(arena) struct arena *scratch = arena_new();
    struct routes *routes = ARENA_NEW(arena, struct routes);
    struct names *counts = names_new(scratch);

    *routes = (struct routes){ .list = list, .count = count, .sources = names_new(arena) };
    for (size_t i = 0; i < count; i++)
        count_equalities(scratch, counts, list[i].matchers);
    for (size_t i = 0; i < count; i++) {
        const struct matcher *key = choose_key(scratch, counts, list[i].matchers);

        if (list[i].from.count == 0)
            bucket_add(&routes->any, arena, key, i);
        for (size_t j = 0; j < list[i].from.count; j++)
            bucket_add(source_bucket(routes, arena, list[i].from.items[j]), arena, key, i);
    }
    return routes;
}

/* Several ascending lists, read as one. */
struct cursor {
    const size_t *at, *end;
};
struct candidates {
    struct cursor list[2 * (LABELS_MAX + 1)];
    size_t count;
};

static void add_cursor(struct candidates *candidates, const struct positions *positions)
{
    if (positions != NULL && positions->count > 0)
        candidates->list[candidates->count++] =
            (struct cursor){ positions->list, positions->list + positions->count };
}

static void add_bucket(struct candidates *candidates, const struct bucket *bucket,
                       const struct event *event)
{
    if (bucket == NULL)
        return;
    add_cursor(candidates, &bucket->linear);
    for (size_t i = 0; i < bucket->label_count; i++) {
        const char *value = event_value(event, bucket->labels[i].label);

        add_cursor(candidates,
                   names_find(bucket->labels[i].values, value != NULL ? value : ""));
    }
}

static bool next_candidate(struct candidates *candidates, size_t *position)
{
    struct cursor *first = NULL;

    for (size_t i = 0; i < candidates->count; i++) {
        struct cursor *cursor = &candidates->list[i];

        if (cursor->at < cursor->end && (first == NULL || *cursor->at < *first->at))
            first = cursor;
    }
    if (first == NULL)
        return false;
    *position = *first->at++;
    return true;
}

size_t routes_match(const struct routes *routes, const struct event *event, size_t *taken,
                    size_t limit)
{
    struct event_matching matching = { event };
    struct candidates candidates = { .count = 0 };
    size_t count = 0;
    size_t position;

    if (routes == NULL)
        return 0;
    add_bucket(&candidates, names_find(routes->sources, event->source), event);
    add_bucket(&candidates, &routes->any, event);
    while (count < limit && next_candidate(&candidates, &position)) {
        const struct route *route = &routes->list[position];

        if (route->matchers != NULL &&
            !matchers_match(route->matchers, event_matching_value, &matching))
            continue;
        taken[count++] = position;
        if (!route->goes_on)
            break;
    }
    return count;
}

const struct route *routes_at(const struct routes *routes, size_t position)
{
    ASSERT(position < routes->count);
    return &routes->list[position];
}

size_t routes_count(const struct routes *routes)
{
    return routes == NULL ? 0 : routes->count;
}

const struct route *routes_find(const struct routes *routes, const char *name)
{
    for (size_t i = 0; i < routes_count(routes); i++)
        if (text_is(routes->list[i].name, name))
            return &routes->list[i];
    return NULL;
}

bool routes_know_source(const struct routes *routes, const char *source)
{
    if (routes == NULL)
        return false;
    return names_find(routes->sources, source) != NULL || routes->any.linear.count > 0 ||
           routes->any.label_count > 0;
}
