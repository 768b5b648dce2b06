/* JSON trees: walking them and making them. */
#include "base/json.h"

#include <math.h>
#include <string.h>

const struct json *json_member(const struct json *json, const char *key)
{
    if (json == NULL || json->kind != JSON_OBJECT || key == NULL)
        return NULL;
    for (size_t i = 0; i < json->as.object.count; i++) {
        const struct json_member *member = &json->as.object.members[i];
        if (strcmp(member->key, key) == 0)
            return member->value.kind != JSON_ABSENT ? &member->value : NULL;
    }
    return NULL;
}

static const struct json *member_of_span(const struct json *json, struct span key)
{
    for (size_t i = 0; i < json->as.object.count; i++) {
        const struct json_member *member = &json->as.object.members[i];
        if (span_is(key, member->key))
            return member->value.kind != JSON_ABSENT ? &member->value : NULL;
    }
    return NULL;
}

static const struct json *item_of_span(const struct json *json, struct span position)
{
    size_t value = 0;

    if (position.length == 0 || position.length > 9)
        return NULL;
    for (size_t i = 0; i < position.length; i++) {
        char c = position.start[i];
        if (c < '0' || c > '9')
            return NULL;
        value = value * 10 + (size_t)(c - '0');
    }
    return value < json->as.array.count ? &json->as.array.items[value] : NULL;
}

const struct json *json_get(const struct json *json, const char *path)
{
    struct span rest = span_of(path), piece;

    while (json != NULL && span_split(&rest, '.', &piece)) {
        if (json->kind == JSON_OBJECT)
            json = member_of_span(json, piece);
        else if (json->kind == JSON_ARRAY)
            json = item_of_span(json, piece);
        else
            json = NULL;
    }
    return json;
}

const char *json_string(const struct json *json, const char *path, const char *fallback)
{
    const struct json *value = json_get(json, path);

    return json_is(value, JSON_STRING) ? value->as.string : fallback;
}

bool json_is_whole(const struct json *json, long long *value)
{
    const double exact = 9007199254740992.0; /* 2^53: above it a double skips integers */

    if (json_is(json, JSON_INTEGER)) {
        *value = json->as.integer;
        return true;
    }
    if (!json_is(json, JSON_REAL) || !(fabs(json->as.real) <= exact))
        return false;
    double whole = trunc(json->as.real);
    if (whole < json->as.real || whole > json->as.real)
        return false;
    *value = (long long)whole;
    return true;
}

long long json_integer(const struct json *json, const char *path, long long fallback)
{
    long long value = fallback;

    return json_is_whole(json_get(json, path), &value) ? value : fallback;
}

double json_number(const struct json *json, const char *path, double fallback)
{
    const struct json *value = json_get(json, path);

    if (json_is(value, JSON_INTEGER))
        return (double)value->as.integer;
    return json_is(value, JSON_REAL) ? value->as.real : fallback;
}

bool json_boolean(const struct json *json, const char *path, bool fallback)
{
    const struct json *value = json_get(json, path);

    return json_is(value, JSON_BOOLEAN) ? value->as.boolean : fallback;
}

bool json_is(const struct json *json, enum json_kind kind)
{
    return json != NULL && json->kind == kind;
}

size_t json_count(const struct json *json)
{
    if (json_is(json, JSON_ARRAY))
        return json->as.array.count;
    return json_is(json, JSON_OBJECT) ? json->as.object.count : 0;
}

const struct json *json_at(const struct json *json, size_t position)
{
    if (position >= json_count(json))
        return NULL;
    return json->kind == JSON_ARRAY ? &json->as.array.items[position]
                                    : &json->as.object.members[position].value;
}

struct json json_from_boolean(bool value)
{
    return (struct json){ .kind = JSON_BOOLEAN, .as.boolean = value };
}

struct json json_from_integer(long long value)
{
    return (struct json){ .kind = JSON_INTEGER, .as.integer = value };
}

struct json json_from_number(double value)
{
    if (!isfinite(value))
        return json_null();
    return (struct json){ .kind = JSON_REAL, .as.real = value };
}

struct json json_from_string(const char *value)
{
    if (value == NULL)
        return (struct json){ .kind = JSON_ABSENT };
    return (struct json){ .kind = JSON_STRING, .as.string = value };
}

struct json json_from_json(const struct json *value)
{
    return value != NULL ? *value : (struct json){ .kind = JSON_ABSENT };
}

struct json json_null(void)
{
    return (struct json){ .kind = JSON_NULL };
}

