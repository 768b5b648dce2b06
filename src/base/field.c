/* Field tables: structs from JSON objects and back. */
#include "base/field.h"

#include <string.h>
#include <unistd.h>

#include "base/field_check.h"
#include "base/text.h"

bool strings_has(const struct strings *strings, const char *string)
{
    for (size_t i = 0; strings != NULL && i < strings->count; i++) {
        if (text_is(strings->items[i], string))
            return true;
    }
    return false;
}

/* The value as a person would call it: "412", true, a list. */
static const char *describe(struct arena *arena, const struct json *value)
{
    switch (value->kind) {
    case JSON_STRING:
        return field_quote(arena, value->as.string);
    case JSON_ARRAY:
        return "a list";
    case JSON_OBJECT:
        return "an object";
    case JSON_ABSENT:
    case JSON_NULL:
    case JSON_BOOLEAN:
    case JSON_INTEGER:
    case JSON_REAL:
        return json_print(arena, value);
    }
    return "";
}

static int fail(const struct field *field, struct arena *arena, const struct json *value,
                struct error *err)
{
    return error_set(err, ERROR_INVALID, "must be %s, not %s", field_expected(field),
                     describe(arena, value));
}

/* Relative to the folder of the file it stands in. */
static const char *absolute_path(struct arena *arena, const char *file, const char *path)
{
    if (file == NULL || path[0] == '/')
        return path;
    const char *slash = strrchr(file, '/');
    size_t folder_length = slash != NULL ? (size_t)(slash - file) + 1 : 0;
    if (file[0] == '/')
        return arena_printf(arena, "%.*s%s", (int)folder_length, file, path);
    char here[4096] = "";
    if (getcwd(here, sizeof(here)) == NULL)
        return path;
    return arena_printf(arena, "%s/%.*s%s", here, (int)folder_length, file, path);
}

/* What a string field accepts: a string, or an unquoted number of a configuration file as it is written. */
static const char *string_of(struct arena *arena, const struct field *field,
                             const struct json *value)
{
    if (value->kind == JSON_STRING)
        return field->meaning == AS_PATH ? absolute_path(arena, value->file, value->as.string)
                                         : value->as.string;
    if (value->plain && (value->kind == JSON_INTEGER || value->kind == JSON_REAL ||
                         value->kind == JSON_BOOLEAN))
        return json_print(arena, value);
    return NULL;
}

static int set_string(const struct field *field, struct arena *arena, const struct json *value,
                      void *structure, struct error *err)
{
    const char *string = string_of(arena, field, value);

    if (string == NULL)
        return fail(field, arena, value, err);
    if (field_check_string(field, arena, string, err) < 0)
        return -1;
    *(const char **)field_member(field, structure) = string;
    return 0;
}

/* JSON text in a string, as a database column holds it; NULL when it is none. */
static const struct json *parse_nested(struct arena *arena, const struct json *value)
{
    if (value->kind != JSON_STRING || value->plain ||
        (value->as.string[0] != '{' && value->as.string[0] != '['))
        return NULL;
    return json_parse(arena, value->as.string, strlen(value->as.string), NULL);
}

static int set_strings(const struct field *field, struct arena *arena, const struct json *value,
                       void *structure, struct error *err)
{
    const struct json *nested = parse_nested(arena, value);
    const struct json *list = json_is(nested, JSON_ARRAY) ? nested : value;
    bool single = list->kind != JSON_ARRAY;
    size_t count = single ? 1 : json_count(list);
    const char **items = ARENA_ARRAY(arena, const char *, count);

    for (size_t i = 0; i < count; i++) {
        const struct json *item = single ? list : &list->as.array.items[i];
        items[i] = string_of(arena, field, item);
        if (items[i] == NULL)
            return fail(field, arena, item, err);
        if (field_check_string(field, arena, items[i], err) < 0)
            return -1;
    }
    struct strings *strings = field_member(field, structure);
    *strings = (struct strings){ .items = items, .count = count };
    return 0;
}

