/* Commands written back as lines, lines that are templates, and completion. */
#include "parse_fixture.h"

struct row {
    const char *line, *printed;
};

static const char *print_line(const struct parser *parser, const char *line)
{
    struct parsed parsed = { 0 };
    struct strings missing = { 0 };
    struct error err = { 0 };

    if (parse_name(parser->arena, parser->catalog, line, &parsed, &err) < 0 ||
        parser_arguments(parser, &parsed, &missing, &err) < 0)
        return arena_copy(parser->arena, err.text);
    return line_print(parser->arena, parsed.entry, parsed.args);
}

/* What is printed reads as what was read. */
static void test_print(const struct parser *parser)
{
    static const struct row rows[] = {
        { "whoami", "whoami" },
        { "deploy to staging api v1", "deploy api v1 to staging" },
        { "deploy api staging", "deploy api to staging" },
        { "deploy api staging to production", "deploy api staging to production" },
        { "deploy api \"v 1\" to staging", "deploy api \"v 1\" to staging" },
        { "deploy api \"to\" to staging", "deploy api \"to\" to staging" },
        { "deploy api version=-x to staging", "deploy api \"-x\" to staging" },
        { "deploy api a=b to staging", "unknown argument*" },
        { "deploy api \"a=b\" to staging", "deploy api \"a=b\" to staging" },
        { "deploy api \"a \\\" \\\\ b\" to staging",
          "deploy api \"a \\\" \\\\ b\" to staging" },
        { "releases api --limit 5", "releases api --limit 5" },
        { "releases api --limit 20", "releases api" },
        { "build web speed=fast", "build web speed=fast" },
        { "build web speed=slow", "build web" },
        { "build \"in\" in cellar", "build \"in\" in cellar" },
        { "typed 12 --yes", "typed 12 --yes" },
        { "typed time=15m", "typed time=15m" },
        { "typed who=lea --no-yes", "typed --no-yes who=lea" },
        { "hush a=\"b\" > 3 15m", "hush a=\"b\" > 3 15m" },
        { "hush \"a b\"", "hush a b" },
        { "hush \"--a b\"", "hush \"--a b\"" },
        { "hush what=\"a=1\"", "hush a=1" },
        { "hush what=\"x 2h\"", "hush \"x 2h\"" },
        { "hush what=\"time=1h\"", "hush \"time=1h\"" },
        { "hush \"'tis\" 15m", "hush \"'tis\" 15m" },
        { "hush \"\"", "hush \"\"" },
        { "quiet a b 2h the sale 3h on", "quiet a b 2h the sale 3h on" },
        { "quiet what=\"a 3h b\" 2h the sale", "quiet \"a 3h b\" 2h the sale" },
        { "note 4 calm so it  is", "note 4 calm so it  is" },
        { "note 4 calm \"--no\"", "note 4 calm \"--no\"" },
        { "note 4 calm \"a=b c\"", "note 4 calm a=b c" },
        { "note 4 calm \"\\\"a\\\"\"", "note 4 calm \"\\\"a\\\"\"" },
        { "note 4 calm what --this", "note 4 calm what --this" },
        { "note 4 text=\"so so\"", "note 4 text=\"so so\"" },
        { "note 4 calm \"say \u201chi\u201d\"", "note 4 calm \"say \u201chi\u201d\"" },
        { "can deploy api && jobs", "can deploy api && jobs" },
        { "deny 4 \u201cnot now\u201d", "deny 4 not now" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *printed = print_line(parser, rows[i].line);

        tap_case("%s", rows[i].line);
        CHECK_STR(text_matches(printed, rows[i].printed) ? rows[i].printed : printed,
                  rows[i].printed);
        if (strchr(rows[i].printed, '*') == NULL)
            CHECK_STR(parser_read(parser, printed), parser_read(parser, rows[i].line));
    }
}

/* Values that come from forms and templates and would like to be something else. */
static const char *const hard_values[] = {
    "plain",
    "two words",
    "",
    " ",
    "to",
    "--dry-run",
    "-",
    "--",
    "a=b",
    "app=site",
    "|",
    "&&",
    "x && whoami",
    "\"",
    "'",
    "\\",
    "\\\"",
    "\" --version=x \"",
    "' --version=x '",
    "\u201d --version=x \u201c",
    "\u2019 --version=x \u2018",
    "a\u00a0--version=x",
    "\u2014version=x",
    "\u2028--version=x",
    "a\n--version=x",
    "{{app}}",
    "#4",
    "\xff\" x",
};

static bool has_member(const struct json *args, const char *key, const char *value)
{
    return text_is(json_string(json_member(args, key), "", NULL), value);
}

/* A value printed for "build" is read as that value and nothing else: neither a word more nor a flag. */
static void check_value(const struct parser *parser, const char *value)
{
    const struct catalog_entry *entry = catalog_find(parser->catalog, "build");
    const char *line =
        line_print(parser->arena, entry,
                   OBJECT(parser->arena, { "job", V(value) }, { "where", V(value) }));
    struct parsed parsed = { 0 };
    struct strings missing = { 0 };
    struct error err = { 0 };

    tap_case("%s: %s", value, line);
    CHECK_INT(parse_name(parser->arena, parser->catalog, line, &parsed, &err), 0);
    CHECK_INT(parser_arguments(parser, &parsed, &missing, &err), 0);
    CHECK_STR(err.text, "");
    CHECK_INT(missing.count, 0);
    CHECK_INT(json_count(parsed.args), 3);
    CHECK(parsed.entry == entry);
    if (utf8_is_valid(value, strlen(value)) && strchr(value, '\n') == NULL &&
        text_is(text_printable(parser->arena, value), value) && !text_has(value, "\u00a0"))
        CHECK(has_member(parsed.args, "job", value) && has_member(parsed.args, "where", value));
}

static const char *fill(struct arena *arena, const char *line, const struct json *args)
{
    struct error err = { 0 };
    const char *filled = line_fill(arena, line, args, &err);

    return filled != NULL ? filled : arena_copy(arena, err.text);
}

static void test_fill(const struct parser *parser)
{
    static const struct row rows[] = {
        { "whoami", "whoami" },
        { "deploy {{app}} to staging", "deploy \"api\" to staging" },
        { "deploy {{app}} --dry-run", "deploy \"api\" --dry-run" },
        { "build --job={{words}} --fast", "build --job=\"two words\" --fast" },
        { "build --job=\"{{words}} {{app}}\"", "build --job=\"two words api\"" },
        { "build --{{app}}=x", "build \"--api=x\"" },
        { "build job={{words}} A=1", "build job=\"two words\" A=1" },
        { "build {{app}}=x", "build \"api=x\"" },
        { "note 4 calm it is {{app}}, \"no {{words}}\"",
          "note 4 calm it is \"api,\" \"no two words\"" },
        { "hush a=\"b\" | c", "hush a=\"b\" | c" },
        { "jobs | {{app}}", "jobs | \"api\"" },
        { "deploy {{nothing}} to staging", "deploy \"\" to staging" },
        { "deploy {{#app}} to staging", "*" },
        { "deploy \"api", "the quote \" at character 8 is never closed*" },
    };
    const struct json *args =
        OBJECT(parser->arena, { "app", V("api") }, { "words", V("two words") });

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *filled = fill(parser->arena, rows[i].line, args);

        tap_case("%s", rows[i].line);
        CHECK_STR(text_matches(filled, rows[i].printed) ? rows[i].printed : filled,
                  rows[i].printed);
    }
}

