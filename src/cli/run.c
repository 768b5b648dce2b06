/* opsroom run: one command through the running server. */
#include <stdio.h>

#include "base/text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"

enum {
    ANSWER_MARGIN_S = 15,
    WAIT_MAX_S = 600,
};

struct run_options {
    const char *server, *config, *as, *channel, *wait;
    bool json;
};

static int read_wait(const struct cli *cli, const char *text, long long *wait_s)
{
    if (text_to_duration(text, wait_s) && *wait_s <= WAIT_MAX_S)
        return 0;
    cli_usage(cli, "--wait takes a duration of at most 10m, not \"%s\"", text);
    return -1;
}

static int print_reply(struct arena *arena, const struct json *reply, bool as_json)
{
    const char *text = json_string(reply, "text", "");

    if (as_json)
        printf("%s\n", json_print(arena, reply));
    else if (text[0] != '\0')
        printf("%s\n", text);
    if (!as_json && !json_boolean(reply, "ok", false))
        fprintf(stderr, "#%lld %s\n", json_integer(reply, "job", 0),
                json_string(reply, "state", ""));
    return json_boolean(reply, "ok", false) ? 0 : 1;
}

static int run(const struct cli *cli)
{
    struct arena *arena = cli->arena;
    struct run_options given = { .wait = "60s" };
    const struct cli_option options[] = {
        { .name = "server", .value = &given.server },
        { .name = "c", .value = &given.config },
        { .name = "as", .value = &given.as },
        { .name = "channel", .value = &given.channel },
        { .name = "wait", .value = &given.wait },
        { .name = "json", .flag = &given.json },
    };
    struct strings words;
    struct client client;
    struct error err = { 0 };
    long long wait_s;
    const struct json *reply = NULL;

    if (cli_read_options(cli, options, COUNT_OF(options), &words) < 0 ||
        read_wait(cli, given.wait, &wait_s) < 0)
        return 2;
    if (words.count == 0)
        return cli_usage(cli, "what is to be run? Give the command in quotes");
    if (client_open(&client, given.server, given.config, cli->registry, arena, &err) == 0)
        reply = client_call(&client, "POST", "/run",
                            OBJECT(arena, { "line", V(cli_line(arena, &words)) },
                                   { "channel", V(given.channel) }, { "as", V(given.as) },
                                   { "wait", V(wait_s) }),
                            (int)wait_s + ANSWER_MARGIN_S, &err);
    client_close(&client);
    return reply == NULL ? cli_fail(cli, &err) : print_reply(arena, reply, given.json);
}

const struct cli_command cli_run_command = {
    .name = "run",
    .usage =
        "opsroom run [-c FILE | --server URL] [--as PERSON] [--channel C] [--wait 60s] [--json] 'COMMAND'",
    .help =
        "Runs one command through the server and prints its reply. Exit status 0 only if it succeeded; when the "
        "wait ends the job goes on and the status is 1. --as works over the local socket only.",
    .run = run,
};
