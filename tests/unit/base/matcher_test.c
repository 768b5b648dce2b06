/* Matchers: what they read, what they match, and faults with their place. */
#include "base/matcher.h"

#include "base/text.h"
#include "tap.h"

static const struct {
    const char *name, *value;
} labels[] = {
    { "severity", "critical" },
    { "branch", "release-1.4" },
    { "title", "Build \"web\" failed\non node 3" },
    { "labels.k8s/app", "web-api" },
    { "two words", "x=y" },
    { "path", "C:\\temp" },
    { "quote", "it's" },
    { "empty", "" },
    { "bytes", "\xff\xfe" },
    { "name", "Zoë" },
};

static const char *value_of(void *context, const char *name)
{
    int *asked = context;

    (*asked)++;
    for (size_t i = 0; i < COUNT_OF(labels); i++)
        if (text_is(labels[i].name, name))
            return labels[i].value;
    return NULL;
}

static const struct {
    const char *source;
    bool matches;
} matches[] = {
    { "", true },
    { " { } ", true },
    { "severity=\"critical\"", true },
    { "severity=critical", true },
    { "severity='critical'", true },
    { "severity = \"critical\" , branch = release-1.4", true },
    { "{severity=\"critical\",branch!=\"main\",}", true },
    { "severity=critical branch!=main", true },
    { "severity=\"warning\"", false },
    { "severity!=\"critical\"", false },
    { "severity!=warning,branch=main", false },
    /* regular expressions are anchored at both ends */
    { "branch=~\"main|release-.*\"", true },
    { "branch=~main|release-.*", true },
    { "branch=~release", false },
    { "branch=~elease-1.4", false },
    { "branch!~release", true },
    { "branch!~\"release-.*\"", false },
    { "severity=~\"crit|critical\"", true },
    { "branch=~\"release-\\d+\\.\\d+\"", true },
    { "branch=~\"release-\\\\d+\\\\.\\\\d+\"", true },
    { "severity=~\"(?i)CRITICAL\"", true },
    { "severity=~\"\"", false },
    { "severity!~\"\"", true },
    { "title=~\".*failed.*node.*\"", true }, /* a dot fits line ends */
    { "title=\"Build \\\"web\\\" failed\\non node 3\"", true },
    { "name=~\"Zo.\"", true }, /* a character, not a byte */
    { "bytes=~\".*\"", false },
    { "bytes!~\"a.*\"", true },
    /* absent is empty */
    { "nothing=\"\"", true },
    { "nothing!=x", true },
    { "nothing=~\".*\"", true },
    { "nothing=~\".+\"", false },
    { "nothing!~\".+\"", true },
    { "empty=\"\"", true },
    /* names and escapes */
    { "labels.k8s/app=web-api", true },
    { "\"two words\"=\"x=y\"", true },
    { "'two words'=x=y", true },
    { "path=\"C:\\\\temp\"", true },
    { "path=\"C:\\temp\"", true },
    { "path=C:\\temp", true },
    { "quote=\"it's\"", true },
    { "quote='it\\'s'", true },
    { "quote=\"it\\'s\"", true },
};

static void test_matches(void)
{
    for (size_t i = 0; i < COUNT_OF(matches); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct error err = { .kind = ERROR_NONE };
        const struct matchers *matchers = matchers_parse(arena, matches[i].source, &err);
        int asked = 0;

        tap_case("%s %s", matches[i].source, err.text);
        CHECK(matchers != NULL);
        if (matchers != NULL)
            CHECK(matchers_match(matchers, value_of, &asked) == matches[i].matches);
    }
}

