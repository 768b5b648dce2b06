/* opsroom token: what lets programs and people in. */
#include <stdio.h>

#include "base/hash.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"

enum {
    CALL_LIMIT_S = 30
};

struct token_options {
    const char *server, *config, *person, *note, *expires;
    bool link;
};

static int create(const struct cli *cli, const struct client *client,
                  const struct token_options *given)
{
    long long expires_s = 0;
    struct error err = { 0 };
    const struct json *reply;

    if (given->person == NULL)
        return cli_usage(cli, "create needs --person P");
    if (given->expires != NULL && !text_to_duration(given->expires, &expires_s))
        return cli_usage(cli, "--expires takes a duration, not \"%s\"", given->expires);
    reply = client_call(client, "POST", "/tokens",
                        OBJECT(client->arena, { "person", V(given->person) },
                               { "note", V(given->note) }, { "expires_in", V(expires_s) },
                               { "link", V(given->link) }),
                        CALL_LIMIT_S, &err);
    if (reply == NULL)
        return cli_fail(cli, &err);
    printf("%s\n", json_string(reply, given->link ? "link" : "token", ""));
    return 0;
}

static int list(const struct cli *cli, const struct client *client, const char *person)
{
    struct error err = { 0 };
    const char *path = person == NULL ? "/tokens"
                                      : arena_printf(client->arena, "/tokens?person=%s",
                                                     url_encode(client->arena, person));
    const struct json *reply = client_call(client, "GET", path, NULL, CALL_LIMIT_S, &err);
    const struct json *items = json_get(reply, "items");

    if (reply == NULL)
        return cli_fail(cli, &err);
    for (size_t i = 0; i < json_count(items); i++) {
        const struct json *token = json_at(items, i);

        printf("%6lld  %-8s %-12s %-24s %s\n", json_integer(token, "id", 0),
               json_string(token, "kind", ""), json_string(token, "person", ""),
               json_string(token, "expires_at", "-"), json_string(token, "note", ""));
    }
    return 0;
}

static int revoke(const struct cli *cli, const struct client *client, const char *id)
{
    struct error err = { 0 };
    long long number;

    if (!text_to_integer(id, &number))
        return cli_usage(cli, "\"%s\" is no token's number: see opsroom token list", id);
    if (client_call(client, "DELETE", arena_printf(client->arena, "/tokens/%lld", number), NULL,
                    CALL_LIMIT_S, &err) == NULL)
        return cli_fail(cli, &err);
    return 0;
}

static bool is_well_said(const struct strings *words)
{
    const char *verb = words->count > 0 ? words->items[0] : "";

    if (text_is(verb, "revoke"))
        return words->count == 2;
    return words->count == 1 && (text_is(verb, "create") || text_is(verb, "list"));
}

static int act(const struct cli *cli, const struct client *client,
               const struct token_options *given, const struct strings *words)
{
    if (text_is(words->items[0], "create"))
        return create(cli, client, given);
    if (text_is(words->items[0], "list"))
        return list(cli, client, given->person);
    return revoke(cli, client, words->items[1]);
}

static int token(const struct cli *cli)
{
    struct arena *arena = cli->arena;
    struct token_options given = { 0 };
    const struct cli_option options[] = {
        { .name = "server", .value = &given.server },
        { .name = "c", .value = &given.config },
        { .name = "person", .value = &given.person },
        { .name = "note", .value = &given.note },
        { .name = "expires", .value = &given.expires },
        { .name = "link", .flag = &given.link },
    };
    struct strings words;
    struct client client;
    struct error err = { 0 };
    int status;

    if (cli_read_options(cli, options, COUNT_OF(options), &words) < 0)
        return 2;
    if (!is_well_said(&words))
        return cli_usage(cli, "say create --person P, list or revoke NUMBER");
    if (client_open(&client, given.server, given.config, cli->registry, arena, &err) < 0)
        status = cli_fail(cli, &err);
    else
        status = act(cli, &client, &given, &words);
    client_close(&client);
    return status;
}

const struct cli_command cli_token_command = {
    .name = "token",
    .usage = "opsroom token create --person P [--note TEXT] [--expires 30d] [--link]\n"
             "opsroom token list [--person P]\n"
             "opsroom token revoke NUMBER      all with [-c FILE | --server URL]",
    .help =
        "create prints the token alone; it is shown this once. --link makes a one-time sign-in link for a browser "
        "instead, good for an hour.",
    .run = token,
};
