/* opsroom notify: says something in a channel, through the running server's routes or there directly. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "core/event.h"

enum {
    LIMIT_S = 30
};

struct notify_options {
    const char *server, *config, *channel, *status, *title, *link;
};

static bool is_status(const char *status)
{
    return text_is(status, "success") || text_is(status, "failure") || text_is(status, "info");
}

/* Without a title the text's first line is it. */
static const struct json *event_of(struct arena *arena, const struct notify_options *given,
                                   const char *text)
{
    const char *title = given->title;
    const struct json *labels = NULL;

    if (title == NULL) {
        title = arena_copy_n(arena, text, strcspn(text, "\n"));
        text += strcspn(text, "\n");
        text += strspn(text, "\n");
    }
    if (given->channel != NULL)
        labels = OBJECT(arena, { "channel", V(given->channel) });
    return OBJECT(arena, { "source", V("notify") }, { "kind", V("notification") },
                  { "status", V(given->status) }, { "title", V(title) },
                  { "text", V(text[0] != '\0' ? text : (const char *)NULL) },
                  { "url", V(given->link) }, { "labels", V(labels) });
}

static const char *words_join(struct arena *arena, const struct strings *words)
{
    struct text text = text_new(arena, EVENT_TEXT_BYTES);

    for (size_t i = 0; i < words->count; i++)
        text_addf(&text, "%s%s", i > 0 ? " " : "", words->items[i]);
    return text_string(&text);
}

/* A message that reaches nobody is no success. */
static int print_outcome(const struct json *reply)
{
    long long id = json_integer(reply, "id", 0);
    const char *outcome = json_string(reply, "outcome", "");

    printf("event %lld: %s\n", id, outcome);
    if (!text_is(outcome, "unrouted"))
        return 0;
    fprintf(stderr,
            "opsroom notify: nobody was told: no route takes events from notify; add one, or "
            "name a --channel\n");
    return 1;
}

static int notify(const struct cli *cli)
{
    struct arena *arena = cli->arena;
    struct notify_options given = { .status = "info" };
    const struct cli_option options[] = {
        { .name = "server", .value = &given.server },
        { .name = "c", .value = &given.config },
        { .name = "channel", .value = &given.channel },
        { .name = "status", .value = &given.status },
        { .name = "title", .value = &given.title },
        { .name = "link", .value = &given.link },
    };
    const struct json *reply = NULL;
    struct strings words;
    struct client client;
    struct error err = { 0 };

    if (cli_read_options(cli, options, COUNT_OF(options), &words) < 0)
        return 2;
    if (!is_status(given.status))
        return cli_usage(cli, "--status takes success, failure or info, not \"%s\"",
                         given.status);
    if (words.count == 0)
        return cli_usage(cli, "what is to be said? Give the text");
    if (client_open(&client, given.server, given.config, cli->registry, arena, &err) == 0)
        reply = client_call(&client, "POST", "/events",
                            event_of(arena, &given, words_join(arena, &words)), LIMIT_S, &err);
    client_close(&client);
    return reply == NULL ? cli_fail(cli, &err) : print_outcome(reply);
}

const struct cli_command cli_notify_command = {
    .name = "notify",
    .usage =
        "opsroom notify [-c FILE | --server URL] [--channel C] [--status success|failure|info] [--title T] [--link URL] "
        "TEXT",
    .help =
        "Says something where the routes lead events from \"notify\", or in --channel by whoever may \"notify\". Exit "
        "status 0 once it is stored and somebody will see it.",
    .run = notify,
};
