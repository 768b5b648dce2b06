/* audit: the newest records, filtered. */
#include "core/audit.h"
#include "core/call_core.h"
#include "core/commands.h"

struct audit_args {
    const char *text;
    const char *person;
    const char *command;
    const char *result;
    long long job;
    long long since_s;
    long long limit;
};

static const struct json *audit_table(struct arena *arena, const struct config *config,
                                      const struct json *records)
{
    struct json_builder *rows = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < json_count(records); i++) {
        const struct json *record = json_at(records, i);
        const char *what = json_string(record, "line", json_string(record, "text", ""));

        json_builder_add(
            rows, NULL,
            V(OBJECT(arena,
                     { "at", V(clock_print_short(arena, config->server.zone,
                                                 clock_from_json(record, "at"))) },
                     { "who", V(json_string(record, "person", "")) },
                     { "what", V(json_string(record, "kind", "")) }, { "line", V(what) },
                     { "result", V(json_string(record, "result", "")) },
                     { "job", V(json_integer(record, "job", 0)) })));
    }
    return json_builder_done(rows);
}

static int audit_run(struct call *call, struct error *err)
{
    static const char *const columns[] = { "at", "who", "what", "line", "result", "job" };
    const struct audit_args *args = call_args(call);
    struct audit_filter filter = { .text = args->text,
                                   .person = args->person,
                                   .command = args->command,
                                   .result = args->result,
                                   .job = args->job,
                                   .limit = args->limit };
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);
    const struct json *records;

    if (db == NULL)
        return -1;
    if (args->since_s > 0)
        filter.since_ms = clock_now_ms() - args->since_s * 1000;
    records = audit_rows(db, call_arena(call), &filter, err);
    if (records == NULL)
        return -1;
    if (json_count(records) == 0)
        return say(call, TONE_PLAIN, "No records");
    return say_rows(call, NULL, columns, COUNT_OF(columns),
                    audit_table(call_arena(call), call_snapshot(call), records));
}

static const struct field audit_args[] = {
    FIELD(struct audit_args, text, .key = "text", .help = "only records with this in them",
          .meaning = AS_REST),
    FIELD(struct audit_args, person, .key = "by", .help = "only this person's",
          .meaning = AS_PERSON, .flag = true),
    FIELD(struct audit_args, command, .key = "command", .help = "only this command's",
          .flag = true),
    FIELD(struct audit_args, result, .key = "result", .help = "only with this result",
          .flag = true),
    FIELD(struct audit_args, job, .key = "job", .help = "only of this job", .meaning = AS_JOB,
          .flag = true),
    FIELD(struct audit_args, since_s, .key = "since", .help = "only younger than this",
          .meaning = AS_DURATION, .flag = true),
    FIELD(struct audit_args, limit, .key = "limit", .help = "how many", .fallback = "20",
          .min = 1, .max = 200, .flag = true),
};

const struct command audit_command = {
    .name = "audit",
    .help = "Who did what, where, and what came of it",
    .example = "audit --by ana --since 1d",
    .core = true,
    .args = FIELDS(struct audit_args, audit_args),
    .run = audit_run,
};
