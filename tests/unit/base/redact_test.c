/* Secrets are found in every form in which they could stand in a text, and nothing else is touched. */
#include "base/redact.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "tap.h"

static const char key_text[] = "-----BEGIN PRIVATE KEY-----\n"
                               "MIIEvQIBADANBgkqhkiG9w0B\r\n"
                               "AQEFAASCBKcwggSjAgEAAoIB\n"
                               "ab\n"
                               "-----END PRIVATE KEY-----\n";

static struct redactor *redactor_of(const char *const *values, size_t count)
{
    struct redactor *redactor = redactor_new();

    for (size_t i = 0; i < count; i++) {
        AUTO(secret) struct secret *secret = secret_new(values[i], strlen(values[i]));

        redactor_add(redactor, secret);
    }
    redactor_ready(redactor);
    return redactor;
}

static void test_forms(void)
{
    static const char *const values[] = { "s3cr/t+p@ss \"w\"!", key_text, "tok123", "short" };
    static const struct {
        const char *text, *redacted;
    } rows[] = {
        { "nothing here", "nothing here" },
        { "", "" },
        { "tok123", "[secret]" },
        { "a tok123 b tok123", "a [secret] b [secret]" },
        { "tok123tok123", "[secret][secret]" },
        { "tok12 tok124 totok123", "tok12 tok124 to[secret]" },
        { "short words stay", "short words stay" },
        { "pw=s3cr/t+p@ss \"w\"!;", "pw=[secret];" },
        /* JSON, also with the slash escaped, and JSON within JSON */
        { "{\"pw\":\"s3cr/t+p@ss \\\"w\\\"!\"}", "{\"pw\":\"[secret]\"}" },
        { "{\"pw\":\"s3cr\\/t+p@ss \\\"w\\\"!\"}", "{\"pw\":\"[secret]\"}" },
        /* URLs: RFC 3986, lower case, JavaScript, forms */
        { "?pw=s3cr%2Ft%2Bp%40ss%20%22w%22%21&x", "?pw=[secret]&x" },
        { "?pw=s3cr%2ft%2bp%40ss%20%22w%22%21&x", "?pw=[secret]&x" },
        { "?pw=s3cr%2Ft%2Bp%40ss%20%22w%22!&x", "?pw=[secret]&x" },
        { "?pw=s3cr%2Ft%2Bp%40ss+%22w%22%21&x", "?pw=[secret]&x" },
        /* hexadecimal of tok123 */
        { "746f6b313233 746F6B313233", "[secret] [secret]" },
        /* lines of a key */
        { "k: MIIEvQIBADANBgkqhkiG9w0B!", "k: [secret]!" },
        { "  AQEFAASCBKcwggSjAgEAAoIB\n  ab", "  [secret]\n  ab" },
        { "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----" },
        { "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0B\\r\\n",
          "-----BEGIN PRIVATE KEY-----\\n[secret]\\r\\n" },
    };
    AUTO(redactor) struct redactor *redactor = redactor_of(values, COUNT_OF(values));

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();

        tap_case("row %zu: %s", i, rows[i].text);
        CHECK_STR(redact(redactor, arena, rows[i].text), rows[i].redacted);
    }
}

/* Whatever stands before and behind, at most one character of base64 at each side is left. */
static void test_base64(void)
{
    static const char *const values[] = { "correct horse battery" };
    static const char *const befores[] = { "", "u", "us", "user:", "admin:" };
    static const char *const behinds[] = { "", "!", "!!", "\n..." };
    AUTO(redactor) struct redactor *redactor = redactor_of(values, COUNT_OF(values));
    AUTO(arena) struct arena *arena = arena_new();

    for (size_t i = 0; i < COUNT_OF(befores); i++)
        for (size_t j = 0; j < COUNT_OF(behinds); j++) {
            char *plain = arena_printf(arena, "%s%s%s", befores[i], values[0], behinds[j]);
            char *encoded = base64_print(arena, plain, strlen(plain));
            size_t around = strlen(plain) - strlen(values[0]);
            const char *redacted = redact(redactor, arena, encoded);

            tap_case("%s -> %s", plain, redacted);
            CHECK(text_has(redacted, "[secret]"));
            CHECK(strlen(redacted) <= strlen("[secret]") + around * 4 / 3 + 6);
        }
    tap_case("Authorization: Basic");
    CHECK_STR(redact(redactor, arena, "Basic dXNlcjpjb3JyZWN0IGhvcnNlIGJhdHRlcnk="),
              "Basic dXNlcjp[secret]k=");
}

static void test_base64_alphabets(void)
{
    static const char *const values[] = { "\xff\xff\xff\xfb\xff\xff\xff" };
    AUTO(redactor) struct redactor *redactor = redactor_of(values, COUNT_OF(values));
    AUTO(arena) struct arena *arena = arena_new();

    tap_case("alphabets");
    CHECK_STR(redact(redactor, arena, base64_print(arena, values[0], 7)), "[secret]w==");
    CHECK_STR(redact(redactor, arena, base64url_print(arena, values[0], 7)), "[secret]w");
}

static void test_overlaps(void)
{
    static const char *const values[] = { "abcdefgh", "defghijklm", "ghijkl", "hijklmno-longer",
                                          "klmnop" };
    static const struct {
        const char *text, *redacted;
    } rows[] = {
        { "xabcdefghx", "x[secret]x" },
        { "xabcdefghijklmx", "x[secret]x" }, /* the second one's rest does not stay */
        { "xdefghijklmx", "x[secret]x" },    /* one within another */
        { "xabcdefghijkl", "x[secret]" },
        { "hijklmno-longer", "[secret]" },
        { "hijklmno-long", "hijklmno-long" },
        { "hijklmnop", "hij[secret]" }, /* falls back in the middle of a longer one */
        { "abcdefg", "abcdefg" },
    };
    AUTO(redactor) struct redactor *redactor = redactor_of(values, COUNT_OF(values));

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();

        tap_case("%s", rows[i].text);
        CHECK_STR(redact(redactor, arena, rows[i].text), rows[i].redacted);
    }
}

static void test_json_round_trip(void)
{
    static const char *const values[] = { "p\"a\\s\ns\tw\x01ö" };
    AUTO(redactor) struct redactor *redactor = redactor_of(values, COUNT_OF(values));
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *json = OBJECT(arena, { "token", V(values[0]) }, { "b", V(1) });

    tap_case("as our JSON writes it");
    CHECK_STR(redact(redactor, arena, json_print(arena, json)),
              "{\"token\":\"[secret]\",\"b\":1}");
}

static void test_fast_path(void)
{
    static const char *const values[] = { "correct horse" };
    AUTO(redactor) struct redactor *redactor = redactor_of(values, COUNT_OF(values));
    AUTO(redactor) struct redactor *none = redactor_of(NULL, 0);
    AUTO(arena) struct arena *arena = arena_new();
    const char *text = "the incorrect house, correct hors";
    size_t before = arena_size(arena);

    tap_case("no match");
    CHECK(redact(redactor, arena, text) == text);
    CHECK(redact(none, arena, text) == text);
    CHECK(redact(redactor, arena, NULL) == NULL);
    CHECK_INT(arena_size(arena), before);
    CHECK_INT(redactor_longest(none), 0);
    CHECK_INT(redactor_longest(redactor), 2 * strlen("correct horse")); /* hexadecimal */
    redactor_free(NULL);
}

int main(void)
{
    test_forms();
    test_base64();
    test_base64_alphabets();
    test_overlaps();
    test_json_round_trip();
    test_fast_path();
    return tap_done();
}
