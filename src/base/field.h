/*
 * One table for five jobs: it fills a struct from command arguments, a configuration section, a JSON reply, a
 * database row or a job's saved state; help, completion, reference pages and forms come out of the same table.
 *
 *     static const struct field merge_args[] = {
 *         FIELD(struct pr_args, number, .key = "number", .help = "pull request", .need = true),
 *         FIELD(struct pr_args, method, .key = "method", .help = "how to merge",
 *               .choices = "merge|squash|rebase", .fallback = "merge"),
 *     };
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"

/* The C type of the member, found by the compiler: any other type does not compile. */
enum field_type {
    FIELD_STRING,  /* const char * */
    FIELD_INTEGER, /* long long */
    FIELD_NUMBER,  /* double */
    FIELD_BOOLEAN, /* bool */
    FIELD_STRINGS, /* struct strings */
    FIELD_JSON,    /* const struct json *: any value, or what .as says */
    FIELD_SECRET, /* struct secret *: only ${env:X}, ${file:PATH} or ${secret:NAME} in a configuration */
};

/* What the value means: how it is checked, completed and shown. */
enum field_meaning {
    AS_PLAIN,
    AS_DURATION, /* FIELD_INTEGER, seconds: 90s, 15m, 1h30m */
    AS_PERSON,
    AS_CHANNEL, /* chat#channel, or the word "here" */
    AS_APP,
    AS_ENVIRONMENT,
    AS_VERSION,
    AS_URL,
    AS_JOB,     /* FIELD_INTEGER: a job's number, with or without # */
    AS_COMMAND, /* the rest of the line, itself a command */
    AS_PAIRS,   /* FIELD_JSON: an object of every KEY=VALUE */
    AS_QUERY,   /* raw text up to a last duration or --flag */
    AS_REST,    /* everything that is left, as typed */
    AS_PATH,    /* configuration: relative to the file it stands in; filled in absolute */
};

struct strings {
    const char *const *items;
    size_t count;
};
bool strings_has(const struct strings *strings, const char *string);

struct field {
    const char *key;  /* in JSON and rows a dotted path is allowed */
    const char *help; /* without full stop; NULL only in tables nobody is shown */
    enum field_type type;
    enum field_meaning meaning;
    size_t offset;
    bool need;
    const char *choices;  /* "merge|squash|rebase" */
    const char *fallback; /* as a person would write it; NULL: zero, false, NULL */
    const char
        *word; /* arguments: the literal word before it in a sentence ("to", "on", "from") */
    bool flag; /* arguments: only as --key, never by position */
    long long min, max; /* FIELD_INTEGER: both 0 means no limit */
};

struct fields {
    const struct field *list;
    size_t count;
    size_t size_bytes; /* of the struct that is filled */
};

/* clang-format off */
#define FIELD_TYPE_OF(lvalue) _Generic((lvalue), \
    const char *: FIELD_STRING, long long: FIELD_INTEGER, double: FIELD_NUMBER, bool: FIELD_BOOLEAN, \
    struct strings: FIELD_STRINGS, const struct json *: FIELD_JSON, struct secret *: FIELD_SECRET)
#define FIELD(structure, member, ...) \
    { .type = FIELD_TYPE_OF(((structure *)NULL)->member), .offset = offsetof(structure, member), __VA_ARGS__ }
/* clang-format on */
#define FIELDS(structure, table)                                                               \
    {                                                                                          \
        .list = (table), .count = COUNT_OF(table), .size_bytes = sizeof(structure)             \
    }

/*
 * Fills *out (size_bytes of it, from zero) from a JSON object: strict about types and missing keys; unknown keys are
 * ignored (other people's APIs grow).  An error names the path: "'head.sha' is missing".  Strings and JSON values
 * are borrowed from json.  FIELD_SECRET members stay NULL: the reader of the configuration opens them.
 *
 * What other sources write is understood: rows' 0 and 1 for FIELD_BOOLEAN and JSON text in a string for FIELD_JSON
 * and FIELD_STRINGS; plain scalars of YAML for every type; "15m" for AS_DURATION; one string for FIELD_STRINGS.
 */
MUST_CHECK int fields_from_json(const struct fields *fields, const struct json *json,
                                struct arena *arena, void *out, struct error *err);

/* The same for one field and its value, for callers that collect several errors. */
MUST_CHECK int field_from_json(const struct field *field, const struct json *value,
                               struct arena *arena, void *structure, struct error *err);

/* The struct as an object.  Secrets are left out. */
const struct json *fields_to_json(const struct fields *fields, struct arena *arena,
                                  const void *in);

/* One value from text (copied), as typed by a person or written in a file: checks type, choices, limits; on failure
 * says what was expected ("must be a duration such as 90s, 15m or 2h, not \"soon\""). */
MUST_CHECK int field_from_text(const struct field *field, struct arena *arena, const char *text,
                               void *structure, struct error *err);

/* Sets every member to its fallback. */
void fields_defaults(const struct fields *fields, struct arena *arena, void *structure);

const struct field *fields_find(const struct fields *fields, const char *key);

/* "string", "integer", "duration", "app", "merge|squash|rebase": for help and the API. */
const char *field_type_name(const struct field *field);
