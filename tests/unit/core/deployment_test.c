/* What was deployed where: which version is current, what to go back to, one at a time. */
#include "core/deployment.h"

#include "engine.h"
#include "tap.h"

/* One deployment that is over, or goes on when state is "running". */
struct past {
    const char *app, *environment, *version, *kind, *state;
};

struct begin {
    struct deployment_row row;
    long long holder;
};

static int begin_one(struct db *db, void *argument, struct error *err)
{
    struct begin *begin = argument;

    begin->holder = 0;
    return deployment_begin(db, &begin->row, &begin->holder, err);
}

static int begin(struct engine *engine, struct begin *begun, struct error *err)
{
    return store_write(engine->core->store, begin_one, begun, err);
}

struct end {
    long long job;
    const char *state, *health;
};

static int end_one(struct db *db, void *argument, struct error *err)
{
    const struct end *end = argument;

    if (end->health != NULL && deployment_set_health(db, end->job, end->health, err) < 0)
        return -1;
    return end->state == NULL ? 0 : deployment_end(db, end->job, end->state, err);
}

static void finish(struct engine *engine, struct end end)
{
    CHECK_INT(engine_run(engine, end_one, &end), 0);
}

/* Jobs count from 1. */
static void replay(struct engine *engine, const struct past *past, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct begin begun = { .row = { .app = past[i].app,
                                        .environment = past[i].environment,
                                        .version = past[i].version,
                                        .commit_id = past[i].version,
                                        .job = (long long)i + 1,
                                        .person = "ana",
                                        .kind = past[i].kind } };
        struct error err = { 0 };

        CHECK_INT(begin(engine, &begun, &err), 0);
        CHECK_STR(err.text, "");
        if (!text_is(past[i].state, "running"))
            finish(engine, (struct end){ (long long)i + 1, past[i].state, NULL });
    }
}

static const char *version_of(const struct deployment_row *row)
{
    if (row->id == 0)
        return "nothing";
    return row->version != NULL ? row->version : "unversioned";
}

/* "current, back to previous" */
static const char *where_it_is(struct engine *engine, const char *app, const char *environment)
{
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(engine->core->store, &err);
    struct deployment_row current = { 0 };
    struct deployment_row previous = { 0 };

    CHECK_INT(deployment_current(db, engine->arena, app, environment, &current, &err), 0);
    CHECK_INT(deployment_previous(db, engine->arena, app, environment, &previous, &err), 0);
    CHECK_STR(err.text, "");
    return arena_printf(engine->arena, "%s, back to %s", version_of(&current),
                        version_of(&previous));
}

static const struct {
    const char *name;
    struct past past[6];
    const char *is;
} histories[] = {
    { "nothing", { { 0 } }, "nothing, back to nothing" },
    { "the first",
      { { "api", "staging", "v1", "deploy", "succeeded" } },
      "v1, back to nothing" },
    { "two",
      { { "api", "staging", "v1", "deploy", "succeeded" },
        { "api", "staging", "v2", "deploy", "succeeded" } },
      "v2, back to v1" },
    { "the same again",
      { { "api", "staging", "v1", "deploy", "succeeded" },
        { "api", "staging", "v2", "deploy", "succeeded" },
        { "api", "staging", "v2", "deploy", "succeeded" } },
      "v2, back to v1" },
    { "only the same",
      { { "api", "staging", "v1", "deploy", "succeeded" },
        { "api", "staging", "v1", "deploy", "succeeded" } },
      "v1, back to nothing" },
    { "elsewhere",
      { { "api", "staging", "v1", "deploy", "succeeded" },
        { "api", "production", "v2", "deploy", "succeeded" },
        { "web", "staging", "v3", "deploy", "succeeded" } },
      "v1, back to nothing" },
    { "failed ones never ran; what is there now is not known",
      { { "api", "staging", "v1", "deploy", "succeeded" },
        { "api", "staging", "v2", "deploy", "succeeded" },
        { "api", "staging", "v3", "deploy", "failed" } },
      "v2, back to v2" },
    { "one that goes on",
      { { "api", "staging", "v1", "deploy", "succeeded" },
        { "api", "staging", "v2", "deploy", "running" } },
      "v1, back to v1" },
    { "cancelled",
      { { "api", "staging", "v1", "deploy", "succeeded" },
        { "api", "staging", "v2", "deploy", "cancelled" } },
      "v1, back to v1" },
    { "gone back",
      { { "api", "staging", "v1", "deploy", "succeeded" },
        { "api", "staging", "v2", "deploy", "succeeded" },
        { "api", "staging", "v1", "rollback", "succeeded" } },
      "v1, back to v2" },
    { "without versions",
      { { "api", "staging", NULL, "deploy", "succeeded" },
        { "api", "staging", NULL, "deploy", "succeeded" } },
      "unversioned, back to nothing" },
    { "first without, then with",
      { { "api", "staging", NULL, "deploy", "succeeded" },
        { "api", "staging", "v1", "deploy", "succeeded" } },
      "v1, back to unversioned" },
};

