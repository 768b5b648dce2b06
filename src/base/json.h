/*
 * JSON: read in strict mode into an immutable tree, written through typed makers.
 * The only place that knows json-c.  YAML configuration is loaded into the same tree, with marks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/text.h"

enum json_kind {
    JSON_ABSENT, /* in a member: the key is left out */
    JSON_NULL,
    JSON_BOOLEAN,
    JSON_INTEGER,
    JSON_REAL,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json {
    enum json_kind kind;
    bool
        plain; /* YAML: an unquoted scalar, kept as JSON_STRING but readable as number or boolean */
    unsigned line, column; /* where it stands in a configuration file, from 1; else 0 */
    const char *file;      /* that file, or NULL */
    union {
        bool boolean;
        long long integer;
        double real;
        const char *string;
        struct {
            const struct json *items;
            size_t count;
        } array;
        struct {
            const struct json_member *members; /* in the order of the text */
            size_t count;
        } object;
    } as;
};

struct json_member {
    const char *key;
    struct json value;
    unsigned line, column; /* of the key */
};

/*
 * Reading, strictly RFC 8259.  Depth and size are limited, duplicate keys and NUL characters refused; text must be
 * valid UTF-8.  Integers of 64 bits are exact; above INT64_MAX up to UINT64_MAX they become the nearest JSON_REAL,
 * as in a browser; anything further out is refused.
 */
enum {
    JSON_DEPTH_MAX = 64,
    JSON_BYTES_MAX = 64 * 1024 * 1024
};
const struct json *json_parse(struct arena *arena, const char *text, size_t length,
                              struct error *err);

/*
 * Walking.  A path is keys and array positions joined by dots: "head.sha", "items.0.id".
 * json_get gives NULL when it is absent.  The typed readers give the fallback when the value is
 * absent, null or of another kind.  All accept NULL.
 */
const struct json *json_get(const struct json *json, const char *path);
const struct json *json_member(const struct json *json,
                               const char *key); /* the key as it is, dots and all */
const char *json_string(const struct json *json, const char *path, const char *fallback);
long long json_integer(const struct json *json, const char *path, long long fallback);
double json_number(const struct json *json, const char *path, double fallback);
bool json_boolean(const struct json *json, const char *path, bool fallback);
bool json_is(const struct json *json, enum json_kind kind);
/* An integer, or a real that is one (5.0, up to 2^53): RFC 8259 knows only numbers.  json_integer follows it. */
bool json_is_whole(const struct json *json, long long *value);
size_t json_count(const struct json *json); /* items or members, else 0 */
const struct json *json_at(const struct json *json,
                           size_t position); /* item, or member's value */

/*
 * Writing:
 *     const struct json *body = OBJECT(arena, { "channel", V(place->channel) },
 *                                             { "thread_ts", V(place->thread) },   NULL: no key
 *                                             { "blocks", V(ARRAY(arena, V(a), V(b))) });
 * Strings are borrowed, not copied: they must live as long as the arena (JSON_COPY copies a tree).
 */
#define OBJECT(arena, ...)                                                                     \
    json_new_object((arena), (const struct json_member[]){ __VA_ARGS__ },                      \
                    sizeof((const struct json_member[]){ __VA_ARGS__ }) /                      \
                        sizeof(struct json_member))
#define ARRAY(arena, ...)                                                                      \
    json_new_array((arena), (const struct json[]){ __VA_ARGS__ },                              \
                   sizeof((const struct json[]){ __VA_ARGS__ }) / sizeof(struct json))
/* clang-format off */
#define V(value) _Generic((value), \
    bool: json_from_boolean, int: json_from_integer, unsigned: json_from_integer, \
    long: json_from_integer, long long: json_from_integer, \
    double: json_from_number, char *: json_from_string, const char *: json_from_string, \
    const struct json *: json_from_json, struct json *: json_from_json)(value)
/* clang-format on */

struct json json_from_boolean(bool value);
struct json json_from_integer(long long value);
struct json json_from_number(double value);
struct json json_from_string(const char *value);      /* NULL: JSON_ABSENT */
struct json json_from_json(const struct json *value); /* NULL: JSON_ABSENT */
struct json json_null(void);
const struct json *json_new_object(struct arena *arena, const struct json_member *members,
                                   size_t count);
const struct json *json_new_array(struct arena *arena, const struct json *items, size_t count);

/* Growing ones, for loops.  No key may be added twice. */
struct json_builder;
struct json_builder *json_builder_new(struct arena *arena, enum json_kind kind);
void json_builder_add(struct json_builder *builder, const char *key,
                      struct json value); /* key NULL in arrays */
const struct json *json_builder_done(struct json_builder *builder);

/* The whole tree, strings and all, in this arena. */
const struct json *json_copy(struct arena *arena, const struct json *json);

/* Text, always valid JSON in valid UTF-8; not-a-number and infinity are null.  json_print keeps the order of
 * members; json_canonical sorts keys by bytes and has one form for every value (RFC 8785 in spirit): what digests
 * and the audit chain are computed over. */
const char *json_print(struct arena *arena, const struct json *json);
const char *json_canonical(struct arena *arena, const struct json *json);
