/* Field tables: from JSON, from text, defaults, back to JSON, and the words of their errors. */
#include "base/field.h"

#include <math.h>

#include "base/text.h"
#include "tap.h"

struct everything {
    int before;
    const char *name;
    long long count;
    double ratio;
    bool loud;
    struct strings groups;
    const struct json *extra;
    const struct json *pairs;
    long long within_s;
    long long job;
    const char *method;
    const char *url;
    const char *path;
    const char *sha;
    struct secret *token;
};

static const struct field everything_fields[] = {
    FIELD(struct everything, name, .key = "name", .help = "its name", .need = true),
    FIELD(struct everything, count, .key = "count", .min = 1, .max = 100, .fallback = "3"),
    FIELD(struct everything, ratio, .key = "ratio", .fallback = "0.5"),
    FIELD(struct everything, loud, .key = "loud", .fallback = "yes"),
    FIELD(struct everything, groups, .key = "groups", .fallback = "ops, leads"),
    FIELD(struct everything, extra, .key = "extra", .fallback = "{\"a\":1}"),
    FIELD(struct everything, pairs, .key = "pairs", .meaning = AS_PAIRS,
          .fallback = "A=1 B=x=y"),
    FIELD(struct everything, within_s, .key = "within", .meaning = AS_DURATION, .max = 86400,
          .fallback = "30m"),
    FIELD(struct everything, job, .key = "job", .meaning = AS_JOB),
    FIELD(struct everything, method, .key = "method", .choices = "merge|squash|rebase",
          .fallback = "merge"),
    FIELD(struct everything, url, .key = "url", .meaning = AS_URL),
    FIELD(struct everything, path, .key = "path", .meaning = AS_PATH, .fallback = "opsroom.db"),
    FIELD(struct everything, sha, .key = "head.sha"),
    FIELD(struct everything, token, .key = "token", .need = true),
};
static const struct fields everything = FIELDS(struct everything, everything_fields);

static const struct json *parse(struct arena *arena, const char *text)
{
    return json_parse(arena, text, strlen(text), NULL);
}

static void test_defaults(struct arena *arena)
{
    struct everything got = { .before = 7, .url = "https://old.example.org" };

    fields_defaults(&everything, arena, &got);
    CHECK_INT(got.before, 7);
    CHECK(got.name == NULL);
    CHECK(got.url == NULL);
    CHECK_INT(got.count, 3);
    CHECK(fabs(got.ratio - 0.5) < 1e-12);
    CHECK(got.loud);
    CHECK_INT(got.groups.count, 2);
    CHECK(strings_has(&got.groups, "leads"));
    CHECK(!strings_has(&got.groups, "lead"));
    CHECK_INT(json_integer(got.extra, "a", 0), 1);
    CHECK_STR(json_print(arena, got.pairs), "{\"A\":\"1\",\"B\":\"x=y\"}");
    CHECK_INT(got.within_s, 1800);
    CHECK_STR(got.method, "merge");
}

static void test_from_json(struct arena *arena)
{
    struct everything got = { .before = 7 };
    struct error err = { .kind = ERROR_NONE };
    const struct json *json = parse(
        arena,
        "{\"name\":\"n\",\"count\":5.0,\"ratio\":2,\"loud\":false,\"groups\":[\"a\",\"b\"],"
        "\"extra\":[1],\"pairs\":{\"K\":\"V\"},\"within\":\"15m\",\"job\":\"#412\","
        "\"method\":\"squash\",\"url\":\"https://x.example\",\"path\":\"/etc/x\","
        "\"head\":{\"sha\":\"9f\"},\"token\":\"ignored\",\"unknown\":1}");

    CHECK_INT(fields_from_json(&everything, json, arena, &got, &err), 0);
    CHECK_INT(got.before, 0);
    CHECK_STR(got.name, "n");
    CHECK_INT(got.count, 5);
    CHECK(fabs(got.ratio - 2) < 1e-12);
    CHECK(!got.loud);
    CHECK_INT(got.groups.count, 2);
    CHECK_STR(json_print(arena, got.extra), "[1]");
    CHECK_STR(json_string(got.pairs, "K", NULL), "V");
    CHECK_INT(got.within_s, 900);
    CHECK_INT(got.job, 412);
    CHECK_STR(got.method, "squash");
    CHECK_STR(got.sha, "9f");
    CHECK(got.token == NULL);
}

/* Rows: 0 and 1 for booleans, JSON in a string, NULL as an absent member. */
static void test_from_row(struct arena *arena)
{
    struct everything got = { .before = 7 };
    const struct json *json = parse(
        arena,
        "{\"name\":\"n\",\"loud\":0,\"groups\":\"[\\\"a\\\",\\\"b\\\"]\","
        "\"extra\":\"{\\\"deep\\\":[true]}\",\"pairs\":\"{}\",\"count\":null,\"url\":null}");

    CHECK_INT(fields_from_json(&everything, json, arena, &got, NULL), 0);
    CHECK(!got.loud);
    CHECK_INT(got.groups.count, 2);
    CHECK(json_boolean(got.extra, "deep.0", false));
    CHECK_INT(json_count(got.pairs), 0);
    CHECK_INT(got.count, 3);
    CHECK(got.url == NULL);

    json = parse(arena, "{\"name\":\"n\",\"groups\":\"[prod\",\"extra\":\"{not json\"}");
    CHECK_INT(fields_from_json(&everything, json, arena, &got, NULL), 0);
    CHECK_INT(got.groups.count, 1);
    CHECK_STR(got.groups.items[0], "[prod");
    CHECK(json_is(got.extra, JSON_STRING));
}

