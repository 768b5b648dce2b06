/* opsroom check, explain: what the configuration says, without a server. */
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "core/catalog.h"
#include "core/parse.h"
#include "core/policy.h"

static int check(const struct cli *cli)
{
    struct arena *arena = cli->arena;
    AUTO(config) const struct config *config = NULL;
    const char *path = NULL;
    const struct cli_option options[] = { { .name = "c", .value = &path } };

    if (cli_read_options(cli, options, COUNT_OF(options), NULL) < 0)
        return 2;
    config = cli_config(path, cli->registry, CONFIG_WHOLE, arena);
    if (config == NULL)
        return 1;
    printf("%s is good: %zu people, %zu rules, %zu connections, %zu apps, %zu chats\n",
           config->path, config->person_count, config->rule_count, config->connection_count,
           config->app_count, config->chat_count);
    return 0;
}

const struct cli_command cli_check_command = {
    .name = "check",
    .usage = "opsroom check [-c FILE]",
    .help =
        "Reads the whole configuration and says every fault as FILE:LINE:COL: what, and what to do. Exit status 1 "
        "when there is one.",
    .run = check,
};

struct explain_options {
    const char *config, *as, *channel;
};

struct explanation {
    const struct catalog *catalog;
    struct request request;
    struct parsed parsed;
    struct decision decision;
};

static int print_decision(struct arena *arena, const struct explanation *explanation)
{
    const struct parsed *parsed = &explanation->parsed;
    const struct decision *decision = &explanation->decision;
    const char *line = parsed->args != NULL ? line_print(arena, parsed->entry, parsed->args)
                                            : parsed->entry->name;

    if (!decision->allowed) {
        printf("refused: %s\n%s\n", line, decision->refusal);
        return 1;
    }
    printf("allowed: %s\n%s\n", line, decision->why);
    if (decision->approval.asked)
        printf("needs an approval: %s\n", approval_print(arena, decision));
    return 0;
}

/* As a server would: the name first, then the arguments. */
static int decide(struct explanation *explanation, const char *line, struct arena *arena,
                  struct error *err)
{
    struct request *request = &explanation->request;
    struct parsed *parsed = &explanation->parsed;
    struct argument_context context = { .config = request->config, .place = request->place };
    struct strings missing;
    void *structure;

    if (parse_name(arena, explanation->catalog, line, parsed, err) < 0)
        return -1;
    request->entry = parsed->entry;
    explanation->decision = policy_decide(request, arena);
    if (!explanation->decision.allowed)
        return 0;
    if (parse_arguments(arena, &context, parsed, &structure, &missing, err) < 0)
        return -1;
    if (missing.count > 0)
        return error_set(err, ERROR_INVALID, "%s is missing: %s", missing.items[0],
                         catalog_usage(arena, parsed->entry));
    request->args = parsed->args;
    explanation->decision = policy_decide(request, arena);
    return 0;
}

static int explain_line(const struct cli *cli, const struct explain_options *given,
                        const char *line, struct arena *arena)
{
    AUTO(config)
    const struct config *config = cli_config(given->config, cli->registry, CONFIG_WHOLE, arena);
    const char *person = given->as != NULL ? given->as : "local";
    struct place place = { 0 };
    struct explanation explanation = {
        .request = { .config = config, .place = &place, .at_ms = clock_now_ms() }
    };
    struct error err = { 0 };

    if (config == NULL)
        return 1;
    explanation.request.person = config_person(config, person);
    if (explanation.request.person == NULL) {
        error_set(&err, ERROR_MISSING, "there is no person \"%s\" in the configuration",
                  person);
        return cli_fail(cli, &err);
    }
    if (given->channel != NULL && !place_parse(arena, given->channel, &place))
        return cli_usage(cli, "--channel takes chat#channel, not \"%s\"", given->channel);
    explanation.catalog = catalog_new(arena, config);
    if (decide(&explanation, line, arena, &err) < 0)
        return cli_fail(cli, &err);
    return print_decision(arena, &explanation);
}

static int explain(const struct cli *cli)
{
    struct arena *arena = cli->arena;
    struct explain_options given = { 0 };
    const struct cli_option options[] = { { .name = "c", .value = &given.config },
                                          { .name = "as", .value = &given.as },
                                          { .name = "channel", .value = &given.channel } };
    struct strings words;

    if (cli_read_options(cli, options, COUNT_OF(options), &words) < 0)
        return 2;
    if (words.count == 0)
        return cli_usage(cli, "what is to be explained? Give the command in quotes");
    return explain_line(cli, &given, cli_line(arena, &words), arena);
}

const struct cli_command cli_explain_command = {
    .name = "explain",
    .usage = "opsroom explain [-c FILE] [--as PERSON] [--channel C] 'COMMAND'",
    .help =
        "Says which rule decides whether the person may run the command there, and why. Exit status 0 when it is "
        "allowed. No server is needed.",
    .run = explain,
};
