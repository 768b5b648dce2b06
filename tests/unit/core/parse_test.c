/* Lines of chat: what is repaired, where words end, which command, which arguments, and what is said when it is none. */
#include "parse_fixture.h"

static void test_repair(void)
{
    static const struct {
        const char *typed, *meant;
    } rows[] = {
        { "", "" },
        { "  deploy   api  ", "deploy   api" },
        { "deploy\napi\tto staging", "deploy api to staging" },
        { "\u201cmy app\u201d", "\"my app\"" },
        { "\u201emy app\u201c", "\"my app\"" },
        { "\u00abmy app\u00bb", "\"my app\"" },
        { "\u2018my app\u2019", "'my app'" },
        { "name=\u201cmy app\u201d x", "name=\"my app\" x" },
        { "it\u2019s", "it's" },
        { "\u201cit\u2019s\u201d", "\"it's\"" },
        { "up{job=~\u201capi\u201d}", "up{job=~\"api\"}" },
        { "deploy\u00a0api\u202fto staging", "deploy api to staging" },
        { "de\u200bploy\ufeff", "deploy" },
        { "deploy \u2014dry-run", "deploy --dry-run" },
        { "deploy \u2013dry\u2011run", "deploy --dry-run" },
        { "\u2014help", "--help" },
        { "a\u2014b", "a\u2014b" },
        { "deny 4 \u2014 not now", "deny 4 \u2014 not now" },
        { "\u201ca \u2014b\u201d", "\"a \u2014b\"" },
        { "wait\u2026", "wait..." },
        /* what stands in plain quotes is only made printable */
        { "\"a \u201cb\u201d --c\"", "\"a \u201cb\u201d --c\"" },
        { "\"a\u201d b\" \u201cc d\u201d", "\"a\u201d b\" \"c d\"" },
        { "\"a \\\"b\u201d\" \u201cc\u201d", "\"a \\\"b\u201d\" \"c\"" },
        { "\u201ca\\\u201d \"y \u2014x", "\"a\\\" \"y --x" },
        { "\"a\\\\\" \u2014x", "\"a\\\\\" --x" },
        { "'a\u2019b' \u2018c d\u2019", "'a\u2019b' 'c d'" },
        { "x=\"\u201d\"", "x=\"\u201d\"" },
        { "\x01\x7f", "\ufffd\ufffd" },
        { "a\u202eb", "a\ufffdb" },
        { "caf\xe9", "caf\ufffd" },
        { "d\u00e9ploy \u4f60\u597d", "d\u00e9ploy \u4f60\u597d" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        const char *repaired = line_repair(arena, rows[i].typed);

        tap_case("%s", rows[i].typed);
        CHECK_STR(repaired, rows[i].meant);
        CHECK_STR(line_repair(arena, repaired), repaired);
    }
}

/* Words one after the other: 'text', "text" when quoted, [text] when wholly so, KEY= before it. */
static const char *print_words(struct arena *arena, const char *line)
{
    struct text out = text_new(arena, 1000);
    const struct word *words;
    struct error err = { 0 };
    size_t count;

    if (line_words(arena, line, &words, &count, &err) < 0)
        return arena_copy(arena, err.text);
    for (size_t i = 0; i < count; i++) {
        const char *marks = words[i].whole ? "[]" : words[i].quoted ? "\"\"" : "''";

        text_addf(&out, "%s%s%s%c%s%c", i > 0 ? " " : "",
                  words[i].key != NULL ? words[i].key : "", words[i].key != NULL ? "=" : "",
                  marks[0], words[i].text, marks[1]);
        CHECK(words[i].start < words[i].end && words[i].end <= strlen(line));
    }
    return text_string(&out);
}

static void test_words(void)
{
    static const struct {
        const char *line, *words;
    } rows[] = {
        { "", "" },
        { "   ", "" },
        { "deploy api  to staging ", "'deploy' 'api' 'to' 'staging'" },
        { "\"my app\" 'x y'", "[my app] [x y]" },
        { "\"\" ''", "[] []" },
        { "a\"b c", "'a\"b' 'c'" },
        { "it's don't", "'it's' 'don't'" },
        { "\"a\"b", "\"ab\"" },
        { "\"a\"b\"", "\"ab\"\"" },
        { "\"a \\\"b\\\" \\\\ \\n\"", "[a \"b\" \\ \\n]" },
        { "'a \\ \"b\"'", "[a \\ \"b\"]" },
        { "key=value key=\"two words\" key=", "key='value' key=\"two words\" key=''" },
        { "a.b-c_d=1 1a=2 =3 a==4 a=~5", "a.b-c_d='1' '1a=2' '=3' 'a==4' 'a=~5'" },
        { "x=\"a\"b", "x=\"ab\"" },
        { "--flag=\"two words\" --flag=x", "'--flag=two words' '--flag=x'" },
        { "\"--flag\" \"--a=b c\"", "[--flag] [--a=b c]" },
        { "https://x.org/?a=b&c=\"d e\"", "\"https://x.org/?a=b&c=d e\"" },
        { "up{job=\"api\"}", "\"up{job=api}\"" },
        { "\"open", "the quote \" at character 1 is never closed: add \", or leave both out" },
        { "a 'b", "the quote ' at character 3 is never closed: add ', or leave both out" },
        { "a \"b\\\"",
          "the quote \" at character 3 is never closed: add \", or leave both out" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();

        tap_case("%s", rows[i].line);
        CHECK_STR(print_words(arena, rows[i].line), rows[i].words);
    }
}

struct expectation {
    const char *line, *read;
};

/* In what is expected * is anything. */
static void expect(const struct parser *parser, const struct expectation *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *read = parser_read(parser, rows[i].line);

        tap_case("%s", rows[i].line);
        CHECK_STR(text_matches(read, rows[i].read) ? rows[i].read : read, rows[i].read);
    }
}

static void test_names(const struct parser *parser)
{
    static const struct expectation rows[] = {
        { "", "There is no command in this. Say help to see what you can do" },
        { " \u00a0 ", "There is no command in this. Say help to see what you can do" },
        { "whoami", "whoami {}" },
        { "WhoAmI", "whoami {}" },
        { "JOB show 4", "job show {\"job\":\"4\"}" },
        { "local list", "local list {}" },
        { "site note add well done", "site note add {\"text\":\"well done\"}" },
        { "xyzzy", "No command \"xyzzy\". Say help to see what you can do" },
        { "\"deploy\" api", "No command \"\"deploy\"\". Say help to see what you can do" },
        { "a=deploy api", "No command \"a=deploy\". Say help to see what you can do" },
        { "--deploy", "No command \"--deploy\". Say help to see what you can do" },
        { "deply api to staging",
          "No command \"deply\". Did you mean: deploy APP [VERSION] to ENVIRONMENT*" },
        { "job shwo 4", "No command \"job shwo 4\". Did you mean: job show JOB?" },
        { "local lst", "No command \"local lst\". Did you mean: local list?" },
        { "job", "No command \"job\" by itself. There are: job cancel, job log, job resolve, "
                 "job show" },
        { "site note", "No command \"site note\" by itself. There are: site note add" },
        { "site", "No command \"site\" by itself. There are: site note add" },
        { "local", "No command \"local\" by itself. There are: local list" },
    };

    expect(parser, rows, COUNT_OF(rows));
}

static void test_help_and_pipes(const struct parser *parser)
{
    static const struct expectation rows[] = {
        { "deploy --help", "help deploy" },
        { "deploy api to --help", "help deploy" },
        { "deploy \"--help\" to staging", "there is no app \"--help\": use api or site" },
        { "note --help", "help note" },
        { "note 4 say --help to them", "help note" },
        { "note 4 say this --help to them",
          "note {\"job\":\"4\",\"mood\":\"say\",\"text\":\"this --help to them\"}" },
        { "deny 4 --help", "help deny" },
        { "hush x --help", "help hush" },
        { "jobs | count", "\"|\" joins two commands, which this version does not do: send them "
                          "one by one, or put it in quotes if it is part of a value" },
        { "whoami && jobs",
          "\"&&\" joins two commands, which this version does not do: send them "
          "one by one, or put it in quotes if it is part of a value" },
        { "build \"|\"", "build {\"job\":\"|\",\"speed\":\"slow\"}" },
        { "build a|b", "build {\"job\":\"a|b\",\"speed\":\"slow\"}" },
        { "hush a | b && c", "hush {\"what\":\"a | b && c\"}" },
        { "can deploy api && jobs", "can {\"line\":\"deploy api && jobs\"}" },
    };

    expect(parser, rows, COUNT_OF(rows));
}

static void test_sentences(const struct parser *parser)
{
    static const struct expectation rows[] = {
        { "deploy api v1.2 to staging",
          "deploy {\"app\":\"api\",\"version\":\"v1.2\",\"environment\":\"staging\"}" },
        { "deploy api to staging", "deploy {\"app\":\"api\",\"environment\":\"staging\"}" },
        { "deploy to staging api", "deploy {\"app\":\"api\",\"environment\":\"staging\"}" },
        { "deploy to staging api v1",
          "deploy {\"app\":\"api\",\"version\":\"v1\",\"environment\":\"staging\"}" },
        { "deploy api TO staging", "deploy {\"app\":\"api\",\"environment\":\"staging\"}" },
        /* an environment is no version, unless the environment is named elsewhere */
        { "deploy api staging", "deploy {\"app\":\"api\",\"environment\":\"staging\"}" },
        { "deploy api staging v1",
          "deploy {\"app\":\"api\",\"version\":\"v1\",\"environment\":\"staging\"}" },
        { "deploy api staging to production",
          "deploy {\"app\":\"api\",\"version\":\"staging\",\"environment\":\"production\"}" },
        { "deploy api v1 staging",
          "deploy {\"app\":\"api\",\"version\":\"v1\",\"environment\":\"staging\"}" },
        { "deploy app=api environment=staging version=v2",
          "deploy {\"app\":\"api\",\"version\":\"v2\",\"environment\":\"staging\"}" },
        { "deploy --app api --Environment=staging",
          "deploy {\"app\":\"api\",\"environment\":\"staging\"}" },
        { "deploy \"api\" \"v 2\" to 'staging'",
          "deploy {\"app\":\"api\",\"version\":\"v 2\",\"environment\":\"staging\"}" },
        { "deploy api \"to\" to staging",
          "deploy {\"app\":\"api\",\"version\":\"to\",\"environment\":\"staging\"}" },
        { "deploy", "deploy {} without app, environment" },
        { "deploy api", "deploy {\"app\":\"api\"} without environment" },
        { "deploy to staging", "deploy {\"environment\":\"staging\"} without app" },
        { "deploy to nowhere", "there is no environment \"nowhere\"*" },
        { "deploy api v1 v2", "there is no environment of api \"v2\": use "
                              "staging or production" },
        { "deploy api v1 to staging now",
          "\"now\" is one word too many. Usage: deploy APP [VERSION] to ENVIRONMENT*" },
        { "deploy api to staging to production",
          "environment is there twice: \"staging\" and \"production\"" },
        { "deploy api to",
          "environment is missing after \"to\". Usage: deploy APP [VERSION] to "
          "ENVIRONMENT*" },
        { "deploy api app=site to staging", "app is there twice: \"api\" and \"site\"" },
        { "deploy apu to staging", "there is no app \"apu\": did you mean \"api\"?" },
        { "deploy api to preview", "there is no environment of api \"preview\": "
                                   "use staging or production" },
        { "deploy api to stagin", "there is no environment of api \"stagin\": did "
                                  "you mean \"staging\"?" },
        { "deploy api ver=1 to staging", "unknown argument \"ver\"*" },
        { "build web in \"the cellar\"",
          "build {\"job\":\"web\",\"where\":\"the cellar\",\"speed\":\"slow\"}" },
        { "build in x web fast", "build {\"job\":\"web\",\"where\":\"x\",\"speed\":\"fast\"}" },
        { "build web speed=fats", "speed: must be slow or fast, not \"fats\"; did you mean "
                                  "\"fast\"?" },
    };

    expect(parser, rows, COUNT_OF(rows));
}

static void test_types(const struct parser *parser)
{
    static const struct expectation rows[] = {
        { "typed 12 1.5 yes 15m",
          "typed {\"n\":\"12\",\"x\":\"1.5\",\"yes\":\"true\",\"time\":\"15m\"}" },
        { "typed n=-3", "typed {\"n\":\"-3\"}" },
        { "typed -3", "typed {\"n\":\"-3\"}" },
        { "typed n=007", "typed {\"n\":\"7\"}" },
        { "typed n=3.5", "n: must be an integer, not \"3.5\"" },
        { "typed n=", "n: must be an integer, not \"\"" },
        { "typed n=99999999999999999999",
          "n: must be an integer, not \"99999999999999999999\"" },
        { "typed x=a", "x: must be a number, not \"a\"" },
        { "typed --yes", "typed {\"yes\":\"true\"}" },
        { "typed --no-yes", "typed {\"yes\":\"false\"}" },
        { "typed --yes=off", "typed {\"yes\":\"false\"}" },
        { "typed yes=perhaps", "yes: must be true or false, not \"perhaps\"" },
        { "typed time=soon", "time: must be a duration such as 90s, 15m or 2h, not \"soon\"" },
        { "typed who=Lea", "typed {\"who\":\"lea\"}" },
        { "typed who=@ANA", "typed {\"who\":\"ana\"}" },
        { "typed who=\"lea brandt\"", "typed {\"who\":\"lea\"}" },
        { "typed who=bob", "there is no person \"bob\": use ana, lea or local" },
        { "typed room=here", "typed {\"room\":\"web#lobby\"}" },
        { "typed room=#ops", "typed {\"room\":\"web#ops\"}" },
        { "typed room=acme#ops", "typed {\"room\":\"acme#ops\"}" },
        { "typed room=ops", "\"ops\" is no channel: write chat#channel" },
        { "typed url=https://example.org/?a=b",
          "typed {\"url\":\"https://example.org/?a=b\"}" },
        { "typed url=example.org", "\"example.org\" is no address: it begins with https://" },
        { "typed job=#412", "typed {\"job\":\"412\"}" },
        { "typed job=0", "job: must be a job's number such as 412, not \"0\"" },
        { "typed job=x", "job: must be a job's number such as 412, not \"x\"" },
    };

    expect(parser, rows, COUNT_OF(rows));
}

static void test_flags(const struct parser *parser)
{
    static const struct expectation rows[] = {
        { "releases api --limit 5", "releases {\"app\":\"api\",\"limit\":\"5\"}" },
        { "releases --limit=5 api on staging",
          "releases {\"app\":\"api\",\"environment\":\"staging\",\"limit\":\"5\"}" },
        { "releases --LIMIT 5 api", "releases {\"app\":\"api\",\"limit\":\"5\"}" },
        { "releases limit=\"5\" api", "releases {\"app\":\"api\",\"limit\":\"5\"}" },
        { "releases api", "releases {\"app\":\"api\",\"limit\":\"20\"}" },
        { "releases api --limit 0", "limit: must be from 1 to 200, not 0" },
        { "releases api --limit",
          "--limit needs a value after it. Usage: releases APP [on ENVIRONMENT] [--limit LIMIT]" },
        { "releases --limit --app api",
          "--limit needs a value after it. Usage: releases APP [on ENVIRONMENT] [--limit LIMIT]" },
        { "releases api --limt 5",
          "unknown flag \"limt\": did you mean \"limit\"? Usage: releases APP [on ENVIRONMENT] "
          "[--limit LIMIT]" },
        { "releases api --no-limit",
          "unknown flag \"no-limit\". Usage: releases APP [on ENVIRONMENT] [--limit LIMIT]" },
        { "releases api \u2014limit 5", "releases {\"app\":\"api\",\"limit\":\"5\"}" },
        { "build --job=\"two words\"", "build {\"job\":\"two words\",\"speed\":\"slow\"}" },
        { "build --job \"--odd\"", "build {\"job\":\"--odd\",\"speed\":\"slow\"}" },
        { "build --job a=b", "build {\"job\":\"a=b\",\"speed\":\"slow\"}" },
        { "build \"--job=x\"", "build {\"job\":\"--job=x\",\"speed\":\"slow\"}" },
        { "build --", "build {\"job\":\"--\",\"speed\":\"slow\"}" },
        { "typed --no-yes=true", "unknown flag \"no-yes\"*" },
        { "build --job x --job y", "job is there twice: \"x\" and \"y\"" },
    };

    expect(parser, rows, COUNT_OF(rows));
}

static void test_raw(const struct parser *parser)
{
    static const struct expectation rows[] = {
        { "note 4 calm it is  \"well\" said",
          "note {\"job\":\"4\",\"mood\":\"calm\",\"text\":\"it is  \\\"well\\\" said\"}" },
        { "note 4 calm \"it is well\"",
          "note {\"job\":\"4\",\"mood\":\"calm\",\"text\":\"it is well\"}" },
        { "note 4 calm a=\"b\"",
          "note {\"job\":\"4\",\"mood\":\"calm\",\"text\":\"a=\\\"b\\\"\"}" },
        { "note 4 calm {a=\"b\"}",
          "note {\"job\":\"4\",\"mood\":\"calm\",\"text\":\"{a=\\\"b\\\"}\"}" },
        { "note 4 calm -- well",
          "note {\"job\":\"4\",\"mood\":\"calm\",\"text\":\"-- well\"}" },
        { "note 4 mood=calm so so",
          "note {\"job\":\"4\",\"mood\":\"calm\",\"text\":\"so so\"}" },
        { "note 4 --mood calm so so --mood x",
          "note {\"job\":\"4\",\"mood\":\"calm\",\"text\":\"so so --mood x\"}" },
        { "note 4 calm", "note {\"job\":\"4\",\"mood\":\"calm\"} without text" },
        { "hush severity=\"critical\",team=~\"a|b\" 1h",
          "hush {\"what\":\"severity=\\\"critical\\\",team=~\\\"a|b\\\"\",\"time\":\"1h\"}" },
        { "hush rate(x{a=\"b c\"}[5m]) > 3",
          "hush {\"what\":\"rate(x{a=\\\"b c\\\"}[5m]) > 3\"}" },
        { "hush x > 3 2h30m", "hush {\"what\":\"x > 3\",\"time\":\"2h30m\"}" },
        { "hush x --time 2h", "hush {\"what\":\"x\",\"time\":\"2h\"}" },
        { "hush 15m", "hush {\"what\":\"15m\"}" },
        { "hush a for=2h", "hush {\"what\":\"a for=2h\"}" },
        { "hush a \"2h\"", "hush {\"what\":\"a \\\"2h\\\"\"}" },
        { "hush a b=", "hush {\"what\":\"a b=\"}" },
        { "hush a \"\"", "hush {\"what\":\"a \\\"\\\"\"}" },
        { "hush \"a = 'b'\" 1h", "hush {\"what\":\"a = 'b'\",\"time\":\"1h\"}" },
        { "hush \"\"", "hush {\"what\":\"\"}" },
        { "hush --", "hush {\"what\":\"--\"}" },
        { "hush -- --time 1h", "hush {\"what\":\"--\",\"time\":\"1h\"}" },
        { "hush --time 1h", "hush {\"time\":\"1h\"} without what" },
        { "deny 412 don't", "deny {\"job\":\"412\",\"reason\":\"don't\"}" },
        { "deny #412 \u201cnot now\u201d", "deny {\"job\":\"412\",\"reason\":\"not now\"}" },
        { "can deploy api to production", "can {\"line\":\"deploy api to production\"}" },
    };

    expect(parser, rows, COUNT_OF(rows));
}

struct pairs_args {
    const char *job;
    const char *ref;
    const struct json *parameters;
};
static const struct field pairs_fields[] = {
    FIELD(struct pairs_args, job, .key = "job", .help = "which", .need = true),
    FIELD(struct pairs_args, ref, .key = "ref", .help = "of what", .flag = true),
    FIELD(struct pairs_args, parameters, .key = "parameters", .help = "what it is given",
          .meaning = AS_PAIRS),
};
static const struct command pairs_command = { .name = "ci build",
                                              .args = FIELDS(struct pairs_args, pairs_fields) };

static const char *read_pairs(const struct parser *parser, const char *line)
{
    const struct catalog_entry entry = { .name = "ci build", .command = &pairs_command };
    struct parsed parsed = { .entry = &entry, .line = line, .name_words = 2 };
    struct strings missing = { 0 };
    struct error err = { 0 };

    if (parser_arguments(parser, &parsed, &missing, &err) < 0)
        return arena_copy(parser->arena, err.text);
    return json_print(parser->arena, parsed.args);
}

static void test_pairs(const struct parser *parser)
{
    static const struct expectation rows[] = {
        { "ci build web", "{\"job\":\"web\"}" },
        { "ci build web A=1 b.c=\"two words\"",
          "{\"job\":\"web\",\"parameters\":{\"A\":\"1\",\"b.c\":\"two words\"}}" },
        { "ci build A= web --ref main",
          "{\"job\":\"web\",\"ref\":\"main\",\"parameters\":{\"A\":\"\"}}" },
        { "ci build job=web ref=main", "{\"job\":\"web\",\"ref\":\"main\"}" },
        { "ci build web REF=main job=x JOB=y",
          "{\"job\":\"web\",\"parameters\":{\"REF\":\"main\",\"job\":\"x\",\"JOB\":\"y\"}}" },
        { "ci build web A=1 A=2", "A is there twice" },
        { "ci build web more", "\"more\" is one word too many. Usage: ci build JOB [KEY=VALUE "
                               "...] [--ref REF]" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("%s", rows[i].line);
        CHECK_STR(read_pairs(parser, rows[i].line), rows[i].read);
    }
}

/* 'x' that many times after "note 4 calm ". */
static const char *long_line(struct arena *arena, const char *piece, size_t times)
{
    struct text line = text_new(arena, 1024 * 1024);

    text_add(&line, "note 4 calm ");
    for (size_t i = 0; i < times; i++)
        text_add(&line, piece);
    return text_string(&line);
}

static void test_limits(const struct parser *parser)
{
    struct arena *arena = parser->arena;
    const size_t rest = LINE_LIMIT - strlen("note 4 calm ");

    tap_case("length");
    CHECK(text_starts(parser_read(parser, long_line(arena, "x", rest)), "note {"));
    CHECK_STR(parser_read(parser, long_line(arena, "x", rest + 1)),
              "the line is longer than 16 KB");
    CHECK_STR(parser_read(parser, long_line(arena, "x", 500000)),
              "the line is longer than 16 KB");
    /* each becomes three bytes: what was cut must not be run */
    CHECK_STR(parser_read(parser, long_line(arena, "\xff", rest)),
              "the line is longer than 16 KB");
    CHECK_STR(parser_read(parser, line_repair(arena, long_line(arena, "x", 500000))),
              "the line is longer than 16 KB");
    tap_case("words");
    CHECK(text_starts(parser_read(parser, long_line(arena, "x ", WORDS_LIMIT - 3)), "note {"));
    CHECK_STR(parser_read(parser, long_line(arena, "x ", WORDS_LIMIT - 2)),
              "the line has more than 500 words");
}

int main(void)
{
    struct parser parser;

    parser_new(&parser);
    test_repair();
    test_words();
    test_names(&parser);
    test_help_and_pipes(&parser);
    test_sentences(&parser);
    test_types(&parser);
    test_flags(&parser);
    test_raw(&parser);
    test_pairs(&parser);
    test_limits(&parser);
    parser_free(&parser);
    return tap_done();
}
