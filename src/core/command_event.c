/* events, route test, mute, mutes, unmute. */
#include "base/matcher.h"
#include "core/call_core.h"
#include "core/commands.h"
#include "core/mute.h"
#include "core/route_trial.h"
#include "store/store.h"

struct events_args {
    const char *text, *source, *kind, *status;
    long long limit;
};

static const struct json *events_table(struct call *call, const struct json *events)
{
    struct arena *arena = call_arena(call);
    struct json_builder *rows = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < json_count(events); i++) {
        const struct json *event = json_at(events, i);
        const char *at = clock_print_short(arena, call_snapshot(call)->server.zone,
                                           clock_from_json(event, "at"));

        json_builder_add(
            rows, NULL,
            V(OBJECT(arena, { "at", V(at) }, { "source", V(json_string(event, "source", "")) },
                     { "kind", V(json_string(event, "kind", "")) },
                     { "status", V(json_string(event, "status", "")) },
                     { "title", V(json_string(event, "title", "")) },
                     { "outcome", V(json_string(event, "outcome", "")) },
                     { "id", V(json_integer(event, "id", 0)) })));
    }
    return json_builder_done(rows);
}

static int events_run(struct call *call, struct error *err)
{
    static const char *const columns[] = { "at",    "source",  "kind", "status",
                                           "title", "outcome", "id" };
    const struct events_args *args = call_args(call);
    struct event_filter filter = { .source = args->source,
                                   .kind = args->kind,
                                   .status = args->status,
                                   .text = args->text,
                                   .limit = args->limit };
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);
    const struct json *events;

    if (db == NULL)
        return -1;
    if (args->status != NULL && !event_status_is_known(args->status))
        return error_set(err, ERROR_INVALID, "unknown status \"%.60s\": there are %s",
                         args->status, event_status_list());
    events = event_list(db, call_arena(call), &filter, err);
    if (events == NULL)
        return -1;
    if (json_count(events) == 0)
        return say(call, TONE_PLAIN, "No events");
    return say_rows(call, NULL, columns, COUNT_OF(columns), events_table(call, events));
}

static const struct field events_args[] = {
    FIELD(struct events_args, text, .key = "text", .help = "only those with this in them",
          .meaning = AS_QUERY),
    FIELD(struct events_args, source, .key = "source", .help = "only from there", .flag = true),
    FIELD(struct events_args, kind, .key = "kind", .help = "only of this kind", .flag = true),
    FIELD(struct events_args, status, .key = "status", .help = "only in this status",
          .flag = true),
    FIELD(struct events_args, limit, .key = "limit", .help = "how many", .fallback = "20",
          .min = 1, .max = 200, .flag = true),
};

const struct command events_command = {
    .name = "events",
    .help = "What happened outside, and what became of the news",
    .example = "events --source alertmanager --status firing",
    .core = true,
    .args = FIELDS(struct events_args, events_args),
    .run = events_run,
};

struct route_test_args {
    const char *event;
};

static void add_trial(struct json_builder *blocks, struct arena *arena,
                      const struct route_trial *trial)
{
    json_builder_add(blocks, NULL,
                     block_text(arena, arena_printf(arena, "%s: %s%s%s%s",
                                                    message_escape(arena, trial->route),
                                                    message_escape(arena, trial->channels),
                                                    trial->remark != NULL ? " (" : "",
                                                    trial->remark != NULL ? trial->remark : "",
                                                    trial->remark != NULL ? ")" : "")));
    json_builder_add(blocks, NULL, block_code(arena, trial->text));
}

static int route_test_run(struct call *call, struct error *err)
{
    const struct route_test_args *args = call_args(call);
    struct arena *arena = call_arena(call);
    struct json_builder *blocks = json_builder_new(arena, JSON_ARRAY);
    struct route_trials trials;
    struct message message = { .tone = TONE_PLAIN };

    if (route_try(call_snapshot(call), arena, args->event, &trials, err) < 0)
        return error_prefix(err, "the event");
    if (trials.count == 0)
        return say(call, TONE_WARN, "No route takes this event: it would only be stored");
    for (size_t i = 0; i < trials.count; i++)
        add_trial(blocks, arena, &trials.list[i]);
    message.text =
        arena_printf(arena, "It takes %zu route%s", trials.count, trials.count == 1 ? "" : "s");
    message.blocks = json_builder_done(blocks);
    return say_message(call, &message);
}

static const struct field route_test_args[] = {
    FIELD(struct route_test_args, event, .key = "event",
          .help = "as JSON: source, kind, title and what else it has", .need = true,
          .meaning = AS_REST),
};

const struct command route_test_command = {
    .name = "route test",
    .help = "Which routes an event would take, and the message it would make",
    .example =
        "route test {\"source\": \"ci\", \"kind\": \"build\", \"title\": \"web\", \"status\": \"failure\"}",
    .core = true,
    .args = FIELDS(struct route_test_args, route_test_args),
    .run = route_test_run,
};

struct mute_args {
    const char *matchers;
    long long duration_s;
    const char *reason;
};

/* What a write function works on. */
struct muting {
    const struct mute_args *args;
    const char *person;
    long long number; /* out, or of the one that ends */
};

