/* Options of the subcommands, and how they fail. */
#include "cli/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/parse.h"

int cli_usage(const struct cli *cli, const char *format, ...)
{
    va_list values;

    fprintf(stderr, "opsroom %s: ", cli->command->name);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fprintf(stderr, "\n%s\n", cli->command->usage);
    return 2;
}

int cli_fail(const struct cli *cli, const struct error *err)
{
    fprintf(stderr, "opsroom %s: %s\n", cli->command->name, err->text);
    return 1;
}

static const struct cli_option *find(const struct cli_option *options, size_t count,
                                     const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(options[i].name) == length && strncmp(options[i].name, name, length) == 0)
            return &options[i];
    return NULL;
}

/* One option at words[*at]. */
static int read_option(const struct cli *cli, const struct cli_option *options, size_t count,
                       int *at)
{
    const char *word = cli->words[*at];
    const char *name = word + (word[1] == '-' ? 2 : 1);
    const char *equals = strchr(name, '=');
    size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const struct cli_option *option = find(options, count, name, length);

    if (option == NULL) {
        cli_usage(cli, "unknown option \"%s\" (a command's own flags go inside the quotes)",
                  word);
        return -1;
    }
    if (option->flag != NULL && equals != NULL) {
        cli_usage(cli, "--%s takes no value", option->name);
        return -1;
    }
    if (option->flag != NULL) {
        *option->flag = true;
        return 0;
    }
    if (equals == NULL && *at + 1 >= cli->count) {
        cli_usage(cli, "%s needs a value", word);
        return -1;
    }
    *option->value = equals != NULL ? equals + 1 : cli->words[++*at];
    return 0;
}

int cli_read_options(const struct cli *cli, const struct cli_option *options, size_t count,
                     struct strings *words)
{
    const char **found = ARENA_ARRAY(cli->arena, const char *, (size_t)cli->count + 1);
    size_t found_count = 0;
    bool only_words = false;

    for (int i = 0; i < cli->count; i++) {
        const char *word = cli->words[i];

        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
        } else if (!only_words && word[0] == '-' && word[1] != '\0') {
            if (read_option(cli, options, count, &i) < 0)
                return -1;
        } else {
            found[found_count++] = word;
        }
    }
    if (words == NULL && found_count > 0) {
        cli_usage(cli, "\"%s\" is one word too many", found[0]);
        return -1;
    }
    if (words != NULL)
        *words = (struct strings){ found, found_count };
    return 0;
}

const char *cli_line(struct arena *arena, const struct strings *words)
{
    struct text line = text_new(arena, LINE_LIMIT * 2);

    if (words->count == 1)
        return words->items[0];
    for (size_t i = 0; i < words->count; i++) {
        const char *equals = strchr(words->items[i], '=');

        if (i > 0)
            text_add_char(&line, ' ');
        if (equals != NULL) {
            text_add_n(&line, words->items[i], (size_t)(equals + 1 - words->items[i]));
            word_print(&line, equals + 1, false);
        } else {
            word_print(&line, words->items[i], false);
        }
    }
    return text_string(&line);
}
