/* YAML -> the JSON tree with marks.  Built from libyaml's events, so that deep nesting ends the reading at once. */
#include <string.h>
#include <yaml.h>

#include "core/config_internal.h"

/* What an anchor stands for. */
struct anchor {
    struct json value;
    size_t nodes; /* in it, aliases counted as what they stand for */
    bool open;    /* being read: an alias to it here would have no end */
};

struct composer {
    struct loader *loader;
    struct source *source;
    struct arena *scratch;
    yaml_parser_t parser;
    struct names *anchors;
    size_t nodes;
};

/* Items or members being collected. */
struct collected {
    void *items;
    size_t count, capacity;
};

/* What libyaml says, and what it mostly means. */
static const struct hint {
    const char *problem, *hint;
} hints[] = {
    { "found character that cannot start any token",
      "put a value that begins with @, %, ` or a tab in quotes; indent with spaces" },
    { "mapping values are not allowed in this context",
      "put a value that has \": \" in it in quotes, and check the indentation" },
    { "did not find expected alphabetic or numeric character",
      "put a value that begins with * or & in quotes" },
    { "did not find expected ',' or '}'",
      "close the map with }, and put values with a comma, a colon or a brace in quotes" },
    { "did not find expected ',' or ']'",
      "close the list with ], and put values with a comma, a colon or a bracket in quotes" },
    { "did not find expected key",
      "check the indentation: keys of one map stand in one column" },
    { "did not find expected '-' indicator",
      "check the indentation: items of one list stand in one column" },
    { "could not find expected ':'", "write KEY: VALUE, with a space after the colon" },
    { "found unexpected end of stream", "close the quote" },
    { "found unknown escape character",
      "in double quotes write \\\\ for a backslash, or use single quotes" },
    { "control characters are not allowed", "take the character out" },
};

static int read_event(struct composer *composer, yaml_event_t *event);
static int compose(struct composer *composer, const yaml_event_t *event, unsigned depth,
                   struct json *out);

static struct mark mark_at(const struct composer *composer, yaml_mark_t mark)
{
    return (struct mark){ .file = composer->source->name,
                          .line = (unsigned)mark.line + 1,
                          .column = (unsigned)mark.column + 1 };
}

/* The place of a byte, for faults that libyaml knows no line of. */
static struct mark mark_of_byte(const struct source *source, size_t offset)
{
    struct mark mark = { .file = source->name, .line = 1, .column = 1 };

    for (size_t i = 0; i < offset && i < source->length; i++) {
        bool next_line = source->text[i] == '\n';
        bool starts = ((unsigned char)source->text[i] & 0xC0U) != 0x80U;

        mark.line += next_line ? 1 : 0;
        mark.column = next_line ? 1 : mark.column + (starts ? 1 : 0);
    }
    return mark;
}

static void syntax_fault(struct composer *composer)
{
    const yaml_parser_t *parser = &composer->parser;
    const char *problem = parser->problem != NULL ? parser->problem : "unreadable";
    const char *hint = NULL;
    bool reader = parser->error == YAML_READER_ERROR;
    struct mark mark = reader ? mark_of_byte(composer->source, parser->problem_offset)
                              : mark_at(composer, parser->problem_mark);
    struct text began = text_new(composer->scratch, 200);

    for (size_t i = 0; i < COUNT_OF(hints) && hint == NULL; i++)
        if (text_is(problem, hints[i].problem))
            hint = hints[i].hint;
    if (!reader && parser->context != NULL)
        text_addf(&began, " %s that began on line %zu", parser->context,
                  parser->context_mark.line + 1);
    fault_add(composer->loader, mark, "this is no YAML: %s%s%s%s", problem, text_string(&began),
              hint != NULL ? "; " : "", hint != NULL ? hint : "");
}

static int read_event(struct composer *composer, yaml_event_t *event)
{
    if (yaml_parser_parse(&composer->parser, event) != 0)
        return 0;
    syntax_fault(composer);
    return -1;
}

static void *collect(struct composer *composer, struct collected *all, size_t item_bytes)
{
    if (all->count == all->capacity) {
        size_t capacity = all->capacity > 0 ? all->capacity * 2 : 8;
        void *grown = arena_array(composer->scratch, item_bytes, capacity);

        if (all->count > 0)
            memcpy(grown, all->items, all->count * item_bytes);
        all->items = grown;
        all->capacity = capacity;
    }
    return (char *)all->items + item_bytes * all->count++;
}

static void *keep(struct composer *composer, const struct collected *all, size_t item_bytes)
{
    void *kept = arena_array(composer->loader->arena, item_bytes, all->count);

    if (all->count > 0)
        memcpy(kept, all->items, all->count * item_bytes);
    return kept;
}

static bool is_null(const char *text)
{
    return text_is_empty(text) || text_is(text, "~") || text_is(text, "null") ||
           text_is(text, "Null") || text_is(text, "NULL");
}