const struct json *json_new_object(struct arena *arena, const struct json_member *members,
                                   size_t count)
{
    struct json *object = ARENA_NEW(arena, struct json);
    struct json_member *kept = ARENA_ARRAY(arena, struct json_member, count);
    size_t kept_count = 0;

    for (size_t i = 0; i < count; i++) {
        if (members[i].value.kind != JSON_ABSENT)
            kept[kept_count++] = members[i];
    }
    object->kind = JSON_OBJECT;
    object->as.object.members = kept;
    object->as.object.count = kept_count;
    return object;
}

const struct json *json_new_array(struct arena *arena, const struct json *items, size_t count)
{
    struct json *array = ARENA_NEW(arena, struct json);
    struct json *kept = ARENA_ARRAY(arena, struct json, count);
    size_t kept_count = 0;

    for (size_t i = 0; i < count; i++) {
        if (items[i].kind != JSON_ABSENT)
            kept[kept_count++] = items[i];
    }
    array->kind = JSON_ARRAY;
    array->as.array.items = kept;
    array->as.array.count = kept_count;
    return array;
}

struct json_builder {
    struct arena *arena;
    enum json_kind kind;
    struct json_member *members; /* of an array only the values are used */
    size_t count, capacity;
};

struct json_builder *json_builder_new(struct arena *arena, enum json_kind kind)
{
    struct json_builder *builder = ARENA_NEW(arena, struct json_builder);

    ASSERT(kind == JSON_ARRAY || kind == JSON_OBJECT);
    builder->arena = arena;
    builder->kind = kind;
    return builder;
}

void json_builder_add(struct json_builder *builder, const char *key, struct json value)
{
    ASSERT((key != NULL) == (builder->kind == JSON_OBJECT));
    if (value.kind == JSON_ABSENT)
        return;
    if (builder->count == builder->capacity) {
        size_t capacity = builder->capacity == 0 ? 8 : builder->capacity * 2;
        struct json_member *grown = ARENA_ARRAY(builder->arena, struct json_member, capacity);
        if (builder->count > 0)
            memcpy(grown, builder->members, builder->count * sizeof(*grown));
        builder->members = grown;
        builder->capacity = capacity;
    }
    builder->members[builder->count++] = (struct json_member){ .key = key, .value = value };
}

const struct json *json_builder_done(struct json_builder *builder)
{
    if (builder->kind == JSON_OBJECT)
        return json_new_object(builder->arena, builder->members, builder->count);
    struct json *array = ARENA_NEW(builder->arena, struct json);
    struct json *items = ARENA_ARRAY(builder->arena, struct json, builder->count);
    for (size_t i = 0; i < builder->count; i++)
        items[i] = builder->members[i].value;
    array->kind = JSON_ARRAY;
    array->as.array.items = items;
    array->as.array.count = builder->count;
    return array;
}

static struct json copy_value(struct arena *arena, const struct json *json);

static void copy_array(struct arena *arena, struct json *copy)
{
    struct json *items = ARENA_ARRAY(arena, struct json, copy->as.array.count);

    for (size_t i = 0; i < copy->as.array.count; i++)
        items[i] = copy_value(arena, &copy->as.array.items[i]);
    copy->as.array.items = items;
}

static void copy_object(struct arena *arena, struct json *copy)
{
    struct json_member *members = ARENA_ARRAY(arena, struct json_member, copy->as.object.count);

    for (size_t i = 0; i < copy->as.object.count; i++) {
        members[i] = copy->as.object.members[i];
        members[i].key = arena_copy(arena, members[i].key);
        members[i].value = copy_value(arena, &members[i].value);
    }
    copy->as.object.members = members;
}

/* The depth is bounded by the reader's limit or by the code that made the tree. */
static struct json copy_value(struct arena *arena, const struct json *json)
{
    struct json copy = *json;

    if (copy.kind == JSON_STRING)
        copy.as.string = arena_copy(arena, copy.as.string);
    else if (copy.kind == JSON_ARRAY)
        copy_array(arena, &copy);
    else if (copy.kind == JSON_OBJECT)
        copy_object(arena, &copy);
    copy.file = arena_copy(arena, copy.file);
    return copy;
}

const struct json *json_copy(struct arena *arena, const struct json *json)
{
    if (json == NULL)
        return NULL;
    struct json *copy = ARENA_NEW(arena, struct json);
    *copy = copy_value(arena, json);
    return copy;
}
