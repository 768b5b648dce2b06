/* Jobs in the hands of workers: steps, waits, failures, approvals, cancelling, crashes. */
#include "core/runner.h"

#include "lab.h"

static const struct registry lab_registry = { lab_connectors, 1, engine_platforms, 1 };

static void lab_reset(void)
{
    lab.one = lab.two = lab.three = NULL;
    lab.happened = NULL;
    lab.sha = NULL;
    lab.pin_fails = 0;
    lab.runs = lab.asked = lab.cancels = lab.inside = lab.most_inside = 0;
}

static void start(struct engine *engine)
{
    lab_reset();
    lab_make(engine, LAB_YAML);
    lab_open(engine, &lab_registry);
}

static void stop(struct engine *engine)
{
    lab_close(engine, 5);
    engine_free(engine);
}

static void quick_commands(void)
{
    struct engine engine;
    struct job_row row;

    start(&engine);
    row = lab_run(&engine, "lab ping");
    CHECK_STR(row.state, "succeeded");
    CHECK_STR(json_string(row.result, "text", NULL), "pong, ana");
    CHECK_STR(json_string(row.rows_json, "rows.0.name", NULL), "a [secret]");
    row = lab_run(&engine, "lab fail");
    CHECK_STR(row.state, "failed");
    CHECK_STR(row.error, "no such thing as [secret]");
    row = lab_run(&engine, "lab slow");
    CHECK_STR(row.state, "timed out");
    CHECK_STR(row.error, "Not done within 1s");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM queue"), "0");
    CHECK(lab_until(&engine,
                    "SELECT count(*) FROM messages WHERE sent_revision = revision "
                    "AND external_id IS NOT NULL AND place_in_queue IS NULL",
                    "3"));
    stop(&engine);
}

static enum step count_up(struct call *call, struct error *err)
{
    struct lab_state *state = call_state(call);

    (void)err;
    state->count++;
    state->note = "so far";
    snprintf(lab.token, sizeof(lab.token), "%s", call_token(call));
    show_step(call, "one", "succeeded");
    show_link(call, "run 1", "https://e.org/1");
    show_output(call, "image", "web:hunter2-hunter2");
    call_note(call, "called with hunter2-hunter2");
    return STEP_NEXT;
}

static enum step check_count(struct call *call, struct error *err)
{
    static const char second[] = "-hunter2 second \033[31mred\033[0m\r\nlast";
    const struct lab_state *state = call_state(call);

    if (state->count != 1 || !text_is(state->note, "so far") ||
        !text_is(call_pinned(call, "sha"), "abc") || text_is(call_token(call), lab.token)) {
        error_set(err, ERROR_INTERNAL, "the state was lost");
        return STEP_FAIL;
    }
    say(call, TONE_GOOD, "counted %lld", state->count);
    call_log(call, "first line\nhunter2", 18);
    call_log(call, second, strlen(second));
    return STEP_NEXT;
}

static void steps_in_order(void)
{
    struct engine engine;
    struct job_row row;
    long long next;
    struct error err = { 0 };

    start(&engine);
    lab.one = count_up;
    lab.two = check_count;
    lab.sha = "abc";
    row = lab_run(&engine, "lab work free");
    CHECK_STR(row.state, "succeeded");
    CHECK_STR(row.error, NULL);
    CHECK_STR(json_string(row.result, "text", NULL), "counted 1");
    CHECK_STR(json_string(row.progress, "outputs.image", NULL), "web:[secret]");
    CHECK_STR(json_string(row.progress, "links.0.url", NULL), "https://e.org/1");
    CHECK_INT(row.deadline_at - row.started_at, 3600 * 1000);
    {
        AUTO(db) struct db *db = store_read_start(engine.core->store, &err);

        CHECK_STR(job_log_text(db, engine.arena, row.id, 0, 10000, &next, &err),
                  "first line\n[secret] second red\nlast\n");
    }
    CHECK_STR(engine_value(&engine, "SELECT group_concat(kind) FROM (SELECT kind FROM audit "
                                    "WHERE job = 1 ORDER BY sequence)"),
              "asked,decided,started,called,finished");
    CHECK(text_has(engine_value(&engine, "SELECT record FROM audit WHERE kind = 'called'"),
                   "called with [secret]"));
    stop(&engine);
}

static enum step wait_for_key(struct call *call, struct error *err)
{
    struct lab_state *state = call_state(call);