static void compose_scalar(struct composer *composer, const yaml_event_t *event,
                           struct json *out)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;

    out->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (memchr(value, '\0', length) != NULL)
        fault_add(composer->loader, mark_of(out),
                  "there is a zero byte in this value: take it out");
    out->kind = out->plain && is_null(value) ? JSON_NULL : JSON_STRING;
    if (out->kind == JSON_STRING)
        out->as.string = arena_copy(composer->loader->arena, value);
}

static int compose_sequence(struct composer *composer, unsigned depth, struct json *out)
{
    struct collected items = { .count = 0 };

    for (;;) {
        yaml_event_t event;
        struct json item;

        if (read_event(composer, &event) < 0)
            return -1;
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        int composed = end ? 0 : compose(composer, &event, depth + 1, &item);
        yaml_event_delete(&event);
        if (composed < 0)
            return -1;
        if (end)
            break;
        *(struct json *)collect(composer, &items, sizeof(item)) = item;
    }
    out->kind = JSON_ARRAY;
    out->as.array.count = items.count;
    out->as.array.items = keep(composer, &items, sizeof(struct json));
    return 0;
}

/* A key, or NULL with a fault: then its value is read and forgotten. */
static const char *usable_key(struct composer *composer, const struct json *key,
                              struct names *seen, const struct json_member *member)
{
    if (key->kind != JSON_STRING) {
        fault_add(composer->loader, mark_of(key), "a key must be a word, not %s",
                  describe(composer->loader, key));
        return NULL;
    }
    if (key->plain && text_is(key->as.string, "<<")) {
        fault_add(composer->loader, mark_of(key),
                  "merge keys (<<) are not read here: write the keys out");
        return NULL;
    }
    const struct json_member *first = names_add(seen, key->as.string, member);
    if (first != NULL) {
        fault_add(composer->loader, mark_of(key),
                  "duplicate key \"%s\": it stands on line %u already; take one out",
                  key->as.string, first->line);
        return NULL;
    }
    return key->as.string;
}

/* One key and its value; *end: there was none any more. */
static int compose_member(struct composer *composer, unsigned depth, struct names *seen,
                          struct json_member **member, bool *end)
{
    struct json key, value;
    yaml_event_t event;

    if (read_event(composer, &event) < 0)
        return -1;
    *end = event.type == YAML_MAPPING_END_EVENT;
    int composed = *end ? 0 : compose(composer, &event, depth + 1, &key);
    yaml_event_delete(&event);
    if (composed < 0 || *end)
        return composed;
    if (read_event(composer, &event) < 0)
        return -1;
    composed = compose(composer, &event, depth + 1, &value);
    yaml_event_delete(&event);
    if (composed < 0)
        return -1;
    struct json_member *made = ARENA_NEW(composer->scratch, struct json_member);
    *made = (struct json_member){ .value = value, .line = key.line, .column = key.column };
    made->key = usable_key(composer, &key, seen, made);
    *member = made->key != NULL ? made : NULL;
    return 0;
}

static int compose_mapping(struct composer *composer, unsigned depth, struct json *out)
{
    struct collected members = { .count = 0 };
    struct names *seen = names_new(composer->scratch);

    for (;;) {
        struct json_member *member = NULL;
        bool end = false;

        if (compose_member(composer, depth, seen, &member, &end) < 0)
            return -1;
        if (end)
            break;
        if (member != NULL)
            *(struct json_member *)collect(composer, &members, sizeof(*member)) = *member;
    }
    out->kind = JSON_OBJECT;
    out->as.object.count = members.count;
    out->as.object.members = keep(composer, &members, sizeof(struct json_member));
    return 0;
}

static int compose_alias(struct composer *composer, const yaml_event_t *event, struct json *out)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct anchor *anchor = names_find(composer->anchors, name);

    if (anchor == NULL || anchor->open) {
        fault_add(composer->loader, mark_of(out),
                  anchor == NULL ? "there is no &%s before this *%s: put a value that begins "
                                   "with * in quotes"
                                 : "&%s would hold itself through this *%s: take it out",
                  name, name);
        return 0;
    }
    *out = anchor->value;
    composer->nodes += anchor->nodes;
    return 0;
}

static const char *event_anchor(const yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        return (const char *)event->data.scalar.anchor;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return (const char *)event->data.sequence_start.anchor;
    return event->type == YAML_MAPPING_START_EVENT
               ? (const char *)event->data.mapping_start.anchor
               : NULL;
}

static const char *event_tag(const yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        return (const char *)event->data.scalar.tag;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return (const char *)event->data.sequence_start.tag;
    return event->type == YAML_MAPPING_START_EVENT ? (const char *)event->data.mapping_start.tag
                                                   : NULL;
}

