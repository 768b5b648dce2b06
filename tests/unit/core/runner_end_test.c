/* Jobs that end or stop in the middle: answers that never came, cancelling, time limits, crashes, lost leases. */
#include "core/runner.h"

#include "lab.h"

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

    lab_start(&engine);
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
    lab_stop(&engine);
}

static enum step wait_long(struct call *call, struct error *err)
{
    (void)err;
    return call_again_in(call, 3600 * 1000);
}

static void cancelled(void)
{
    static const struct {
        lab_step *one, *two;
        int asked;
    } rows[] = {
        { wait_long, NULL, 0 },
        { NULL, wait_long, 0 },
        { NULL, lab_wait_inside, 0 },
        { lab_wait_inside, NULL, 1 },
    };
    struct engine engine;

    lab_start(&engine);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        long long job;
        struct job_row row;
        struct error err = { 0 };

        tap_case("row %zu", i);
        lab_reset();
        lab.one = rows[i].one;
        lab.two = rows[i].two;
        job = engine_ask(&engine, "ana", "lab work free").job;
        if (rows[i].one == lab_wait_inside || rows[i].two == lab_wait_inside)
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
    lab_stop(&engine);
}

static void over_time(void)
{
    static lab_step *const steps[] = { wait_long, lab_wait_inside };
    struct engine engine;

    lab_start(&engine);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct job_row row;

        lab_reset();
        lab.two = steps[i];
        row = lab_run(&engine, "lab short");
        CHECK_STR(row.state, "timed out");
        CHECK_STR(row.error, "Not done within 1s");
        CHECK_INT(lab.cancels, 1);
    }
    lab_stop(&engine);
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

        lab_start(&engine);
        job = crash_in_step(&engine, rows[i].step, rows[i].position);
        lab.happened = rows[i].happened;
        lab.one = rows[i].one;
        lab_open(&engine, &lab_registry);
        row = lab_end(&engine, job, true);
        tap_case("row %zu: %s", i, row.error);
        CHECK_STR(row.state, rows[i].state);
        CHECK_STR(row.stage, rows[i].stage);
        CHECK_INT(lab.runs, rows[i].runs);
        lab_stop(&engine);
    }
}

static void lost_lease(void)
{
    struct engine engine;
    long long job;

    lab_start(&engine);
    lab.two = lab_wait_inside;
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
    lab_stop(&engine);
}

static void handed_back(void)
{
    struct engine engine;
    long long job;
    struct job_row row;

    lab_start(&engine);
    lab.one = lab_wait_inside;
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
    lab_stop(&engine);
}

int main(void)
{
    log_start("text", "error");
    answers_that_never_came();
    cancelled();
    over_time();
    crashes();
    lost_lease();
    handed_back();
    return tap_done();
}
