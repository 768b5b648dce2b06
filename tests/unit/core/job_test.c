/* Jobs from the line to the final state, without workers: what is stored, said and refused. */
#include "core/job.h"

#include "engine.h"
#include "tap.h"

static void submit_outcomes(void)
{
    static const struct {
        const char *person, *line, *state, *stage, *error;
    } table[] = {
        { "ana", "fake look here", "queued", "prepare", NULL },
        { "ana", "fake build web in staging", "queued", "prepare", NULL },
        { "ana", "fake lok here", "failed", "final",
          "No command \"fake lok\". Did you mean: fake look NAME [--level LEVEL]?" },
        { "ana", "fake look here --level=high", "failed", "final", "*level*near*far*" },
        { "ana", "fake build web", "waiting", "question", NULL },
        { "ana", "fake look --help", "succeeded", "final", NULL },
        { "tom", "fake look here", "refused", "final", "Not allowed: *devs*opsroom.yaml:12*" },
        { "tom", "fake look", "refused", "final", "Not allowed: *" },
        { "tom", "whoami", "queued", "prepare", NULL },
        { "mia", "fake build web in production", "queued", "prepare", NULL },
        { "eve", "help", "refused", "final",
          "I do not know you: ask an administrator to add accounts.web: eve to people" },
    };
    struct engine engine;

    engine_new(&engine, ENGINE_YAML);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct submitted submitted = engine_ask(&engine, table[i].person, table[i].line);
        struct job_row row = engine_job(&engine, submitted.job);

        tap_case("%s: %s", table[i].person, table[i].line);
        CHECK_STR(submitted.state, table[i].state);
        CHECK_STR(row.state, table[i].state);
        CHECK_STR(row.stage, table[i].stage);
        if (table[i].error != NULL) {
            tap_case("%s: %s: %s", table[i].person, table[i].line, row.error);
            CHECK(text_matches(row.error != NULL ? row.error : "", table[i].error));
        }
    }
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM queue"), "4");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM queue WHERE lane = 'core'"), "1");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM decisions WHERE allowed = 0"), "3");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM audit WHERE kind = 'asked'"), "11");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM audit WHERE kind = 'decided'"), "7");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM inputs"), "11");
    CHECK_STR(engine_value(&engine, "SELECT only_for FROM messages WHERE job = 7"), "tom");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM messages WHERE job = 1"), "0");
    engine_free(&engine);
}

static void missing_arguments(void)
{
    struct engine engine;
    struct submitted submitted = { 0 };
    struct error err = { 0 };
    struct ask ask = { .door = "api", .person = "ana", .account = "token:1" };
    const struct json *job;

    engine_new(&engine, ENGINE_YAML);
    ask.line = "fake build web";
    CHECK_INT(job_submit(engine.core, &ask, engine.arena, &submitted, &err), 0);
    CHECK_STR(submitted.state, "failed");
    job = engine_json(&engine, submitted.job);
    CHECK_STR(json_string(job, "error", ""),
              "fake build needs PLACE: staging or production. Usage: fake build JOB in PLACE "
              "[NOTE]");
    CHECK(!json_boolean(job, "ok", true));
    CHECK(json_is(json_get(job, "place"), JSON_NULL));
    CHECK(text_starts(json_string(job, "text", ""), "fake build needs PLACE"));
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM inputs"), "0");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM messages"), "0");
    engine_free(&engine);
}

static void same_key_twice(void)
{
    struct engine engine;
    struct submitted first = { 0 };
    struct submitted second = { 0 };
    struct error err = { 0 };
    struct ask ask = { .door = "api", .person = "ana", .account = "token:1" };

    engine_new(&engine, ENGINE_YAML);
    ask.line = "fake look here";
    ask.request_key = "api:1:abc";
    CHECK_INT(job_submit(engine.core, &ask, engine.arena, &first, &err), 0);
    CHECK_INT(job_submit(engine.core, &ask, engine.arena, &second, &err), 0);
    CHECK_INT(second.job, first.job);
    CHECK(!first.repeated && second.repeated);
    CHECK_STR(second.state, "queued");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM jobs"), "1");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM audit"), "2");
    engine_free(&engine);
}

