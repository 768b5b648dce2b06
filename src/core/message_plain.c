/* A message as plain text: markup taken out, tables aligned, buttons as lines to type. */
#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "core/message.h"
#include "core/message_table.h"

enum {
    PLAIN_LIMIT_BYTES = 256 * 1024
};

static const char *const state_signs[][2] = {
    { "succeeded", "✓" }, { "failed", "✗" },  { "running", "▸" },
    { "waiting", "·" },   { "skipped", "-" },
};

static const char *state_sign(const char *state)
{
    for (size_t i = 0; i < COUNT_OF(state_signs); i++)
        if (text_is(state_signs[i][0], state))
            return state_signs[i][1];
    return "·";
}

static const char *as_text(struct arena *arena, const struct json *value)
{
    if (value == NULL || json_is(value, JSON_NULL))
        return "";
    return json_is(value, JSON_STRING) ? value->as.string : json_print(arena, value);
}

static void plain_text(struct text *out, const struct json *block)
{
    text_add(out, markup_plain(out->arena, json_string(block, "text", "")));
}

static void plain_code(struct text *out, const struct json *block)
{
    text_add(out, json_string(block, "text", ""));
}

static void plain_facts(struct text *out, const struct json *block)
{
    const struct json *facts = json_get(block, "facts");

    for (size_t i = 0; i < json_count(facts); i++) {
        const struct json *fact = json_at(facts, i);

        text_addf(out, "%s%s: %s", i == 0 ? "" : "\n", json_string(fact, "name", ""),
                  as_text(out->arena, json_get(fact, "value")));
    }
}

static void plain_steps(struct text *out, const struct json *block)
{
    const struct json *steps = json_get(block, "steps");

    for (size_t i = 0; i < json_count(steps); i++) {
        const struct json *step = json_at(steps, i);
        long long duration_ms = json_integer(step, "duration_ms", -1);

        text_addf(out, "%s%s %s", i == 0 ? "" : "  ",
                  state_sign(json_string(step, "state", NULL)), json_string(step, "name", ""));
        if (duration_ms >= 0)
            text_addf(out, " %s", duration_print(out->arena, duration_ms));
    }
}

static void plain_link(struct text *out, const struct json *block)
{
    const char *url = json_string(block, "url", "");
    const char *name = json_string(block, "text", url);

    if (text_is(name, url))
        text_add(out, url);
    else
        text_addf(out, "%s: %s", name, url);
}

static void plain_image(struct text *out, const struct json *block)
{
    text_addf(out, "%s (%s)", json_string(block, "alt", "image"),
              json_string(block, "url", ""));
}

/* "approve 412", or "deny 412 REASON" when a text is asked for first. */
static void add_button_line(struct text *out, const struct json *button)
{
    text_add(out, json_string(button, "line", ""));
    if (json_string(button, "ask", NULL) != NULL) {
        text_add_char(out, ' ');
        for (const char *c = json_string(button, "ask", ""); *c != '\0'; c++)
            text_add_char(out, (char)toupper((unsigned char)*c));
    }
}

static void plain_buttons(struct text *out, const struct json *block)
{
    const struct json *buttons = json_get(block, "buttons");

    for (size_t i = 0; i < json_count(buttons); i++) {
        text_add(out, i == 0 ? "reply: " : ", or ");
        add_button_line(out, json_at(buttons, i));
    }
}

static void plain_form(struct text *out, const struct json *block)
{
    const struct json *fields = json_get(block, "fields");

    for (size_t i = 0; i < json_count(fields); i++) {
        const struct json *field = json_at(fields, i);
        const struct json *choices = json_get(field, "choices");

        text_addf(out, "%s%s: %s", i == 0 ? "" : "\n", json_string(field, "key", ""),
                  json_string(field, "help", ""));
        for (size_t c = 0; c < json_count(choices); c++)
            text_addf(out, "%s%s", c == 0 ? " (" : ", ",
                      as_text(out->arena, json_at(choices, c)));
        if (json_count(choices) > 0)
            text_add_char(out, ')');
    }
}

static const struct {
    const char *kind;
    void (*print)(struct text *out, const struct json *block);
} block_printers[] = {
    { "text", plain_text },   { "code", plain_code },   { "facts", plain_facts },
    { "table", table_print }, { "steps", plain_steps }, { "link", plain_link },
    { "image", plain_image }, { "form", plain_form },   { "buttons", plain_buttons },
};

static const char *block_plain(struct arena *arena, const struct json *block)
{
    struct text out = text_new(arena, PLAIN_LIMIT_BYTES);

    for (size_t i = 0; i < COUNT_OF(block_printers); i++)
        if (text_is(block_printers[i].kind, json_string(block, "kind", NULL)))
            block_printers[i].print(&out, block);
    return text_string(&out);
}

static void add_part(struct text *out, const char *part)
{
    if (text_is_empty(part))
        return;
    if (out->length > 0)
        text_add_char(out, '\n');
    text_add(out, part);
}

const char *message_plain_buttons(struct arena *arena, const struct json *blocks)
{
    struct text out = text_new(arena, PLAIN_LIMIT_BYTES);

    for (size_t i = 0; i < json_count(blocks); i++)
        if (text_is(json_string(json_at(blocks, i), "kind", NULL), "buttons"))
            add_part(&out, block_plain(arena, json_at(blocks, i)));
    return out.length == 0 ? NULL : text_string(&out);
}

const char *message_plain(struct arena *arena, const struct message *message)
{
    struct text out = text_new(arena, PLAIN_LIMIT_BYTES);

    if (!text_is_empty(message->title)) {
        text_add(&out, message->title);
        if (message->job != 0)
            text_addf(&out, "  #%lld", message->job);
    }
    if (message->text != NULL)
        add_part(&out, markup_plain(arena, message->text));
    for (size_t i = 0; i < json_count(message->blocks); i++)
        add_part(&out, block_plain(arena, json_at(message->blocks, i)));
    return text_string(&out);
}