static void test_faults(void)
{
    static const struct {
        const char *source, *fault;
    } rows[] = {
        { "severity", "column 9: expected =, !=, =~ or !~, not the end" },
        { "severity critical", "column 10: expected =, !=, =~ or !~, not \"critical\"" },
        { "a!b", "column 2: expected =, !=, =~ or !~, not \"!b\"" },
        { "a=", "column 3: expected a value, in quotes if need be, not the end" },
        { "a==b", "column 3: expected a value, in quotes if need be, not \"=b\"" },
        { "a=,b=c", "column 3: expected a value, in quotes if need be, not \",b=c\"" },
        { "=\"x\"", "column 1: expected the name of a field or label, not \"=\"x\"\"" },
        { ",a=b", "column 1: expected the name of a field or label, not \",a=b\"" },
        { "a=b,,c=d", "column 5: expected the name of a field or label, not \",c=d\"" },
        { "a=\"b", "column 3: the closing \" is missing" },
        { "ü='b", "column 3: the closing ' is missing" },
        { "a=\"b\\\"", "column 3: the closing \" is missing" },
        { "a=\"b\"c=\"d\"", "column 6: expected a comma, not \"c=\"d\"\"" },
        { "{a=b", "column 5: expected }, not the end" },
        { "a=b}", "column 4: expected the end, not \"}\"" },
        { "{a=b} c", "column 7: expected the end, not \"c\"" },
        { "\"\"=a", "column 1: expected the name of a field or label, not \"\"\"=a\"" },
        { "a=~\"(\"",
          "column 4: \"(\" is not a regular expression: missing closing parenthesis" },
        { "b=c, a!~*", "column 9: \"*\" is not a regular expression: quantifier does not "
                       "follow a repeatable item" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct error err = { .kind = ERROR_NONE };

        tap_case("%s", rows[i].source);
        CHECK(matchers_parse(arena, rows[i].source, &err) == NULL);
        CHECK_INT(err.kind, ERROR_INVALID);
        CHECK_STR(err.text, rows[i].fault);
    }
}

static void test_limits(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct text source = text_new(arena, 100000);
    struct error err = { .kind = ERROR_NONE };
    char *long_one = arena_alloc(arena, 20000);

    tap_case("limits");
    for (int i = 0; i < MATCHERS_MAX; i++)
        text_add(&source, "a=b,");
    CHECK_INT(matchers_count(matchers_parse(arena, text_string(&source), &err)), MATCHERS_MAX);
    text_add(&source, "a=b");
    CHECK(matchers_parse(arena, text_string(&source), &err) == NULL);
    CHECK_STR(err.text, "column 257: more than 64 matchers");
    memset(long_one, 'x', 19999);
    CHECK(matchers_parse(arena, long_one, &err) == NULL);
    CHECK_STR(err.text, "matchers are longer than 16384 bytes");
}

static void test_list(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { .kind = ERROR_NONE };
    const struct matchers *matchers =
        matchers_parse(arena, "{a=\"1\", b!=2, c=~3, \"d e\"!~'4'}", &err);
    static const struct matcher expected[] = {
        { "a", MATCHER_IS, "1" },
        { "b", MATCHER_IS_NOT, "2" },
        { "c", MATCHER_FITS, "3" },
        { "d e", MATCHER_FITS_NOT, "4" },
    };
    static const char *const signs[] = { "=", "!=", "=~", "!~" };

    tap_case("list");
    CHECK_INT(matchers_count(matchers), 4);
    for (size_t i = 0; i < matchers_count(matchers); i++) {
        CHECK_STR(matchers_at(matchers, i)->name, expected[i].name);
        CHECK_INT(matchers_at(matchers, i)->sign, expected[i].sign);
        CHECK_STR(matchers_at(matchers, i)->value, expected[i].value);
        CHECK_STR(matcher_sign_text(matchers_at(matchers, i)->sign), signs[i]);
    }
}

static const char *many_letters(void *context, const char *name)
{
    (void)name;
    return context;
}

static void test_hard_expressions(void)
{
    static const char *const sources[] = { "x=~\"(a+)+b\"", "x!~\"(a+)+b\"",
                                           "x=~\"(a|aa)+b\"" };
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { .kind = ERROR_NONE };
    char *letters = arena_alloc(arena, 200 * 1000);
    const struct matchers *matchers;

    memset(letters, 'a', 60);
    memset(letters + 60, 'b', 2);
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        tap_case("%s", sources[i]);
        matchers = matchers_parse(arena, sources[i], &err);
        CHECK_INT(matchers_given_up(matchers), 0);
        CHECK(!matchers_match(matchers, many_letters, letters));
        CHECK_INT(matchers_given_up(matchers), 1);
    }
    tap_case("a long value, no hard expression");
    memset(letters, 'a', 200 * 1000 - 1);
    matchers = matchers_parse(arena, "x=~\".*a\"", &err);
    CHECK(matchers_match(matchers, many_letters, letters));
    matchers = matchers_parse(arena, "x=~\"(?:a|b)*\"", &err);
    CHECK(!matchers_match(matchers, many_letters, letters) || matchers_given_up(matchers) == 0);
}

int main(void)
{
    test_matches();
    test_faults();
    test_limits();
    test_list();
    test_hard_expressions();
    return tap_done();
}
