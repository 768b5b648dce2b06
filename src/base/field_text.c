/* Field tables: one value from text, with its checks. */
#include <stdarg.h>
#include <string.h>

#include "base/field.h"
#include "base/field_check.h"
#include "base/text.h"

void *field_member(const struct field *field, void *structure)
{
    return (char *)structure + field->offset;
}

const char *field_quote(struct arena *arena, const char *text)
{
    return arena_printf(arena, "\"%s\"", utf8_cut(arena, text_printable(arena, text), 80));
}

static const char *expected_by_meaning(enum field_meaning meaning)
{
    switch (meaning) {
    case AS_DURATION:
        return "a duration such as 90s, 15m or 2h";
    case AS_JOB:
        return "a job's number such as 412";
    case AS_URL:
        return "a URL such as https://example.org";
    case AS_PAIRS:
        return "KEY=VALUE pairs";
    case AS_PLAIN:
    case AS_PERSON:
    case AS_CHANNEL:
    case AS_APP:
    case AS_ENVIRONMENT:
    case AS_VERSION:
    case AS_COMMAND:
    case AS_QUERY:
    case AS_REST:
    case AS_PATH:
        return NULL;
    }
    return NULL;
}

const char *field_expected(const struct field *field)
{
    static const char *const by_type[] = {
        [FIELD_STRING] = "text",
        [FIELD_INTEGER] = "an integer",
        [FIELD_NUMBER] = "a number",
        [FIELD_BOOLEAN] = "true or false",
        [FIELD_STRINGS] = "a list of strings",
        [FIELD_JSON] = "JSON",
        [FIELD_SECRET] = "a secret",
    };
    const char *expected = expected_by_meaning(field->meaning);

    return expected != NULL ? expected : by_type[field->type];
}

static int fail(const struct field *field, struct arena *arena, const char *text,
                struct error *err)
{
    return error_set(err, ERROR_INVALID, "must be %s, not %s", field_expected(field),
                     field_quote(arena, text));
}

/* The names between the bars of .choices. */
static struct strings split_choices(struct arena *arena, const char *choices)
{
    struct span rest = span_of(choices), piece;
    const char **names = ARENA_ARRAY(arena, const char *, rest.length + 1);
    size_t count = 0;

    while (span_split(&rest, '|', &piece))
        names[count++] = span_copy(arena, piece);
    return (struct strings){ .items = names, .count = count };
}

static int check_choice(const struct field *field, struct arena *arena, const char *text,
                        struct error *err)
{
    if (field->choices == NULL)
        return 0;
    struct strings names = split_choices(arena, field->choices);
    if (strings_has(&names, text))
        return 0;
    struct text list = text_new(arena, 200);
    for (size_t i = 0; i < names.count; i++)
        text_addf(&list, "%s%s",
                  i == 0                ? ""
                  : i + 1 < names.count ? ", "
                                        : " or ",
                  names.items[i]);
    const char *near = text_nearest(text, names.items, names.count);
    error_set(err, ERROR_INVALID, "must be %s, not %s%s%s%s", text_string(&list),
              field_quote(arena, text), near != NULL ? "; did you mean \"" : "",
              near != NULL ? near : "", near != NULL ? "\"?" : "");
    return -1;
}

/* A scheme, "://" and something without white space. */
static bool is_url(const char *text)
{
    const char *colon = strstr(text, "://");

    if (colon == NULL || colon == text || colon[3] == '\0' || colon[3] == '/')
        return false;
    for (const char *at = text; at < colon; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        bool later = (*at >= '0' && *at <= '9') || *at == '+' || *at == '-' || *at == '.';
        if (!letter && (at == text || !later))
            return false;
    }
    for (const char *at = colon; *at != '\0'; at++) {
        if ((unsigned char)*at <= 0x20 || *at == 0x7F)
            return false;
    }
    return true;
}

int field_check_string(const struct field *field, struct arena *arena, const char *text,
                       struct error *err)
{
    if (field->meaning == AS_URL && !is_url(text))
        return fail(field, arena, text, err);
    return check_choice(field, arena, text, err);
}

int field_set_integer(const struct field *field, long long value, void *structure,
                      struct error *err)
{
    const char *unit = field->meaning == AS_DURATION ? " seconds" : "";
    bool limited = field->min != 0 || field->max != 0;

