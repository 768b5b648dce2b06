/* Input: JSON that fills a struct by its field table, or a text for each field.  What was filled in is written and read back. */
#include <stdint.h>
#include <string.h>

#include "base/field.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct everything {
    const char *text, *choice, *url, *deep;
    long long integer, limited, duration, job;
    double number;
    bool yes;
    struct strings list;
    const struct json *any, *pairs;
};
static const struct field fields_of_everything[] = {
    FIELD(struct everything, text, .key = "text"),
    FIELD(struct everything, choice, .key = "choice", .choices = "red|green|blue"),
    FIELD(struct everything, url, .key = "url", .meaning = AS_URL),
    FIELD(struct everything, deep, .key = "head.commit.sha"),
    FIELD(struct everything, integer, .key = "integer", .fallback = "7"),
    FIELD(struct everything, limited, .key = "limited", .min = -3, .max = 90),
    FIELD(struct everything, duration, .key = "duration", .meaning = AS_DURATION),
    FIELD(struct everything, job, .key = "job", .meaning = AS_JOB),
    FIELD(struct everything, number, .key = "number"),
    FIELD(struct everything, yes, .key = "yes"),
    FIELD(struct everything, list, .key = "list"),
    FIELD(struct everything, any, .key = "any"),
    FIELD(struct everything, pairs, .key = "pairs", .meaning = AS_PAIRS),
};
static const struct fields everything = FIELDS(struct everything, fields_of_everything);

/* Dotted keys are for reading other people's JSON: they are not written back. */
static const char *written(struct arena *arena, const struct everything *filled)
{
    return json_canonical(arena, fields_to_json(&everything, arena, filled));
}

static void check_json(struct arena *arena, const struct json *json)
{
    struct everything first = { 0 };
    struct everything second = { 0 };
    struct error err = { .kind = ERROR_NONE };
    const char *text;

    if (fields_from_json(&everything, json, arena, &first, &err) < 0) {
        ASSERT(err.kind != ERROR_NONE && err.text[0] != '\0');
        return;
    }
    text = written(arena, &first);
    json = json_parse(arena, text, strlen(text), &err);
    ASSERT(json != NULL);
    ASSERT(fields_from_json(&everything, json, arena, &second, &err) == 0);
    ASSERT(text_is(written(arena, &second), text));
}

static void check_text(struct arena *arena, const char *text)
{
    for (size_t i = 0; i < everything.count; i++) {
        struct everything filled = { 0 };
        struct error err = { .kind = ERROR_NONE };
        int result = field_from_text(&everything.list[i], arena, text, &filled, &err);

        ASSERT((result < 0) == (err.kind != ERROR_NONE));
        ASSERT(utf8_is_valid(err.text, strlen(err.text)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { .kind = ERROR_NONE };
    const char *text = utf8_repair(arena, (const char *)data, size);
    const struct json *json = json_parse(arena, (const char *)data, size, &err);

    ASSERT((json == NULL) == (err.kind != ERROR_NONE));
    if (json != NULL) {
        const char *canonical = json_canonical(arena, json);

        json = json_parse(arena, canonical, strlen(canonical), &err);
        ASSERT(json != NULL && text_is(json_canonical(arena, json), canonical));
        check_json(arena, json);
    }
    check_text(arena, text);
    return 0;
}
