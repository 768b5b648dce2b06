/* Mustache: the cases of mustache_cases.json, faults with their place, limits, template_uses(). */
#include "base/template.h"

#include <stdio.h>

#include "tap.h"

enum {
    CASES_FILE_MAX_BYTES = 256 * 1024
};

static const char *read_cases(struct arena *arena, const char *folder, size_t *length)
{
    char *bytes = arena_alloc(arena, CASES_FILE_MAX_BYTES);
    FILE *file = fopen(arena_printf(arena, "%s/mustache_cases.json", folder), "rb");

    if (!CHECK(file != NULL))
        return NULL;
    *length = fread(bytes, 1, CASES_FILE_MAX_BYTES, file);
    fclose(file);
    return bytes;
}

static template_escape *find_escape(const char *name)
{
    if (text_is(name, "none"))
        return NULL;
    if (text_is(name, "json"))
        return template_escape_json;
    return text_is(name, "url") ? template_escape_url : template_escape_html;
}

static void test_case(struct arena *arena, const struct json *row)
{
    struct error err = { .kind = ERROR_NONE };
    const char *filled =
        template_once(arena, json_string(row, "template", NULL), json_member(row, "data"),
                      find_escape(json_string(row, "escape", "html")), &err);

    tap_case("%s %s", json_string(row, "name", "?"), err.text);
    CHECK_STR(filled, json_string(row, "expected", NULL));
}

static void test_cases(const char *folder)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { .kind = ERROR_NONE };
    size_t length = 0;
    const char *text = read_cases(arena, folder, &length);
    const struct json *cases = text != NULL ? json_parse(arena, text, length, &err) : NULL;

    tap_case("%s", err.text);
    CHECK(json_count(cases) >= 100);
    for (size_t i = 0; i < json_count(cases); i++)
        test_case(arena, json_at(cases, i));
}

static void test_faults(void)
{
    static const struct {
        const char *source, *fault;
    } rows[] = {
        { "{{#x}}", "line 1, column 1: section \"x\" is not closed" },
        { "a\n  ü {{#x}} {{^y}}{{/y}}", "line 2, column 5: section \"x\" is not closed" },
        { "{{/x}}", "line 1, column 1: section \"x\" is closed but not open" },
        { "{{#a}}\n{{#b}}{{/a}}",
          "line 2, column 7: section \"a\" is closed here, but \"b\" is "
          "open (line 2, column 1)" },
        { "Hi {{name", "line 1, column 4: the tag is not closed, \"}}\" is missing" },
        { "{{{x}}", "line 1, column 1: the tag is not closed, \"}}}\" is missing" },
        { "{{! x }", "line 1, column 1: the tag is not closed, \"}}\" is missing" },
        { "{{=<% %>}}", "line 1, column 1: the tag is not closed, \"=}}\" is missing" },
        { "{{}}", "line 1, column 1: a tag without a name" },
        { "{{# }}{{/ }}", "line 1, column 1: a tag without a name" },
        { "{{a b}}", "line 1, column 1: \"a b\" is not a name: a name has no spaces" },
        { "{{#if x}}", "line 1, column 1: \"if x\" is not a name: a name has no spaces" },
        { "{{a..b}}", "line 1, column 1: \"a..b\" is not a name: write labels.branch, or . for "
                      "the item itself" },
        { "{{.a}}", "line 1, column 1: \".a\" is not a name: write labels.branch, or . for the "
                    "item itself" },
        { "{{a.}}", "line 1, column 1: \"a.\" is not a name: write labels.branch, or . for the "
                    "item itself" },
        { "x {{> footer }}",
          "line 1, column 3: partials and blocks ({{> footer}}) are not supported" },
        { "{{$ b }}{{/b}}",
          "line 1, column 1: partials and blocks ({{$ b}}) are not supported" },
        { "{{=<%=}}", "line 1, column 1: delimiters are two words without \"=\", as in "
                      "{{=<% %>=}}" },
        { "{{=a b c=}}", "line 1, column 1: delimiters are two words without \"=\", as in "
                         "{{=<% %>=}}" },
        { "{{= = b =}}", "line 1, column 1: delimiters are two words without \"=\", as in "
                         "{{=<% %>=}}" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct error err = { .kind = ERROR_NONE };

        tap_case("%s", rows[i].source);
        CHECK(template_parse(arena, rows[i].source, &err) == NULL);
        CHECK_INT(err.kind, ERROR_INVALID);
        CHECK_STR(err.text, rows[i].fault);
    }
}

static const char *nested(struct arena *arena, int depth)
{
    struct text source = text_new(arena, 10000);

    for (int i = 0; i < depth; i++)
        text_add(&source, "{{#.}}");
    text_add(&source, "x");
    for (int i = 0; i < depth; i++)
        text_add(&source, "{{/.}}");
    return text_string(&source);
}

static void test_depth(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { .kind = ERROR_NONE };
    const struct json data = json_from_boolean(true);

    tap_case("depth");
    CHECK_STR(template_once(arena, nested(arena, TEMPLATE_DEPTH_MAX), &data, NULL, &err), "x");
    CHECK(template_parse(arena, nested(arena, TEMPLATE_DEPTH_MAX + 1), &err) == NULL);
    CHECK_STR(err.text, "line 1, column 97: sections are more than 16 deep");
}

/* A list of count times the same value. */
static const struct json *repeat(struct arena *arena, size_t count, struct json value)
{
    struct json_builder *builder = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < count; i++)
        json_builder_add(builder, NULL, value);
    return json_builder_done(builder);
}