static void secrets_stay_out(void)
{
    struct engine engine;
    struct submitted submitted;
    struct message answer = { .text = "the token is hunter2-hunter2" };
    struct ending ending = { .end = { .state = "succeeded", .result = &answer } };
    struct job_row row;

    engine_new(&engine, ENGINE_YAML);
    submitted = engine_ask(&engine, "ana", "fake look hunter2-hunter2");
    row = engine_job(&engine, submitted.job);
    CHECK_STR(row.line, "fake look [secret]");
    CHECK_STR(row.title, "fake look [secret]");
    CHECK_STR(json_string(row.args, "name", ""), "[secret]");
    ending.core = engine.core;
    ending.job = submitted.job;
    CHECK_INT(engine_run(&engine, engine_end, &ending), 0);
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM jobs WHERE result LIKE '%hunter%'"),
              "0");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM audit WHERE record LIKE '%hunter%'"),
              "0");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM inputs WHERE text LIKE '%hunter%'"),
              "0");
    CHECK_STR(
        engine_value(&engine, "SELECT count(*) FROM messages WHERE content LIKE '%hunter%'"),
        "0");
    engine_free(&engine);
}

static void quick_answer(void)
{
    static const char *const columns[] = { "name", "size" };
    struct engine engine;
    struct message answer = { .title = "Two things", .tone = TONE_GOOD };
    struct ending ending = { .end = { .state = "succeeded", .result = &answer } };
    const struct json *job;
    struct submitted submitted;

    engine_new(&engine, ENGINE_YAML);
    submitted = engine_ask(&engine, "ana", "fake look here");
    ending.end.rows = OBJECT(
        engine.arena, { "columns", V(ARRAY(engine.arena, V(columns[0]), V(columns[1]))) },
        { "rows", V(ARRAY(engine.arena,
                          *OBJECT(engine.arena, { "name", V("a") }, { "size", V(3) }))) });
    ending.core = engine.core;
    ending.job = submitted.job;
    CHECK_INT(engine_run(&engine, engine_end, &ending), 0);
    CHECK_INT(engine_run(&engine, engine_end, &ending), -1);
    job = engine_json(&engine, submitted.job);
    CHECK_STR(json_string(job, "state", ""), "succeeded");
    CHECK(json_boolean(job, "ok", false));
    CHECK_STR(json_string(job, "rows.0.name", ""), "a");
    CHECK_STR(json_string(job, "columns.1", ""), "size");
    CHECK_STR(json_string(job, "message.title", ""), "Two things");
    CHECK_STR(json_string(job, "message.blocks.0.kind", ""), "table");
    CHECK_INT(json_count(json_get(job, "message.blocks")), 1);
    CHECK_STR(json_string(job, "place", ""), "web#ops");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM queue"), "0");
    CHECK_STR(engine_value(&engine, "SELECT final FROM messages WHERE job = 1"), "1");
    engine_free(&engine);
}

static void question_and_answer(void)
{
    struct engine engine;
    struct ask who = { .door = "chat", .user = "ana", .place = { "web", "ops", NULL } };
    struct ask other = { .door = "chat", .user = "tom", .place = { "web", "ops", NULL } };
    struct json wrong = V("moon");
    struct json right = V("staging");
    struct error err = { 0 };
    struct job_row row;
    const struct json *job;
    long long id;

    engine_new(&engine, ENGINE_YAML);
    id = engine_ask(&engine, "ana", "fake build web").job;
    job = engine_json(&engine, id);
    CHECK_STR(json_string(job, "message.title", ""),
              "fake build needs PLACE: staging or production");
    CHECK_STR(json_string(job, "message.blocks.0.kind", ""), "form");
    CHECK_INT(json_integer(job, "message.blocks.0.job", 0), id);
    CHECK_STR(json_string(job, "message.blocks.0.fields.0.key", ""), "place");
    CHECK_STR(json_string(job, "message.blocks.0.fields.0.choices.1", ""), "production");
    CHECK_STR(json_string(job, "waiting_for", ""),
              "fake build needs PLACE: staging or production");

    CHECK_INT(job_answer(engine.core, id, &other, &right, &err), -1);
    CHECK_STR(err.text, "#1 asks ana");
    who.line = "moon";
    CHECK_INT(job_answer(engine.core, id, &who, &wrong, &err), 0);
    row = engine_job(&engine, id);
    CHECK_STR(row.stage, "question");
    CHECK(text_has(json_string(row.result, "text", ""), "moon"));
    who.line = "staging";
    who.request_key = "web:ana:2";
    CHECK_INT(job_answer(engine.core, id, &who, &right, &err), 0);
    CHECK_INT(job_answer(engine.core, id, &who, &right, &err), 0);
    row = engine_job(&engine, id);
    CHECK_STR(row.state, "queued");
    CHECK_STR(row.stage, "prepare");
    CHECK_STR(row.title, "fake build web in staging");
    CHECK_STR(json_string(row.args, "place", ""), "staging");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM queue WHERE connection = 'fake'"),
              "1");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM audit WHERE kind = 'answered'"), "2");
    engine_free(&engine);
}

