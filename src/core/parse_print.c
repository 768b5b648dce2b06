/* Commands written back as lines, and lines completed while they are typed. */
#include <string.h>

#include "base/template.h"
#include "base/text.h"
#include "core/parse.h"
#include "core/parse_value.h"

static bool needs_quotes(const char *value)
{
    return value[0] == '\0' || value[0] == '-' || value[0] == '"' || value[0] == '\'' ||
           strpbrk(value, " =|&") != NULL;
}

void word_print(struct text *out, const char *value, bool always_quoted)
{
    if (!always_quoted && !needs_quotes(value)) {
        text_add(out, value);
        return;
    }
    text_add_char(out, '"');
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            text_add_char(out, '\\');
        text_add_char(out, *value);
    }
    text_add_char(out, '"');
}

static void print_value(struct text *out, const char *value)
{
    word_print(out, value, false);
}

const char *line_fill(struct arena *arena, const char *line, const struct json *args,
                      struct error *err)
{
    struct text out = text_new(arena, LINE_LIMIT);
    const struct word *words;
    size_t count;

    if (line_words(arena, line, &words, &count, err) < 0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const char *filled = template_once(arena, words[i].text, args, NULL, err);

        if (filled == NULL)
            return NULL;
        if (i > 0)
            text_add_char(&out, ' ');
        if (words[i].key != NULL)
            text_addf(&out, "%s=", words[i].key);
        word_print(&out, filled, words[i].quoted || text_has(words[i].text, "{{"));
    }
    if (out.truncated) {
        error_set(err, ERROR_INVALID, "the line is longer than %d KB once it is filled in",
                  LINE_LIMIT / 1024);
        return NULL;
    }
    return text_string(&out);
}

static void print_pairs(struct text *out, const struct json *pairs)
{
    for (size_t i = 0; i < json_count(pairs); i++) {
        text_addf(out, " %s=", pairs->as.object.members[i].key);
        print_value(out, json_string(json_at(pairs, i), "", ""));
    }
}

static void print_argument(struct text *out, const struct field *field, const char *value,
                           bool in_order)
{
    if (field->type == FIELD_BOOLEAN) {
        text_addf(out, text_is(value, "true") ? " --%s" : " --no-%s", field->key);
        return;
    }
    if (field->flag)
        text_addf(out, " --%s ", field->key);
    else if (field->word != NULL)
        text_addf(out, " %s ", field->word);
    else
        text_addf(out, in_order ? " " : " %s=", field->key);
    if (field->meaning == AS_REST || field->meaning == AS_COMMAND || field->meaning == AS_QUERY)
        text_add(out, value);
    else
        print_value(out, value);
}

/* What equals its fallback is not repeated. */
static bool is_worth_saying(const struct field *field, const char *value)
{
    return value != NULL &&
           (field->need || field->fallback == NULL || !text_is(field->fallback, value));
}

const char *line_print(struct arena *arena, const struct catalog_entry *entry,
                       const struct json *args)
{
    const struct fields *fields = &entry->command->args;
    struct text out = text_new(arena, LINE_LIMIT);
    bool in_order = true;

    text_add(&out, entry->name);
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];
        const struct json *value = json_member(args, field->key);
        const char *string = json_is(value, JSON_STRING) ? value->as.string : NULL;

        if (json_is(value, JSON_OBJECT))
            print_pairs(&out, value);
        else if (is_worth_saying(field, string))
            print_argument(&out, field, string, in_order);
        else if (!field->flag && field->word == NULL)
            in_order = false;
    }
    return text_string(&out);
}

struct completion {
    struct arena *arena;
    struct json_builder *list;
    size_t count;
};

static void offer(struct completion *all, const char *text, const char *help, const char *kind)
{
    enum {
        OFFERS_AT_MOST = 20
    };

    if (all->count == OFFERS_AT_MOST)
        return;
    json_builder_add(
        all->list, NULL,
        V(OBJECT(all->arena, { "text", V(text) }, { "help", V(help) }, { "kind", V(kind) })));
    all->count++;
}

