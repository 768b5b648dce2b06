/* opsroom secret: the sealed secrets file beside the configuration. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "core/sealed.h"

enum {
    VALUE_LIMIT = 64 * 1024
};

static void set_echo(bool on)
{
    struct termios settings;

    if (tcgetattr(STDIN_FILENO, &settings) < 0)
        return;
    if (on)
        settings.c_lflag |= ECHO;
    else
        settings.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSANOW, &settings);
}

/* From standard input, never from arguments; one final line end is dropped. */
static int read_value(char *value, size_t *length, struct error *err)
{
    bool terminal = isatty(STDIN_FILENO) == 1;
    size_t got;

    if (terminal) {
        set_echo(false);
        fprintf(stderr, "Value (not shown), then Enter: ");
        got = fgets(value, VALUE_LIMIT, stdin) == NULL ? 0 : strlen(value);
        set_echo(true);
        fprintf(stderr, "\n");
    } else {
        got = fread(value, 1, VALUE_LIMIT, stdin);
    }
    if (ferror(stdin))
        return error_system(err, errno, "the value cannot be read");
    if (got == VALUE_LIMIT)
        return error_set(err, ERROR_INVALID, "the value is longer than 64 KB");
    if (got > 0 && value[got - 1] == '\n')
        got--;
    if (got == 0)
        return error_set(err, ERROR_INVALID, "the value is empty: give it on standard input");
    *length = got;
    return 0;
}

static int set(const char *directory, const char *name, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    char *value = arena_alloc(arena, VALUE_LIMIT + 1);
    size_t length = 0;
    int result = read_value(value, &length, err);

    if (result == 0)
        result = sealed_set(directory, name, (struct span){ value, length }, err);
    explicit_bzero(value, VALUE_LIMIT);
    return result;
}

static int list(const char *directory, struct arena *arena, struct error *err)
{
    struct strings names;

    if (sealed_list(directory, arena, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.count; i++)
        printf("%s\n", names.items[i]);
    return 0;
}

/* The folder of the configuration file, which need not exist yet. */
static const char *directory_of(struct arena *arena, const char *config_path)
{
    const char *slash = config_path == NULL ? NULL : strrchr(config_path, '/');

    if (slash == NULL)
        return ".";
    return slash == config_path
               ? "/"
               : arena_copy_n(arena, config_path, (size_t)(slash - config_path));
}

static int secret_main(const struct cli *cli)
{
    struct arena *arena = cli->arena;
    const char *config = NULL;
    const struct cli_option options[] = { { .name = "c", .value = &config } };
    const char *directory;
    const char *verb;
    struct strings words;
    struct error err = { 0 };
    int result;

    if (cli_read_options(cli, options, COUNT_OF(options), &words) < 0)
        return 2;
    directory = directory_of(arena, config);
    verb = words.count > 0 ? words.items[0] : "";
    if (text_is(verb, "set") && words.count == 2)
        result = set(directory, words.items[1], &err);
    else if (text_is(verb, "list") && words.count == 1)
        result = list(directory, arena, &err);
    else if (text_is(verb, "remove") && words.count == 2)
        result = sealed_remove(directory, words.items[1], &err);
    else
        return cli_usage(
            cli, "say set NAME, list or remove NAME (the value comes from standard input)");
    return result < 0 ? cli_fail(cli, &err) : 0;
}

const struct cli_command cli_secret_command = {
    .name = "secret",
    .usage =
        "opsroom secret set NAME\nopsroom secret list\nopsroom secret remove NAME      all with [-c FILE]",
    .help =
        "Keeps values in a sealed file beside the configuration, for ${secret:NAME}. set reads the value from "
        "standard input, never from arguments.",
    .run = secret_main,
};
