/* Block Kit reduced to text and labels: https://docs.slack.dev/reference/block-kit/blocks */
#include <string.h>

#include "connectors/webhook/webhook.h"

enum {
    BLOCKS_MAX = 50,
    ELEMENTS_MAX = 200,
    DEPTH_MAX = 8,
    RICH_BYTES = 16 * 1024
};

/* A text object, or a bare string where others write one. */
static const char *text_of(const struct json *value)
{
    if (json_is(value, JSON_STRING))
        return value->as.string;
    return json_string(value, "text", NULL);
}

static bool is_plain(const struct json *value)
{
    return text_is(json_string(value, "type", ""), "plain_text");
}

static void add_text_object(struct parts *parts, const struct json *value)
{
    const char *text = text_of(value);

    if (is_plain(value))
        parts_add(parts, text, text == NULL ? NULL : message_escape(parts->arena, text));
    else
        parts_add_mrkdwn(parts, text);
}

/* "*Name*\nvalue" is how a field is written; what is not is a paragraph. */
static void add_field(struct parts *parts, const struct json *field, struct labels *labels)
{
    const char *text = text_of(field);
    const char *end = text == NULL ? NULL : strchr(text, '\n');
    struct span name;

    if (end == NULL) {
        add_text_object(parts, field);
        return;
    }
    name = span_trim((struct span){ text, (size_t)(end - text) });
    while (name.length > 0 && strchr("*_:", name.start[0]) != NULL)
        name = (struct span){ name.start + 1, name.length - 1 };
    while (name.length > 0 && strchr("*_:", name.start[name.length - 1]) != NULL)
        name.length--;
    label_add(labels, mrkdwn_plain(parts->arena, span_copy(parts->arena, span_trim(name))),
              mrkdwn_plain(parts->arena, end + 1));
}

static void add_section(struct parts *parts, const struct json *block, struct labels *labels)
{
    const struct json *fields = json_get(block, "fields");

    if (json_get(block, "text") != NULL)
        add_text_object(parts, json_get(block, "text"));
    for (size_t i = 0; i < json_count(fields) && i < ELEMENTS_MAX; i++)
        add_field(parts, json_at(fields, i), labels);
}

static const char *image_text(const struct json *block)
{
    const char *title = text_of(json_get(block, "title"));

    return title != NULL ? title : json_string(block, "alt_text", NULL);
}

/* Texts and images' words, one after the other in a line. */
static void add_context(struct parts *parts, const struct json *block)
{
    const struct json *elements = json_get(block, "elements");
    struct text plain = text_new(parts->arena, RICH_BYTES);
    struct text markup = text_new(parts->arena, RICH_BYTES);

    for (size_t i = 0; i < json_count(elements) && i < ELEMENTS_MAX; i++) {
        const struct json *element = json_at(elements, i);
        bool is_image = text_is(json_string(element, "type", ""), "image");
        const char *text = is_image ? image_text(element) : text_of(element);
        bool is_raw = is_image || is_plain(element);

        if (text_is_empty(text))
            continue;
        text_addf(&plain, "%s%s", plain.length > 0 ? " " : "",
                  is_raw ? text : mrkdwn_plain(parts->arena, text));
        text_addf(&markup, "%s%s", markup.length > 0 ? " " : "",
                  is_raw ? message_escape(parts->arena, text)
                         : mrkdwn_markup(parts->arena, text));
    }
    parts_add(parts, text_string(&plain), text_string(&markup));
}

/* A rich text being written down. */
struct rich {
    struct parts *parts;
    struct text plain, markup;
};

static void add_rich_link(struct rich *rich, const struct json *element)
{
    const char *url = json_string(element, "url", "");
    const char *label = json_string(element, "text", url);
    struct arena *arena = rich->parts->arena;

    text_add(&rich->plain, label);
    if ((text_starts(url, "https://") || text_starts(url, "http://")) &&
        strpbrk(url, "()[]\\ \n") == NULL)
        text_addf(&rich->markup, "[%s](%s)", message_escape(arena, label), url);
    else
        text_add(&rich->markup, message_escape(arena, label));
}

