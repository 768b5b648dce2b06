/*
 * The body of a Slack incoming webhook -> one event: text, attachments and blocks reduced to a title, a text and labels.
 * https://docs.slack.dev/reference/messaging/attachments
 */
#include <string.h>

#include "connectors/webhook/webhook.h"

enum {
    ATTACHMENTS_MAX = 100, /* Slack's limit */
    FIELDS_MAX = 100,
};

struct parts parts_new(struct arena *arena)
{
    return (struct parts){ .arena = arena,
                           .plain = text_new(arena, EVENT_TEXT_BYTES),
                           .markup = text_new(arena, EVENT_TEXT_BYTES) };
}

void parts_add(struct parts *parts, const char *plain, const char *markup)
{
    const char *line_end = parts->plain.length > 0 ? "\n" : "";

    if (text_is_empty(plain))
        return;
    parts->begun = true;
    text_addf(&parts->plain, "%s%s", line_end, plain);
    text_addf(&parts->markup, "%s%s", line_end, markup);
}

void parts_add_mrkdwn(struct parts *parts, const char *text)
{
    parts_add(parts, mrkdwn_plain(parts->arena, text), mrkdwn_markup(parts->arena, text));
}

void parts_add_title(struct parts *parts, const char *title, const char *url)
{
    const char *plain = mrkdwn_plain(parts->arena, title);
    bool is_link = url != NULL && strpbrk(url, "()[]\\ \n") == NULL &&
                   (text_starts(url, "https://") || text_starts(url, "http://"));
    const char *markup;

    if (text_is_empty(plain))
        return;
    if (!parts->begun) {
        parts->begun = true;
        parts->heading = plain;
        parts->heading_url = url;
        return;
    }
    markup = message_escape(parts->arena, plain);
    if (is_link)
        markup = arena_printf(parts->arena, "[%s](%s)", markup, url);
    else if (strchr(plain, '\n') == NULL)
        markup = arena_printf(parts->arena, "*%s*", markup);
    parts_add(parts, markup_plain(parts->arena, markup), markup);
}

/* A payload being read. */
struct payload {
    struct arena *arena;
    struct parts parts;
    struct labels labels;
    const char *color; /* of the first attachment that has one */
    const char *fallback, *footer;
};

static void add_fields(struct payload *payload, const struct json *fields)
{
    for (size_t i = 0; i < json_count(fields) && i < FIELDS_MAX; i++)
        label_add(&payload->labels,
                  mrkdwn_plain(payload->arena, json_string(json_at(fields, i), "title", NULL)),
                  mrkdwn_plain(payload->arena, json_string(json_at(fields, i), "value", NULL)));
}

static void add_attachment(struct payload *payload, const struct json *attachment)
{
    struct parts *parts = &payload->parts;

    if (payload->color == NULL)
        payload->color = json_string(attachment, "color", NULL);
    if (payload->fallback == NULL)
        payload->fallback = json_string(attachment, "fallback", NULL);
    parts_add_mrkdwn(parts, json_string(attachment, "pretext", NULL));
    parts_add_title(parts, json_string(attachment, "title", NULL),
                    json_string(attachment, "title_link", NULL));
    parts_add_mrkdwn(parts, json_string(attachment, "text", NULL));
    add_fields(payload, json_get(attachment, "fields"));
    blocks_add(parts, json_get(attachment, "blocks"), &payload->labels);
    if (payload->footer == NULL)
        payload->footer = json_string(attachment, "footer", NULL);
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);

    return found == NULL ? -1 : (int)(found - digits);
}

static bool read_color(const char *text, int rgb[3])
{
    if (text[0] == '#')
        text++;
    if (strlen(text) != 6)
        return false;
    for (int i = 0; i < 3; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        rgb[i] = high * 16 + low;
    }
    return true;
}

/* What a colour of one's own means, roughly: green, yellow or orange, red. */
static const char *color_word(const char *color)
{
    enum {
        MUCH = 40 /* of 255: what one part is more than another to be seen */
    };
    int rgb[3];

    if (!read_color(color, rgb))
        return color;
    if (rgb[1] > rgb[0] + MUCH && rgb[1] > rgb[2] + MUCH)
        return "good";
    if (rgb[0] > rgb[2] + MUCH && rgb[1] > rgb[2] + MUCH && rgb[1] * 2 > rgb[0])
        return "warning";
    return rgb[0] > rgb[1] + MUCH && rgb[0] > rgb[2] + MUCH ? "danger" : "";
}

static void set_status(const struct payload *payload, struct event *event)
{
    const char *word = payload->color == NULL ? "" : color_word(payload->color);

    event->status = "info";
    if (text_is(word, "good"))
        event->status = "success";
    else if (text_is(word, "danger"))
        event->status = "failure";
    else if (text_is(word, "warning"))
        event->severity = "warning";
}

static void set_words(const struct payload *payload, struct event *event)
{
    const struct parts *parts = &payload->parts;
    const char *plain = text_string(&parts->plain);

    event->text = plain[0] == '\0' ? NULL : plain;
    event->markup = event->text == NULL ? NULL : text_string(&parts->markup);
    event->url = parts->heading_url;
    event->title = parts->heading;
    if (event->title == NULL)
        event->title = arena_copy_n(payload->arena, plain, strcspn(plain, "\n"));
}

static bool is_list(const struct json *value)
{
    return value == NULL || json_is(value, JSON_NULL) || json_is(value, JSON_ARRAY);
}

static void read_payload(struct payload *payload, const struct json *json)
{
    const struct json *attachments = json_get(json, "attachments");
    const struct json *blocks = json_get(json, "blocks");

    /* Beside blocks the text is what notifications show: the same once more. */
    if (json_count(blocks) == 0)
        parts_add_mrkdwn(&payload->parts, json_string(json, "text", NULL));
    blocks_add(&payload->parts, blocks, &payload->labels);
    for (size_t i = 0; i < json_count(attachments); i++)
        add_attachment(payload, json_at(attachments, i));
    parts_add_mrkdwn(&payload->parts, payload->footer);
    if (!payload->parts.begun)
        parts_add_mrkdwn(&payload->parts, json_string(json, "text", NULL));
    if (!payload->parts.begun)
        parts_add_mrkdwn(&payload->parts, payload->fallback);
}

const char *slack_to_event(struct arena *arena, const struct json *payload, struct event *event)
{
    struct payload read = { .arena = arena,
                            .parts = parts_new(arena),
                            .labels = { .arena = arena } };
    const char *channel = json_string(payload, "channel", NULL);
    const char *thread = json_string(payload, "thread_ts", NULL);

    if (!json_is(payload, JSON_OBJECT) || !is_list(json_get(payload, "attachments")) ||
        !is_list(json_get(payload, "blocks")))
        return "invalid_payload";
    if (json_count(json_get(payload, "attachments")) > ATTACHMENTS_MAX)
        return "too_many_attachments";
    read_payload(&read, payload);
    if (!read.parts.begun)
        return "no_text";
    *event = (struct event){ .kind = "message", .channel = channel };
    set_status(&read, event);
    set_words(&read, event);
    if (event->title[0] == '\0')
        return "no_text";
    label_add(&read.labels, "channel", channel);
    label_add(&read.labels, "username", json_string(payload, "username", NULL));
    event->labels = labels_done(&read.labels);
    if (thread != NULL)
        event->subject = arena_printf(arena, "thread:%s", thread);
    return NULL;
}