/* The next word of each visible name that begins with what was typed. */
static void offer_names(struct completion *all, const struct catalog *catalog,
                        const char *typed,
                        bool (*visible)(void *context, const struct catalog_entry *entry),
                        void *visible_context)
{
    size_t length = strlen(typed);

    for (size_t i = 0; i < catalog->name_count; i++) {
        const struct catalog_name *name = &catalog->names[i];

        if (strncmp(name->name, typed, length) == 0 && visible(visible_context, name->entry))
            offer(all, name->name, name->entry->command->help, "command");
    }
}

static void offer_values(struct completion *all, struct strings values, const char *prefix,
                         const char *help)
{
    for (size_t i = 0; i < values.count; i++)
        if (text_starts(values.items[i], prefix))
            offer(all, values.items[i], help, "value");
}

static void offer_field(struct completion *all, const struct argument_context *context,
                        const struct fields *fields, const struct field *field,
                        const struct json *args, const char *last, const char *before_last)
{
    struct strings values = value_choices(all->arena, context, fields, field, args);

    if (field->flag) {
        const char *flag = arena_printf(all->arena, "--%s", field->key);

        if (text_starts(flag, last))
            offer(all, flag, field->help, "flag");
    } else if (field->word != NULL && !text_is(before_last, field->word)) {
        if (text_starts(field->word, last))
            offer(all, field->word, field->help, "word");
    } else {
        offer_values(all, values, last, field->help);
    }
}

static void offer_arguments(struct completion *all, const struct argument_context *context,
                            struct parsed *parsed, const struct word *words, size_t count,
                            const char *last)
{
    const struct fields *fields = &parsed->entry->command->args;
    const char *before_last = count > 0 ? words[count - 1].text : "";
    struct strings missing = { 0 };
    struct error ignored = { 0 };
    void *structure;
    bool after_word = false;

    if (parse_arguments(all->arena, context, parsed, &structure, &missing, &ignored) < 0)
        parsed->args = OBJECT(
            all->arena, { "app", V(count > parsed->name_words ? words[parsed->name_words].text
                                                              : (const char *)NULL) });
    for (size_t i = 0; i < fields->count; i++)
        after_word = after_word || (fields->list[i].word != NULL &&
                                    text_is(fields->list[i].word, before_last));
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];
        bool wanted = !after_word || (field->word != NULL && text_is(field->word, before_last));

        if (wanted && json_member(parsed->args, field->key) == NULL)
            offer_field(all, context, fields, field, parsed->args, last, before_last);
    }
}

const struct json *line_complete(struct arena *arena, const struct catalog *catalog,
                                 const struct argument_context *context, const char *line,
                                 bool (*visible)(void *context,
                                                 const struct catalog_entry *entry),
                                 void *visible_context)
{
    struct completion all = { arena, json_builder_new(arena, JSON_ARRAY), 0 };
    const char *repaired = line_repair(arena, line);
    bool open = line[0] != '\0' && !text_ends(line, " ");
    const struct word *words = NULL;
    size_t count = 0;
    struct parsed parsed = { 0 };
    struct error ignored = { 0 };
    const char *head;
    const char *last = "";

    if (line_words(arena, repaired, &words, &count, &ignored) < 0)
        return json_builder_done(all.list);
    if (open && count > 0)
        last = words[--count].text;
    head = arena_copy_n(arena, repaired, count > 0 ? words[count - 1].end : 0);
    offer_names(&all, catalog,
                open || count == 0 ? repaired : arena_printf(arena, "%s ", repaired), visible,
                visible_context);
    if (count > 0 && parse_name(arena, catalog, head, &parsed, &ignored) == 0 &&
        visible(visible_context, parsed.entry))
        offer_arguments(&all, context, &parsed, words, count, last);
    return json_builder_done(all.list);
}
