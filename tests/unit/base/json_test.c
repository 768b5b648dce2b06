/* JSON: what is read, what is refused and with which words, walking, making and printing. */
#include "base/json.h"

#include <limits.h>
#include <math.h>

#include "tap.h"

static const struct json *parse(struct arena *arena, const char *text, struct error *err)
{
    return json_parse(arena, text, strlen(text), err);
}

/* Text, and the canonical form of what was read. */
static void test_accepted(struct arena *arena)
{
    static const struct {
        const char *text, *canonical;
    } rows[] = {
        { "null", "null" },
        { " true ", "true" },
        { "\r\n\tfalse\n", "false" },
        { "0", "0" },
        { "-0", "0" },
        { "12", "12" },
        { "9223372036854775807", "9223372036854775807" },
        { "-9223372036854775808", "-9223372036854775808" },
        { "9007199254740993", "9007199254740993" },
        { "18446744073709551615", "1.8446744073709552e+19" },
        { "1.0", "1" },
        { "-1.5e3", "-1500" },
        { "1E400e", NULL },
        { "\"\"", "\"\"" },
        { "\"a\\u00e9\\n\\/\"", "\"a\xC3\xA9\\n/\"" },
        { "\"\\ud83d\\ude80\"", "\"\xF0\x9F\x9A\x80\"" },
        { "\"\\ud83d\"", "\"\xEF\xBF\xBD\"" },
        { "[]", "[]" },
        { "[ 1 , [2,[ ]], {} ]", "[1,[2,[]],{}]" },
        { "{}", "{}" },
        { "{\"b\":1,\"a\":{\"d\":null,\"c\":[true]}}",
          "{\"a\":{\"c\":[true],\"d\":null},\"b\":1}" },
        { "{\"a\":{\"a\":1},\"A\":2}", "{\"A\":2,\"a\":{\"a\":1}}" },
        { "{\"x:y\":\":{[\"}", "{\"x:y\":\":{[\"}" },
        { "{\"\":0}", "{\"\":0}" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err = { .kind = ERROR_NONE };
        const struct json *json = parse(arena, rows[i].text, &err);
        tap_case("%s: %s", rows[i].text, err.text);
        CHECK_STR(json != NULL ? json_canonical(arena, json) : NULL, rows[i].canonical);
    }
}

/* Part of the words that tell why. */
static const struct {
    const char *text, *words;
} refused[] = {
    { "", "not valid JSON: the text is empty" },
    { " ", "the text ends too early" },
    { "{", "the text ends too early" },
    { "[1", "the text ends too early" },
    { "[1,2", "the text ends too early" },
    { "{\"a\":", "the text ends too early" },
    { "{\"a\":1", "the text ends too early" },
    { "tru", "line 1, column 1: unexpected character" },
    { "[1,]", "line 1, column 4: " },
    { "[,1]", "unexpected character" },
    { "{\"a\":1,}", "line 1, column 8: unexpected character" },
    { "{\"a\" 1}", "expected a colon" },
    { "{\"a\"}", "expected a colon" },
    { "[1 2]", "expected a comma or ]" },
    { "[1}", "expected a comma or ]" },
    { "{\"a\":1 \"b\":2}", "expected a comma or }" },
    { "{a:1}", "line 1, column 2: unexpected character" },
    { "{'a':1}", "line 1, column 2: unexpected character" },
    { "{\n \"a\": x}", "line 2, column 7: unexpected character" },
    { "True", "unexpected character" },
    { "NaN", "unexpected character" },
    { "nullx", "unexpected character" },
    { "Infinity", "unexpected character" },
    { "-Infinity", "unexpected character" },
    { "01", "leading zero" },
    { "-01", "leading zero" },
    { "1.", "after the point" },
    { ".5", "unexpected character" },
    { "+1", "unexpected character" },
    { "1e", "exponent" },
    { "0x10", "unexpected character" },
    { "1 2", "line 1, column 3: " },
    { "{} []", "line 1, column 4: " },
    { "// x\n1", "unexpected character" },
    { "/* x */ 1", "unexpected character" },
    { "\"a", "string without an end" },
    { "\"a\nb\"", "control character" },
    { "\"a\\x\"", "unknown escape" },
    { "\"\\u12g4\"", "four hexadecimal digits" },
    { "\"a\\u0000b\"", "NUL characters" },
    { "{\"a\\u0000b\":1}", "NUL characters" },
    { "\"\xFF\"", "not valid UTF-8" },
    { "\"\xED\xA0\x80\"", "not valid UTF-8" },
    { "1e999", "out of range" },
    { "[-1e999]", "out of range" },
    { "18446744073709551616", "out of range" },
    { "-9223372036854775809", "out of range" },
    { "{\"a\":1,\"a\":2}", "a key stands twice" },
    { "{\"a\":1,\"\\u0061\":2}", "a key stands twice" },
    { "[{\"x\":{\"k\":[],\"k\":[]}}]", "a key stands twice" },
};

static void test_refused(struct arena *arena)
{
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct error err = { .kind = ERROR_NONE };
        tap_case("%s gives %s", refused[i].text, err.text);
        CHECK(parse(arena, refused[i].text, &err) == NULL);
        CHECK_INT(err.kind, ERROR_INVALID);
        tap_case("%s gives %s", refused[i].text, err.text);
        CHECK(text_has(err.text, refused[i].words));
    }
    CHECK(json_parse(arena, "1\0", 2, NULL) == NULL);
    CHECK(json_parse(arena, "[1]\0", 4, NULL) == NULL);
    CHECK(json_parse(arena, NULL, 0, NULL) == NULL);
    /* The text ends where its length says. */
    CHECK_INT(json_integer(json_parse(arena, "123", 2, NULL), "", 0), 12);
}