static void questions_expire(void)
{
    struct engine engine;
    struct error err = { 0 };
    struct job_row row;
    long long id;

    engine_new(&engine, ENGINE_YAML);
    id = engine_ask(&engine, "ana", "fake build web").job;
    CHECK_INT(job_expire_questions(engine.core, clock_now_ms() + 9 * 60 * 1000, &err), 0);
    CHECK_STR(engine_job(&engine, id).state, "waiting");
    CHECK_INT(job_expire_questions(engine.core, clock_now_ms() + 11 * 60 * 1000, &err), 0);
    row = engine_job(&engine, id);
    CHECK_STR(row.state, "timed out");
    CHECK_STR(row.error, "ana did not answer within 10m");
    engine_free(&engine);
}

static int begin_step(struct db *db, void *argument, struct error *err)
{
    long long *job = argument;

    return db_run(db, err,
                  "UPDATE jobs SET state = 'running', stage = 'run', step = 'start', "
                  "step_running = 1, started_at = 1 WHERE id = ?",
                  VALUES(V(*job))) < 0
               ? -1
               : 0;
}

static void cancelling(void)
{
    struct engine engine;
    struct error err = { 0 };
    struct job_row row;
    long long waiting, running;

    engine_new(&engine, ENGINE_YAML);
    waiting = engine_ask(&engine, "ana", "fake build web in staging").job;
    running = engine_ask(&engine, "ana", "fake build api in staging").job;
    CHECK_INT(job_cancel(engine.core, waiting, "lea", "wrong app", &err), 0);
    row = engine_job(&engine, waiting);
    CHECK_STR(row.state, "cancelled");
    CHECK_STR(row.error, "Cancelled by lea: wrong app");
    CHECK_INT(job_cancel(engine.core, waiting, "lea", NULL, &err), -1);
    CHECK_STR(err.text, "#1 is over already: cancelled");

    CHECK_INT(engine_run(&engine, begin_step, &running), 0);
    CHECK_INT(job_cancel(engine.core, running, "lea", NULL, &err), 0);
    row = engine_job(&engine, running);
    CHECK_STR(row.state, "running");
    CHECK_STR(row.cancel_by, "lea");
    CHECK(row.cancel_reason == NULL);
    CHECK_STR(engine_value(&engine, "SELECT woken FROM queue WHERE job = 2"), "1");
    CHECK_INT(job_cancel(engine.core, running, "ana", NULL, &err), -1);
    CHECK_INT(job_cancel(engine.core, 99, "ana", NULL, &err), -1);
    CHECK_STR(err.text, "there is no job #99");
    engine_free(&engine);
}

struct parking {
    struct core *core;
    long long job;
};
static int park(struct db *db, void *argument, struct error *err)
{
    struct parking *parking = argument;

    return begin_step(db, &parking->job, err) < 0
               ? -1
               : job_await_person(db, parking->core, parking->job,
                                  "the server stopped while \"start\" was under way", err);
}

