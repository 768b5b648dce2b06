/* jobs, job show|log|cancel|resolve, again. */
#include "core/call_core.h"
#include "core/catalog.h"
#include "core/commands.h"
#include "core/job.h"
#include "core/job_row.h"
#include "core/parse.h"
#include "core/policy.h"

struct jobs_args {
    const char *state;
    const char *person;
    bool open;
    long long limit;
};

static const struct json *jobs_rows(struct arena *arena, const struct json *page)
{
    const struct json *jobs = json_get(page, "items");
    struct json_builder *rows = json_builder_new(arena, JSON_ARRAY);
    long long now_ms = clock_now_ms();

    for (size_t i = 0; i < json_count(jobs); i++) {
        const struct json *job = json_at(jobs, i);
        long long age_ms = now_ms - clock_from_json(job, "created_at");

        json_builder_add(rows, NULL,
                         V(OBJECT(arena, { "job", V(json_integer(job, "id", 0)) },
                                  { "what", V(json_string(job, "title", "")) },
                                  { "by", V(json_string(job, "person", "")) },
                                  { "state", V(json_string(job, "state", "")) },
                                  { "age", V(duration_print(arena, age_ms)) })));
    }
    return json_builder_done(rows);
}

static int jobs_run(struct call *call, struct error *err)
{
    static const char *const columns[] = { "job", "what", "by", "state", "age" };
    const struct jobs_args *args = call_args(call);
    struct job_filter filter = {
        .state = args->state, .person = args->person, .open = args->open, .limit = args->limit
    };
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);
    const struct json *page;

    if (db == NULL)
        return -1;
    page = job_list(db, call_arena(call), &filter, err);
    if (page == NULL)
        return -1;
    if (json_count(json_get(page, "items")) == 0)
        return say(call, TONE_PLAIN, "No jobs");
    return say_rows(call, NULL, columns, COUNT_OF(columns), jobs_rows(call_arena(call), page));
}

static const struct field jobs_args[] = {
    FIELD(struct jobs_args, state, .key = "state", .help = "only those in this state",
          .flag = true),
    FIELD(struct jobs_args, person, .key = "by", .help = "only those of this person",
          .meaning = AS_PERSON, .flag = true),
    FIELD(struct jobs_args, open, .key = "open", .help = "only those that are not over",
          .flag = true),
    FIELD(struct jobs_args, limit, .key = "limit", .help = "how many", .fallback = "20",
          .min = 1, .max = 200, .flag = true),
};

const struct command jobs_command = {
    .name = "jobs",
    .help = "The newest jobs and their states",
    .core = true,
    .args = FIELDS(struct jobs_args, jobs_args),
    .run = jobs_run,
};

/* One's own job always; somebody else's by the rules for this command. */
static int load_allowed(struct call *call, const char *command, long long job, struct db *db,
                        struct job_row *row, struct error *err)
{
    struct arena *arena = call_arena(call);
    struct request request = { .config = call_snapshot(call),
                               .person = call_requester(call),
                               .entry = catalog_find(call_catalog(call), command),
                               .place = call_place(call),
                               .at_ms = clock_now_ms() };
    struct decision decision = policy_decide_by_rules(&request, arena);

    if (job_load(db, arena, job, row, err) < 0)
        return decision.allowed ? -1
                                : error_set(err, ERROR_DENIED, "#%lld is no job of yours", job);
    if (decision.allowed ||
        (request.person != NULL && text_is(row->person, request.person->id)))
        return 0;
    return error_set(err, ERROR_DENIED, "#%lld is no job of yours. %s", job, decision.refusal);
}

struct job_args {
    long long job;
    const char *text;
    long long lines;
};

static int job_show_run(struct call *call, struct error *err)
{
    const struct job_args *args = call_args(call);
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);
    struct job_row row;
    struct message message;
    const struct json *json;

    if (db == NULL || load_allowed(call, "job show", args->job, db, &row, err) < 0)
        return -1;
    json = job_json(db, call_arena(call), args->job, err);
    if (json == NULL)
        return -1;
    message = message_from_json(call_arena(call), json_get(json, "message"));
    return say_message(call, &message);
}

static const struct field job_show_args[] = {
    FIELD(struct job_args, job, .key = "job", .help = "its number", .meaning = AS_JOB,
          .need = true, .min = 1, .max = 1LL << 60),
};

const struct command job_show_command = {
    .name = "job show",
    .help = "One job: its state, steps and answer",
    .example = "job show 412",
    .core = true,
    .own = true,
    .args = FIELDS(struct job_args, job_show_args),
    .run = job_show_run,
};

static int job_log_run(struct call *call, struct error *err)
{
    const struct job_args *args = call_args(call);
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);
    struct arena *arena = call_arena(call);
    struct job_row row;
    struct message message = { .job = args->job };
    const char *tail;

    if (db == NULL || load_allowed(call, "job log", args->job, db, &row, err) < 0)
        return -1;
    tail = job_log_tail(db, arena, args->job, (size_t)args->lines, err);
    if (tail == NULL)
        return -1;
    if (text_is_empty(tail))
        return say(call, TONE_PLAIN, "#%lld has written no log", args->job);
    message.title = arena_printf(arena, "Log of %s", row.title);
    message.blocks = ARRAY(arena, block_code(arena, tail));
    return say_message(call, &message);
}

