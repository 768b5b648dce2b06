/* The engine: reload, old snapshots, redaction, what is forgotten; and whole, with its threads. */
#include "core/core.h"

#include <pthread.h>
#include <time.h>

#include "core/feed.h"
#include "core/input.h"
#include "core/timer.h"
#include "engine.h"
#include "tap.h"

static int reload(struct engine *engine, const char *yaml, const char **note, struct error *err)
{
    struct faults faults = { 0 };

    engine_write(engine, yaml);
    *note = NULL;
    return core_reload(engine->core, engine->arena, &faults, note, err);
}

static void reloads(void)
{
    struct engine engine;
    struct error err = { 0 };
    const char *note;
    const struct config *first;
    const struct config *second;

    engine_new(&engine, ENGINE_YAML);
    first = core_config(engine.core);
    CHECK_INT(first->version, 1);
    CHECK_INT(reload(&engine, ENGINE_YAML "nonsense: 1\n", &note, &err), -1);
    CHECK(text_ends(err.text, "opsroom.yaml has 1 fault"));
    second = core_config(engine.core);
    CHECK(second == first);
    config_release(second);

    CHECK_INT(reload(&engine,
                     ENGINE_YAML "server: { listen: 127.0.0.1:9999 }\n"
                                 "commands:\n"
                                 "  more: { help: More, steps: [help] }\n",
                     &note, &err),
              0);
    CHECK_STR(note, "server.listen: changed, but only a restart makes it so");
    second = core_config(engine.core);
    CHECK_INT(second->version, 2);
    CHECK(catalog_find(core_catalog(engine.core, second), "more") != NULL);
    CHECK(catalog_find(core_catalog(engine.core, first), "more") == NULL);
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM audit WHERE kind = 'reloaded'"), "1");
    CHECK_INT(reload(&engine, ENGINE_YAML, &note, &err), 0);
    CHECK_INT(reload(&engine, ENGINE_YAML, &note, &err), 0);
    CHECK(note == NULL);
    for (int i = 0; i < 5; i++)
        CHECK_INT(reload(&engine, ENGINE_YAML, &note, &err), 0);
    CHECK(catalog_find(core_catalog(engine.core, first), "fake look") != NULL);
    config_release(first);
    config_release(second);
    engine_free(&engine);
}

static void old_secrets_stay_hidden(void)
{
    struct engine engine;
    struct error err = { 0 };
    const char *note;
    const struct json *json;

    engine_new(&engine, ENGINE_YAML);
    CHECK_STR(core_redact(engine.core, engine.arena, "a hunter2-hunter2 b"), "a [secret] b");
    CHECK(core_redact(engine.core, engine.arena, NULL) == NULL);
    setenv("FAKE_TOKEN", "correct-horse", 1);
    CHECK_INT(reload(&engine, ENGINE_YAML, &note, &err), 0);
    CHECK_STR(core_redact(engine.core, engine.arena, "hunter2-hunter2 correct-horse"),
              "[secret] [secret]");
    CHECK(core_redact_longest(engine.core) >= strlen("hunter2-hunter2"));
    json = core_redact_json(
        engine.core, engine.arena,
        OBJECT(engine.arena, { "correct-horse", V(1) },
               { "list", V(ARRAY(engine.arena, V("x correct-horse"), V(2), json_null())) }));
    CHECK_STR(json_print(engine.arena, json),
              "{\"[secret]\":1,\"list\":[\"x [secret]\",2,null]}");
    engine_free(&engine);
}

static int make_old(struct db *db, void *argument, struct error *err)
{
    static const char *const statements[] = {
        "UPDATE jobs SET created_at = 1, finished_at = CASE WHEN finished_at IS NULL THEN NULL "
        "ELSE 2 END WHERE id < 4",
        "UPDATE messages SET created_at = 1, updated_at = 1, place_in_queue = NULL "
        "WHERE job < 4",
        "UPDATE inputs SET created_at = 1 WHERE job < 4",
        "UPDATE jobs SET parent = 1 WHERE id = 2",
        "INSERT INTO job_log (job, position, text, at) VALUES (1, 0, 'x', 1)",
    };

    (void)argument;
    for (size_t i = 0; i < COUNT_OF(statements); i++)
        if (db_run(db, err, statements[i], NO_VALUES) < 0)
            return -1;
    return 0;
}