static const char *nested(struct arena *arena, int depth, const char *inside)
{
    struct text text = text_new(arena, 1000000);

    for (int i = 0; i < depth; i++)
        text_add(&text, i % 2 == 0 ? "[" : "{\"a\":");
    text_add(&text, inside);
    for (int i = depth; i-- > 0;)
        text_add(&text, i % 2 == 0 ? "]" : "}");
    return text_string(&text);
}

static void test_depth(struct arena *arena)
{
    struct error err = { .kind = ERROR_NONE };

    CHECK(parse(arena, nested(arena, JSON_DEPTH_MAX, "1"), &err) != NULL);
    CHECK(parse(arena, nested(arena, JSON_DEPTH_MAX + 1, "1"), &err) == NULL);
    CHECK(text_has(err.text, "nested too deeply"));
    CHECK(parse(arena, nested(arena, 100000, "1"), &err) == NULL);
}

static void test_walking(struct arena *arena)
{
    const struct json *json = parse(
        arena,
        "{\"head\":{\"sha\":\"9f1c\",\"n\":null},\"items\":[{\"id\":7},{\"id\":8.0}],\"a.b\":true,"
        "\"real\":1.5,\"big\":1e300}",
        NULL);

    CHECK_STR(json_string(json, "head.sha", NULL), "9f1c");
    CHECK_STR(json_string(json, "head.nothing", "none"), "none");
    CHECK_STR(json_string(json, "head", "none"), "none");
    CHECK_STR(json_string(json, "head.n", "none"), "none");
    CHECK_INT(json_integer(json, "items.0.id", -1), 7);
    CHECK_INT(json_integer(json, "items.1.id", -1), 8);
    CHECK_INT(json_integer(json, "items.2.id", -1), -1);
    CHECK_INT(json_integer(json, "items.x.id", -1), -1);
    CHECK_INT(json_integer(json, "real", -1), -1);
    CHECK_INT(json_integer(json, "big", -1), -1);
    CHECK(fabs(json_number(json, "items.0.id", 0) - 7) < 1e-12);
    CHECK(fabs(json_number(json, "real", 0) - 1.5) < 1e-12);
    CHECK(fabs(json_number(json, "head.sha", 3) - 3) < 1e-12);
    CHECK(json_boolean(json_member(json, "a.b"), "", false));
    CHECK(json_get(json, "a.b") == NULL);
    CHECK(json_get(json, "") == json);
    CHECK(json_get(NULL, "a") == NULL);
    CHECK(json_member(json_get(json, "items"), "id") == NULL);
    CHECK_INT(json_count(json), 5);
    CHECK_INT(json_count(json_get(json, "items")), 2);
    CHECK_INT(json_count(json_get(json, "real")), 0);
    CHECK_INT(json_integer(json_at(json_get(json, "items"), 1), "id", 0), 8);
    CHECK(json_at(json, 0) == json_get(json, "head"));
    CHECK(json_at(json, 5) == NULL);
    CHECK(json_is(json_get(json, "head.n"), JSON_NULL));
    CHECK(!json_is(NULL, JSON_NULL));
}