static void tag_fault(struct composer *composer, struct mark mark, const char *tag)
{
    static const char common[] = "tag:yaml.org,2002:";
    bool is_common = text_starts(tag, common);

    fault_add(composer->loader, mark,
              "the tag %s%s is not read: take it out, and put text in quotes",
              is_common ? "!!" : "", is_common ? tag + strlen(common) : tag);
}

static struct anchor *open_anchor(struct composer *composer, const yaml_event_t *event,
                                  const struct json *value)
{
    const char *name = event_anchor(event);

    if (name == NULL)
        return NULL;
    struct anchor *anchor = ARENA_NEW(composer->scratch, struct anchor);
    anchor->open = true;
    if (names_add(composer->anchors, arena_copy(composer->scratch, name), anchor) == NULL)
        return anchor;
    fault_add(composer->loader, mark_of(value),
              "the anchor &%s stands here twice: give one of them another name", name);
    return NULL;
}

static int compose_content(struct composer *composer, const yaml_event_t *event, unsigned depth,
                           struct json *out)
{
    if (event->type == YAML_ALIAS_EVENT)
        return compose_alias(composer, event, out);
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return compose_sequence(composer, depth, out);
    if (event->type == YAML_MAPPING_START_EVENT)
        return compose_mapping(composer, depth, out);
    compose_scalar(composer, event, out);
    return 0;
}

/* The value that the event begins.  -1: there is no point in reading on. */
static int compose(struct composer *composer, const yaml_event_t *event, unsigned depth,
                   struct json *out)
{
    struct mark mark = mark_at(composer, event->start_mark);
    size_t nodes_before = composer->nodes++;

    *out = (struct json){
        .kind = JSON_NULL, .file = mark.file, .line = mark.line, .column = mark.column
    };
    if (depth > NESTING_MAX) {
        fault_add(composer->loader, mark, "this is nested more than %d deep: write it flatter",
                  NESTING_MAX);
        return -1;
    }
    if (event_tag(event) != NULL)
        tag_fault(composer, mark, event_tag(event));
    struct anchor *anchor = open_anchor(composer, event, out);
    if (compose_content(composer, event, depth, out) < 0)
        return -1;
    if (composer->nodes > NODES_MAX) {
        fault_add(composer->loader, mark,
                  "with all aliases written out there are more than %d values: use fewer",
                  NODES_MAX);
        return -1;
    }
    if (anchor != NULL)
        *anchor = (struct anchor){ .value = *out, .nodes = composer->nodes - nodes_before };
    return 0;
}

/* From the start of the stream to its end: one document at most. */
static int compose_document(struct composer *composer, struct json *root)
{
    for (;;) {
        yaml_event_t event;
        int composed = 0;

        if (read_event(composer, &event) < 0)
            return -1;
        yaml_event_type_t type = event.type;
        struct mark mark = mark_at(composer, event.start_mark);
        if (type == YAML_DOCUMENT_START_EVENT && composer->nodes > 0)
            fault_add(composer->loader, mark,
                      "a second document begins here: put everything into one, without ---");
        else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT &&
                 type != YAML_DOCUMENT_END_EVENT && type != YAML_STREAM_END_EVENT)
            composed = compose(composer, &event, 1, root);
        yaml_event_delete(&event);
        if (composed < 0)
            return -1;
        if (type == YAML_STREAM_END_EVENT ||
            (type == YAML_DOCUMENT_START_EVENT && composer->nodes > 0))
            return 0;
    }
}

static bool is_readable_text(struct loader *loader, const struct source *source)
{
    size_t offset = 0;
    unsigned character = 0;

    if (source->length > FILE_BYTES_MAX) {
        fault_add(loader, (struct mark){ .file = source->name },
                  "the file is larger than 1 MiB: split it, for example into packs");
        return false;
    }
    while (offset < source->length) {
        size_t length = utf8_read(source->text + offset, source->length - offset, &character);

        if (length == 0) {
            fault_add(loader, mark_of_byte(source, offset),
                      "this is not UTF-8: save the file in that encoding");
            return false;
        }
        offset += length;
    }
    return true;
}

void yaml_read(struct loader *loader, struct source *source)
{
    AUTO(arena) struct arena *scratch = arena_new();
    struct composer composer = {
        .loader = loader, .source = source, .scratch = scratch, .anchors = names_new(scratch)
    };
    struct json *root = ARENA_NEW(loader->arena, struct json);

    *root = (struct json){ .kind = JSON_NULL, .file = source->name, .line = 1, .column = 1 };
    if (!is_readable_text(loader, source))
        return;
    ASSERT(yaml_parser_initialize(&composer.parser) != 0);
    yaml_parser_set_encoding(&composer.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&composer.parser, (const unsigned char *)source->text,
                                 source->length);
    if (compose_document(&composer, root) == 0)
        source->root = root;
    yaml_parser_delete(&composer.parser);
}