static void test_output_limit(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { .kind = ERROR_NONE };
    const struct json *list = repeat(arena, 100 * 1000, json_from_string("äöü"));
    const char *filled = template_once(arena, "{{#.}}{{.}}{{/.}}", list, NULL, &err);

    tap_case("output limit");
    CHECK(strlen(filled) <= TEMPLATE_OUTPUT_MAX);
    CHECK(strlen(filled) > TEMPLATE_OUTPUT_MAX - 8);
    CHECK(text_ends(filled, "…"));
    CHECK(utf8_is_valid(filled, strlen(filled)));
}

/* A thousand items within a thousand items within … and nothing written. */
static void test_work_limit(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { .kind = ERROR_NONE };
    const struct json *list = repeat(arena, 1000, json_from_integer(1));
    const struct json *data = OBJECT(arena, { "l", V(list) });

    tap_case("work limit");
    CHECK_STR(template_once(arena, "a{{#l}}{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}{{/l}}", data,
                            NULL, &err),
              "a…");
}

static void test_uses(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { .kind = ERROR_NONE };
    const struct template *template =
        template_parse(arena, "{{app}} {{#a}}{{^b}}{{{version.major}}}{{/b}}{{/a}}", &err);

    tap_case("uses");
    CHECK(template_uses(template, "app"));
    CHECK(template_uses(template, "a"));
    CHECK(template_uses(template, "b"));
    CHECK(template_uses(template, "version"));
    CHECK(template_uses(template, "version.major"));
    CHECK(!template_uses(template, "version.minor"));
    CHECK(!template_uses(template, "ap"));
    CHECK(!template_uses(template, "major"));
}

static void test_source_is_copied(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { .kind = ERROR_NONE };
    char source[] = "a {{x}} b";
    const struct template *template = template_parse(arena, source, &err);

    memset(source, '?', sizeof(source) - 1);
    tap_case("source is copied, no data");
    CHECK_STR(template_fill(template, arena, NULL, NULL), "a  b");
}

int main(int count, char **arguments)
{
    test_cases(count > 1 ? arguments[1] : ".");
    test_faults();
    test_depth();
    test_output_limit();
    test_work_limit();
    test_uses();
    test_source_is_copied();
    return tap_done();
}