/* Whatever is filled in, the words of the line stay as many and mean the same. */
static void check_fill(const struct parser *parser, const char *value)
{
    const struct json *args = OBJECT(parser->arena, { "value", V(value) });
    const char *line = fill(parser->arena, "build {{value}} in {{value}} --speed=fast", args);
    struct parsed parsed = { 0 };
    struct strings missing = { 0 };
    struct error err = { 0 };

    tap_case("%s: %s", value, line);
    CHECK_INT(parse_name(parser->arena, parser->catalog, line, &parsed, &err), 0);
    CHECK_INT(parser_arguments(parser, &parsed, &missing, &err), 0);
    CHECK_STR(err.text, "");
    CHECK_INT(json_count(parsed.args), 3);
    CHECK(has_member(parsed.args, "speed", "fast"));
    CHECK_STR(json_string(parsed.args, "job", ""), json_string(parsed.args, "where", "?"));
}

static void test_fill_limit(const struct parser *parser)
{
    char *value = arena_alloc(parser->arena, LINE_LIMIT + 1);

    memset(value, 'x', LINE_LIMIT);
    tap_case("limit");
    CHECK_STR(fill(parser->arena, "build {{value}}",
                   OBJECT(parser->arena, { "value", V((const char *)value) })),
              "the line is longer than 16 KB once it is filled in");
}