    (void)err;
    if (state->count++ < 2)
        return call_wake_on(call, "lab:bell", 3600 * 1000);
    return STEP_DONE;
}

static void woken_by_key(void)
{
    struct engine engine;
    struct job_row row;
    long long job;

    start(&engine);
    lab.two = wait_for_key;
    job = engine_ask(&engine, "ana", "lab work free").job;
    /* The first look after a new key is soon: it may have been struck before it was written. */
    CHECK(lab_until(&engine, "SELECT json_extract(state_json, '$.count') FROM jobs", "2"));
    CHECK(lab_until(
        &engine,
        "SELECT wake_at > created_at + 600000 AND lease_owner IS NULL FROM queue JOIN jobs ON id = job",
        "1"));
    job_wake(engine.core, "lab:bell");
    row = lab_end(&engine, job, false);
    CHECK_STR(row.state, "succeeded");
    CHECK_INT(json_integer(row.state_json, "count", 0), 3);
    stop(&engine);
}

static enum step busy_twice(struct call *call, struct error *err)
{
    (void)call;
    if (atomic_fetch_add(&lab.inside, 1) < 1) {
        error_set(err, ERROR_BUSY, "come back later");
        return STEP_FAIL;
    }
    return STEP_NEXT;
}

static enum step refuse(struct call *call, struct error *err)
{
    (void)call;
    error_set(err, ERROR_CONFLICT, "it conflicts with hunter2-hunter2");
    return STEP_FAIL;
}

static void passing_and_lasting_failures(void)
{
    struct engine engine;
    struct job_row row;

    start(&engine);
    lab.two = busy_twice;
    lab.pin_fails = 1;
    row = lab_run(&engine, "lab work free");
    CHECK_STR(row.state, "succeeded");
    CHECK_INT(lab.runs, 1);
    CHECK_INT(lab.inside, 2);
    CHECK_STR(json_string(row.progress, "line", NULL), "trying again in 1s: come back later");
    lab.two = refuse;
    row = lab_run(&engine, "lab work free");
    CHECK_STR(row.state, "failed");
    CHECK_STR(row.error, "it conflicts with [secret]");
    stop(&engine);
}

static enum step no_answer(struct call *call, struct error *err)
{
    (void)call;
    if (lab.runs > 1)
        return STEP_NEXT;
    error_set(err, ERROR_UNREACHABLE, "no answer");
    return STEP_FAIL;
}
static enum happened yes(struct call *call, struct error *err)
{
    struct lab_state *state = call_state(call);

    (void)err;
    state->note = "found";
    return HAPPENED_YES;
}
static enum happened unknown(struct call *call, struct error *err)
{
    (void)call;
    (void)err;
    return HAPPENED_UNKNOWN;
}
static enum happened later(struct call *call, struct error *err)
{
    (void)err;
    return lab.asked < 3 ? call_ask_again_in(call, 10) : HAPPENED_YES;
}

static void answers_that_never_came(void)
{
    static const struct {
        lab_happened *happened;
        const char *what; /* what a person says, NULL: not asked */
        const char *state;
        int runs, asked;
    } rows[] = {
        { yes, NULL, "succeeded", 1, 1 },        { NULL, NULL, "succeeded", 2, 1 },
        { later, NULL, "succeeded", 1, 3 },      { unknown, "happened", "succeeded", 1, 1 },
        { unknown, "again", "succeeded", 2, 1 }, { unknown, "stop", "cancelled", 1, 1 },
    };
    struct engine engine;

    start(&engine);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct job_row row;
        struct error err = { 0 };

        lab_reset();
        lab.one = no_answer;
        lab.happened = rows[i].happened;
        row = lab_run(&engine, "lab work free");
        tap_case("row %zu", i);
        if (rows[i].what != NULL) {
            CHECK_STR(row.stage, "unsure");
            CHECK_STR(row.error, "it is not known whether \"one\" happened");
            CHECK_INT(job_resolve_unsure(engine.core, row.id, "ana", rows[i].what, &err), 0);
            row = lab_end(&engine, row.id, false);
        }
        CHECK_STR(row.state, rows[i].state);
        CHECK_INT(lab.runs, rows[i].runs);
        CHECK_INT(lab.asked, rows[i].asked);
    }
    stop(&engine);
}

static enum step wait_long(struct call *call, struct error *err)
{
    (void)err;
    return call_again_in(call, 3600 * 1000);
}

static enum step wait_inside(struct call *call, struct error *err)
{
    int inside = atomic_fetch_add(&lab.inside, 1) + 1;