static void unsure(void)
{
    static const struct {
        const char *what, *state, *step;
        long long position;
    } table[] = {
        { "happened", "queued", "wait", 1 },
        { "again", "queued", "start", 0 },
        { "stop", "cancelled", "start", 0 },
    };
    struct engine engine;
    struct error err = { 0 };

    engine_new(&engine, ENGINE_YAML);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct parking parking = {
            .core = engine.core,
            .job = engine_ask(&engine, "ana", "fake build web in staging").job,
        };
        struct job_row row;
        const struct json *job;

        tap_case("%s", table[i].what);
        CHECK_INT(engine_run(&engine, park, &parking), 0);
        job = engine_json(&engine, parking.job);
        CHECK_STR(json_string(job, "state", ""), "waiting");
        CHECK_STR(json_string(job, "message.title", ""),
                  "Fake build web in staging: waiting: did \"start\" happen?");
        CHECK_STR(json_string(job, "message.blocks.1.buttons.0.label", ""), "It happened");
        CHECK_STR(json_string(job, "message.blocks.1.buttons.0.line", ""),
                  arena_printf(engine.arena, "job resolve %lld happened", parking.job));
        CHECK_INT(job_resolve_unsure(engine.core, parking.job, "ana", "perhaps", &err), -1);
        CHECK_INT(job_resolve_unsure(engine.core, parking.job, "ana", table[i].what, &err), 0);
        row = engine_job(&engine, parking.job);
        CHECK_STR(row.state, table[i].state);
        CHECK_STR(row.step, table[i].step);
        CHECK_INT(row.step_position, table[i].position);
        CHECK(!row.step_running);
        CHECK_INT(job_resolve_unsure(engine.core, parking.job, "ana", "again", &err), -1);
    }
    engine_free(&engine);
}

static int add_log(struct db *db, void *argument, struct error *err)
{
    static const char *const pieces[] = { "one\ntwo\n", "thr", "ee\nfour\n", "fünf\n" };
    long long *job = argument;

    for (size_t i = 0; i < COUNT_OF(pieces); i++)
        if (job_log_add(db, *job, pieces[i], err) < 0)
            return -1;
    return 0;
}

static int fill_log(struct db *db, void *argument, struct error *err)
{
    long long *job = argument;
    char *text = memory_new(JOB_LOG_LIMIT + 10);
    int result;

    memset(text, 'x', JOB_LOG_LIMIT + 5);
    result = job_log_add(db, *job, text, err) < 0 ? -1 : job_log_add(db, *job, "more", err);
    free(text);
    return result;
}

static void logs(void)
{
    struct engine engine;
    struct error err = { 0 };
    long long id;
    long long next = 0;

    engine_new(&engine, ENGINE_YAML);
    id = engine_ask(&engine, "ana", "fake build web in staging").job;
    CHECK_INT(engine_run(&engine, add_log, &id), 0);
    CHECK_INT(engine_job(&engine, id).log_bytes, 25);
    {
        AUTO(db) struct db *db = store_read_start(engine.core->store, &err);

        CHECK_STR(job_log_text(db, engine.arena, id, &next, 1000, &err),
                  "one\ntwo\nthree\nfour\nfünf\n");
        CHECK_INT(next, 25);
        next = 9;
        CHECK_STR(job_log_text(db, engine.arena, id, &next, 4, &err), "hree");
        CHECK_INT(next, 13);
        next = 25;
        CHECK_STR(job_log_text(db, engine.arena, id, &next, 4, &err), "");
        CHECK_INT(next, 25);
        CHECK_STR(job_log_tail(db, engine.arena, id, 2, &err), "four\nfünf\n");
        CHECK_STR(job_log_tail(db, engine.arena, id, 3, &err), "three\nfour\nfünf\n");
        CHECK_STR(job_log_tail(db, engine.arena, id, 9, &err), "one\ntwo\nthree\nfour\nfünf\n");
    }
    CHECK_INT(engine_run(&engine, fill_log, &id), 0);
    CHECK(text_ends(engine_value(&engine, "SELECT substr(text, -60) FROM job_log "
                                          "ORDER BY position DESC LIMIT 1"),
                    "left out: it is over 16 MiB\n"));
    engine_free(&engine);
}

static int run_live(struct db *db, void *argument, struct error *err)
{
    struct parking *parking = argument;
    long long now_ms = clock_now_ms();

    if (begin_step(db, &parking->job, err) < 0 ||
        db_run(db, err, "UPDATE jobs SET started_at = ?, progress = ?, pins = ? WHERE id = ?",
               VALUES(V(now_ms - 12500),
                      V("{\"line\":\"3 of 5\",\"steps\":[{\"name\":\"build\",\"state\":"
                        "\"succeeded\",\"duration_ms\":3000}],\"links\":[{\"text\":\"run 7\","
                        "\"url\":\"https://ci.example.org/7\"}]}"),
                      V("{\"commit\":\"a1b2c3d\"}"), V(parking->job))) < 0)
        return -1;
    return add_log(db, &parking->job, err) < 0 ? -1
                                               : job_show(db, parking->core, parking->job, err);
}

