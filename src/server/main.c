/* opsroom: one binary.  The only folder that knows all the others. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "chat/platforms.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "connectors/connectors.h"
#include "connectors/local/supervise.h"
#include "server/serve.h"

static int serve_command(const struct cli *cli)
{
    const char *path = "opsroom.yaml";
    struct cli_option options[] = { { .name = "c", .value = &path } };

    if (cli_read_options(cli, options, COUNT_OF(options), NULL) < 0)
        return 2;
    return serve(path, cli->registry);
}

static const struct cli_command serve_entry = {
    .name = "serve",
    .usage = "opsroom serve [-c opsroom.yaml]",
    .help =
        "Runs the server in the foreground; logs go to stderr. SIGHUP reads the configuration again, SIGTERM ends it.",
    .run = serve_command,
};

static const struct cli_command *find(const char *name)
{
    if (strcmp(name, "serve") == 0)
        return &serve_entry;
    for (size_t i = 0; i < cli_command_count; i++)
        if (strcmp(cli_commands[i]->name, name) == 0)
            return cli_commands[i];
    return NULL;
}

static bool wants_help(int count, char **words)
{
    for (int i = 0; i < count && strcmp(words[i], "--") != 0; i++)
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)
            return true;
    return false;
}

static void print_help(void)
{
    printf("%s\n", serve_entry.usage);
    cli_print_help();
}

/* "opsroom --help", "opsroom help run" */
static bool is_help(const char *word)
{
    return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int run(const struct registry *registry, int count, char **words)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct cli cli = { .registry = registry, .arena = arena };
    bool asks = is_help(words[0]);

    if (asks && count == 1) {
        print_help();
        return 0;
    }
    cli.command = find(words[asks ? 1 : 0]);
    if (cli.command == NULL) {
        fprintf(stderr, "opsroom: no subcommand \"%s\": say opsroom --help\n",
                words[asks ? 1 : 0]);
        return 2;
    }
    cli.count = count - 1;
    cli.words = words + 1;
    if (asks || wants_help(cli.count, cli.words)) {
        printf("%s\n\n%s\n", cli.command->usage, cli.command->help);
        return 0;
    }
    return cli.command->run(&cli);
}

/* A full disk behind standard output must not look like success. */
static int end_output(int status)
{
    bool was_bad = ferror(stdout) != 0;
    int flushed = fflush(stdout);
    struct error err = { 0 };

    if (flushed == 0 && !was_bad)
        return status;
    error_system(&err, flushed != 0 ? errno : EIO, "opsroom: standard output");
    fprintf(stderr, "%s\n", err.text);
    return 1;
}

int main(int argc, char **argv)
{
    const struct registry registry = { connectors, connector_count, chat_platforms,
                                       chat_platform_count };

    /* The supervisor of one local pipeline is this binary too. */
    if (argc > 1 && strcmp(argv[1], SUPERVISE_WORD) == 0)
        return supervise(argc - 2, argv + 2);
    if (argc < 2) {
        print_help();
        return end_output(2);
    }
    return end_output(run(&registry, argc - 1, argv + 1));
}