static int mute_write(struct db *db, void *argument, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct muting *muting = argument;
    long long now_ms = clock_now_ms();
    const struct json *row =
        db_row(db, arena, err, "SELECT count(*) AS count FROM mutes WHERE until_at > ?",
               VALUES(V(now_ms)));

    if (row == NULL)
        return -1;
    if (json_integer(row, "count", 0) >= MUTES_MAX)
        return error_set(err, ERROR_CONFLICT, "there are %d mutes already: unmute some of them",
                         MUTES_MAX);
    if (db_run(db, err,
               "INSERT INTO mutes (matchers, person, reason, until_at, created_at) "
               "VALUES (?, ?, ?, ?, ?)",
               VALUES(V(muting->args->matchers), V(muting->person), V(muting->args->reason),
                      V(now_ms + muting->args->duration_s * 1000), V(now_ms))) < 0)
        return -1;
    muting->number = db_last_id(db);
    return 0;
}

/* One that covers everything would be no mute but the end of all news. */
static int check_matchers(struct arena *arena, const char *source, struct error *err)
{
    const struct matchers *matchers = matchers_parse(arena, source, err);

    if (matchers == NULL)
        return error_prefix(err, "the matchers \"%.60s\"", source);
    if (matchers_count(matchers) == 0)
        return error_set(
            err, ERROR_INVALID,
            "which events? Write matchers such as source=\"ci\" severity=\"info\"");
    return 0;
}

static int mute_run(struct call *call, struct error *err)
{
    const struct mute_args *args = call_args(call);
    struct arena *arena = call_arena(call);
    struct muting muting = { .args = args, .person = call_person(call) };

    if (check_matchers(arena, args->matchers, err) < 0 ||
        store_write(core_store(call_core(call)), mute_write, &muting, err) < 0)
        return -1;
    call_note(call, "muted %s for %s", args->matchers,
              duration_print(arena, args->duration_s * 1000));
    return say(call, TONE_GOOD,
               "Muted for %s: %s. What is said already is kept up to date, the rest is only "
               "stored. To end it: unmute %lld",
               duration_print(arena, args->duration_s * 1000),
               message_escape(arena, args->matchers), muting.number);
}

static const struct field mute_args[] = {
    FIELD(struct mute_args, matchers, .key = "matchers",
          .help = "which events, such as source=\"ci\" severity=\"info\"", .need = true,
          .meaning = AS_QUERY),
    FIELD(struct mute_args, duration_s, .key = "duration", .help = "for how long", .need = true,
          .meaning = AS_DURATION, .min = 1, .max = 366LL * 24 * 3600),
    FIELD(struct mute_args, reason, .key = "reason", .help = "why", .meaning = AS_REST),
};

const struct command mute_command = {
    .name = "mute",
    .help = "Keep quiet about some events for a while",
    .example = "mute source=\"ci\" severity=\"info\" 2h the migration runs",
    .risk = RISK_CHANGE,
    .core = true,
    .args = FIELDS(struct mute_args, mute_args),
    .run = mute_run,
};

static int mutes_run(struct call *call, struct error *err)
{
    static const char *const columns[] = { "number", "matchers", "until", "by", "reason" };
    struct arena *arena = call_arena(call);
    struct json_builder *table = json_builder_new(arena, JSON_ARRAY);
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);
    const struct json *rows;

    if (db == NULL)
        return -1;
    rows = db_rows(db, arena, err,
                   "SELECT id AS number, matchers, person, reason, until_at FROM mutes "
                   "WHERE until_at > ? ORDER BY until_at",
                   VALUES(V(clock_now_ms())));
    if (rows == NULL)
        return -1;
    if (json_count(rows) == 0)
        return say(call, TONE_PLAIN, "Nothing is muted");
    for (size_t i = 0; i < json_count(rows); i++) {
        const struct json *row = json_at(rows, i);
        const char *until = clock_print_short(arena, call_snapshot(call)->server.zone,
                                              json_integer(row, "until_at", 0));

        json_builder_add(
            table, NULL,
            V(OBJECT(arena, { "number", V(json_integer(row, "number", 0)) },
                     { "matchers", V(json_string(row, "matchers", "")) }, { "until", V(until) },
                     { "by", V(json_string(row, "person", "")) },
                     { "reason", V(json_string(row, "reason", "")) })));
    }
    return say_rows(call, NULL, columns, COUNT_OF(columns), json_builder_done(table));
}

const struct command mutes_command = {
    .name = "mutes",
    .help = "Which events are muted, until when and by whom",
    .core = true,
    .run = mutes_run,
};

struct unmute_args {
    long long number;
};

static int unmute_write(struct db *db, void *argument, struct error *err)
{
    const struct muting *muting = argument;
    long long changed = db_run(db, err, "DELETE FROM mutes WHERE id = ? AND until_at > ?",
                               VALUES(V(muting->number), V(clock_now_ms())));

    if (changed == 0)
        return error_set(err, ERROR_MISSING, "there is no mute %lld: mutes lists them",
                         muting->number);
    return changed < 0 ? -1 : 0;
}

static int unmute_run(struct call *call, struct error *err)
{
    const struct unmute_args *args = call_args(call);
    struct muting muting = { .number = args->number };

    if (store_write(core_store(call_core(call)), unmute_write, &muting, err) < 0)
        return -1;
    call_note(call, "ended mute %lld", args->number);
    return say(call, TONE_GOOD, "Mute %lld is over: such events are said again", args->number);
}

static const struct field unmute_args[] = {
    FIELD(struct unmute_args, number, .key = "number", .help = "of mutes", .need = true,
          .min = 1, .max = 1LL << 60),
};

const struct command unmute_command = {
    .name = "unmute",
    .help = "End a mute",
    .example = "unmute 3",
    .risk = RISK_CHANGE,
    .core = true,
    .args = FIELDS(struct unmute_args, unmute_args),
    .run = unmute_run,
};