static void live_message(void)
{
    struct engine engine;
    struct parking parking;
    struct ending ending = { .end = { .state = "failed", .error = "it broke" } };
    const struct json *job;

    engine_new(&engine, ENGINE_YAML);
    parking.core = engine.core;
    parking.job = engine_ask(&engine, "ana", "fake build web in staging").job;
    job = engine_json(&engine, parking.job);
    CHECK_STR(json_string(job, "message.title", ""), "Fake build web in staging: queued");
    CHECK_INT(engine_run(&engine, run_live, &parking), 0);
    job = engine_json(&engine, parking.job);
    CHECK_STR(json_string(job, "message.title", ""), "Fake build web in staging: running, 12s");
    CHECK_STR(json_string(job, "message.text", ""), "3 of 5");
    CHECK_STR(json_string(job, "message.blocks.0.facts.0.value", ""), "ana");
    CHECK_STR(json_string(job, "message.blocks.0.facts.1.name", ""), "commit");
    CHECK_STR(json_string(job, "message.blocks.1.steps.0.name", ""), "build");
    CHECK_STR(json_string(job, "message.blocks.2.url", ""), "https://ci.example.org/7");
    CHECK_STR(json_string(job, "message.blocks.3.kind", ""), "code");
    CHECK_STR(json_string(job, "message.blocks.4.buttons.0.line", ""), "job cancel 1");
    CHECK_STR(json_string(job, "message.blocks.4.buttons.1.line", ""), "job log 1");
    ending.core = engine.core;
    ending.job = parking.job;
    CHECK_INT(engine_run(&engine, engine_end, &ending), 0);
    job = engine_json(&engine, parking.job);
    CHECK_STR(json_string(job, "message.title", ""),
              "Fake build web in staging: failed after 12s");
    CHECK_STR(json_string(job, "message.text", ""), "it broke");
    CHECK_STR(json_string(job, "message.tone", ""), "bad");
    CHECK_STR(json_string(job, "message.blocks.4.buttons.0.line", ""), "again 1");
    CHECK(!text_has(json_string(job, "text", ""), "again 1"));
    CHECK(text_has(json_string(job, "text", ""), "it broke"));
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM messages"), "1");
    engine_free(&engine);
}

static void lists(void)
{
    struct engine engine;
    struct error err = { 0 };
    struct job_filter filter = { .limit = 2 };
    const struct json *page;

    engine_new(&engine, ENGINE_YAML);
    for (int i = 0; i < 3; i++)
        engine_ask(&engine, "ana", "fake look here");
    engine_ask(&engine, "tom", "fake look here");
    {
        AUTO(db) struct db *db = store_read_start(engine.core->store, &err);

        page = job_list(db, engine.arena, &filter, &err);
        CHECK_INT(json_integer(page, "items.0.id", 0), 4);
        CHECK_STR(json_string(page, "next", ""), "3");
        filter.before = 3;
        page = job_list(db, engine.arena, &filter, &err);
        CHECK_INT(json_integer(page, "items.0.id", 0), 2);
        filter = (struct job_filter){ .person = "tom", .state = "refused" };
        page = job_list(db, engine.arena, &filter, &err);
        CHECK_INT(json_count(json_get(page, "items")), 1);
        CHECK(json_is(json_get(page, "next"), JSON_NULL));
        filter = (struct job_filter){ .open = true, .chat = "web", .channel = "ops" };
        page = job_list(db, engine.arena, &filter, &err);
        CHECK_INT(json_count(json_get(page, "items")), 3);
        filter = (struct job_filter){ .command = "fake build" };
        page = job_list(db, engine.arena, &filter, &err);
        CHECK_INT(json_count(json_get(page, "items")), 0);
    }
    engine_free(&engine);
}

int main(void)
{
    submit_outcomes();
    missing_arguments();
    same_key_twice();
    secrets_stay_out();
    quick_answer();
    question_and_answer();
    questions_expire();
    cancelling();
    unsure();
    logs();
    live_message();
    lists();
    return tap_done();
}
