/* Jobs in the hands of workers: quick commands, steps, waits, approvals, cancelling, limits. */
#include "core/runner.h"

#include "lab.h"

static void quick_commands(void)
{
    struct engine engine;
    struct job_row row;

    lab_start(&engine);
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
    lab_stop(&engine);
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
    long long position = 0;
    struct error err = { 0 };

    lab_start(&engine);
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

        CHECK_STR(job_log_text(db, engine.arena, row.id, &position, 10000, &err),
                  "first line\n[secret] second red\nlast\n");
    }
    CHECK_STR(engine_value(&engine, "SELECT group_concat(kind) FROM (SELECT kind FROM audit "
                                    "WHERE job = 1 ORDER BY sequence)"),
              "asked,decided,started,called,finished");
    CHECK(text_has(engine_value(&engine, "SELECT record FROM audit WHERE kind = 'called'"),
                   "called with [secret]"));
    lab_stop(&engine);
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

    lab_start(&engine);
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
    lab_stop(&engine);
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

    lab_start(&engine);
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
    lab_stop(&engine);
}

static void approvals(void)
{
    struct engine engine;
    struct job_row row;

    lab_start(&engine);
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
    lab_stop(&engine);
}

static void one_connection_leaves_workers(void)
{
    struct engine engine;
    struct error err = { 0 };

    lab_start(&engine);
    lab.two = lab_wait_inside;
    for (int i = 0; i < 8; i++)
        engine_ask(&engine, "ana", "lab work free");
    CHECK(lab_until(&engine, "SELECT count(*) FROM queue WHERE lease_owner IS NOT NULL", "4"));
    CHECK_STR(lab_run(&engine, "help").state, "succeeded");
    for (int i = 1; i <= 8; i++)
        CHECK_INT(job_cancel(engine.core, i, "ana", NULL, &err), 0);
    for (int i = 1; i <= 8; i++)
        CHECK_STR(lab_end(&engine, i, false).state, "cancelled");
    CHECK_INT(lab.most_inside, 4);
    lab_stop(&engine);
}

int main(void)
{
    log_start("text", "error");
    quick_commands();
    steps_in_order();
    woken_by_key();
    passing_and_lasting_failures();
    approvals();
    one_connection_leaves_workers();
    return tap_done();
}
