/* Kills the process at a chosen write function: only in test builds. */
#include "store/kill_point.h"

#ifdef OPSROOM_TEST_HOOKS
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"

struct kill_point {
    long long at; /* 0: never */
    bool after;
    bool due; /* in the transaction that is open */
    long long count;
    int log; /* -1: none */
};

static void plan_read(struct kill_point *point, const char *plan)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct span rest = span_of(plan);
    struct span number = { NULL, 0 };

    ASSERT(span_split(&rest, ':', &number));
    ASSERT(text_to_integer(span_copy(arena, number), &point->at) && point->at > 0);
    ASSERT(span_is(rest, "before") || span_is(rest, "after"));
    point->after = span_is(rest, "after");
}

struct kill_point *kill_point_new(void)
{
    struct kill_point *point = memory_new(sizeof(*point));
    const char *plan = getenv("OPSROOM_KILL_AT");
    const char *log_path = getenv("OPSROOM_KILL_LOG");

    *point = (struct kill_point){ .log = -1 };
    if (plan != NULL)
        plan_read(point, plan);
    if (log_path != NULL) {
        point->log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        ASSERT(point->log >= 0);
    }
    return point;
}

void kill_point_free(struct kill_point *point)
{
    if (point->log >= 0)
        close(point->log);
    free(point);
}

void kill_point_ran(struct kill_point *point, const char *name)
{
    point->count++;
    point->due = point->due || point->count == point->at;
    if (point->log >= 0)
        dprintf(point->log, "%lld %s\n", point->count, name != NULL ? name : "unnamed");
}

static void die_if(bool now)
{
    if (now)
        raise(SIGKILL);
}

void kill_point_before_commit(struct kill_point *point)
{
    die_if(point->due && !point->after);
}

void kill_point_after_commit(struct kill_point *point)
{
    die_if(point->due && point->after);
}
#endif
