/* Strings: slices, the builder, comparisons, patterns, numbers and near names. */
#include "base/text.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct span span_of(const char *string)
{
    return (struct span){ .start = string != NULL ? string : "",
                          .length = string != NULL ? strlen(string) : 0 };
}

struct span span_trim(struct span span)
{
    while (span.length > 0 && is_space(span.start[0])) {
        span.start++;
        span.length--;
    }
    while (span.length > 0 && is_space(span.start[span.length - 1]))
        span.length--;
    return span;
}

bool span_is(struct span span, const char *string)
{
    size_t length = string != NULL ? strlen(string) : 0;

    return span.length == length && (length == 0 || memcmp(span.start, string, length) == 0);
}

char *span_copy(struct arena *arena, struct span span)
{
    return arena_copy_n(arena, span.length > 0 ? span.start : "", span.length);
}

bool span_split(struct span *rest, char separator, struct span *piece)
{
    if (rest->length == 0)
        return false;
    const char *end = memchr(rest->start, separator, rest->length);
    piece->start = rest->start;
    piece->length = end != NULL ? (size_t)(end - rest->start) : rest->length;
    size_t taken = piece->length + (end != NULL ? 1 : 0);
    rest->start += taken;
    rest->length -= taken;
    return true;
}

struct text text_new(struct arena *arena, size_t limit_bytes)
{
    return (struct text){ .arena = arena, .limit_bytes = limit_bytes };
}

static void reserve(struct text *text, size_t more)
{
    size_t needed = text->length + more + 1;
    size_t capacity = text->capacity < 64 ? 64 : text->capacity;

    if (needed <= text->capacity)
        return;
    while (capacity < needed)
        capacity *= 2;
    char *grown = arena_alloc(text->arena, capacity);
    if (text->length > 0)
        memcpy(grown, text->start, text->length);
    text->start = grown;
    text->capacity = capacity;
}

