/* UTF-8: what is valid, how the rest is repaired (Unicode 15, table 3-8 for the count of U+FFFD), and cutting. */
#include "base/text.h"
#include "tap.h"

#define BAD "\xEF\xBF\xBD"

static const struct {
    const char *bytes, *repaired; /* the same: valid */
} rows[] = {
    { "", "" },
    { "plain ascii, longer than one word of eight",
      "plain ascii, longer than one word of eight" },
    { "caf\xC3\xA9", "caf\xC3\xA9" },
    { "\xE2\x82\xAC\xED\x9F\xBF\xEE\x80\x80", "\xE2\x82\xAC\xED\x9F\xBF\xEE\x80\x80" },
    { "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF" },
    { "\x80", BAD },                         /* continuation alone */
    { "\xC0\xAF", BAD BAD },                 /* overlong */
    { "\xE0\x80\xAF", BAD BAD BAD },         /* overlong */
    { "\xED\xA0\x80", BAD BAD BAD },         /* surrogate */
    { "\xF4\x90\x80\x80", BAD BAD BAD BAD }, /* above U+10FFFF */
    { "\xF5\x80", BAD BAD },                 /* never a first byte */
    { "a\xE2\x82", "a" BAD },                /* cut off */
    { "\xF1\x80\x80z", BAD "z" },            /* cut off inside */
    { "\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
      "A",
      BAD BAD BAD BAD "A" },
    { "eight by\xC3(", "eight by" BAD "(" },
};

static void test_repair(struct arena *arena)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t length = strlen(rows[i].bytes);
        tap_case("row %zu", i);
        CHECK_INT(utf8_is_valid(rows[i].bytes, length),
                  strcmp(rows[i].bytes, rows[i].repaired) == 0);
        CHECK_STR(utf8_repair(arena, rows[i].bytes, length), rows[i].repaired);
    }
    CHECK_STR(utf8_repair(arena, "a\0b", 3), "a" BAD "b");
    CHECK_STR(utf8_repair(arena, NULL, 0), "");
}

static void test_read(void)
{
    unsigned character = 0;

    CHECK_INT(utf8_read("\xF0\x9F\x9A\x80", 4, &character), 4);
    CHECK_INT(character, 0x1F680);
    CHECK_INT(utf8_read("\xF0\x9F\x9A\x80", 3, &character), 0);
    CHECK_INT(utf8_read("a", 0, &character), 0);
    CHECK_INT(utf8_read("\xE2\x82\xAC", 3, &character), 3);
    CHECK_INT(character, 0x20AC);
}

static void test_cut(struct arena *arena)
{
    static const struct {
        const char *text;
        size_t limit;
        const char *cut;
    } cuts[] = {
        { "short", 5, "short" },
        { "longer", 5, "lo\xE2\x80\xA6" },
        { "caf\xC3\xA9s", 6, "caf\xC3\xA9s" },
        { "caf\xC3\xA9 au lait", 7, "caf\xE2\x80\xA6" },
        { "caf\xC3\xA9 au lait", 8, "caf\xC3\xA9\xE2\x80\xA6" },
        { "\xF0\x9F\x9A\x80\xF0\x9F\x9A\x80", 6, "\xE2\x80\xA6" },
        { "abcdef", 3, "\xE2\x80\xA6" },
        { "abcdef", 2, "ab" },
        { "\xC3\xA9\xC3\xA9", 1, "" },
        { "abc", 0, "" },
        { NULL, 5, "" },
    };

    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        tap_case("row %zu", i);
        CHECK_STR(utf8_cut(arena, cuts[i].text, cuts[i].limit), cuts[i].cut);
    }
    /* Bytes that are no characters are cut where the limit is. */
    CHECK_INT(utf8_cut_length("\x80\x80\x80\x80\x80\x80\x80\x80", 8, 6), 6);
}

int main(void)
{
    AUTO(arena) struct arena *arena = arena_new();

    test_repair(arena);
    test_read();
    test_cut(arena);
    return tap_done();
}
