/* Queries, form bodies and cookies. */
#include "net/http_form.h"

#include <string.h>

#include "tap.h"

static const struct {
    const char *text;
    bool is_sound;
    size_t count;
    const char *value_of_a;
} forms[] = {
    { "", true, 0, NULL },       { "a=1", true, 1, "1" },
    { "a=1&b=2", true, 2, "1" }, { "b=2&a=1&a=3", true, 3, "1" },
    { "a", true, 1, "" },        { "a=", true, 1, "" },
    { "=1", true, 1, NULL },     { "&&a=1&", true, 1, "1" },
    { "a=b=c", true, 1, "b=c" }, { "a=x+y%20z", true, 1, "x y z" },
    { "%61=1", true, 1, "1" },   { "a=%C3%A9", true, 1, "\xc3\xa9" },
    { "a=%", false, 0, NULL },   { "a=%4", false, 0, NULL },
    { "a=%zz", false, 0, NULL }, { "a=%00", false, 0, NULL },
    { "a=%FF", false, 0, NULL }, { "a=\xff", false, 0, NULL },
};

static void test_forms(void)
{
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct http_pairs pairs = { 0 };

        tap_case("%s", forms[i].text);
        CHECK_INT(http_pairs_parse(arena, span_of(forms[i].text), &pairs), forms[i].is_sound);
        CHECK_INT(pairs.count, forms[i].count);
        CHECK_STR(http_pairs_find(&pairs, "a"), forms[i].value_of_a);
    }
}

static void test_pair_limit(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct text text = text_new(arena, 100 * 1024);
    struct http_pairs pairs;

    for (size_t i = 0; i < HTTP_PAIR_LIMIT; i++)
        text_add(&text, i == 0 ? "a=1" : "&a=1");
    tap_case("%d pairs", HTTP_PAIR_LIMIT);
    CHECK(http_pairs_parse(arena, span_of(text_string(&text)), &pairs));
    text_add(&text, "&a=1");
    tap_case("one more");
    CHECK(!http_pairs_parse(arena, span_of(text_string(&text)), &pairs));
}

static const struct {
    const char *header;
    const char *value_of_c;
} cookies[] = {
    { "c=1", "1" },         { "b=2; c=1", "1" },
    { "b=2;c=1;d=3", "1" }, { "c=\"quoted\"", "quoted" },
    { " c = 1 ", "1" },     { "c", NULL },
    { "cc=1", NULL },       { "b=c=1", NULL },
    { "c=1; c=2", "1" },    { "c=a=b", "a=b" },
    { "c=", "" },           { ";;;", NULL },
    { "c=\"", "\"" },       { "", NULL },
};

static void test_cookies(void)
{
    for (size_t i = 0; i < COUNT_OF(cookies); i++) {
        AUTO(arena) struct arena *arena = arena_new();

        tap_case("%s", cookies[i].header);
        CHECK_STR(http_cookie_find(arena, cookies[i].header, "c"), cookies[i].value_of_c);
    }
}

int main(void)
{
    test_forms();
    test_pair_limit();
    test_cookies();
    return tap_done();
}
