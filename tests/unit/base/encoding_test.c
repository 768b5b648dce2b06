/* Hexadecimal, base64 (vectors of RFC 4648, section 10) and percent-encoding. */
#include "base/hash.h"

#include "tap.h"

static void test_hex(void)
{
    static const char *const refused[] = { "0", "0g", "f f0", "0x00", " 00", "00 " };
    AUTO(arena) struct arena *arena = arena_new();
    const unsigned char bytes[] = { 0x00, 0x7f, 0xff };
    size_t length = 0;

    tap_case("hex");
    CHECK_STR(hex_print(arena, bytes, sizeof(bytes)), "007fff");
    CHECK_STR(hex_print(arena, bytes, 0), "");
    CHECK(memcmp(hex_parse(arena, "007FfF", &length), bytes, sizeof(bytes)) == 0);
    CHECK_INT(length, 3);
    CHECK(hex_parse(arena, "", &length) != NULL);
    CHECK_INT(length, 0);
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        tap_case("hex \"%s\"", refused[i]);
        CHECK(hex_parse(arena, refused[i], &length) == NULL);
    }
}

static void test_base64(void)
{
    static const struct {
        const char *plain, *encoded;
    } rows[] = {
        { "", "" },
        { "f", "Zg==" },
        { "fo", "Zm8=" },
        { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" },
        { "foobar", "Zm9vYmFy" },
        { "\xfb\xff\xfe", "+//+" },
    };
    AUTO(arena) struct arena *arena = arena_new();
    size_t length = 0;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const unsigned char *parsed;

        tap_case("base64 of \"%s\"", rows[i].plain);
        CHECK_STR(base64_print(arena, rows[i].plain, strlen(rows[i].plain)), rows[i].encoded);
        parsed = base64_parse(arena, rows[i].encoded, &length);
        CHECK(parsed != NULL && length == strlen(rows[i].plain) &&
              memcmp(parsed, rows[i].plain, length) == 0);
    }
    tap_case("URL alphabet");
    CHECK_STR(base64url_print(arena, "\xfb\xff\xfe\xff", 4), "-__-_w");
    CHECK(memcmp(base64url_parse(arena, "-__-_w", &length), "\xfb\xff\xfe\xff", 4) == 0);
    CHECK_INT(length, 4);
}

static void test_base64_refused(void)
{
    static const char *const refused[] = { "Zg",    "Zg=",   "Zg===", "Zh==", "Zm9=",
                                           "Zm9v ", "Zm9\n", "Z",     "-__-", "Zg==Zg==" };
    static const char *const refused_url[] = { "+//+", "Zg==", "Zh", "Z", "Zm 9" };
    AUTO(arena) struct arena *arena = arena_new();
    size_t length = 0;

    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        tap_case("base64 \"%s\"", refused[i]);
        CHECK(base64_parse(arena, refused[i], &length) == NULL);
    }
    for (size_t i = 0; i < COUNT_OF(refused_url); i++) {
        tap_case("base64url \"%s\"", refused_url[i]);
        CHECK(base64url_parse(arena, refused_url[i], &length) == NULL);
    }
}

static void test_url(void)
{
    static const struct {
        const char *encoded;
        bool plus_is_space;
        const char *decoded;
    } rows[] = {
        { "a%20b", false, "a b" }, { "a+b", false, "a+b" }, { "a+b", true, "a b" },
        { "%c3%BC", false, "ü" },  { "", false, "" },       { "%41%5a", false, "AZ" },
        { "100%", false, NULL },   { "%4", false, NULL },   { "%zz", false, NULL },
        { "a%00b", false, NULL },  { "%2B", true, "+" },    { "%%41", false, NULL },
        { "%2541", false, "%41" }, { "%f", true, NULL },    { "%10", false, "\x10" },
    };
    AUTO(arena) struct arena *arena = arena_new();

    tap_case("encode");
    CHECK_STR(url_encode(arena, "AZaz09-._~"), "AZaz09-._~");
    CHECK_STR(url_encode(arena, "a b+c/d?e=f&g%ü\n"), "a%20b%2Bc%2Fd%3Fe%3Df%26g%25%C3%BC%0A");
    CHECK_STR(url_encode(arena, "!'()*"), "%21%27%28%29%2A");
    CHECK_STR(url_encode(arena, ""), "");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("decode \"%s\"", rows[i].encoded);
        CHECK_STR(url_decode(arena, span_of(rows[i].encoded), rows[i].plus_is_space),
                  rows[i].decoded);
    }
    CHECK(url_decode(arena, (struct span){ .start = "a\0b", .length = 3 }, false) == NULL);
    CHECK_STR(url_decode(arena, (struct span){ .start = "a%41%42", .length = 4 }, false),
              "aA"); /* and not a byte beyond */
    CHECK(url_decode(arena, (struct span){ .start = "a%41", .length = 3 }, false) == NULL);
}

int main(void)
{
    test_hex();
    test_base64();
    test_base64_refused();
    test_url();
    return tap_done();
}
