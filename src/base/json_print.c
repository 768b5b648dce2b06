/* Writing JSON: as the tree stands, or in one canonical form. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

struct printer {
    struct text text;
    bool canonical;
};

static void print_value(struct printer *printer, const struct json *json);

static void print_escaped(struct text *text, unsigned char c)
{
    static const char short_forms[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                        ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\' };
    char form = c < sizeof(short_forms) ? short_forms[c] : '\0';

    if (form != '\0') {
        text_add_char(text, '\\');
        text_add_char(text, form);
    } else {
        text_addf(text, "\\u%04x", c);
    }
}

static bool is_escaped(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

/* What is not UTF-8 is repaired here, so that the output always is. */
static void print_string(struct printer *printer, const char *string)
{
    size_t length = strlen(string);

    if (!utf8_is_valid(string, length)) {
        string = utf8_repair(printer->text.arena, string, length);
        length = strlen(string);
    }
    text_add_char(&printer->text, '"');
    for (size_t start = 0; start < length;) {
        size_t end = start;
        while (end < length && !is_escaped((unsigned char)string[end]))
            end++;
        text_add_n(&printer->text, string + start, end - start);
        if (end < length)
            print_escaped(&printer->text, (unsigned char)string[end++]);
        start = end;
    }
    text_add_char(&printer->text, '"');
}

/* A positive number: 0.DIGITS times ten to the power of point. */
struct decimal {
    char digits[24];
    int count;
    int point;
};

static bool reads_back(const char *text, double value)
{
    double back = 0;

    return text_to_number(text, &back) && !(back < value) && !(back > value);
}

/* The fewest digits that read back as the same number. */
static struct decimal shortest_decimal(double value)
{
    struct decimal decimal = { .count = 0 };
    char text[40] = ""; /* d.ddde+xx */
    long long exponent = 0;

    for (int precision = 0; precision <= 16; precision++) {
        snprintf(text, sizeof(text), "%.*e", precision, value);
        if (reads_back(text, value))
            break;
    }
    size_t mantissa = strcspn(text, "e");
    for (size_t i = 0; i < mantissa; i++) {
        if (text[i] != '.')
            decimal.digits[decimal.count++] = text[i];
    }
    text_to_integer(text + mantissa + 2, &exponent);
    decimal.point = (int)(text[mantissa + 1] == '-' ? -exponent : exponent) + 1;
    return decimal;
}

static void add_zeros(struct text *text, int count)
{
    for (int i = 0; i < count; i++)
        text_add_char(text, '0');
}

static void print_with_exponent(struct text *text, const struct decimal *decimal)
{
    text_add_char(text, decimal->digits[0]);
    if (decimal->count > 1)
        text_addf(text, ".%s", decimal->digits + 1);
    text_addf(text, "e%+d", decimal->point - 1);
}

/* As ECMAScript prints numbers (RFC 8785, section 3.2.2.3) with an exponent below 1e-6 and from 1e18 on; there it
 * is from 1e21 on, but whole numbers of more digits would not be read back. */
static void print_real(struct text *text, double value)
{
    if (!isfinite(value)) {
        text_add(text, "null");
        return;
    }
    if (!(value < 0) && !(value > 0)) {
        text_add(text, "0");
        return;
    }
    struct decimal decimal = shortest_decimal(fabs(value));
    if (value < 0)
        text_add_char(text, '-');
    if (decimal.point > 18 || decimal.point <= -6) {
        print_with_exponent(text, &decimal);
    } else if (decimal.point <= 0) {
        text_add(text, "0.");
        add_zeros(text, -decimal.point);
        text_add(text, decimal.digits);
    } else if (decimal.point >= decimal.count) {
        text_add(text, decimal.digits);
        add_zeros(text, decimal.point - decimal.count);
    } else {
        text_addf(text, "%.*s.%s", decimal.point, decimal.digits,
                  decimal.digits + decimal.point);
    }
}

static void print_array(struct printer *printer, const struct json *json)
{
    text_add_char(&printer->text, '[');
    for (size_t i = 0; i < json->as.array.count; i++) {
        if (i > 0)
            text_add_char(&printer->text, ',');
        print_value(printer, &json->as.array.items[i]);
    }
    text_add_char(&printer->text, ']');
}

static int by_key(const void *a, const void *b)
{
    const struct json_member *const *first = a, *const *second = b;

    return strcmp((*first)->key, (*second)->key);
}

/* The members that are there, in the order in which they are printed. */
static const struct json_member **ordered(struct printer *printer, const struct json *json,
                                          size_t *count)
{
    const struct json_member **members =
        ARENA_ARRAY(printer->text.arena, const struct json_member *, json->as.object.count);

    *count = 0;
    for (size_t i = 0; i < json->as.object.count; i++) {
        const struct json_member *member = &json->as.object.members[i];
        if (member->value.kind != JSON_ABSENT)
            members[(*count)++] = member;
    }
    if (printer->canonical && *count > 1)
        qsort(members, *count, sizeof(const struct json_member *), by_key);
    return members;
}

static void print_object(struct printer *printer, const struct json *json)
{
    size_t count = 0;
    const struct json_member **members = ordered(printer, json, &count);

    text_add_char(&printer->text, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_add_char(&printer->text, ',');
        print_string(printer, members[i]->key);
        text_add_char(&printer->text, ':');
        print_value(printer, &members[i]->value);
    }
    text_add_char(&printer->text, '}');
}

static void print_value(struct printer *printer, const struct json *json)
{
    switch (json->kind) {
    case JSON_ABSENT:
    case JSON_NULL:
        text_add(&printer->text, "null");
        return;
    case JSON_BOOLEAN:
        text_add(&printer->text, json->as.boolean ? "true" : "false");
        return;
    case JSON_INTEGER:
        text_addf(&printer->text, "%lld", json->as.integer);
        return;
    case JSON_REAL:
        print_real(&printer->text, json->as.real);
        return;
    case JSON_STRING:
        print_string(printer, json->as.string);
        return;
    case JSON_ARRAY:
        print_array(printer, json);
        return;
    case JSON_OBJECT:
        print_object(printer, json);
        return;
    }
}

static const char *print(struct arena *arena, const struct json *json, bool canonical)
{
    struct printer printer = { .text = text_new(arena, (size_t)-1), .canonical = canonical };

    if (json == NULL)
        return "null";
    print_value(&printer, json);
    return text_string(&printer.text);
}

const char *json_print(struct arena *arena, const struct json *json)
{
    return print(arena, json, false);
}

const char *json_canonical(struct arena *arena, const struct json *json)
{
    return print(arena, json, true);
}
