/* opsroom audit: the log read and verified without the server. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "core/audit.h"

enum {
    LIST_MAX = 1000
};

struct audit_options {
    const char *config, *person, *command, *result, *kind, *text, *job, *since, *limit, *head,
        *key;
    bool json;
};

static void print_record(struct arena *arena, const struct json *record, bool as_json)
{
    if (as_json) {
        printf("%s\n", json_print(arena, record));
        return;
    }
    printf("%6lld  %s  %-12s %-10s %-12s %s", json_integer(record, "sequence", 0),
           json_string(record, "at", ""), json_string(record, "kind", ""),
           json_string(record, "person", "-"), json_string(record, "result", ""),
           json_string(record, "line", ""));
    if (json_integer(record, "job", 0) != 0)
        printf("  #%lld", json_integer(record, "job", 0));
    if (json_string(record, "text", NULL) != NULL)
        printf("  (%s)", json_string(record, "text", ""));
    printf("\n");
}

static int list(struct store *store, struct arena *arena, const struct audit_filter *filter,
                bool as_json, struct error *err)
{
    AUTO(db) struct db *db = store_read_start(store, err);
    const struct json *records = db == NULL ? NULL : audit_rows(db, arena, filter, err);

    if (records == NULL)
        return -1;
    for (size_t i = json_count(records); i > 0; i--)
        print_record(arena, json_at(records, i - 1), as_json);
    return 0;
}

/* One record by its number: the newest before the next. */
static int show(struct store *store, struct arena *arena, const char *number, struct error *err)
{
    struct audit_filter filter = { .limit = 1 };
    AUTO(db) struct db *db = store_read_start(store, err);
    const struct json *records;
    long long sequence;

    if (!text_to_integer(number, &sequence) || sequence < 1)
        return error_set(err, ERROR_INVALID, "\"%s\" is no record's number", number);
    filter.before = sequence + 1;
    records = db == NULL ? NULL : audit_rows(db, arena, &filter, err);
    if (records == NULL)
        return -1;
    if (json_integer(json_at(records, 0), "sequence", 0) != sequence)
        return error_set(err, ERROR_MISSING, "there is no record %lld", sequence);
    printf("%s\n", json_print(arena, json_at(records, 0)));
    return 0;
}

static int print_verdict(const struct audit_verdict *verdict)
{
    printf("%s%s\n", verdict->good ? "good: " : "BAD: ", verdict->text);
    return verdict->good ? 0 : 1;
}

static struct store *open_store(const struct audit_options *given,
                                const struct registry *registry, struct arena *arena,
                                struct error *err)
{
    AUTO(config)
    const struct config *config = cli_config(given->config, registry, CONFIG_CLIENT, arena);

    if (config == NULL) {
        error_set(err, ERROR_INVALID, "the configuration cannot be read");
        return NULL;
    }
    return store_open_read_only(config->store_url, err);
}

static int verify(const struct cli *cli, const struct audit_options *given, const char *file,
                  struct arena *arena)
{
    struct audit_verdict verdict;
    struct error err = { 0 };
    AUTO(store) struct store *store = NULL;
    int result;

    if (file != NULL) {
        result = audit_verify_export(file, arena, given->key, given->head, &verdict, &err);
    } else {
        store = open_store(given, cli->registry, arena, &err);
        result = store == NULL ? -1
                               : audit_verify_store(store, arena, given->key, given->head,
                                                    &verdict, &err);
    }
    return result < 0 ? cli_fail(cli, &err) : print_verdict(&verdict);
}

static int make_filter(const struct cli *cli, const struct audit_options *given,
                       struct audit_filter *filter)
{
    long long since_s = 0;

    *filter = (struct audit_filter){ .person = given->person,
                                     .command = given->command,
                                     .result = given->result,
                                     .kind = given->kind,
                                     .text = given->text,
                                     .limit = 50 };
    if (given->job != NULL &&
        !text_to_integer(given->job[0] == '#' ? given->job + 1 : given->job, &filter->job))
        return cli_usage(cli, "--job takes a number, not \"%s\"", given->job);
    if (given->limit != NULL && (!text_to_integer(given->limit, &filter->limit) ||
                                 filter->limit < 1 || filter->limit > LIST_MAX))
        return cli_usage(cli, "--limit takes a number from 1 to %d, not \"%s\"", LIST_MAX,
                         given->limit);
    if (given->since != NULL && !text_to_duration(given->since, &since_s))
        return cli_usage(cli, "--since takes a duration, not \"%s\"", given->since);
    if (since_s > 0)
        filter->since_ms = clock_now_ms() - since_s * 1000;
    return 0;
}

static int run_on_store(const struct cli *cli, const struct audit_options *given,
                        const struct strings *words, struct arena *arena)
{
    struct error err = { 0 };
    struct audit_filter filter;
    AUTO(store) struct store *store = NULL;
    int result;

    if (make_filter(cli, given, &filter) != 0)
        return 2;
    store = open_store(given, cli->registry, arena, &err);
    if (store == NULL)
        return cli_fail(cli, &err);
    if (text_is(words->items[0], "list"))
        result = list(store, arena, &filter, given->json, &err);
    else if (text_is(words->items[0], "export"))
        result = audit_export(store, stdout, &err);
    else
        result = show(store, arena, words->items[1], &err);
    return result < 0 ? cli_fail(cli, &err) : 0;
}

static int audit(const struct cli *cli)
{
    struct arena *arena = cli->arena;
    struct audit_options given = { 0 };
    const struct cli_option options[] = {
        { .name = "c", .value = &given.config },
        { .name = "by", .value = &given.person },
        { .name = "person", .value = &given.person },
        { .name = "command", .value = &given.command },
        { .name = "result", .value = &given.result },
        { .name = "kind", .value = &given.kind },
        { .name = "text", .value = &given.text },
        { .name = "job", .value = &given.job },
        { .name = "since", .value = &given.since },
        { .name = "limit", .value = &given.limit },
        { .name = "head", .value = &given.head },
        { .name = "key", .value = &given.key },
        { .name = "json", .flag = &given.json },
    };
    struct strings words;
    const char *verb;

    if (cli_read_options(cli, options, COUNT_OF(options), &words) < 0)
        return 2;
    verb = words.count > 0 ? words.items[0] : "";
    if (text_is(verb, "verify") && words.count <= 2)
        return verify(cli, &given, words.count == 2 ? words.items[1] : NULL, arena);
    if (((text_is(verb, "list") || text_is(verb, "export")) && words.count == 1) ||
        (text_is(verb, "show") && words.count == 2))
        return run_on_store(cli, &given, &words, arena);
    return cli_usage(cli, "say list, show NUMBER, export or verify");
}

const struct cli_command cli_audit_command = {
    .name = "audit",
    .usage =
        "opsroom audit list [--by PERSON] [--command C] [--result R] [--kind K] [--job N] [--since 1d] [--text T] "
        "[--limit N] [--json]\n"
        "opsroom audit show NUMBER\n"
        "opsroom audit export\n"
        "opsroom audit verify [EXPORT] [--head HASH] [--key PUBLIC_KEY]      all with [-c FILE]",
    .help =
        "Reads the audit in the database itself; no server is needed. export writes JSON Lines to standard output. "
        "verify checks every hash and signature, in the database or in an export; --head is a hash you have noted "
        "before, so that a cut end is seen. Exit status 1 when something was changed.",
    .run = audit,
};
