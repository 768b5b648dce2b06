/* Which command a line is: its longest name, and what was probably meant when there is none. */
#include "core/parse.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

/* "github pr merge" has three; a custom command may have a few more. */
enum {
    NAME_WORDS_MAX = 5
};

static const char *join_lower(struct arena *arena, const struct word *words, size_t count)
{
    struct text out = text_new(arena, 300);

    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_add_char(&out, ' ');
        for (const char *c = words[i].text; *c != '\0'; c++)
            text_add_char(&out, (char)tolower((unsigned char)*c));
    }
    return text_string(&out);
}

/* Words that can be part of a name: plain ones at the front. */
static size_t name_words(const struct word *words, size_t count)
{
    size_t plain = 0;

    while (plain < count && plain < NAME_WORDS_MAX && !words[plain].quoted &&
           words[plain].key == NULL && words[plain].text[0] != '-')
        plain++;
    return plain;
}

static bool has_prefix_words(const char *name, const char *prefix)
{
    size_t length = strlen(prefix);

    return strncmp(name, prefix, length) == 0 && name[length] == ' ';
}

/* "job" alone: the commands that begin with it. */
static const char *commands_under(struct arena *arena, const struct catalog *catalog,
                                  const char *noun)
{
    struct text out = text_new(arena, 300);
    size_t found = 0;

    for (size_t i = 0; i < catalog->name_count; i++) {
        if (!has_prefix_words(catalog->names[i].name, noun))
            continue;
        text_addf(&out, "%s%s", found > 0 ? ", " : "", catalog->names[i].name);
        if (++found == 8)
            break;
    }
    return found > 0 ? text_string(&out) : NULL;
}

static const char *nearest_name(struct arena *arena, const struct catalog *catalog,
                                const struct word *words, size_t plain, size_t *used)
{
    const char **names = ARENA_ARRAY(arena, const char *, catalog->name_count + 1);

    for (size_t i = 0; i < catalog->name_count; i++)
        names[i] = catalog->names[i].name;
    for (size_t count = plain; count > 0; count--) {
        const char *typed = join_lower(arena, words, count);
        const char *near = text_nearest(typed, names, catalog->name_count);

        if (near != NULL) {
            *used = count;
            return near;
        }
    }
    *used = 1;
    return NULL;
}

static int no_command(struct arena *arena, const char *line, const struct word *word,
                      struct error *err)
{
    return error_set(err, ERROR_MISSING,
                     "No command \"%.60s\". Say help to see what you can do",
                     arena_copy_n(arena, line + word->start, word->end - word->start));
}

static int unknown_command(struct arena *arena, const struct catalog *catalog, const char *line,
                           const struct word *words, size_t plain, struct error *err)
{
    const char *first = plain > 0 ? join_lower(arena, words, 1) : "";
    const char *under = commands_under(arena, catalog, first);
    size_t used = 1;
    const char *near = nearest_name(arena, catalog, words, plain, &used);

    if (under != NULL && (near == NULL || !has_prefix_words(near, first)))
        return error_set(err, ERROR_MISSING, "No command \"%.60s\" by itself. There are: %s",
                         join_lower(arena, words, plain < 2 ? plain : 2), under);
    if (near == NULL)
        return no_command(arena, line, &words[0], err);
    return error_set(err, ERROR_MISSING, "No command \"%.60s\". Did you mean: %s?",
                     join_lower(arena, words, used),
                     catalog_usage(arena, catalog_find(catalog, near)));
}

static const struct word *find_separator(const struct word *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!words[i].quoted && words[i].key == NULL &&
            (text_is(words[i].text, "|") || text_is(words[i].text, "&&")))
            return &words[i];
    return NULL;
}

static bool takes_raw_text(const struct command *command)
{
    for (size_t i = 0; i < command->args.count; i++) {
        enum field_meaning meaning = command->args.list[i].meaning;

        if (meaning == AS_QUERY || meaning == AS_REST || meaning == AS_COMMAND)
            return true;
    }
    return false;
}

/* How many words are surely not inside a text that may hold anything. */
static size_t words_before_text(const struct command *command)
{
    size_t words = 0;

    for (size_t i = 0; i < command->args.count; i++) {
        const struct field *field = &command->args.list[i];

        if (!field->flag)
            words++;
        if (field->meaning == AS_REST || field->meaning == AS_COMMAND)
            return words;
    }
    return WORDS_LIMIT;
}

static bool asks_help(const struct command *command, const struct word *words, size_t count)
{
    size_t before_text = words_before_text(command);

    for (size_t i = 0; i < count && i < before_text; i++)
        if (!words[i].quoted && words[i].key == NULL && text_is(words[i].text, "--help"))
            return true;
    return false;
}

static int check_separator(const struct catalog_entry *entry, const struct word *words,
                           size_t count, struct error *err)
{
    const struct word *separator = find_separator(words, count);

    if (separator == NULL || takes_raw_text(entry->command))
        return 0;
    return error_set(
        err, ERROR_INVALID,
        "\"%s\" joins two commands, which this version does not do: send them one by "
        "one, or put it in quotes if it is part of a value",
        separator->text);
}

int parse_name(struct arena *arena, const struct catalog *catalog, const char *line,
               struct parsed *parsed, struct error *err)
{
    const struct word *words;
    size_t count;
    size_t plain;

    line = line_repair(arena, line);
    if (strlen(line) > LINE_LIMIT)
        return error_set(err, ERROR_INVALID, "the line is longer than %d KB",
                         LINE_LIMIT / 1024);
    if (line_words(arena, line, &words, &count, err) < 0)
        return -1;
    if (count == 0)
        return error_set(err, ERROR_INVALID,
                         "There is no command in this. Say help to see what you can do");
    plain = name_words(words, count);
    for (size_t used = plain; used > 0; used--) {
        const struct catalog_entry *entry =
            catalog_find(catalog, join_lower(arena, words, used));

        if (entry == NULL)
            continue;
        *parsed = (struct parsed){ .entry = entry, .line = line, .name_words = used };
        parsed->help = asks_help(entry->command, words + used, count - used);
        return check_separator(entry, words + used, count - used, err);
    }
    return unknown_command(arena, catalog, line, words, plain, err);
}
