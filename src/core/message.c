/* Messages: blocks, their JSON form, and places. */
#include "core/message.h"

#include <string.h>

static const char *const tone_names[] = {
    [TONE_PLAIN] = "plain",
    [TONE_GOOD] = "good",
    [TONE_WARN] = "warn",
    [TONE_BAD] = "bad",
};

static const char *const block_kinds[] = {
    "text", "code", "facts", "table", "steps", "link", "image", "buttons", "form",
};

const char *tone_name(enum tone tone)
{
    return tone_names[tone];
}

static enum tone tone_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(tone_names); i++)
        if (text_is(tone_names[i], name))
            return (enum tone)i;
    return TONE_PLAIN;
}

const char *place_print(struct arena *arena, const struct place *place)
{
    if (place == NULL || place->chat == NULL)
        return "-";
    if (place->channel == NULL)
        return place->chat;
    return arena_printf(arena, "%s#%s", place->chat, place->channel);
}

bool place_parse(struct arena *arena, const char *text, struct place *place)
{
    const char *sign = text == NULL ? NULL : strchr(text, '#');

    if (sign == NULL || sign == text || sign[1] == '\0')
        return false;
    *place = (struct place){
        .chat = arena_copy_n(arena, text, (size_t)(sign - text)),
        .channel = arena_copy(arena, sign + 1),
    };
    return true;
}

/* OBJECT, as the value that goes into an array of blocks. */
#define BLOCK(arena, ...) (*OBJECT((arena), __VA_ARGS__))

struct json block_text(struct arena *arena, const char *text)
{
    return BLOCK(arena, { "kind", V("text") }, { "text", V(text) });
}

struct json block_code(struct arena *arena, const char *text)
{
    return BLOCK(arena, { "kind", V("code") }, { "text", V(text) });
}

struct json block_facts(struct arena *arena, const struct fact *facts, size_t count)
{
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < count; i++)
        json_builder_add(
            list, NULL,
            BLOCK(arena, { "name", V(facts[i].name) }, { "value", V(facts[i].value) }));
    return BLOCK(arena, { "kind", V("facts") }, { "facts", V(json_builder_done(list)) });
}

static struct json absent_as_null(const struct json *value)
{
    return value == NULL ? json_null() : *value;
}

/* Rows come as arrays or as objects; stored and sent they are arrays. */
static struct json table_row(struct arena *arena, const char *const *columns, size_t count,
                             const struct json *row)
{
    struct json_builder *cells = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < count; i++) {
        const struct json *cell =
            json_is(row, JSON_OBJECT) ? json_member(row, columns[i]) : json_at(row, i);

        json_builder_add(cells, NULL, absent_as_null(cell));
    }
    return *json_builder_done(cells);
}

struct json block_table(struct arena *arena, const char *const *columns, size_t count,
                        const struct json *rows)
{
    struct json_builder *names = json_builder_new(arena, JSON_ARRAY);
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < count; i++)
        json_builder_add(names, NULL, V(columns[i]));
    for (size_t i = 0; i < json_count(rows); i++)
        json_builder_add(list, NULL, table_row(arena, columns, count, json_at(rows, i)));
    return BLOCK(arena, { "kind", V("table") }, { "columns", V(json_builder_done(names)) },
                 { "rows", V(json_builder_done(list)) });
}

struct json block_steps(struct arena *arena, const struct step_progress *steps, size_t count)
{
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < count; i++)
        json_builder_add(
            list, NULL,
            BLOCK(arena, { "name", V(steps[i].name) }, { "state", V(steps[i].state) },
                  { "duration_ms", steps[i].duration_ms < 0
                                       ? (struct json){ .kind = JSON_ABSENT }
                                       : json_from_integer(steps[i].duration_ms) }));
    return BLOCK(arena, { "kind", V("steps") }, { "steps", V(json_builder_done(list)) });
}

struct json block_link(struct arena *arena, const char *text, const char *url)
{
    return BLOCK(arena, { "kind", V("link") }, { "text", V(text) }, { "url", V(url) });
}

struct json block_image(struct arena *arena, const char *url, const char *alt)
{
    return BLOCK(arena, { "kind", V("image") }, { "url", V(url) }, { "alt", V(alt) });
}

struct json block_buttons(struct arena *arena, const struct button *buttons, size_t count)
{
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < count; i++)
        json_builder_add(list, NULL,
                         BLOCK(arena, { "label", V(buttons[i].label) },
                               { "line", V(buttons[i].line) }, { "style", V(buttons[i].style) },
                               { "confirm", V(buttons[i].confirm) },
                               { "ask", V(buttons[i].ask) }));
    return BLOCK(arena, { "kind", V("buttons") }, { "buttons", V(json_builder_done(list)) });
}

struct json block_form(struct arena *arena, long long job, const struct json *fields)
{
    return BLOCK(arena, { "kind", V("form") }, { "job", V(job) }, { "fields", V(fields) });
}

const struct json *message_to_json(struct arena *arena, const struct message *message)
{
    return OBJECT(arena, { "title", V(message->title) }, { "text", V(message->text) },
                  { "tone", V(tone_names[message->tone]) },
                  { "job", message->job == 0 ? (struct json){ .kind = JSON_ABSENT }
                                             : json_from_integer(message->job) },
                  { "only_for_user", V(message->only_for_user) },
                  { "blocks", V(message->blocks) });
}

static bool block_is_known(const struct json *block)
{
    for (size_t i = 0; i < COUNT_OF(block_kinds); i++)
        if (text_is(block_kinds[i], json_string(block, "kind", NULL)))
            return true;
    return false;
}

static const struct json *known_blocks(struct arena *arena, const struct json *blocks)
{
    struct json_builder *known = json_builder_new(arena, JSON_ARRAY);

    if (!json_is(blocks, JSON_ARRAY))
        return NULL;
    for (size_t i = 0; i < json_count(blocks); i++)
        if (block_is_known(json_at(blocks, i)))
            json_builder_add(known, NULL, *json_at(blocks, i));
    return json_builder_done(known);
}

struct message message_from_json(struct arena *arena, const struct json *json)
{
    return (struct message){
        .title = json_string(json, "title", NULL),
        .text = json_string(json, "text", NULL),
        .tone = tone_find(json_string(json, "tone", NULL)),
        .job = json_integer(json, "job", 0),
        .only_for_user = json_boolean(json, "only_for_user", false),
        .blocks = known_blocks(arena, json_get(json, "blocks")),
    };
}