static void test_making(struct arena *arena)
{
    const char *nothing = NULL;
    const struct json *body =
        OBJECT(arena, { "channel", V("C1") }, { "thread_ts", V(nothing) }, { "n", V(412) },
               { "big", V(LLONG_MIN) }, { "yes", V((bool)true) }, { "half", V(0.5) },
               { "blocks", V(ARRAY(arena, V("a"), V(nothing), json_null(), V(1L))) });

    CHECK_STR(json_print(arena, body),
              "{\"channel\":\"C1\",\"n\":412,\"big\":-9223372036854775808,"
              "\"yes\":true,\"half\":0.5,\"blocks\":[\"a\",null,1]}");
    CHECK(json_get(body, "thread_ts") == NULL);
    CHECK_STR(json_print(arena, json_new_object(arena, NULL, 0)), "{}");
    CHECK_STR(json_print(arena, json_new_array(arena, NULL, 0)), "[]");
    CHECK_STR(json_print(arena, NULL), "null");

    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);
    struct json_builder *object = json_builder_new(arena, JSON_OBJECT);
    for (int i = 0; i < 20; i++) {
        json_builder_add(list, NULL, V(i));
        json_builder_add(object, arena_printf(arena, "k%d", i), i % 7 == 0 ? V(i) : V(nothing));
    }
    CHECK_STR(json_print(arena, json_builder_done(list)),
              "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19]");
    CHECK_STR(json_print(arena, json_builder_done(object)), "{\"k0\":0,\"k7\":7,\"k14\":14}");
}

static void test_copy(void)
{
    AUTO(arena) struct arena *kept = arena_new();
    struct arena *passing = arena_new();
    const struct json *json =
        parse(passing, "{\"a\":[\"x\",{\"b\":1.5}],\"c\":null,\"d\":\"\"}", NULL);

    const struct json *copy = json_copy(kept, json);
    arena_free(passing);
    CHECK_STR(json_print(kept, copy), "{\"a\":[\"x\",{\"b\":1.5}],\"c\":null,\"d\":\"\"}");
    CHECK(json_copy(kept, NULL) == NULL);
}

static void test_strings(struct arena *arena)
{
    static const struct {
        const char *string, *printed;
    } rows[] = {
        { "\b\t\n\f\r\"\\", "\"\\b\\t\\n\\f\\r\\\"\\\\\"" },
        { "\x01\x1F\x7F", "\"\\u0001\\u001f\x7F\"" },
        { "</script>", "\"</script>\"" },
        { "caf\xC3\xA9", "\"caf\xC3\xA9\"" },
        { "bad\xFF", "\"bad\xEF\xBF\xBD\"" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json value = V(rows[i].string);
        tap_case("row %zu", i);
        CHECK_STR(json_print(arena, &value), rows[i].printed);
    }
}

/* Among them the values of RFC 8785, appendix B. */
static void test_numbers(struct arena *arena)
{
    static const struct {
        double value;
        const char *printed;
    } rows[] = {
        { 0.0, "0" },
        { -0.0, "0" },
        { 4.9406564584124654e-324, "5e-324" },
        { -4.9406564584124654e-324, "-5e-324" },
        { 1.7976931348623157e308, "1.7976931348623157e+308" },
        { 9007199254740992.0, "9007199254740992" },
        { -9007199254740992.0, "-9007199254740992" },
        { 295147905179352830000.0, "2.9514790517935283e+20" },
        { 9.999999999999997e22, "9.999999999999997e+22" },
        { 1e23, "1e+23" },
        { 1.0000000000000001e23, "1.0000000000000001e+23" },
        { 999999999999999900.0, "999999999999999900" },
        { 1e18, "1e+18" },
        { 1e21, "1e+21" },
        { 9.999999999999997e-7, "9.999999999999997e-7" },
        { 0.000001, "0.000001" },
        { 333333333.3333332, "333333333.3333332" },
        { 333333333.33333325, "333333333.33333325" },
        { 0.1, "0.1" },
        { -1.5, "-1.5" },
        { 100, "100" },
        { 123.456, "123.456" },
        { 1424953923781206.2, "1424953923781206.2" },
        { (double)INFINITY, "null" },
        { (double)NAN, "null" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json value = { .kind = JSON_REAL, .as.real = rows[i].value };
        tap_case("row %zu", i);
        CHECK_STR(json_canonical(arena, &value), rows[i].printed);
    }
    CHECK_INT(V((double)NAN).kind, JSON_NULL);
}

int main(void)
{
    AUTO(arena) struct arena *arena = arena_new();

    test_accepted(arena);
    test_refused(arena);
    test_depth(arena);
    test_walking(arena);
    test_making(arena);
    test_copy();
    test_strings(arena);
    test_numbers(arena);
    return tap_done();
}
