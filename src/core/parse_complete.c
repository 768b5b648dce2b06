/* Lines completed while they are typed. */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "core/parse.h"
#include "core/parse_value.h"

enum {
    OFFERS_AT_MOST = 20
};

struct completion {
    struct arena *arena;
    const struct argument_context *context;
    struct json_builder *list;
    size_t count;
};

static void offer(struct completion *all, const char *text, const char *help, const char *kind)
{
    if (all->count == OFFERS_AT_MOST)
        return;
    json_builder_add(
        all->list, NULL,
        V(OBJECT(all->arena, { "text", V(text) }, { "help", V(help) }, { "kind", V(kind) })));
    all->count++;
}

static const char *lower(struct arena *arena, const char *text)
{
    char *copy = arena_copy(arena, text);

    for (char *c = copy; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return copy;
}

/* Each visible name that begins with what was typed. */
static void offer_names(struct completion *all, const struct catalog *catalog,
                        const char *typed,
                        bool (*visible)(void *context, const struct catalog_entry *entry),
                        void *visible_context)
{
    typed = lower(all->arena, typed);
    for (size_t i = 0; i < catalog->name_count; i++) {
        const struct catalog_name *name = &catalog->names[i];

        if (text_starts(name->name, typed) && visible(visible_context, name->entry))
            offer(all, name->name, name->entry->command->help, "command");
    }
}

static void offer_word(struct completion *all, const char *word, const struct field *field,
                       const char *kind, const char *last)
{
    if (text_starts(word, last))
        offer(all, word, field->help, kind);
}

/* What was given so far, for values that depend on others. */
static const struct json *args_of(struct completion *all, const struct fields *fields,
                                  const char *const *given)
{
    struct json_builder *args = json_builder_new(all->arena, JSON_OBJECT);

    for (size_t i = 0; i < fields->count; i++)
        json_builder_add(args, fields->list[i].key, V(given[i]));
    return json_builder_done(args);
}

static void offer_values(struct completion *all, const struct fields *fields,
                         const struct field *field, const char *const *given, const char *last)
{
    struct strings values =
        value_choices(all->arena, all->context, fields, field, args_of(all, fields, given));

    for (size_t i = 0; i < values.count; i++)
        offer_word(all, values.items[i], field, "value", last);
}

/* "--key" or a sentence word: the argument whose value comes next. */
static bool announces(const struct field *field, const struct word *word)
{
    if (word->quoted || word->key != NULL)
        return false;
    if (text_starts(word->text, "--"))
        return field->type != FIELD_BOOLEAN && text_is_nocase(word->text + 2, field->key);
    return field->word != NULL && text_is_nocase(word->text, field->word);
}

static const struct field *announced_by(const struct fields *fields, const char *const *given,
                                        const struct word *word)
{
    for (size_t i = 0; i < fields->count; i++)
        if (given[i] == NULL && announces(&fields->list[i], word))
            return &fields->list[i];
    return NULL;
}

/* Everything that may come next: a value by position, a sentence word, a flag. */
static void offer_next(struct completion *all, const struct fields *fields,
                       const char *const *given, const char *last)
{
    bool position_offered = false;

    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];

        if (given[i] != NULL)
            continue;
        if (field->flag) {
            offer_word(all, arena_printf(all->arena, "--%s", field->key), field, "flag", last);
        } else if (field->word != NULL) {
            offer_word(all, field->word, field, "word", last);
        } else if (!position_offered) {
            offer_values(all, fields, field, given, last);
            position_offered = true;
        }
    }
}

static void offer_arguments(struct completion *all, const struct parsed *parsed,
                            const struct word *before_last, const char *last)
{
    const struct fields *fields = &parsed->entry->command->args;
    const char *const *given = parse_given(all->arena, all->context, parsed);
    const struct field *announced = announced_by(fields, given, before_last);

    if (announced != NULL)
        offer_values(all, fields, announced, given, last);
    else
        offer_next(all, fields, given, last);
}

const struct json *line_complete(struct arena *arena, const struct catalog *catalog,
                                 const struct argument_context *context, const char *line,
                                 bool (*visible)(void *context,
                                                 const struct catalog_entry *entry),
                                 void *visible_context)
{
    struct completion all = { arena, context, json_builder_new(arena, JSON_ARRAY), 0 };
    const char *repaired = line_repair(arena, line);
    bool open = line[0] != '\0' && !text_ends(line, " "); /* the last word is being typed */
    const struct word *words = NULL;
    size_t count = 0;
    struct parsed parsed = { 0 };
    struct error ignored = { 0 };
    const char *last = "";

    if (line_words(arena, repaired, &words, &count, &ignored) < 0)
        return json_builder_done(all.list);
    offer_names(&all, catalog,
                open || count == 0 ? repaired : arena_printf(arena, "%s ", repaired), visible,
                visible_context);
    if (open && count > 0)
        last = words[--count].text;
    if (count == 0)
        return json_builder_done(all.list);
    repaired = arena_copy_n(arena, repaired, words[count - 1].end);
    if (parse_name(arena, catalog, repaired, &parsed, &ignored) == 0 &&
        visible(visible_context, parsed.entry))
        offer_arguments(&all, &parsed, &words[count - 1], last);
    return json_builder_done(all.list);
}
