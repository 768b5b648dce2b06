/* Mutes: rows of matchers with an end, looked at by every event. */
#include "core/mute.h"

#include "base/log.h"
#include "base/matcher.h"
#include "base/text.h"
#include "store/store.h"

struct mutes {
    const struct matchers *list[MUTES_MAX];
    size_t count;
};

const char *event_matching_value(void *context, const char *name)
{
    const struct event_matching *matching = context;

    return event_value(matching->event, name);
}

const struct mutes *mutes_load(struct db *db, struct arena *arena, long long now_ms,
                               struct error *err)
{
    const struct json *rows =
        db_rows(db, arena, err, "SELECT id, matchers FROM mutes WHERE until_at > ? LIMIT ?",
                VALUES(V(now_ms), V((int)MUTES_MAX)));
    struct mutes *mutes;

    if (rows == NULL)
        return NULL;
    mutes = ARENA_NEW(arena, struct mutes);
    for (size_t i = 0; i < json_count(rows); i++) {
        const struct json *row = json_at(rows, i);
        struct error fault = { 0 };
        const struct matchers *matchers =
            matchers_parse(arena, json_string(row, "matchers", ""), &fault);

        /* Checked before it was stored. */
        if (matchers != NULL)
            mutes->list[mutes->count++] = matchers;
        else
            log_error(0, "mute %lld: %s", json_integer(row, "id", 0), fault.text);
    }
    return mutes;
}

bool mutes_cover(const struct mutes *mutes, const struct event *event)
{
    struct event_matching matching = { event };

    for (size_t i = 0; i < mutes->count; i++)
        if (matchers_match(mutes->list[i], event_matching_value, &matching))
            return true;
    return false;
}
