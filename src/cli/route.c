/* opsroom route test: which routes an event would take, without a server. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "core/route_trial.h"

enum {
    FILE_BYTES = 1024 * 1024
};

/* "-": standard input. */
static const char *read_file(struct arena *arena, const char *path, struct error *err)
{
    FILE *file = text_is(path, "-") ? stdin : fopen(path, "re");
    char *bytes = arena_alloc(arena, FILE_BYTES + 1);
    size_t length;

    if (file == NULL) {
        error_system(err, errno, "\"%s\"", path);
        return NULL;
    }
    length = fread(bytes, 1, FILE_BYTES + 1, file);
    if (file != stdin)
        fclose(file);
    if (length > FILE_BYTES) {
        error_set(err, ERROR_INVALID, "\"%s\" is over %d KiB", path, FILE_BYTES / 1024);
        return NULL;
    }
    bytes[length] = '\0';
    return bytes;
}

static void print_indented(const char *text)
{
    struct span rest = span_of(text);
    struct span line;

    while (span_split(&rest, '\n', &line))
        printf("    %.*s\n", (int)line.length, line.start);
}

static int print_trials(const struct route_trials *trials)
{
    for (size_t i = 0; i < trials->count; i++) {
        const struct route_trial *trial = &trials->list[i];

        printf("%s -> %s\n", trial->route, trial->channels);
        if (trial->remark != NULL)
            printf("  (%s)\n", trial->remark);
        print_indented(trial->text);
    }
    if (trials->count == 0)
        fprintf(stderr, "no route takes this event: it would only be stored\n");
    return trials->count > 0 ? 0 : 1;
}

static int test(const struct cli *cli, const char *config_path, const char *path)
{
    struct arena *arena = cli->arena;
    AUTO(config) const struct config *config = NULL;
    struct error err = { 0 };
    struct route_trials trials;
    const char *json = read_file(arena, path, &err);

    if (json == NULL)
        return cli_fail(cli, &err);
    config = cli_config(config_path, cli->registry, CONFIG_WHOLE, arena);
    if (config == NULL)
        return 1;
    if (route_try(config, arena, json, &trials, &err) < 0) {
        error_prefix(&err, "%s", path);
        return cli_fail(cli, &err);
    }
    return print_trials(&trials);
}

static int route(const struct cli *cli)
{
    const char *config_path = NULL;
    const struct cli_option options[] = { { .name = "c", .value = &config_path } };
    struct strings words;

    if (cli_read_options(cli, options, COUNT_OF(options), &words) < 0)
        return 2;
    if (words.count != 2 || !text_is(words.items[0], "test"))
        return cli_usage(cli, "give the event's file: route test FILE.json");
    return test(cli, config_path, words.items[1]);
}

const struct cli_command cli_route_command = {
    .name = "route",
    .usage = "opsroom route test [-c FILE] EVENT.json",
    .help =
        "Says which routes of the configuration an event takes, to which channels, and the message it would make. The "
        "event is as POST /api/v1/events takes it; - reads it from standard input. Exit status 1 when no route takes "
        "it. No server is needed.",
    .run = route,
};