    if (inside > lab.most_inside)
        lab.most_inside = inside;
    show_progress(call, "inside hunter2-hunter2");
    while (!call_is_cancelled(call))
        call_pause(call, 5000);
    atomic_fetch_sub(&lab.inside, 1);
    error_set(err, ERROR_UNREACHABLE, "cut off");
    return STEP_FAIL;
}

static void cancelled(void)
{
    static const struct {
        lab_step *one, *two;
        int asked;
    } rows[] = {
        { wait_long, NULL, 0 },
        { NULL, wait_long, 0 },
        { NULL, wait_inside, 0 },
        { wait_inside, NULL, 1 },
    };
    struct engine engine;

    start(&engine);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        long long job;
        struct job_row row;
        struct error err = { 0 };

        tap_case("row %zu", i);
        lab_reset();
        lab.one = rows[i].one;
        lab.two = rows[i].two;
        job = engine_ask(&engine, "ana", "lab work free").job;
        if (rows[i].one == wait_inside || rows[i].two == wait_inside)
            CHECK(lab_until(&engine,
                            arena_printf(engine.arena,
                                         "SELECT json_extract(progress, '$.line') FROM jobs "
                                         "WHERE id = %lld",
                                         job),
                            "inside [secret]"));
        else
            CHECK(lab_until(
                &engine,
                "SELECT wake_at > created_at + 600000 AND lease_owner IS NULL FROM queue JOIN jobs ON id = job",
                "1"));
        CHECK_INT(job_cancel(engine.core, job, "lea", "not today", &err), 0);
        row = lab_end(&engine, job, false);
        CHECK_STR(row.state, "cancelled");
        CHECK_STR(row.error, "Cancelled by lea: not today");
        CHECK_INT(lab.cancels, 1);
        CHECK_INT(lab.asked, rows[i].asked);
    }
    stop(&engine);
}

static void over_time(void)
{
    static lab_step *const steps[] = { wait_long, wait_inside };
    struct engine engine;

    start(&engine);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct job_row row;

        lab_reset();
        lab.two = steps[i];
        row = lab_run(&engine, "lab short");
        CHECK_STR(row.state, "timed out");
        CHECK_STR(row.error, "Not done within 1s");
        CHECK_INT(lab.cancels, 1);
    }
    stop(&engine);
}

static void approvals(void)
{
    struct engine engine;
    struct job_row row;

    start(&engine);
    lab.sha = "abc";
    row = lab_run(&engine, "lab work guarded");
    CHECK_STR(row.state, "waiting for approval");
    CHECK_STR(json_string(row.pins, "sha", NULL), "abc");
    CHECK_INT(lab.runs, 0);
    CHECK_STR(lab_end(&engine, engine_ask(&engine, "lea", "approve 1").job, false).state,
              "succeeded");
    CHECK_STR(lab_end(&engine, row.id, false).state, "succeeded");
    CHECK_INT(lab.runs, 1);

    row = lab_run(&engine, "lab work guarded");
    CHECK_STR(row.state, "waiting for approval");
    lab.sha = "def";
    engine_ask(&engine, "lea", arena_printf(engine.arena, "approve %lld", row.id));
    row = lab_end(&engine, row.id, false);
    CHECK_STR(row.state, "refused");
    CHECK(text_starts(row.error, "changed since it was approved: "));
    CHECK(text_has(row.error, "abc") && text_has(row.error, "def"));
    CHECK_INT(lab.runs, 1);
    stop(&engine);
}

static enum step fail_if_run(struct call *call, struct error *err)
{
    (void)call;
    error_set(err, ERROR_INTERNAL, "it ran again");
    return STEP_FAIL;
}

/* What a crash leaves behind: the step noted as under way, the lease of a process that is gone. */
static long long crash_in_step(struct engine *engine, const char *step, int position)
{
    long long job;

    lab.one = wait_long;
    job = engine_ask(engine, "ana", "lab work free").job;
    CHECK(lab_until(
        engine,
        "SELECT wake_at > created_at + 600000 AND lease_owner IS NULL FROM queue JOIN jobs ON id = job",
        "1"));
    lab_close(engine, 5);
    lab_reset();
    /* A store of its own for the moment of the crash. */
    {
        struct error err = { 0 };
        struct lab_sql sql = { arena_printf(
            engine->arena, "UPDATE jobs SET step = '%s', step_position = %d, step_running = 1",
            step, position) };
        struct lab_sql lease = { "UPDATE queue SET wake_at = 0, lease_owner = 'gone', "
                                 "lease_until = 99999999999999" };
        struct store *store = store_open(
            arena_printf(engine->arena, "sqlite:%s/test.db", engine->directory), &err);

        CHECK_INT(store_write(store, lab_sql_write, &sql, &err), 0);
        CHECK_INT(store_write(store, lab_sql_write, &lease, &err), 0);
        store_close(store);
    }
    return job;
}

