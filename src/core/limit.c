/* How many commands one person may start in a minute: counted in the jobs themselves. */
#include "core/limit.h"

#include "base/arena.h"

enum {
    MINUTE_MS = 60 * 1000
};

int limit_check(struct db *db, const char *person, long long now_ms, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *row;
    long long wait_ms;

    if (person == NULL)
        return 0;
    row =
        db_row(db, arena, err,
               "SELECT created_at FROM jobs WHERE person = ? ORDER BY id DESC LIMIT 1 OFFSET ?",
               VALUES(V(person), V((int)COMMANDS_PER_MINUTE - 1)));
    if (row == NULL)
        return -1;
    wait_ms = json_integer(row, "created_at", now_ms - MINUTE_MS) + MINUTE_MS - now_ms;
    if (wait_ms <= 0)
        return 0;
    error_set(
        err, ERROR_BUSY,
        "%s has started %d commands within a minute, which is the limit; try again in %llds",
        person, COMMANDS_PER_MINUTE, (wait_ms + 999) / 1000);
    err->retry_after_s = (int)((wait_ms + 999) / 1000);
    return -1;
}
