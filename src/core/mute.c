/* Mutes: rows of matchers with an end, looked at by every event. */
#include "core/mute.h"

#include "base/log.h"
#include "base/matcher.h"
#include "base/text.h"
#include "core/core_internal.h"
#include "store/store.h"

struct mutes {
    struct arena *arena;
    long long ids[MUTES_MAX]; /* a row never changes, and no id comes twice */
    const struct matchers *list[MUTES_MAX];
    size_t count;
};

const char *event_matching_value(void *context, const char *name)
{
    const struct event_matching *matching = context;

    return event_value(matching->event, name);
}

void mutes_free(struct mutes *mutes)
{
    if (mutes != NULL)
        arena_free(mutes->arena);
}

static bool are_these(const struct mutes *mutes, const struct json *rows)
{
    if (mutes == NULL || mutes->count != json_count(rows))
        return false;
    for (size_t i = 0; i < mutes->count; i++)
        if (mutes->ids[i] != json_integer(json_at(rows, i), "id", 0))
            return false;
    return true;
}

static struct mutes *compile(const struct json *rows)
{
    struct arena *arena = arena_new();
    struct mutes *mutes = ARENA_NEW(arena, struct mutes);

    mutes->arena = arena;
    for (size_t i = 0; i < json_count(rows); i++) {
        const struct json *row = json_at(rows, i);
        struct error fault = { 0 };

        mutes->ids[i] = json_integer(row, "id", 0);
        mutes->list[i] = matchers_parse(arena, json_string(row, "matchers", ""), &fault);
        /* Checked before it was stored. */
        if (mutes->list[i] == NULL)
            log_error(0, "mute %lld: %s", mutes->ids[i], fault.text);
        mutes->count++;
    }
    return mutes;
}

const struct mutes *mutes_load(struct core *core, struct db *db, long long now_ms,
                               struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *rows = db_rows(
        db, arena, err, "SELECT id, matchers FROM mutes WHERE until_at > ? ORDER BY id LIMIT ?",
        VALUES(V(now_ms), V((int)MUTES_MAX)));

    if (rows == NULL)
        return NULL;
    if (!are_these(core->mutes, rows)) {
        mutes_free(core->mutes);
        core->mutes = compile(rows);
    }
    return core->mutes;
}

bool mutes_cover(const struct mutes *mutes, const struct event *event)
{
    struct event_matching matching = { event };

    for (size_t i = 0; i < mutes->count; i++)
        if (mutes->list[i] != NULL &&
            matchers_match(mutes->list[i], event_matching_value, &matching))
            return true;
    return false;
}