/* What an element shows, without its style; "" for what shows nothing. */
static const char *rich_words(struct arena *arena, const struct json *element)
{
    static const struct {
        const char *type, *key, *before, *after;
    } kinds[] = {
        { "text", "text", "", "" },           { "emoji", "name", ":", ":" },
        { "user", "user_id", "@", "" },       { "usergroup", "usergroup_id", "@", "" },
        { "channel", "channel_id", "#", "" }, { "broadcast", "range", "@", "" },
        { "date", "fallback", "", "" },
    };
    const char *type = json_string(element, "type", "");

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (text_is(kinds[i].type, type))
            return arena_printf(arena, "%s%s%s", kinds[i].before,
                                json_string(element, kinds[i].key, ""), kinds[i].after);
    return "";
}

static void add_rich_leaf(struct rich *rich, const struct json *element)
{
    struct arena *arena = rich->parts->arena;
    const char *words = rich_words(arena, element);
    bool is_bold = json_boolean(element, "style.bold", false);
    bool is_line = strchr(words, '\n') == NULL && words[0] != '\0' && words[0] != ' ';

    if (text_is(json_string(element, "type", ""), "link")) {
        add_rich_link(rich, element);
        return;
    }
    text_add(&rich->plain, words);
    words = message_escape(arena, words);
    text_addf(&rich->markup, is_bold && is_line ? "*%s*" : "%s", words);
}

static void add_rich(struct rich *rich, const struct json *elements, unsigned depth)
{
    for (size_t i = 0; i < json_count(elements) && i < ELEMENTS_MAX; i++) {
        const struct json *element = json_at(elements, i);
        const char *type = json_string(element, "type", "");
        bool is_item = depth > 0 && text_is(type, "rich_text_section");

        if (!text_starts(type, "rich_text_")) {
            add_rich_leaf(rich, element);
            continue;
        }
        if (rich->plain.length > 0) {
            text_add_char(&rich->plain, '\n');
            text_add_char(&rich->markup, '\n');
        }
        if (is_item) {
            text_add(&rich->plain, "• ");
            text_add(&rich->markup, "• ");
        }
        if (depth < DEPTH_MAX)
            add_rich(rich, json_get(element, "elements"),
                     text_is(type, "rich_text_list") ? depth + 1 : 0);
    }
}

static void add_rich_text(struct parts *parts, const struct json *block)
{
    struct rich rich = { .parts = parts,
                         .plain = text_new(parts->arena, RICH_BYTES),
                         .markup = text_new(parts->arena, RICH_BYTES) };

    add_rich(&rich, json_get(block, "elements"), 0);
    parts_add(parts, text_string(&rich.plain), text_string(&rich.markup));
}

/* Dividers say nothing; buttons and inputs would go nowhere. */
static void add_block(struct parts *parts, const struct json *block, struct labels *labels)
{
    const char *type = json_string(block, "type", "");

    if (text_is(type, "header"))
        parts_add_title(parts, text_of(json_get(block, "text")), NULL);
    else if (text_is(type, "section"))
        add_section(parts, block, labels);
    else if (text_is(type, "context"))
        add_context(parts, block);
    else if (text_is(type, "rich_text"))
        add_rich_text(parts, block);
    else if (text_is(type, "markdown") || text_is(type, "alert"))
        add_text_object(parts, json_get(block, "text"));
    else if (text_is(type, "image") && image_text(block) != NULL)
        parts_add(parts, image_text(block), message_escape(parts->arena, image_text(block)));
}

void blocks_add(struct parts *parts, const struct json *blocks, struct labels *labels)
{
    for (size_t i = 0; json_is(blocks, JSON_ARRAY) && i < json_count(blocks) && i < BLOCKS_MAX;
         i++)
        add_block(parts, json_at(blocks, i), labels);
}