static bool all_but_rollback(void *context, const struct catalog_entry *entry)
{
    (void)context;
    return !text_is(entry->name, "rollback");
}

/* "deploy (command)", joined. */
static const char *completions(const struct parser *parser, const char *line)
{
    struct argument_context context = { .config = parser->config, .place = &parser->place };
    const struct json *list =
        line_complete(parser->arena, parser->catalog, &context, line, all_but_rollback, NULL);
    struct text out = text_new(parser->arena, 5000);

    for (size_t i = 0; i < json_count(list); i++)
        text_addf(&out, "%s%s (%s)", i > 0 ? ", " : "",
                  json_string(json_at(list, i), "text", "?"),
                  json_string(json_at(list, i), "kind", "?"));
    return text_string(&out);
}

static void test_complete(const struct parser *parser)
{
    static const struct row rows[] = {
        { "depl", "deploy (command)" },
        { "DEPL", "deploy (command)" },
        { "roll", "" },
        { "rollback api ", "" },
        { "job s", "job show (command)" },
        { "job ", "job cancel (command), job log (command), job resolve (command), job show "
                  "(command)" },
        { "deploy", "deploy (command)" },
        { "deploy ", "api (value), site (value), to (word)*" },
        { "deploy a", "api (value)" },
        { "deploy api ", "to (word)*" },
        { "deploy api to ", "staging (value), production (value)" },
        { "deploy api v1 to p", "production (value)" },
        { "deploy site to ", "preview (value)" },
        { "deploy nothing to ", "staging (value), production (value), preview (value)" },
        { "deploy to staging ", "api (value), site (value)*" },
        { "rele", "releases (command)" },
        { "releases api ", "on (word), --limit (flag)" },
        { "releases api --l", "--limit (flag)" },
        { "releases api --limit ", "" },
        { "build web ", "in (word), slow (value), fast (value)" },
        { "build web --speed ", "slow (value), fast (value)" },
        { "build web speed=fast ", "in (word)" },
        { "typed --yes --who ", "ana (value), lea (value), local (value)" },
        { "deploy \"a", "" },
        { "deploy api | ", "" },
        { "nothing like this", "" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *offered = completions(parser, rows[i].line);

        tap_case("%s", rows[i].line);
        CHECK_STR(text_matches(offered, rows[i].printed) ? rows[i].printed : offered,
                  rows[i].printed);
    }
    tap_case("nothing typed: some of all");
    CHECK(text_has(completions(parser, ""), "deploy (command)"));
}

int main(void)
{
    struct parser parser;

    parser_new(&parser);
    test_print(&parser);
    test_fill(&parser);
    for (size_t i = 0; i < COUNT_OF(hard_values); i++) {
        check_value(&parser, hard_values[i]);
        check_fill(&parser, hard_values[i]);
    }
    test_fill_limit(&parser);
    test_complete(&parser);
    parser_free(&parser);
    return tap_done();
}