static int set_json(const struct field *field, struct arena *arena, const struct json *value,
                    void *structure, struct error *err)
{
    const struct json *nested = parse_nested(arena, value);

    if (nested != NULL)
        value = nested;
    if (field->meaning == AS_PAIRS && value->kind != JSON_OBJECT)
        return fail(field, arena, value, err);
    *(const struct json **)field_member(field, structure) = value;
    return 0;
}

static int set_boolean(const struct field *field, struct arena *arena, const struct json *value,
                       void *structure, struct error *err)
{
    bool *member = field_member(field, structure);

    if (value->kind == JSON_BOOLEAN)
        *member = value->as.boolean;
    else if (value->kind == JSON_INTEGER && (value->as.integer == 0 || value->as.integer == 1))
        *member = value->as.integer == 1;
    else
        return fail(field, arena, value, err);
    return 0;
}

static int set_number(const struct field *field, struct arena *arena, const struct json *value,
                      void *structure, struct error *err)
{
    double *member = field_member(field, structure);

    if (value->kind == JSON_REAL)
        *member = value->as.real;
    else if (value->kind == JSON_INTEGER)
        *member = (double)value->as.integer;
    else
        return fail(field, arena, value, err);
    return 0;
}

/* An unquoted scalar of a configuration file is read as what the field is; so are durations and job numbers. */
static bool is_read_as_text(const struct field *field, const struct json *value)
{
    bool scalar = field->type == FIELD_INTEGER || field->type == FIELD_NUMBER ||
                  field->type == FIELD_BOOLEAN;

    return value->kind == JSON_STRING && scalar &&
           (value->plain || field->meaning == AS_DURATION || field->meaning == AS_JOB);
}

static int set_value(const struct field *field, struct arena *arena, const struct json *value,
                     void *structure, struct error *err)
{
    long long whole = 0;

    if (is_read_as_text(field, value))
        return field_from_text(field, arena, value->as.string, structure, err);
    switch (field->type) {
    case FIELD_STRING:
        return set_string(field, arena, value, structure, err);
    case FIELD_INTEGER:
        if (!json_is_whole(value, &whole))
            return fail(field, arena, value, err);
        return field_set_integer(field, whole, structure, err);
    case FIELD_NUMBER:
        return set_number(field, arena, value, structure, err);
    case FIELD_BOOLEAN:
        return set_boolean(field, arena, value, structure, err);
    case FIELD_STRINGS:
        return set_strings(field, arena, value, structure, err);
    case FIELD_JSON:
        return set_json(field, arena, value, structure, err);
    case FIELD_SECRET:
        return 0;
    }
    return 0;
}

int field_from_json(const struct field *field, const struct json *value, struct arena *arena,
                    void *structure, struct error *err)
{
    struct error cause = { .kind = ERROR_NONE };

    if (set_value(field, arena, value, structure, &cause) < 0)
        return error_set(err, cause.kind, "'%s' %s", field->key, cause.text);
    return 0;
}

static void set_default(const struct field *field, struct arena *arena, const char *file,
                        void *structure)
{
    struct error err = { .kind = ERROR_NONE };

    if (field->fallback == NULL || field->type == FIELD_SECRET)
        return;
    int result = field_from_text(field, arena, field->fallback, structure, &err);
    ASSERT(result == 0);
    const char **member = field_member(field, structure);
    if (field->meaning == AS_PATH && field->type == FIELD_STRING)
        *member = absolute_path(arena, file, *member);
}

/* The key as it is, else as a path. */
static const struct json *find_value(const struct field *field, const struct json *json)
{
    const struct json *value = json_member(json, field->key);

    if (value == NULL && strchr(field->key, '.') != NULL)
        value = json_get(json, field->key);
    return json_is(value, JSON_NULL) ? NULL : value;
}