static const struct field job_log_args[] = {
    FIELD(struct job_args, job, .key = "job", .help = "its number", .meaning = AS_JOB,
          .need = true, .min = 1, .max = 1LL << 60),
    FIELD(struct job_args, lines, .key = "lines", .help = "how many of the last lines",
          .fallback = "50", .min = 1, .max = 1000, .flag = true),
};

const struct command job_log_command = {
    .name = "job log",
    .help = "The last lines of a job's log",
    .example = "job log 412 --lines 200",
    .core = true,
    .own = true,
    .args = FIELDS(struct job_args, job_log_args),
    .run = job_log_run,
};

static int check_allowed(struct call *call, const char *command, long long job,
                         struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);
    struct job_row row;

    return db == NULL ? -1 : load_allowed(call, command, job, db, &row, err);
}

static int job_cancel_run(struct call *call, struct error *err)
{
    const struct job_args *args = call_args(call);

    if (check_allowed(call, "job cancel", args->job, err) < 0 ||
        job_cancel(call_core(call), args->job, call_person(call), args->text, err) < 0)
        return -1;
    return say(call, TONE_PLAIN, "Cancelling #%lld", args->job);
}

static const struct field job_cancel_args[] = {
    FIELD(struct job_args, job, .key = "job", .help = "its number", .meaning = AS_JOB,
          .need = true, .min = 1, .max = 1LL << 60),
    FIELD(struct job_args, text, .key = "reason", .help = "why", .meaning = AS_REST),
};

const struct command job_cancel_command = {
    .name = "job cancel",
    .help = "Stop a job",
    .example = "job cancel 412 wrong version",
    .risk = RISK_CHANGE,
    .core = true,
    .own = true,
    .args = FIELDS(struct job_args, job_cancel_args),
    .run = job_cancel_run,
};

static int job_resolve_run(struct call *call, struct error *err)
{
    const struct job_args *args = call_args(call);

    if (check_allowed(call, "job resolve", args->job, err) < 0 ||
        job_resolve_unsure(call_core(call), args->job, call_person(call), args->text, err) < 0)
        return -1;
    return say(call, TONE_PLAIN, "Noted for #%lld: %s", args->job, args->text);
}

static const struct field job_resolve_args[] = {
    FIELD(struct job_args, job, .key = "job", .help = "its number", .meaning = AS_JOB,
          .need = true, .min = 1, .max = 1LL << 60),
    FIELD(struct job_args, text, .key = "what", .help = "what happened outside, or what to do",
          .choices = "happened|again|stop", .need = true),
};

const struct command job_resolve_command = {
    .name = "job resolve",
    .help = "Say what became of a step that nobody knows the end of",
    .example = "job resolve 412 happened",
    .risk = RISK_CHANGE,
    .core = true,
    .own = true,
    .args = FIELDS(struct job_args, job_resolve_args),
    .run = job_resolve_run,
};

/* The newest job of this person in this place that was not itself an "again". */
static int find_last(struct call *call, struct db *db, long long *job, struct error *err)
{
    const struct place *place = call_place(call);
    const struct json *row = db_row(
        db, call_arena(call), err,
        "SELECT id FROM jobs WHERE person = ? AND id < ? AND command IS NOT NULL AND command <> 'again' "
        "AND parent IS NULL AND COALESCE(chat, '') = COALESCE(?, '') AND "
        "COALESCE(channel, '') = COALESCE(?, '') ORDER BY id DESC LIMIT 1",
        VALUES(V(call_person(call)), V(call_job(call)), V(place->chat), V(place->channel)));

    if (row == NULL)
        return -1;
    if (!json_is(row, JSON_OBJECT))
        return error_set(err, ERROR_MISSING, "you have run nothing here yet: say again JOB");
    *job = json_integer(row, "id", 0);
    return 0;
}

static int load_again(struct call *call, struct job_row *row, struct error *err)
{
    const struct job_args *args = call_args(call);
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);
    long long job = args->job;

    if (db == NULL || (job == 0 && find_last(call, db, &job, err) < 0))
        return -1;
    return load_allowed(call, "job show", job, db, row, err);
}

/* A new job under today's rules; the old one only lends its line. */
static int again_run(struct call *call, struct error *err)
{
    struct arena *arena = call_arena(call);
    struct job_row row;
    struct submitted submitted;
    struct ask ask = { .door = "job",
                       .person = call_person(call),
                       .account = call_account(call),
                       .place = *call_place(call),
                       .place_proven = true,
                       .request_key = arena_printf(arena, "again:%lld", call_job(call)) };

    if (load_again(call, &row, err) < 0)
        return -1;
    ask.line = row.line;
    ask.again_of = row.id;
    if (job_submit(call_core(call), &ask, arena, &submitted, err) < 0)
        return -1;
    return say(call, TONE_PLAIN, "Again: %s, #%lld", message_escape(arena, row.line),
               submitted.job);
}

static const struct field again_args[] = {
    FIELD(struct job_args, job, .key = "job",
          .help = "its number; your last one here unless given", .meaning = AS_JOB,
          .max = 1LL << 60),
};

const struct command again_command = {
    .name = "again",
    .help = "Run a job's command once more, under today's rules",
    .example = "again 412",
    .risk = RISK_CHANGE,
    .core = true,
    .own = true,
    .args = FIELDS(struct job_args, again_args),
    .run = again_run,
};