static void crashes(void)
{
    static const struct {
        const char *step;
        int position;
        lab_happened *happened;
        lab_step *one;
        const char *state, *stage;
        int runs;
    } rows[] = {
        { "one", 0, yes, fail_if_run, "succeeded", "final", 0 },
        { "one", 0, NULL, NULL, "succeeded", "final", 1 },
        { "one", 0, unknown, NULL, "waiting", "unsure", 0 },
        { "two", 1, NULL, fail_if_run, "succeeded", "final", 0 },
        { "gone", 1, NULL, NULL, "waiting", "unsure", 0 },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct engine engine;
        struct job_row row;
        long long job;

        start(&engine);
        job = crash_in_step(&engine, rows[i].step, rows[i].position);
        lab.happened = rows[i].happened;
        lab.one = rows[i].one;
        lab_open(&engine, &lab_registry);
        row = lab_end(&engine, job, true);
        tap_case("row %zu: %s", i, row.error);
        CHECK_STR(row.state, rows[i].state);
        CHECK_STR(row.stage, rows[i].stage);
        CHECK_INT(lab.runs, rows[i].runs);
        stop(&engine);
    }
}

static void lost_lease(void)
{
    struct engine engine;
    long long job;

    start(&engine);
    lab.two = wait_inside;
    job = engine_ask(&engine, "ana", "lab work free").job;
    CHECK(lab_until(&engine, "SELECT json_extract(progress, '$.line') FROM jobs",
                    "inside [secret]"));
    lab_sql_run(&engine, "UPDATE queue SET fence = fence + 1, lease_owner = 'somebody else', "
                         "lease_until = 99999999999999");
    lab_sql_run(&engine, "UPDATE jobs SET cancel_by = 'ana'");
    CHECK(lab_until(&engine, "SELECT 1", "1"));
    lab_close(&engine, 5);
    CHECK_INT(lab.inside, 0);
    lab_open(&engine, &lab_registry);
    CHECK_STR(lab_end(&engine, job, false).state, "cancelled");
    stop(&engine);
}

static void handed_back(void)
{
    struct engine engine;
    long long job;
    struct job_row row;

    start(&engine);
    lab.one = wait_inside;
    job = engine_ask(&engine, "ana", "lab work free").job;
    CHECK(lab_until(&engine, "SELECT json_extract(progress, '$.line') FROM jobs",
                    "inside [secret]"));
    lab_close(&engine, 0);
    CHECK_INT(lab.inside, 0);
    lab_reset();
    lab.happened = yes;
    lab.one = fail_if_run;
    lab_open(&engine, &lab_registry);
    row = lab_end(&engine, job, false);
    CHECK_STR(row.state, "succeeded");
    CHECK_INT(lab.asked, 1);
    CHECK_INT(lab.runs, 0);
    stop(&engine);
}

static void one_connection_leaves_workers(void)
{
    struct engine engine;
    struct error err = { 0 };

    start(&engine);
    lab.two = wait_inside;
    for (int i = 0; i < 8; i++)
        engine_ask(&engine, "ana", "lab work free");
    CHECK(lab_until(&engine, "SELECT count(*) FROM queue WHERE lease_owner IS NOT NULL", "4"));
    CHECK_STR(lab_run(&engine, "help").state, "succeeded");
    for (int i = 1; i <= 8; i++)
        CHECK_INT(job_cancel(engine.core, i, "ana", NULL, &err), 0);
    for (int i = 1; i <= 8; i++)
        CHECK_STR(lab_end(&engine, i, false).state, "cancelled");
    CHECK_INT(lab.most_inside, 4);
    stop(&engine);
}

int main(void)
{
    log_start("text", "error");
    quick_commands();
    steps_in_order();
    woken_by_key();
    passing_and_lasting_failures();
    answers_that_never_came();
    cancelled();
    over_time();
    approvals();
    crashes();
    lost_lease();
    handed_back();
    one_connection_leaves_workers();
    return tap_done();
}