    if (limited && (value < field->min || value > field->max))
        return error_set(err, ERROR_INVALID, "must be from %lld to %lld%s, not %lld",
                         field->min, field->max, unit, value);
    *(long long *)field_member(field, structure) = value;
    return 0;
}

static int integer_from_text(const struct field *field, struct arena *arena, const char *text,
                             void *structure, struct error *err)
{
    const char *digits = field->meaning == AS_JOB && text[0] == '#' ? text + 1 : text;
    long long value = 0;
    bool read = field->meaning == AS_DURATION ? text_to_duration(text, &value)
                                              : text_to_integer(digits, &value);

    if (!read || (field->meaning == AS_JOB && value < 1))
        return fail(field, arena, text, err);
    return field_set_integer(field, value, structure, err);
}

static int strings_from_text(const struct field *field, struct arena *arena, const char *text,
                             void *structure, struct error *err)
{
    struct span rest = span_of(text), piece;
    const char **items = ARENA_ARRAY(arena, const char *, rest.length + 1);
    size_t count = 0;

    while (span_split(&rest, ',', &piece)) {
        piece = span_trim(piece);
        if (piece.length == 0)
            continue;
        items[count] = span_copy(arena, piece);
        if (field_check_string(field, arena, items[count], err) < 0)
            return -1;
        count++;
    }
    struct strings *strings = field_member(field, structure);
    *strings = (struct strings){ .items = items, .count = count };
    return 0;
}

/* "A=1 B=2", as in a fallback; the command line has its own reader, with quotes. */
static const struct json *pairs_from_text(struct arena *arena, const char *text)
{
    struct json_builder *pairs = json_builder_new(arena, JSON_OBJECT);
    struct span rest = span_of(text), piece;

    while (span_split(&rest, ' ', &piece)) {
        const char *equals = memchr(piece.start, '=', piece.length);
        if (piece.length == 0)
            continue;
        if (equals == NULL || equals == piece.start)
            return NULL;
        size_t key_length = (size_t)(equals - piece.start);
        const char *key = arena_copy_n(arena, piece.start, key_length);
        if (json_member(json_builder_done(pairs), key) != NULL)
            return NULL;
        json_builder_add(pairs, key,
                         V(arena_copy_n(arena, equals + 1, piece.length - key_length - 1)));
    }
    return json_builder_done(pairs);
}

static int json_from_text(const struct field *field, struct arena *arena, const char *text,
                          void *structure, struct error *err)
{
    bool pairs = field->meaning == AS_PAIRS;
    const struct json *json = NULL;

    if (pairs && text[0] != '{') {
        json = pairs_from_text(arena, text);
        if (json == NULL)
            return fail(field, arena, text, err);
    } else {
        json = json_parse(arena, text, strlen(text), err);
        if (json == NULL)
            return error_prefix(err, "must be %s", field_expected(field));
    }
    *(const struct json **)field_member(field, structure) = json;
    return 0;
}

static int number_from_text(const struct field *field, struct arena *arena, const char *text,
                            void *structure, struct error *err)
{
    double value = 0;

    if (!text_to_number(text, &value))
        return fail(field, arena, text, err);
    *(double *)field_member(field, structure) = value;
    return 0;
}

static int boolean_from_text(const struct field *field, struct arena *arena, const char *text,
                             void *structure, struct error *err)
{
    bool value = false;

    if (!text_to_boolean(text, &value))
        return fail(field, arena, text, err);
    *(bool *)field_member(field, structure) = value;
    return 0;
}

int field_from_text(const struct field *field, struct arena *arena, const char *text,
                    void *structure, struct error *err)
{
    if (text == NULL)
        text = "";
    switch (field->type) {
    case FIELD_STRING:
        if (field_check_string(field, arena, text, err) < 0)
            return -1;
        *(const char **)field_member(field, structure) = arena_copy(arena, text);
        return 0;
    case FIELD_INTEGER:
        return integer_from_text(field, arena, text, structure, err);
    case FIELD_NUMBER:
        return number_from_text(field, arena, text, structure, err);
    case FIELD_BOOLEAN:
        return boolean_from_text(field, arena, text, structure, err);
    case FIELD_STRINGS:
        return strings_from_text(field, arena, text, structure, err);
    case FIELD_JSON:
        return json_from_text(field, arena, text, structure, err);
    case FIELD_SECRET:
        return error_set(err, ERROR_INVALID,
                         "must come from ${env:NAME}, ${file:PATH} or ${secret:NAME}");
    }
    return -1;
}
