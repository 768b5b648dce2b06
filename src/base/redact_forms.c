/* The forms in which a secret value could stand in a text: encoded, escaped, or one of its lines. */
#include "base/redact_forms.h"

#include <stdint.h>
#include <string.h>

#include "base/hash.h"
#include "base/redact.h"
#include "base/template.h"

struct forms {
    struct arena *arena;
    void (*add)(void *context, struct span form);
    void *context;
};

static void add_form(const struct forms *forms, const char *form)
{
    forms->add(forms->context, span_of(form));
}

static char *replace(struct arena *arena, const char *string, const char *from, const char *to)
{
    struct text out = text_new(arena, SIZE_MAX);

    for (const char *at = string; *at != '\0';) {
        if (text_starts(at, from)) {
            text_add(&out, to);
            at += strlen(from);
        } else {
            text_add_char(&out, *at++);
        }
    }
    return arena_copy(arena, text_string(&out));
}

/*
 * Base64 of something that holds the value: before it stand 0, 1 or 2 bytes of a group of three.  Characters that
 * also depend on what stands before or behind are left out.
 */
static void add_base64(const struct forms *forms, struct span value)
{
    char *padded = arena_alloc(forms->arena, value.length + 2);

    memcpy(padded + 2, value.start, value.length);
    for (size_t before = 0; before < 3; before++) {
        size_t length = before + value.length;
        size_t first = (before * 8 + 5) / 6;
        size_t count = length * 8 / 6 - first;
        const char *standard = base64_print(forms->arena, padded + 2 - before, length);
        const char *url = base64url_print(forms->arena, padded + 2 - before, length);

        forms->add(forms->context, (struct span){ .start = standard + first, .length = count });
        forms->add(forms->context, (struct span){ .start = url + first, .length = count });
    }
}

static void add_hex(const struct forms *forms, struct span value)
{
    char *hex = hex_print(forms->arena, value.start, value.length);

    add_form(forms, hex);
    for (char *at = hex; *at != '\0'; at++)
        if (*at >= 'a')
            *at = (char)(*at - 'a' + 'A');
    add_form(forms, hex);
}

/* Percent-encoding with %2f for %2F. */
static char *url_lower(struct arena *arena, const char *encoded)
{
    char *lower = arena_copy(arena, encoded);

    for (char *at = strchr(lower, '%'); at != NULL; at = strchr(at + 1, '%')) {
        for (int i = 1; i <= 2; i++)
            if (at[i] >= 'A')
                at[i] = (char)(at[i] - 'A' + 'a');
    }
    return lower;
}

/* What JavaScript's encodeURIComponent() leaves as it is. */
static char *url_browser(struct arena *arena, const char *encoded)
{
    static const char *const kept[][2] = {
        { "%21", "!" }, { "%27", "'" }, { "%28", "(" }, { "%29", ")" }, { "%2A", "*" },
    };
    char *browser = arena_copy(arena, encoded);

    for (size_t i = 0; i < COUNT_OF(kept); i++)
        browser = replace(arena, browser, kept[i][0], kept[i][1]);
    return browser;
}

static void add_url(const struct forms *forms, const char *value)
{
    const char *encoded = url_encode(forms->arena, value);

    add_form(forms, encoded);
    add_form(forms, url_lower(forms->arena, encoded));
    add_form(forms, url_browser(forms->arena, encoded));
    add_form(forms, replace(forms->arena, encoded, "%20", "+"));
}

static void add_json(const struct forms *forms, const char *value)
{
    struct text escaped = text_new(forms->arena, SIZE_MAX);

    template_escape_json(&escaped, value);
    add_form(forms, text_string(&escaped));
    add_form(forms, replace(forms->arena, text_string(&escaped), "/", "\\/"));
}

static void add_forms(const struct forms *forms, struct span value)
{
    const char *string = span_copy(forms->arena, value);

    forms->add(forms->context, value);
    add_base64(forms, value);
    add_hex(forms, value);
    if (strlen(string) < value.length)
        return; /* has a zero byte: no text, URL or JSON string can hold it */
    add_url(forms, string);
    add_json(forms, string);
}

/*
 * The next line of *rest.  The two characters \n end one too: keys stand like that inside JSON and in .env files.
 */
static struct span take_line(struct span *rest)
{
    struct span line = { .start = rest->start };
    size_t end_bytes = 0;

    for (size_t i = 0; i < rest->length && end_bytes == 0; i++) {
        if (rest->start[i] == '\n')
            end_bytes = 1;
        else if (rest->start[i] == '\\' && i + 1 < rest->length && rest->start[i + 1] == 'n')
            end_bytes = 2;
        else
            line.length++;
    }
    rest->start += line.length + end_bytes;
    rest->length -= line.length + end_bytes;
    if (line.length > 0 && line.start[line.length - 1] == '\r')
        line.length--;
    return line;
}

/* "-----BEGIN PRIVATE KEY-----" is no secret, and stands in harmless texts. */
static bool is_pem_border(struct span line)
{
    return line.length >= 5 && memcmp(line.start, "-----", 5) == 0;
}

void redact_forms(struct span value, void (*add)(void *context, struct span form),
                  void *context)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct forms forms = { .arena = arena, .add = add, .context = context };
    struct span rest = value;

    if (value.length < REDACT_MIN_BYTES)
        return;
    add_forms(&forms, value);
    while (rest.length > 0) {
        struct span line = take_line(&rest);

        if (line.length >= REDACT_MIN_BYTES && line.length < value.length &&
            !is_pem_border(line))
            add_forms(&forms, line);
    }
}
