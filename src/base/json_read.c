/*
 * Reading JSON.  A pass over the text checks what json-c lets through (control characters, NaN, numbers in other
 * spellings, NUL) and counts members; json-c then reads it and the result is copied into an arena.  Where the
 * tree has fewer members than the text, a key stood twice in one object.
 */
#include <json-c/json_object_iterator.h>
#include <json-c/json_tokener.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/json.h"

struct scan {
    const char *text;
    size_t length, at;
    size_t members;
    unsigned depth;
    const char *fault; /* what is wrong at .at */
};

static bool fail(struct scan *scan, size_t at, const char *fault)
{
    scan->at = at;
    scan->fault = fault;
    return false;
}

static char peek(const struct scan *scan, size_t at)
{
    return at < scan->length ? scan->text[at] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool scan_escape(struct scan *scan)
{
    char c = peek(scan, scan->at + 1);

    if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
        return fail(scan, scan->at, "unknown escape in a string");
    scan->at += 2;
    if (c != 'u')
        return true;
    for (size_t i = 0; i < 4; i++) {
        if (!is_hex(peek(scan, scan->at + i)))
            return fail(scan, scan->at, "\\u needs four hexadecimal digits");
    }
    if (memcmp(scan->text + scan->at, "0000", 4) == 0)
        return fail(scan, scan->at - 2, "NUL characters (\\u0000) are not accepted");
    scan->at += 4;
    return true;
}

static bool scan_string(struct scan *scan)
{
    size_t start = scan->at++;

    while (scan->at < scan->length) {
        unsigned char c = (unsigned char)scan->text[scan->at];
        if (c == '"') {
            scan->at++;
            return true;
        }
        if (c < 0x20)
            return fail(scan, scan->at, "control character in a string");
        if (c != '\\')
            scan->at++;
        else if (!scan_escape(scan))
            return false;
    }
    return fail(scan, start, "string without an end");
}

static void skip_digits(struct scan *scan)
{
    while (is_digit(peek(scan, scan->at)))
        scan->at++;
}

/* json-c would take the nearest it can hold without a word. */
static bool is_in_range(const char *digits, size_t count, bool negative)
{
    const unsigned long long limit = negative ? (unsigned long long)LLONG_MAX + 1 : ULLONG_MAX;
    unsigned long long value = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned digit = (unsigned)(digits[i] - '0');
        if (value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    return true;
}

static bool scan_fraction(struct scan *scan)
{
    size_t start = scan->at;

    if (peek(scan, scan->at) == '.') {
        if (!is_digit(peek(scan, ++scan->at)))
            return fail(scan, start, "number without digits after the point");
        skip_digits(scan);
    }
    if (peek(scan, scan->at) == 'e' || peek(scan, scan->at) == 'E') {
        scan->at++;
        if (peek(scan, scan->at) == '+' || peek(scan, scan->at) == '-')
            scan->at++;
        if (!is_digit(peek(scan, scan->at)))
            return fail(scan, start, "number without digits in its exponent");
        skip_digits(scan);
    }
    return true;
}

static bool scan_number(struct scan *scan)
{
    size_t start = scan->at;
    bool negative = peek(scan, start) == '-';
    size_t first = negative ? start + 1 : start;

    scan->at = first;
    if (!is_digit(peek(scan, first)))
        return fail(scan, start, "unexpected character");
    if (peek(scan, first) == '0' && is_digit(peek(scan, first + 1)))
        return fail(scan, start, "number with a leading zero");
    skip_digits(scan);
    char next = peek(scan, scan->at);
    if (next == '.' || next == 'e' || next == 'E')
        return scan_fraction(scan);
    if (!is_in_range(scan->text + first, scan->at - first, negative))
        return fail(scan, start, "number out of range");
    return true;
}

static bool scan_word(struct scan *scan)
{
    static const char *const words[] = { "true", "false", "null" };

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        size_t length = strlen(words[i]);
        if (scan->length - scan->at >= length &&
            memcmp(scan->text + scan->at, words[i], length) == 0) {
            scan->at += length;
            return true;
        }
    }
    return fail(scan, scan->at, "unexpected character");
}

static bool scan_token(struct scan *scan)
{
    switch (scan->text[scan->at]) {
    case '"':
        return scan_string(scan);
    case '{':
    case '[':
        if (++scan->depth > JSON_DEPTH_MAX)
            return fail(scan, scan->at, "nested too deeply");
        scan->at++;
        return true;
    case '}':
    case ']':
        scan->depth -= scan->depth > 0;
        scan->at++;
        return true;
    case ':':
        scan->members++;
        scan->at++;
        return true;
    case ',':
    case ' ':
    case '\t':
    case '\n':
    case '\r':
        scan->at++;
        return true;
    case 't':
    case 'f':
    case 'n':
        return scan_word(scan);
    default:
        return scan_number(scan);
    }
}

static bool scan_all(struct scan *scan)
{
    while (scan->at < scan->length) {
        if (!scan_token(scan))
            return false;
    }
    return true;
}

static void set_fault(struct error *err, const char *text, size_t at, const char *fault)
{
    size_t line = 1, column = 1;

    for (size_t i = 0; i < at; i++) {
        column = text[i] == '\n' ? 1 : column + 1;
        line += text[i] == '\n';
    }
    error_set(err, ERROR_INVALID, "not valid JSON at line %zu, column %zu: %s", line, column,
              fault);
}

static const char *fault_of(enum json_tokener_error code)
{
    if (code == json_tokener_error_parse_number)
        return "number out of range";
    if (code == json_tokener_error_parse_array)
        return "expected a comma or ] in the list";
    if (code == json_tokener_error_parse_object_key_name)
        return "expected a key in double quotes";
    if (code == json_tokener_error_parse_object_key_sep)
        return "expected a colon after the key";
    if (code == json_tokener_error_parse_object_value_sep)
        return "expected a comma or } in the object";
    return "unexpected character";
}

/* The end of the text is given as a NUL: only then is a number at the top known to be complete. */
static json_object *parse_to_end(json_tokener *tokener, const char *text, size_t length,
                                 size_t *at)
{
    json_object *root = json_tokener_parse_ex(tokener, text, (int)length);

    *at = json_tokener_get_parse_end(tokener);
    if (json_tokener_get_error(tokener) == json_tokener_continue) {
        root = json_tokener_parse_ex(tokener, "", 1);
        *at = length;
    }
    while (*at < length && strchr(" \t\r\n", text[*at]) != NULL)
        (*at)++;
    return root;
}

static int parse_with_library(const char *text, size_t length, json_object **root,
                              struct error *err)
{
    json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
    const char *fault = NULL;
    size_t at = 0;

    ASSERT(tokener != NULL);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    *root = parse_to_end(tokener, text, length, &at);
    enum json_tokener_error code = json_tokener_get_error(tokener);
    json_tokener_free(tokener);
    if (code == json_tokener_continue || code == json_tokener_error_parse_eof)
        fault = "the text ends too early";
    else if (code != json_tokener_success)
        fault = fault_of(code);
    else if (at < length)
        fault = "more text after the value";
    if (fault == NULL)
        return 0;
    json_object_put(*root);
    set_fault(err, text, at < length ? at : length, fault);
    return -1;
}

struct conversion {
    struct arena *arena;
    size_t members;
    bool too_large; /* a number beyond a double */
};

static void convert(struct conversion *conversion, json_object *from, struct json *to);

static void convert_array(struct conversion *conversion, json_object *from, struct json *to)
{
    size_t count = json_object_array_length(from);
    struct json *items = ARENA_ARRAY(conversion->arena, struct json, count);

    for (size_t i = 0; i < count; i++)
        convert(conversion, json_object_array_get_idx(from, i), &items[i]);
    to->kind = JSON_ARRAY;
    to->as.array.items = items;
    to->as.array.count = count;
}

static void convert_object(struct conversion *conversion, json_object *from, struct json *to)
{
    size_t count = (size_t)json_object_object_length(from);
    struct json_member *members = ARENA_ARRAY(conversion->arena, struct json_member, count);
    struct json_object_iterator at = json_object_iter_begin(from);
    struct json_object_iterator end = json_object_iter_end(from);
    size_t i = 0;

    for (; i < count && !json_object_iter_equal(&at, &end); i++) {
        members[i].key = arena_copy(conversion->arena, json_object_iter_peek_name(&at));
        convert(conversion, json_object_iter_peek_value(&at), &members[i].value);
        json_object_iter_next(&at);
    }
    conversion->members += i;
    to->kind = JSON_OBJECT;
    to->as.object.members = members;
    to->as.object.count = i;
}

/* json-c keeps what is above INT64_MAX as unsigned; the nearest double is what JavaScript would see. */
static struct json convert_integer(json_object *from)
{
    unsigned long long large = json_object_get_uint64(from);

    if (large > (unsigned long long)LLONG_MAX)
        return json_from_number((double)large);
    return json_from_integer(json_object_get_int64(from));
}

static void convert(struct conversion *conversion, json_object *from, struct json *to)
{
    switch (json_object_get_type(from)) {
    case json_type_null:
        *to = json_null();
        return;
    case json_type_boolean:
        *to = json_from_boolean(json_object_get_boolean(from) != 0);
        return;
    case json_type_int:
        *to = convert_integer(from);
        return;
    case json_type_double:
        *to = json_from_number(json_object_get_double(from));
        conversion->too_large |= to->kind == JSON_NULL;
        return;
    case json_type_string:
        *to = json_from_string(arena_copy_n(conversion->arena, json_object_get_string(from),
                                            (size_t)json_object_get_string_len(from)));
        return;
    case json_type_array:
        convert_array(conversion, from, to);
        return;
    case json_type_object:
        convert_object(conversion, from, to);
        return;
    }
}

/* Everything json-c does not look at. */
static int check(struct scan *scan, struct error *err)
{
    if (scan->length == 0 || scan->text == NULL)
        return error_set(err, ERROR_INVALID, "not valid JSON: the text is empty");
    if (scan->length > JSON_BYTES_MAX)
        return error_set(err, ERROR_INVALID, "JSON of %zu bytes is over the limit of %d",
                         scan->length, JSON_BYTES_MAX);
    if (!utf8_is_valid(scan->text, scan->length))
        return error_set(err, ERROR_INVALID, "not valid JSON: the text is not valid UTF-8");
    if (!scan_all(scan)) {
        set_fault(err, scan->text, scan->at, scan->fault);
        return -1;
    }
    return 0;
}

const struct json *json_parse(struct arena *arena, const char *text, size_t length,
                              struct error *err)
{
    struct scan scan = { .text = text, .length = length };
    struct conversion conversion = { .arena = arena };
    json_object *root = NULL; /* stays NULL for the text "null" */

    if (check(&scan, err) < 0 || parse_with_library(text, length, &root, err) < 0)
        return NULL;
    struct json *json = ARENA_NEW(arena, struct json);
    convert(&conversion, root, json);
    json_object_put(root);
    if (conversion.too_large) {
        error_set(err, ERROR_INVALID, "a number in the JSON is out of range");
        return NULL;
    }
    if (conversion.members != scan.members) {
        error_set(err, ERROR_INVALID, "a key stands twice in one object of the JSON");
        return NULL;
    }
    return json;
}
