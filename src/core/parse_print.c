/* Commands written back as lines, and lines that are templates. */
#include <ctype.h>
#include <string.h>

#include "base/template.h"
#include "base/text.h"
#include "core/parse.h"

static bool is_same_when_typed(struct arena *arena, const char *value)
{
    return text_is(line_repair(arena, value), value);
}

static bool needs_quotes(struct arena *arena, const char *value)
{
    return value[0] == '\0' || value[0] == '-' || value[0] == '"' || value[0] == '\'' ||
           strpbrk(value, " =|&") != NULL || !is_same_when_typed(arena, value);
}

void word_print(struct text *out, const char *value, bool always_quoted)
{
    if (!always_quoted && !needs_quotes(out->arena, value)) {
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

/* --flag={{value}}: how long the part before the value is, 0 for any other word. */
static size_t flag_length(const struct word *word)
{
    const char *equals = strchr(word->text, '=');

    if (word->quoted || word->key != NULL || !text_starts(word->text, "--") || equals == NULL ||
        memmem(word->text, (size_t)(equals - word->text), "{{", 2) != NULL)
        return 0;
    return (size_t)(equals - word->text) + 1;
}

/* Only words with a template in them change; what comes out of it is always in quotes. */
static int fill_word(struct text *out, const char *line, const struct word *word,
                     const struct json *args, struct error *err)
{
    size_t flag = flag_length(word);
    const char *filled;

    if (!text_has(word->text, "{{")) {
        text_add_n(out, line + word->start, word->end - word->start);
        return 0;
    }
    filled = template_once(out->arena, word->text + flag, args, NULL, err);
    if (filled == NULL)
        return -1;
    if (word->key != NULL)
        text_addf(out, "%s=", word->key);
    text_add_n(out, word->text, flag);
    word_print(out, filled, true);
    return 0;
}

const char *line_fill(struct arena *arena, const char *line, const struct json *args,
                      struct error *err)
{
    struct text out = text_new(arena, LINE_LIMIT);
    const struct word *words;
    size_t count;

    line = line_repair(arena, line);
    if (line_words(arena, line, &words, &count, err) < 0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_add_char(&out, ' ');
        if (fill_word(&out, line, &words[i], args, err) < 0)
            return NULL;
    }
    if (out.truncated) {
        error_set(err, ERROR_INVALID, "the line is longer than %d KB once it is filled in",
                  LINE_LIMIT / 1024);
        return NULL;
    }
    return text_string(&out);
}

static bool takes_the_rest(const struct field *field)
{
    return field->meaning == AS_REST || field->meaning == AS_COMMAND;
}

static bool is_key(const struct fields *fields, const char *key)
{
    for (size_t i = 0; i < fields->count; i++)
        if (key != NULL && text_is_nocase(fields->list[i].key, key))
            return true;
    return false;
}

static bool is_sentence_word(const struct fields *fields, const char *value)
{
    for (size_t i = 0; i < fields->count; i++)
        if (text_is_nocase(fields->list[i].word, value))
            return true;
    return false;
}

static bool is_duration(const char *word)
{
    size_t length = strlen(word);
    long long seconds;

    return length > 0 && !isdigit((unsigned char)word[length - 1]) &&
           text_to_duration(word, &seconds);
}

/* A duration at the end of a query, or anywhere in one that a reason may follow, would be an argument of its own. */
static bool holds_duration(const struct fields *fields, const struct word *words, size_t count)
{
    bool anywhere = false;

    for (size_t i = 0; i < fields->count; i++)
        anywhere = anywhere || fields->list[i].meaning == AS_REST;
    for (size_t i = 1; i < count; i++)
        if ((anywhere || i + 1 == count) && is_duration(words[i].text))
            return true;
    return false;
}

/* Raw text that reads the same when it is typed again; otherwise it goes as one word in quotes. */
static bool is_plain_text(struct arena *arena, const struct fields *fields,
                          const struct field *field, const char *value)
{
    const struct word *words;
    struct error ignored = { 0 };
    size_t count;

    if (!is_same_when_typed(arena, value) ||
        line_words(arena, value, &words, &count, &ignored) < 0 || count == 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        bool flag = !words[i].quoted && text_starts(words[i].text, "--");

        if (flag && (i == 0 || !takes_the_rest(field)))
            return false;
    }
    if (field->meaning == AS_QUERY && holds_duration(fields, words, count))
        return false;
    return !is_key(fields, words[0].key) && !is_sentence_word(fields, words[0].text) &&
           !(count == 1 && words[0].whole);
}

static void print_pairs(struct text *out, const struct json *pairs)
{
    for (size_t i = 0; i < json_count(pairs); i++) {
        text_addf(out, " %s=", pairs->as.object.members[i].key);
        word_print(out, json_string(json_at(pairs, i), "", ""), false);
    }
}

/* in_order: what stands before it is there, so that it goes by its position. */
static void print_argument(struct text *out, const struct fields *fields,
                           const struct field *field, const char *value, bool in_order)
{
    bool raw = takes_the_rest(field) || field->meaning == AS_QUERY;
    bool by_position = in_order && !field->flag;

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
    if (raw && by_position && is_plain_text(out->arena, fields, field, value))
        text_add(out, value);
    else
        word_print(out, value, by_position && (raw || is_sentence_word(fields, value)));
}

/* What equals its fallback is not repeated. */
static bool is_worth_saying(const struct field *field, const char *value)
{
    return value != NULL &&
           (field->need || field->fallback == NULL || !text_is(field->fallback, value));
}

/* Those that take the rest of the line, or those that do not.  in_order: nothing before them is left out. */
static void print_fields(struct text *out, const struct fields *fields, const struct json *args,
                         bool rest, bool *in_order)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];
        const struct json *value = json_member(args, field->key);
        const char *string = json_is(value, JSON_STRING) ? value->as.string : NULL;

        if (takes_the_rest(field) != rest)
            continue;
        if (json_is(value, JSON_OBJECT))
            print_pairs(out, value);
        else if (is_worth_saying(field, string))
            print_argument(out, fields, field, string, *in_order);
        else if (!field->flag && field->meaning != AS_PAIRS)
            *in_order = false;
    }
}

/* What takes the rest of the line comes last. */
const char *line_print(struct arena *arena, const struct catalog_entry *entry,
                       const struct json *args)
{
    const struct fields *fields = &entry->command->args;
    struct text out = text_new(arena, LINE_LIMIT * 4);
    bool in_order = true;

    text_add(&out, entry->name);
    print_fields(&out, fields, args, false, &in_order);
    print_fields(&out, fields, args, true, &in_order);
    return text_string(&out);
}