int fields_from_json(const struct fields *fields, const struct json *json, struct arena *arena,
                     void *out, struct error *err)
{
    char *filled = arena_alloc(arena, fields->size_bytes);

    if (!json_is(json, JSON_OBJECT))
        return error_set(err, ERROR_INVALID, "expected an object, not %s",
                         json != NULL ? describe(arena, json) : "nothing");
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];
        const struct json *value = find_value(field, json);
        if (value == NULL && field->need && field->type != FIELD_SECRET)
            return error_set(err, ERROR_INVALID, "'%s' is missing", field->key);
        if (value == NULL)
            set_default(field, arena, json->file, filled);
        else if (field_from_json(field, value, arena, filled, err) < 0)
            return -1;
    }
    memcpy(out, filled, fields->size_bytes);
    return 0;
}

void fields_defaults(const struct fields *fields, struct arena *arena, void *structure)
{
    static const size_t sizes[] = {
        [FIELD_STRING] = sizeof(const char *),    [FIELD_INTEGER] = sizeof(long long),
        [FIELD_NUMBER] = sizeof(double),          [FIELD_BOOLEAN] = sizeof(bool),
        [FIELD_STRINGS] = sizeof(struct strings), [FIELD_JSON] = sizeof(const struct json *),
        [FIELD_SECRET] = sizeof(struct secret *),
    };

    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];
        memset(field_member(field, structure), 0, sizes[field->type]);
        set_default(field, arena, NULL, structure);
    }
}

static struct json strings_to_json(struct arena *arena, const struct strings *strings)
{
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < strings->count; i++)
        json_builder_add(list, NULL, V(strings->items[i]));
    return V(json_builder_done(list));
}

static struct json value_of(const struct field *field, struct arena *arena, const void *in)
{
    const void *member = (const char *)in + field->offset;

    switch (field->type) {
    case FIELD_STRING:
        return V(*(const char *const *)member);
    case FIELD_INTEGER:
        return V(*(const long long *)member);
    case FIELD_NUMBER:
        return V(*(const double *)member);
    case FIELD_BOOLEAN:
        return V(*(const bool *)member);
    case FIELD_STRINGS:
        return strings_to_json(arena, member);
    case FIELD_JSON:
        return V(*(const struct json *const *)member);
    case FIELD_SECRET:
        return (struct json){ .kind = JSON_ABSENT };
    }
    return json_null();
}

const struct json *fields_to_json(const struct fields *fields, struct arena *arena,
                                  const void *in)
{
    struct json_builder *object = json_builder_new(arena, JSON_OBJECT);

    for (size_t i = 0; i < fields->count; i++)
        json_builder_add(object, fields->list[i].key, value_of(&fields->list[i], arena, in));
    return json_builder_done(object);
}

const struct field *fields_find(const struct fields *fields, const char *key)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (text_is(fields->list[i].key, key))
            return &fields->list[i];
    }
    return NULL;
}

const char *field_type_name(const struct field *field)
{
    static const char *const by_meaning[] = {
        [AS_DURATION] = "duration",
        [AS_PERSON] = "person",
        [AS_CHANNEL] = "channel",
        [AS_APP] = "app",
        [AS_ENVIRONMENT] = "environment",
        [AS_VERSION] = "version",
        [AS_URL] = "url",
        [AS_JOB] = "job",
        [AS_COMMAND] = "command",
        [AS_PAIRS] = "pairs",
        [AS_QUERY] = "query",
        [AS_REST] = "rest",
        [AS_PATH] = "path",
    };
    static const char *const by_type[] = {
        [FIELD_STRING] = "string",   [FIELD_INTEGER] = "integer", [FIELD_NUMBER] = "number",
        [FIELD_BOOLEAN] = "boolean", [FIELD_STRINGS] = "list",    [FIELD_JSON] = "json",
        [FIELD_SECRET] = "secret",
    };

    if (field->choices != NULL)
        return field->choices;
    return field->meaning != AS_PLAIN ? by_meaning[field->meaning] : by_type[field->type];
}