static void test_versions(void)
{
    for (size_t i = 0; i < COUNT_OF(histories); i++) {
        struct engine engine;
        size_t count = 0;

        tap_case("%s", histories[i].name);
        engine_new(&engine, ENGINE_YAML);
        while (count < COUNT_OF(histories[i].past) && histories[i].past[count].app != NULL)
            count++;
        replay(&engine, histories[i].past, count);
        CHECK_STR(where_it_is(&engine, "api", "staging"), histories[i].is);
        engine_free(&engine);
    }
}

static void test_one_at_a_time(void)
{
    struct engine engine;
    struct error err = { 0 };
    struct begin first = { .row = { .app = "api",
                                    .environment = "staging",
                                    .version = "v1",
                                    .job = 7,
                                    .kind = "deploy" } };
    struct begin second = first;
    struct begin elsewhere = first;

    engine_new(&engine, ENGINE_YAML);
    second.row.job = 8;
    elsewhere.row.job = 9;
    elsewhere.row.environment = "production";
    tap_case("taken");
    CHECK_INT(begin(&engine, &first, &err), 0);
    CHECK_INT(begin(&engine, &second, &err), -1);
    CHECK_INT(err.kind, ERROR_CONFLICT);
    CHECK_INT(second.holder, 7);
    CHECK(text_has(err.text, "#7"));
    err = (struct error){ 0 };
    CHECK_INT(begin(&engine, &elsewhere, &err), 0);
    tap_case("the same job again, after a crash");
    CHECK_INT(begin(&engine, &first, &err), 0);
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM deployments WHERE job = 7"), "1");
    tap_case("free again");
    finish(&engine, (struct end){ 7, "failed", NULL });
    CHECK_INT(begin(&engine, &second, &err), 0);
    tap_case("what has ended stays ended");
    finish(&engine, (struct end){ 7, "succeeded", NULL });
    CHECK_STR(engine_value(&engine, "SELECT state FROM deployments WHERE job = 7"), "failed");
    finish(&engine, (struct end){ 99, "succeeded", NULL }); /* a job that deploys nothing */
    engine_free(&engine);
}

static void test_list(void)
{
    static const struct past past[] = {
        { "api", "staging", "v1", "deploy", "succeeded" },
        { "api", "production", "v1", "deploy", "failed" },
        { "web", "staging", "v9", "deploy", "succeeded" },
        { "api", "staging", NULL, "rollback", "running" },
    };
    struct engine engine;
    struct error err = { 0 };
    const struct json *list;

    engine_new(&engine, ENGINE_YAML);
    replay(&engine, past, COUNT_OF(past));
    finish(&engine, (struct end){ 1, NULL, "healthy" });
    AUTO(db) struct db *db = store_read_start(engine.core->store, &err);
    tap_case("all of one app, newest first");
    list = deployment_list(db, engine.arena, "api", NULL, 10, &err);
    CHECK_INT(json_count(list), 3);
    CHECK_INT(json_integer(list, "0.job", 0), 4);
    CHECK(json_get(list, "0.version") == NULL ||
          json_is(json_get(list, "0.version"), JSON_NULL));
    CHECK_STR(json_string(list, "0.kind", ""), "rollback");
    CHECK_STR(json_string(list, "0.state", ""), "running");
    CHECK_STR(json_string(list, "2.health", ""), "healthy");
    CHECK_STR(json_string(list, "2.by", ""), "ana");
    CHECK_STR(json_string(list, "2.commit", ""), "v1");
    CHECK(text_ends(json_string(list, "2.finished_at", ""), "Z"));
    CHECK(text_ends(json_string(list, "2.started_at", ""), "Z"));
    tap_case("of one environment, and how many");
    CHECK_INT(json_count(deployment_list(db, engine.arena, "api", "staging", 10, &err)), 2);
    CHECK_INT(json_count(deployment_list(db, engine.arena, "api", NULL, 1, &err)), 1);
    CHECK_INT(json_count(deployment_list(db, engine.arena, "none", NULL, 10, &err)), 0);
    store_read_end(db);
    db = NULL;
    engine_free(&engine);
}

int main(void)
{
    test_versions();
    test_one_at_a_time();
    test_list();
    return tap_done();
}