static void forgets_what_is_old(void)
{
    struct engine engine;
    struct error err = { 0 };
    const char *audit;

    engine_new(&engine, ENGINE_YAML);
    engine_ask(&engine, "tom", "fake look here");            /* over and old, a parent */
    engine_ask(&engine, "tom", "fake look here");            /* its child */
    engine_ask(&engine, "ana", "fake build web in staging"); /* old, and not over */
    engine_ask(&engine, "tom", "fake look here");            /* over, and not old */
    engine_run(&engine, make_old, NULL);
    audit = engine_value(&engine, "SELECT count(*) FROM audit");
    CHECK_INT(retention_run(engine.core, clock_now_ms(), &err), 0);
    CHECK_STR(
        engine_value(&engine,
                     "SELECT group_concat(id) FROM (SELECT id FROM jobs ORDER BY id LIMIT 9)"),
        "1,3,4");
    CHECK_INT(retention_run(engine.core, clock_now_ms(), &err), 0);
    CHECK_STR(
        engine_value(&engine,
                     "SELECT group_concat(id) FROM (SELECT id FROM jobs ORDER BY id LIMIT 9)"),
        "3,4");
    CHECK_STR(
        engine_value(
            &engine,
            "SELECT group_concat(job) FROM (SELECT job FROM messages ORDER BY job LIMIT 9)"),
        "3,4");
    CHECK_STR(
        engine_value(
            &engine,
            "SELECT group_concat(job) FROM (SELECT job FROM inputs ORDER BY job LIMIT 9)"),
        "3,4");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM job_log"), "0");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM audit"), audit);
    engine_free(&engine);
}

static struct taken deliver(struct engine *engine, const struct input *input, struct error *err)
{
    struct taken taken = { 0 };

    if (chat_deliver(engine->core, input, engine->arena, &taken, err) < 0)
        taken.input = -1;
    return taken;
}

static void takes_input(void)
{
    struct engine engine;
    struct error err = { 0 };
    struct input input = { .kind = INPUT_MESSAGE,
                           .id = "1",
                           .place = { "web", "ops", NULL },
                           .user = "ana",
                           .text = "fake look here, said hunter2-hunter2" };
    struct taken taken;

    engine_new(&engine, ENGINE_YAML);
    taken = deliver(&engine, &input, &err);
    CHECK_INT(taken.job, 0);
    CHECK_STR(engine_value(&engine, "SELECT text FROM inputs"),
              "fake look here, said [secret]");
    taken = deliver(&engine, &input, &err);
    CHECK(taken.repeated);
    CHECK_INT(taken.input, 1);

    input.kind = INPUT_COMMAND;
    input.id = "2";
    input.text = "fake build web";
    taken = deliver(&engine, &input, &err);
    CHECK_INT(taken.job, 1);
    input.id = "3";
    input.text = "staging"; /* no command: it answers the question */
    taken = deliver(&engine, &input, &err);
    CHECK_INT(taken.job, 1);
    CHECK_STR(engine_job(&engine, 1).title, "fake build web in staging");
    taken = deliver(&engine, &input, &err);
    CHECK_INT(taken.job, 1);
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM jobs"), "1");

    input.id = "4";
    input.text = "fake build api";
    taken = deliver(&engine, &input, &err);
    input = (struct input){ .kind = INPUT_FORM,
                            .id = "5",
                            .place = { "web", "ops", NULL },
                            .user = "ana",
                            .job = taken.job };
    input.values = OBJECT(engine.arena, { "place", V("production") });
    taken = deliver(&engine, &input, &err);
    CHECK_STR(engine_job(&engine, taken.job).title, "fake build api in production");
    CHECK_STR(engine_value(&engine, "SELECT kind FROM inputs WHERE id = 5"), "form");
    engine_free(&engine);
}

struct saying_buttons {
    const char *only_for;
    long long id;
};
static int say_buttons(struct db *db, void *argument, struct error *err)
{
    struct saying_buttons *buttons = argument;
    AUTO(arena) struct arena *arena = arena_new();
    struct button list[] = { { .label = "Look", .line = "fake look here" },
                             { .label = "Deny", .line = "deny 1", .ask = "reason" } };
    struct message message = { .text = "what now",
                               .blocks = ARRAY(arena, block_text(arena, "x"),
                                               block_buttons(arena, list, 2)) };
    struct saying saying = { .place = { "web", "ops", NULL }, .only_for = buttons->only_for };

    buttons->id = outbox_put(db, &saying, &message, err);
    return buttons->id < 0 ? -1 : 0;
}