static struct json plain(const char *text)
{
    return (struct json){
        .kind = JSON_STRING, .plain = true, .file = "/etc/opsroom/o.yaml", .as.string = text
    };
}

/* Unquoted scalars of a configuration file are what the field is. */
static void test_from_yaml(struct arena *arena)
{
    struct everything got = { .before = 7 };
    struct error err = { .kind = ERROR_NONE };
    const struct json *json =
        OBJECT(arena, { "name", plain("1.10") }, { "count", plain("7") },
               { "ratio", plain("1.5") }, { "loud", plain("off") }, { "groups", plain("ops") },
               { "within", plain("2h") }, { "path", plain("data/x.db") });

    CHECK_INT(fields_from_json(&everything, json, arena, &got, &err), 0);
    CHECK_STR(err.text, "");
    CHECK_STR(got.name, "1.10");
    CHECK_INT(got.count, 7);
    CHECK(fabs(got.ratio - 1.5) < 1e-12);
    CHECK(!got.loud);
    CHECK_INT(got.groups.count, 1);
    CHECK_INT(got.within_s, 7200);
    CHECK_STR(got.path, "/etc/opsroom/data/x.db");

    struct json *located = ARENA_NEW(arena, struct json);
    *located = *OBJECT(arena, { "name", plain("x") });
    located->file = "/srv/opsroom.yaml";
    CHECK_INT(fields_from_json(&everything, located, arena, &got, &err), 0);
    CHECK_STR(got.path, "/srv/opsroom.db");
    located->file = "opsroom.yaml";
    CHECK_INT(fields_from_json(&everything, located, arena, &got, &err), 0);
    CHECK(got.path[0] == '/' && text_ends(got.path, "/opsroom.db"));
}