void text_add_n(struct text *text, const char *bytes, size_t length)
{
    size_t room = text->limit_bytes - text->length;

    if (text->truncated || length == 0)
        return;
    if (length > room) {
        length = utf8_cut_length(bytes, length, room);
        text->truncated = true;
    }
    reserve(text, length);
    memcpy(text->start + text->length, bytes, length);
    text->length += length;
    text->start[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
    if (string != NULL)
        text_add_n(text, string, strlen(string));
}

void text_add_char(struct text *text, char c)
{
    text_add_n(text, &c, 1);
}

static PRINTF(2, 0) void add_values(struct text *text, const char *format, va_list values)
{
    char small[256];
    va_list again;

    va_copy(again, values);
    int length = vsnprintf(small, sizeof(small), format, values);
    ASSERT(length >= 0);
    if ((size_t)length < sizeof(small))
        text_add_n(text, small, (size_t)length);
    else
        text_add_n(text, arena_vprintf(text->arena, format, again), (size_t)length);
    va_end(again);
}

void text_addf(struct text *text, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    add_values(text, format, values);
    va_end(values);
}

const char *text_string(const struct text *text)
{
    return text->start != NULL ? text->start : "";
}

static const char *or_empty(const char *string)
{
    return string != NULL ? string : "";
}

bool text_is(const char *a, const char *b)
{
    return strcmp(or_empty(a), or_empty(b)) == 0;
}

bool text_is_nocase(const char *a, const char *b)
{
    a = or_empty(a);
    b = or_empty(b);
    while (*a != '\0' && to_lower(*a) == to_lower(*b)) {
        a++;
        b++;
    }
    return to_lower(*a) == to_lower(*b);
}

bool text_is_empty(const char *string)
{
    return string == NULL || string[0] == '\0';
}

bool text_starts(const char *string, const char *prefix)
{
    prefix = or_empty(prefix);
    return strncmp(or_empty(string), prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *string, const char *suffix)
{
    struct span whole = span_of(string), end = span_of(suffix);

    return whole.length >= end.length &&
           memcmp(whole.start + whole.length - end.length, end.start, end.length) == 0;
}

bool text_has(const char *string, const char *part)
{
    return strstr(or_empty(string), or_empty(part)) != NULL;
}

/*
 * The pieces between the stars are looked for from left to right, each at its first place: that is enough,
 * since a star takes whatever lies between, and memmem() is linear.
 */
bool text_matches(const char *string, const char *pattern)
{
    struct span rest = span_of(string), stars = span_of(pattern);
    const char *star = memchr(stars.start, '*', stars.length);

    if (star == NULL)
        return text_is(string, pattern);
    size_t head = (size_t)(star - stars.start);
    if (rest.length < head || memcmp(rest.start, stars.start, head) != 0)
        return false;
    rest.start += head;
    rest.length -= head;
    const char *at = star + 1;
    const char *next;
    while ((next = strchr(at, '*')) != NULL) {
        size_t length = (size_t)(next - at);
        const char *found = memmem(rest.start, rest.length, at, length);
        if (found == NULL)
            return false;
        rest.length -= (size_t)(found - rest.start) + length;
        rest.start = found + length;
        at = next + 1;
    }
    size_t tail = strlen(at);
    return rest.length >= tail && memcmp(rest.start + rest.length - tail, at, tail) == 0;
}

bool text_to_integer(const char *string, long long *out)
{
    const char *at = or_empty(string);
    bool negative = *at == '-';
    long long value = 0; /* kept negative: LLONG_MIN has no positive counterpart */

    if (negative)
        at++;
    if (!is_digit(*at))
        return false;
    for (; is_digit(*at); at++) {
        int digit = *at - '0';
        if (value < (LLONG_MIN + digit) / 10)
            return false;
        value = value * 10 - digit;
    }
    if (*at != '\0' || (!negative && value == LLONG_MIN))
        return false;
    *out = negative ? value : -value;
    return true;
}

static const char *skip_digits(const char *at)
{
    while (is_digit(*at))
        at++;
    return at;
}

/* -12, 12.5, 12.5e-3: digits on both sides of a point. */
static bool is_decimal(const char *at)
{
    if (*at == '-')
        at++;
    if (!is_digit(*at))
        return false;
    at = skip_digits(at);
    if (*at == '.') {
        if (!is_digit(at[1]))
            return false;
        at = skip_digits(at + 1);
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        if (*at == '+' || *at == '-')
            at++;
        if (!is_digit(*at))
            return false;
        at = skip_digits(at);
    }
    return *at == '\0';
}

bool text_to_number(const char *string, double *out)
{
    if (!is_decimal(or_empty(string)))
        return false;
    double value = strtod(string, NULL);
    if (!isfinite(value))
        return false;
    *out = value;
    return true;
}

bool text_to_boolean(const char *string, bool *out)
{
    static const char *const yes[] = { "true", "yes", "on", "1" };
    static const char *const no[] = { "false", "no", "off", "0" };

    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        bool is_yes = text_is_nocase(string, yes[i]);
        if (is_yes || text_is_nocase(string, no[i])) {
            *out = is_yes;
            return true;
        }
    }
    return false;
}

/* Units go from greater to smaller, each once. */
static long long unit_seconds(char unit)
{
    switch (unit) {
    case 'w':
        return 7LL * 24 * 3600;
    case 'd':
        return 24LL * 3600;
    case 'h':
        return 3600;
    case 'm':
        return 60;
    case 's':
        return 1;
    default:
        return 0;
    }
}

bool text_to_duration(const char *string, long long *seconds)
{
    const char *at = or_empty(string);
    long long sum = 0, last_unit = LLONG_MAX;

    if (is_digit(*at) && text_to_integer(at, seconds))
        return true;
    if (*at == '\0')
        return false;
    while (*at != '\0') {
        long long value = 0;
        size_t digits = (size_t)(skip_digits(at) - at);
        if (digits == 0 || digits > 11)
            return false;
        for (size_t i = 0; i < digits; i++)
            value = value * 10 + (at[i] - '0');
        long long unit = unit_seconds(at[digits]);
        if (unit == 0 || unit >= last_unit)
            return false;
        sum += value * unit;
        last_unit = unit;
        at += digits + 1;
    }
    *seconds = sum;
    return true;
}

enum {
    NEAR_BYTES = 64
};

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Edits (insert, remove, replace, swap two neighbours) from a to b, both at most NEAR_BYTES long. */
static unsigned distance(struct span a, struct span b)
{
    unsigned rows[3][NEAR_BYTES + 1];

    for (unsigned j = 0; j <= b.length; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a.length; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i - 1) % 3];
        const unsigned *two_above = rows[(i + 1) % 3];
        char c = to_lower(a.start[i - 1]);
        row[0] = i;
        for (unsigned j = 1; j <= b.length; j++) {
            char d = to_lower(b.start[j - 1]);
            row[j] = least(above[j - 1] + (c != d), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && c == to_lower(b.start[j - 2]) &&
                d == to_lower(a.start[i - 2]))
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a.length % 3][b.length];
}

const char *text_nearest(const char *word, const char *const *names, size_t count)
{
    struct span wanted = span_of(word);
    const char *nearest = NULL;
    size_t limit = wanted.length < 6 ? 1 : wanted.length / 3;

    if (wanted.length == 0 || wanted.length > NEAR_BYTES)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        struct span name = span_of(names[i]);
        if (name.length == 0 || name.length > NEAR_BYTES)
            continue;
        size_t edits = distance(wanted, name);
        /* As many edits as letters would make any word of any other. */
        if (edits > limit || edits >= wanted.length)
            continue;
        nearest = names[i];
        if (edits == 0)
            break;
        limit = edits - 1;
    }
    return nearest;
}