static void presses_buttons(void)
{
    struct engine engine;
    struct error err = { 0 };
    struct saying_buttons for_all = { 0 };
    struct saying_buttons for_lea = { .only_for = "lea" };
    struct input input = { .kind = INPUT_BUTTON,
                           .id = "b1",
                           .place = { "web", "ops", NULL },
                           .user = "ana",
                           .text = "ignored" };
    struct taken taken;

    engine_new(&engine, ENGINE_YAML);
    engine_run(&engine, say_buttons, &for_all);
    engine_run(&engine, say_buttons, &for_lea);
    input.message = for_all.id;
    taken = deliver(&engine, &input, &err);
    CHECK_STR(engine_job(&engine, taken.job).line, "fake look here");
    CHECK_STR(engine_job(&engine, taken.job).door, "button");
    input.id = "b2";
    input.button = 1;
    input.text = "no \"x\" \\ --flag | && a=b\nnow";
    taken = deliver(&engine, &input, &err);
    CHECK_STR(json_string(engine_job(&engine, taken.job).args, "reason", ""),
              "no \"x\" \\ --flag | && a=b now");
    input.id = "b3";
    input.button = 2;
    CHECK_INT(deliver(&engine, &input, &err).input, -1);
    input.button = -1;
    CHECK_INT(deliver(&engine, &input, &err).input, -1);
    input.button = 0;
    input.message = for_lea.id;
    CHECK_INT(deliver(&engine, &input, &err).input, -1);
    CHECK_STR(err.text, "this message is for lea only");
    input.user = "lea";
    CHECK(deliver(&engine, &input, &err).input > 0);
    input.place.channel = "lobby";
    CHECK_INT(deliver(&engine, &input, &err).input, -1);
    CHECK_STR(err.text, "this message is not there any more");
    engine_free(&engine);
}

struct latch {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int count;
};

static void latch_count(void *context)
{
    struct latch *latch = context;

    pthread_mutex_lock(&latch->lock);
    latch->count++;
    pthread_cond_broadcast(&latch->changed);
    pthread_mutex_unlock(&latch->lock);
}

static void latch_submitted(void *context, const struct submitted *submitted,
                            const struct error *err)
{
    if (err == NULL && submitted->job > 0)
        latch_count(context);
}

static bool latch_wait(struct latch *latch, int count)
{
    struct timespec until;
    bool reached;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    pthread_mutex_lock(&latch->lock);
    while (latch->count < count &&
           pthread_cond_timedwait(&latch->changed, &latch->lock, &until) == 0)
        continue;
    reached = latch->count >= count;
    pthread_mutex_unlock(&latch->lock);
    return reached;
}

static void whole(void)
{
    struct engine engine;
    struct error err = { 0 };
    struct latch latch = { .count = 0 };
    struct ask ask = { .door = "api", .person = "ana", .account = "token:1" };
    long long quick;
    long long job;
    const struct json *json;

    engine_new(&engine, ENGINE_YAML);
    pthread_mutex_init(&latch.lock, NULL);
    pthread_cond_init(&latch.changed, NULL);
    CHECK_INT(core_start(engine.core, &err), 0);
    quick = engine_ask(&engine, "ana", "whoami").job;
    job = engine_ask(&engine, "ana", "fake build web in staging").job;
    feed_wait_job(core_feed(engine.core), quick, false, 20000, latch_count, &latch);
    feed_wait_job(core_feed(engine.core), job, false, 20000, latch_count, &latch);
    CHECK(latch_wait(&latch, 2));
    CHECK_STR(engine_job(&engine, quick).state, "succeeded");
    json = engine_json(&engine, job);
    CHECK_STR(json_string(json, "state", ""), "succeeded");
    CHECK(text_starts(json_string(json, "message.title", ""),
                      "Fake build web in staging: succeeded in "));
    latch.count = 0;
    ask.line = "fake look there";
    for (int i = 0; i < 200; i++)
        job_submit_later(engine.core, &ask, latch_submitted, &latch);
    CHECK(latch_wait(&latch, 200));
    core_stop(engine.core, 5);
    CHECK(core_is_closing(engine.core));
    engine_free(&engine);
}

int main(void)
{
    reloads();
    old_secrets_stay_hidden();
    forgets_what_is_old();
    takes_input();
    presses_buttons();
    whole();
    return tap_done();
}