static void test_json_errors(struct arena *arena)
{
    static const struct {
        const char *json, *text;
    } rows[] = {
        { "[]", "expected an object, not a list" },
        { "{}", "'name' is missing" },
        { "{\"name\":null}", "'name' is missing" },
        { "{\"name\":5}", "'name' must be text, not 5" },
        { "{\"name\":true}", "'name' must be text, not true" },
        { "{\"name\":\"n\",\"count\":\"5\"}", "'count' must be an integer, not \"5\"" },
        { "{\"name\":\"n\",\"count\":1.5}", "'count' must be an integer, not 1.5" },
        { "{\"name\":\"n\",\"count\":101}", "'count' must be from 1 to 100, not 101" },
        { "{\"name\":\"n\",\"ratio\":\"1\"}", "'ratio' must be a number, not \"1\"" },
        { "{\"name\":\"n\",\"loud\":2}", "'loud' must be true or false, not 2" },
        { "{\"name\":\"n\",\"loud\":\"true\"}", "'loud' must be true or false, not \"true\"" },
        { "{\"name\":\"n\",\"groups\":[\"a\",1]}",
          "'groups' must be a list of strings, not 1" },
        { "{\"name\":\"n\",\"groups\":{}}",
          "'groups' must be a list of strings, not an object" },
        { "{\"name\":\"n\",\"pairs\":[]}", "'pairs' must be KEY=VALUE pairs, not a list" },
        { "{\"name\":\"n\",\"within\":\"soon\"}",
          "'within' must be a duration such as 90s, 15m or 2h, not \"soon\"" },
        { "{\"name\":\"n\",\"within\":\"2d\"}",
          "'within' must be from 0 to 86400 seconds, not 172800" },
        { "{\"name\":\"n\",\"job\":\"x\"}",
          "'job' must be a job's number such as 412, not \"x\"" },
        { "{\"name\":\"n\",\"method\":\"sqash\"}",
          "'method' must be merge, squash or rebase, not \"sqash\"; did you mean \"squash\"?" },
        { "{\"name\":\"n\",\"method\":\"x\"}",
          "'method' must be merge, squash or rebase, not \"x\"" },
        { "{\"name\":\"n\",\"url\":\"x\"}",
          "'url' must be a URL such as https://example.org, not \"x\"" },
        { "{\"name\":\"n\",\"head\":{\"sha\":{}}}", "'head.sha' must be text, not an object" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err = { .kind = ERROR_NONE };
        struct everything got = { .before = 7 };
        tap_case("%s", rows[i].json);
        CHECK_INT(fields_from_json(&everything, parse(arena, rows[i].json), arena, &got, &err),
                  -1);
        CHECK_INT(err.kind, ERROR_INVALID);
        CHECK_STR(err.text, rows[i].text);
        CHECK_INT(got.before, 7);
    }
    struct error err = { .kind = ERROR_NONE };
    CHECK_INT(fields_from_json(&everything, NULL, arena, NULL, &err), -1);
    CHECK_STR(err.text, "expected an object, not nothing");
}

static void test_from_text(struct arena *arena)
{
    static const struct {
        const char *key, *text, *error; /* error NULL: accepted */
    } rows[] = {
        { "name", "anything at all", NULL },
        { "count", "5", NULL },
        { "count", "five", "must be an integer, not \"five\"" },
        { "count", "0", "must be from 1 to 100, not 0" },
        { "ratio", "1e3", NULL },
        { "ratio", "x", "must be a number, not \"x\"" },
        { "loud", "on", NULL },
        { "loud", "perhaps", "must be true or false, not \"perhaps\"" },
        { "groups", "a, b", NULL },
        { "extra", "[1,2]", NULL },
        { "extra", "{",
          "must be JSON: not valid JSON at line 1, column 2: the text ends too early" },
        { "pairs", "A=1", NULL },
        { "pairs", "{\"A\":\"1\"}", NULL },
        { "pairs", "A", "must be KEY=VALUE pairs, not \"A\"" },
        { "pairs", "A=1 A=2", "must be KEY=VALUE pairs, not \"A=1 A=2\"" },
        { "within", "1h30m", NULL },
        { "within", "soon", "must be a duration such as 90s, 15m or 2h, not \"soon\"" },
        { "job", "#412", NULL },
        { "job", "412", NULL },
        { "job", "0", "must be a job's number such as 412, not \"0\"" },
        { "method", "rebase", NULL },
        { "method", "Rebase",
          "must be merge, squash or rebase, not \"Rebase\"; did you mean \"rebase\"?" },
        { "url", "https://example.org/x?y=1", NULL },
        { "url", "https://", "must be a URL such as https://example.org, not \"https://\"" },
        { "url", "https://a b",
          "must be a URL such as https://example.org, not \"https://a b\"" },
        { "url", "1x://a", "must be a URL such as https://example.org, not \"1x://a\"" },
        { "token", "hunter2", "must come from ${env:NAME}, ${file:PATH} or ${secret:NAME}" },
    };
    struct everything got = { .before = 7 };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err = { .kind = ERROR_NONE };
        const struct field *field = fields_find(&everything, rows[i].key);
        tap_case("%s = %s", rows[i].key, rows[i].text);
        CHECK_INT(field_from_text(field, arena, rows[i].text, &got, &err),
                  rows[i].error == NULL ? 0 : -1);
        CHECK_STR(err.text, rows[i].error != NULL ? rows[i].error : "");
    }
    CHECK_STR(got.name, "anything at all");
    CHECK_INT(got.count, 5);
    CHECK_INT(got.within_s, 5400);
    CHECK_INT(got.job, 412);
    CHECK_STR(got.groups.items[1], "b");
    CHECK(fields_find(&everything, "nothing") == NULL);
}

static void test_there_and_back(struct arena *arena)
{
    struct everything first, second;
    const struct json *json =
        parse(arena, "{\"name\":\"n\",\"count\":5,\"ratio\":0.25,\"loud\":false,\"groups\":[],"
                     "\"extra\":{\"x\":[]},\"pairs\":{\"K\":\"V\"},\"within\":60,\"job\":3,"
                     "\"method\":\"squash\",\"path\":\"/p\",\"head\":{\"sha\":\"9f\"}}");

    CHECK_INT(fields_from_json(&everything, json, arena, &first, NULL), 0);
    const struct json *printed = fields_to_json(&everything, arena, &first);
    CHECK_INT(fields_from_json(&everything, printed, arena, &second, NULL), 0);
    CHECK_STR(json_print(arena, printed),
              "{\"name\":\"n\",\"count\":5,\"ratio\":0.25,\"loud\":false,\"groups\":[],"
              "\"extra\":{\"x\":[]},\"pairs\":{\"K\":\"V\"},\"within\":60,\"job\":3,"
              "\"method\":\"squash\",\"path\":\"/p\",\"head.sha\":\"9f\"}");
    CHECK_STR(second.sha, "9f");
    CHECK_INT(second.within_s, 60);
}

static void test_type_names(void)
{
    static const struct {
        const char *key, *name;
    } rows[] = {
        { "name", "string" },     { "count", "integer" }, { "ratio", "number" },
        { "loud", "boolean" },    { "groups", "list" },   { "extra", "json" },
        { "within", "duration" }, { "job", "job" },       { "method", "merge|squash|rebase" },
        { "token", "secret" },    { "url", "url" },       { "pairs", "pairs" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK_STR(field_type_name(fields_find(&everything, rows[i].key)), rows[i].name);
}

int main(void)
{
    AUTO(arena) struct arena *arena = arena_new();

    test_defaults(arena);
    test_from_json(arena);
    test_from_row(arena);
    test_from_yaml(arena);
    test_json_errors(arena);
    test_from_text(arena);
    test_there_and_back(arena);
    test_type_names();
    return tap_done();
}
