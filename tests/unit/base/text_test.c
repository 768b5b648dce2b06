/* Strings: slices, builder, comparisons, patterns, numbers, near names, printable text. */
#include "base/text.h"

#include <limits.h>
#include <math.h>

#include "tap.h"

static void test_spans(struct arena *arena)
{
    static const struct {
        const char *text;
        size_t count;
        const char *joined;
    } rows[] = {
        { "a,,b", 3, "[a][][b]" }, { "", 0, "" },        { "a", 1, "[a]" }, { "a,", 1, "[a]" },
        { ",", 1, "[]" },          { ",a", 2, "[][a]" }, { NULL, 0, "" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct span rest = span_of(rows[i].text), piece;
        struct text joined = text_new(arena, 100);
        size_t count = 0;
        for (; span_split(&rest, ',', &piece); count++)
            text_addf(&joined, "[%s]", span_copy(arena, piece));
        tap_case("%s", rows[i].text != NULL ? rows[i].text : "NULL");
        CHECK_INT(count, rows[i].count);
        CHECK_STR(text_string(&joined), rows[i].joined);
    }
    CHECK_STR(span_copy(arena, span_trim(span_of(" \t a b\r\n"))), "a b");
    CHECK_INT(span_trim(span_of("  ")).length, 0);
    CHECK(span_is(span_of("ab"), "ab"));
    CHECK(!span_is(span_of("ab"), "abc"));
    CHECK(span_is(span_of(NULL), ""));
}

static void test_builder(struct arena *arena)
{
    struct text text = text_new(arena, 1000);

    CHECK_STR(text_string(&text), "");
    text_add(&text, NULL);
    text_add(&text, "one");
    text_add_char(&text, ' ');
    text_add_n(&text, "two three", 3);
    text_addf(&text, " %d", 3);
    CHECK_STR(text_string(&text), "one two 3");
    CHECK(!text.truncated);
    text_addf(&text, "%900s", "x");
    CHECK_INT(text.length, 909);
    CHECK(!text.truncated);
    text_addf(&text, "%900s", "x");
    CHECK_INT(text.length, 1000);
    CHECK(text.truncated);
    text_add(&text, "y");
    CHECK_INT(strlen(text_string(&text)), 1000);

    struct text small = text_new(arena, 4);
    text_add(&small, "abc\xC3\xA9");
    CHECK_STR(text_string(&small), "abc");
    CHECK(small.truncated);
    text_add(&small, "d");
    CHECK_STR(text_string(&small), "abc");
}

static void test_questions(void)
{
    CHECK(text_is(NULL, ""));
    CHECK(text_is("a", "a"));
    CHECK(!text_is("a", NULL));
    CHECK(text_is_nocase("Deploy", "dEPLOY"));
    CHECK(!text_is_nocase("deploy", "deploys"));
    CHECK(text_is_nocase(NULL, ""));
    CHECK(text_is_empty(NULL));
    CHECK(!text_is_empty(" "));
    CHECK(text_starts("deploy", "dep"));
    CHECK(!text_starts("de", "dep"));
    CHECK(text_ends("deploy.yml", ".yml"));
    CHECK(!text_ends("yml", ".yml"));
    CHECK(text_has("deploy", "plo"));
    CHECK(text_has("deploy", ""));
    CHECK(!text_has(NULL, "x"));
}

static void test_patterns(struct arena *arena)
{
    static const struct {
        const char *string, *pattern;
        bool matches;
    } rows[] = {
        { "github pr list", "* list", true },
        { "list", "* list", false },
        { "deploy", "deploy", true },
        { "deploy", "deplo", false },
        { "deploy api", "deploy*", true },
        { "deploy api", "*", true },
        { "", "*", true },
        { "", "", true },
        { NULL, "*", true },
        { "a", "", false },
        { "abcabc", "a*c", true },
        { "abcab", "a*c", false },
        { "aXbXc", "a*b*c", true },
        { "ab", "ab*b", false },
        { "aba", "ab*ba", false },
        { "abba", "ab*ba", true },
        { "abc", "**a**c**", true },
        { "xaxbx", "*a*b*", true },
        { "main", "release-*", false },
        { "Deploy", "deploy", false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("\"%s\" against \"%s\"", rows[i].string, rows[i].pattern);
        CHECK_INT(text_matches(rows[i].string, rows[i].pattern), rows[i].matches);
    }
    /* Patterns that make backtracking matchers take for ever. */
    struct text string = text_new(arena, 2000000), pattern = text_new(arena, 200000);
    for (int i = 0; i < 100000; i++) {
        text_add(&string, "aaaaaaaaaa");
        text_add(&pattern, i % 2 == 0 ? "a*" : "*");
    }
    text_add(&pattern, "b");
    CHECK(!text_matches(text_string(&string), text_string(&pattern)));
}

static void test_integers(void)
{
    static const struct {
        const char *text;
        bool read;
        long long value;
    } rows[] = {
        { "0", true, 0 },
        { "-0", true, 0 },
        { "007", true, 7 },
        { "9223372036854775807", true, LLONG_MAX },
        { "-9223372036854775808", true, LLONG_MIN },
        { "9223372036854775808", false, 0 },
        { "-9223372036854775809", false, 0 },
        { "99999999999999999999999999", false, 0 },
        { "", false, 0 },
        { NULL, false, 0 },
        { "-", false, 0 },
        { "+1", false, 0 },
        { " 1", false, 0 },
        { "1 ", false, 0 },
        { "1x", false, 0 },
        { "0x10", false, 0 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        long long value = 77;
        tap_case("\"%s\"", rows[i].text != NULL ? rows[i].text : "NULL");
        CHECK_INT(text_to_integer(rows[i].text, &value), rows[i].read);
        CHECK_INT(value, rows[i].read ? rows[i].value : 77);
    }
}

static void test_numbers(void)
{
    static const char *const refused[] = { "",    NULL,  ".5", "1.",   "1e",  "e1",    "nan",
                                           "inf", "0x1", "1 ", "1.e2", "--1", "1e999", "1,5" };
    double value = 0;

    CHECK(text_to_number("-12.5e-1", &value) && fabs(value + 1.25) < 1e-12);
    CHECK(text_to_number("3", &value) && fabs(value - 3) < 1e-12);
    CHECK(text_to_number("1E+2", &value) && fabs(value - 100) < 1e-12);
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        tap_case("\"%s\"", refused[i] != NULL ? refused[i] : "NULL");
        CHECK(!text_to_number(refused[i], &value));
    }
}

static void test_booleans(void)
{
    static const char *const yes[] = { "true", "yes", "on", "1", "True", "YES" };
    static const char *const no[] = { "false", "no", "off", "0", "Off" };
    bool value = false;

    for (size_t i = 0; i < COUNT_OF(yes); i++)
        CHECK(text_to_boolean(yes[i], &value) && value);
    for (size_t i = 0; i < COUNT_OF(no); i++)
        CHECK(text_to_boolean(no[i], &value) && !value);
    CHECK(!text_to_boolean("y", &value));
    CHECK(!text_to_boolean("", &value));
    CHECK(!text_to_boolean(NULL, &value));
}

static void test_durations(void)
{
    static const struct {
        const char *text;
        long long seconds; /* -1: refused */
    } rows[] = {
        { "90", 90 },     { "90s", 90 },    { "15m", 900 }, { "1h30m", 5400 },
        { "2d", 172800 }, { "1w", 604800 }, { "0", 0 },     { "1w2d3h4m5s", 788645 },
        { "", -1 },       { NULL, -1 },     { "m", -1 },    { "15x", -1 },
        { "30m1h", -1 },  { "1m1m", -1 },   { "-5m", -1 },  { "1h30", -1 },
        { "1 h", -1 },    { "soon", -1 },   { "1.5h", -1 }, { "999999999999w", -1 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        long long seconds = -1;
        tap_case("\"%s\"", rows[i].text != NULL ? rows[i].text : "NULL");
        CHECK_INT(text_to_duration(rows[i].text, &seconds), rows[i].seconds >= 0);
        CHECK_INT(seconds, rows[i].seconds);
    }
}

static void test_nearest(void)
{
    static const char *const names[] = { "deploy",  "rollback", "status", "jenkins",
                                         "channel", "channels", "ls",     NULL };
    static const struct {
        const char *word, *nearest;
    } rows[] = {
        { "jenkis", "jenkins" },
        { "depoly", "deploy" },
        { "chanel", "channel" },
        { "channel", "channel" },
        { "channles", "channels" },
        { "Deploy", "deploy" },
        { "sl", "ls" },
        { "x", NULL },
        { "sta", NULL },
        { "", NULL },
        { NULL, NULL },
        { "rolbak", "rollback" },
        { "completely", NULL },
        { "a word of more than sixty-four bytes, so long that nobody typed it", NULL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("\"%s\"", rows[i].word != NULL ? rows[i].word : "NULL");
        CHECK_STR(text_nearest(rows[i].word, names, COUNT_OF(names)), rows[i].nearest);
    }
}

static void test_printable(struct arena *arena)
{
    static const struct {
        const char *text, *printable;
    } rows[] = {
        { "a\tb\nc", "a\tb\nc" },
        { "a\r\nb", "a \nb" },
        { "\x1B[31mred", "\xEF\xBF\xBD[31mred" },
        { "\x7F", "\xEF\xBF\xBD" },
        { "\xC2\x9Bx", "\xEF\xBF\xBDx" },
        { "\xE2\x80\xAEtxt", "\xEF\xBF\xBDtxt" },
        { "\xE2\x81\xA6", "\xEF\xBF\xBD" },
        { "\xFF\xFE", "\xEF\xBF\xBD\xEF\xBF\xBD" },
        { "caf\xC3\xA9 \xF0\x9F\x9A\x80", "caf\xC3\xA9 \xF0\x9F\x9A\x80" },
        { "", "" },
        { NULL, "" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("row %zu", i);
        CHECK_STR(text_printable(arena, rows[i].text), rows[i].printable);
    }
}

int main(void)
{
    AUTO(arena) struct arena *arena = arena_new();

    test_spans(arena);
    test_builder(arena);
    test_questions();
    test_patterns(arena);
    test_integers();
    test_numbers();
    test_booleans();
    test_durations();
    test_nearest();
    test_printable(arena);
    return tap_done();
}
