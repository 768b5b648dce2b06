/* Events: what is taken and refused, stored once, what becomes of them and of their subjects' messages. */
#include "core/event.h"

#include "base/clock.h"
#include "core/subject.h"
#include "engine.h"
#include "tap.h"

#define YAML                                                                                       \
    ENGINE_YAML                                                                                    \
    "routes:\n"                                                                                    \
    "  - { from: notify, match: 'kind=place', to: web#lobby }\n"                                   \
    "  - { from: notify, match: 'kind=thread', to: web#lobby, update: thread }\n"                  \
    "  - { from: notify, match: 'kind=new', to: web#lobby, update: new }\n"                        \
    "  - { from: notify, match: 'kind=fail', to: web#lobby, only: failures }\n"                    \
    "  - { from: notify, match: 'kind=two', to: [\"web#lobby\", \"web#@ana\"], continue: true }\n" \
    "  - { from: notify, match: 'kind=two', to: [\"web#@ana\", \"web#@tom\"] }\n"                  \
    "  - { from: notify, match: 'kind=hush', to: web#lobby, mute: 'team=web' }\n"

static void test_json(struct arena *arena)
{
    static const struct {
        const char *json, *fault;
    } rows[] = {
        { "[]", "an event must be a JSON object" },
        { "{\"kind\":\"k\",\"title\":\"t\"}", "\"source\" is missing: who reports it" },
        { "{\"source\":\"s\",\"title\":\"t\"}",
          "\"kind\" is missing: what sort of thing happened, such as build or alert" },
        { "{\"source\":\"s\",\"kind\":\"k\",\"title\":\"\"}",
          "\"title\" is missing: what happened, in a line" },
        { "{\"source\":\"s\",\"kind\":\"k\",\"title\":\"t\",\"status\":\"broken\"}",
          "unknown status \"broken\": there are queued, running, success, failure, cancelled, "
          "firing, resolved, open, closed, info" },
        { "{\"source\":\"s\",\"kind\":\"k\",\"title\":\"t\",\"titel\":\"u\"}",
          "unknown member \"titel\": an event has id, source, kind, subject, status, severity, "
          "title, text, url, actor, labels, at" },
        { "{\"source\":\"s\",\"kind\":\"k\",\"title\":5}", "\"title\" must be text" },
        { "{\"source\":\"s\",\"kind\":\"k\",\"title\":\"t\",\"labels\":[]}",
          "\"labels\" must be an object of texts" },
        { "{\"source\":\"s\",\"kind\":\"k\",\"title\":\"t\",\"labels\":{\"a\":{}}}",
          "the label \"a\" must be text" },
        { "{\"source\":\"s\",\"kind\":\"k\",\"title\":\"t\",\"at\":\"soon\"}",
          "\"at\" must be a time such as 2026-11-24T13:42:50Z or seconds since 1970" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err = { 0 };
        struct event event;
        const struct json *json = json_parse(arena, rows[i].json, strlen(rows[i].json), &err);

        tap_case("%s", rows[i].json);
        CHECK_INT(event_from_json(arena, json, &event, &err), -1);
        CHECK_STR(err.text, rows[i].fault);
    }
}

static void test_reading(struct arena *arena)
{
    static const char text[] =
        "{\"id\":17,\"source\":\"s\",\"kind\":\"k\",\"title\":\"t\",\"severity\":null,"
        "\"labels\":{\"n\":5,\"b\":true,\"s\":\"x\",\"none\":null},\"at\":1764000000}";
    struct error err = { 0 };
    struct event event = { 0 };

    CHECK_INT(event_from_json(arena, json_parse(arena, text, strlen(text), &err), &event, &err),
              0);
    CHECK_STR(event.delivery, "17");
    CHECK_STR(event.status, "info");
    CHECK_STR(event_value(&event, "n"), "5");
    CHECK_STR(event_value(&event, "b"), "true");
    CHECK_STR(event_value(&event, "title"), "t");
    CHECK(event_value(&event, "none") == NULL);
    CHECK_INT(event.at_ms, 1764000000000);
    CHECK_STR(
        json_print(arena, event_to_json(arena, &event)),
        "{\"id\":\"17\",\"source\":\"s\",\"kind\":\"k\",\"status\":\"info\",\"title\":\"t\","
        "\"labels\":{\"n\":\"5\",\"b\":\"true\",\"s\":\"x\"},"
        "\"at\":\"2025-11-24T16:00:00.000Z\"}");
}

static const char *send(struct engine *engine, struct event event)
{
    struct event_batch batch = { .events = &event, .count = 1 };
    struct error err = { 0 };

    event.source = event.source != NULL ? event.source : "notify";
    event.title = event.title != NULL ? event.title : "t";
    if (event_record(engine->core, &batch, engine->arena, &err) < 0)
        return arena_copy(engine->arena, err.text);
    return batch.outcome;
}

static const char *value(struct engine *engine, const char *sql)
{
    return engine_value(engine, sql);
}

static int execute_write(struct db *db, void *argument, struct error *err)
{
    return db_run(db, err, argument, NO_VALUES) < 0 ? -1 : 0;
}

static int engine_execute(struct engine *engine, const char *sql)
{
    return engine_run(engine, execute_write, arena_copy(engine->arena, sql));
}

static void clear(struct engine *engine)
{
    static const char *const tables[] = { "messages", "events", "subjects", "route_paces" };

    for (size_t i = 0; i < COUNT_OF(tables); i++)
        CHECK(engine_execute(engine,
                             arena_printf(engine->arena, "DELETE FROM %s", tables[i])) == 0);
}

static void test_once(struct engine *engine)
{
    struct event event = { .kind = "place", .status = "info", .delivery = "d1" };

    CHECK_STR(send(engine, event), "routed");
    event.kind = "nowhere";
    CHECK_STR(send(engine, event), "routed");
    event.delivery = "d2";
    CHECK_STR(send(engine, event), "unrouted");
    event.source = "other";
    event.delivery = "d1";
    CHECK_STR(send(engine, event), "unrouted");
    CHECK_STR(value(engine, "SELECT count(*) FROM events"), "3");
    CHECK_STR(value(engine, "SELECT count(*) FROM messages"), "1");
    CHECK_STR(value(engine, "SELECT count(*) FROM changes WHERE kind = 'event'"), "3");
    clear(engine);
}

/* queued -> running -> failure is one message; the next run is another; what comes late changes nothing. */
static void test_in_place(struct engine *engine)
{
    static const struct {
        const char *status;
        long long at_ms;
        const char *outcome, *messages, *title;
    } rows[] = {
        { "queued", 100000, "routed", "1", "QUEUED: t (since %" },
        { "running", 160000, "routed", "1", "RUNNING: t (since %" },
        { "failure", 400000, "routed", "1", "FAILURE: t (after 5 min)" },
        { "running", 390000, "unchanged", "1", "FAILURE: t (after 5 min)" },
        { "running", 400000, "unchanged", "1", "FAILURE: t (after 5 min)" },
        { "running", 500000, "routed", "2", "RUNNING: t (since %" },
        { "success", 620000, "routed", "2", "SUCCESS: t (after 2 min)" },
        { "success", 620000, "routed", "2", "SUCCESS: t" },
        { "failure", 980000, "routed", "3", "FAILURE: t (after 6 min)" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct event event = {
            .kind = "place", .subject = "b1", .status = rows[i].status, .at_ms = rows[i].at_ms
        };

        tap_case("%zu: %s at %lld", i, rows[i].status, rows[i].at_ms);
        CHECK_STR(send(engine, event), rows[i].outcome);
        CHECK_STR(value(engine, "SELECT count(*) FROM messages"), rows[i].messages);
        CHECK_STR(value(engine, arena_printf(engine->arena,
                                             "SELECT content LIKE '{\"title\":\"%s\"%%' FROM "
                                             "messages ORDER BY id DESC",
                                             rows[i].title)),
                  "1");
    }
    CHECK_STR(value(engine, "SELECT status || ' ' || episode || ' ' || count FROM subjects"),
              "failure 3 9");
    clear(engine);
}

static void test_updates(struct engine *engine)
{
    struct event event = { .kind = "new", .subject = "s", .status = "firing" };

    CHECK_STR(send(engine, event), "routed");
    CHECK_STR(send(engine, event), "routed");
    CHECK_STR(value(engine, "SELECT count(*) FROM messages WHERE key IS NULL"), "2");
    event.kind = "thread";
    event.subject = "u";
    CHECK_STR(send(engine, event), "routed");
    event.status = "open";
    CHECK_STR(send(engine, event), "routed");
    CHECK_STR(value(engine, "SELECT count(*) FROM messages WHERE thread IS NOT NULL"), "0");
    CHECK_INT(engine_execute(engine, "UPDATE messages SET external_id = 'X9' WHERE key = "
                                     "'event:notify:u'"),
              0);
    event.status = "firing";
    CHECK_STR(send(engine, event), "routed");
    CHECK_STR(send(engine, event), "routed");
    CHECK_STR(value(engine, "SELECT group_concat(thread) FROM messages"), "X9");
    clear(engine);
}

static void test_routes(struct engine *engine)
{
    struct event event = { .kind = "fail", .subject = "s", .status = "success" };

    CHECK_STR(send(engine, event), "unchanged");
    event.status = "failure";
    CHECK_STR(send(engine, event), "routed");
    event.status = "running";
    CHECK_STR(send(engine, event), "unchanged");
    event.status = "success";
    CHECK_STR(send(engine, event), "routed");
    clear(engine);
    event.kind = "two";
    CHECK_STR(send(engine, event), "routed");
    CHECK_STR(
        value(engine,
              "SELECT group_concat(channel) FROM (SELECT channel FROM messages ORDER BY id)"),
        "lobby,@ana,@tom");
    CHECK_STR(
        value(engine, "SELECT routes FROM events"),
        "[{\"route\":\"opsroom.yaml:21\",\"channel\":\"web#lobby\",\"outcome\":\"routed\"},"
        "{\"route\":\"opsroom.yaml:21\",\"channel\":\"web#@ana\",\"outcome\":\"routed\"},"
        "{\"route\":\"opsroom.yaml:22\",\"channel\":\"web#@tom\",\"outcome\":\"routed\"}]");
    clear(engine);
    event.channel = "#@tom";
    CHECK_STR(send(engine, event), "routed");
    CHECK_STR(
        value(engine,
              "SELECT group_concat(channel) FROM (SELECT channel FROM messages ORDER BY id)"),
        "@tom");
    clear(engine);
    event.channel = "#nowhere";
    event.subject = "x";
    CHECK_STR(send(engine, event), "routed");
    CHECK_STR(value(engine, "SELECT count(*) FROM messages"), "3");
    clear(engine);
    event.kind = "none";
    event.channel = "web#@lea";
    event.is_direct = true;
    CHECK_STR(send(engine, event), "routed");
    CHECK_STR(value(engine, "SELECT channel FROM messages"), "@lea");
    clear(engine);
}

static void test_mutes(struct engine *engine)
{
    struct event event = { .kind = "hush", .status = "firing", .subject = "a" };

    event.labels = OBJECT(engine->arena, { "team", V("web") });
    CHECK_STR(send(engine, event), "muted");
    event.labels = OBJECT(engine->arena, { "team", V("db") });
    CHECK_STR(send(engine, event), "routed");
    CHECK_INT(engine_execute(
                  engine, "INSERT INTO mutes (matchers, person, until_at, created_at) VALUES "
                          "('kind=~\"hu.*\", team=db', 'ana', 99999999999999, 1)"),
              0);
    /* What is said already is kept true; what is new is not said. */
    event.status = "resolved";
    CHECK_STR(send(engine, event), "routed");
    event.subject = "b";
    CHECK_STR(send(engine, event), "muted");
    CHECK_STR(value(engine, "SELECT count(*) FROM messages"), "1");
    CHECK_INT(engine_execute(engine, "UPDATE mutes SET until_at = 5"), 0);
    event.subject = "c";
    CHECK_STR(send(engine, event), "routed");
    clear(engine);
}

/* Secrets, what cannot be shown, what is too long. */
static void test_cleaning(struct engine *engine)
{
    struct arena *arena = engine->arena;
    char *id = arena_alloc(arena, 1001);
    struct event event = { .kind = "place", .status = "info" };

    memset(id, 'x', 1000);
    event.title = "a hunter2-hunter2 b\nc\x1b[1m";
    event.text = "hunter2-hunter2";
    event.url = "javascript:alert(1)";
    event.subject = id;
    event.labels = OBJECT(arena, { "hunter2-hunter2", V("hunter2-hunter2") });
    CHECK_STR(send(engine, event), "routed");
    CHECK_STR(value(engine, "SELECT count(*) FROM events WHERE title || text || labels LIKE "
                            "'%hunter2%' OR title LIKE '%' || char(10) || '%'"),
              "0");
    CHECK_STR(value(engine, "SELECT title LIKE 'a [secret] b c%' FROM events"), "1");
    CHECK_STR(value(engine, "SELECT url IS NULL AND length(subject) <= 500 FROM events"), "1");
    CHECK_STR(value(engine, "SELECT count(*) FROM messages WHERE content LIKE '%hunter2%'"),
              "0");
    id = arena_copy(arena, id);
    id[999] = 'y';
    event.subject = id;
    CHECK_STR(send(engine, event), "routed");
    CHECK_STR(value(engine, "SELECT count(*) FROM subjects"), "2");
    event.at_ms = clock_now_ms() + 3600000;
    CHECK_STR(send(engine, event), "routed");
    CHECK_STR(value(engine, "SELECT count(*) FROM events WHERE at > received_at"), "0");
    event.source = "";
    CHECK_STR(send(engine, event), "\"source\" is missing: who reports it");
    clear(engine);
}

static void test_batch(struct engine *engine)
{
    struct event events[] = {
        { .source = "notify",
          .kind = "place",
          .status = "info",
          .title = "1",
          .delivery = "x" },
        { .source = "notify",
          .kind = "place",
          .status = "info",
          .title = "2",
          .delivery = "x" },
        { .source = "notify", .kind = "place", .status = "info", .title = "3" },
    };
    struct event_batch batch = { .events = events, .count = 3 };
    struct error err = { 0 };

    CHECK_INT(event_record(engine->core, &batch, engine->arena, &err), 0);
    CHECK_INT(batch.taken, 2);
    events[2].title = NULL;
    CHECK_INT(event_record(engine->core, &batch, engine->arena, &err), -1);
    CHECK_STR(value(engine, "SELECT count(*) FROM events"), "2");
}

static void test_list(struct engine *engine)
{
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(core_store(engine->core), &err);
    struct event_filter filter = { .source = "notify", .text = "1", .limit = 10 };
    const struct json *list = event_list(db, engine->arena, &filter, &err);
    struct event event = { 0 };

    CHECK_INT(json_count(list), 1);
    CHECK_STR(json_string(list, "0.title", ""), "1");
    CHECK_INT(event_load(db, engine->arena, json_integer(list, "0.id", 0), &event, &err), 0);
    CHECK_STR(event.delivery, "x");
    CHECK_INT(event_load(db, engine->arena, 1000000, &event, &err), -1);
    CHECK_STR(err.text, "there is no event 1000000");
}

static void test_prune(struct engine *engine)
{
    struct error err = { 0 };

    CHECK_INT(event_prune(engine->core, clock_now_ms(), &err), 0);
    CHECK_STR(value(engine, "SELECT count(*) FROM events"), "2");
    CHECK_INT(event_prune(engine->core, clock_now_ms() + 4000LL * 24 * 3600 * 1000, &err), 0);
    CHECK_STR(value(engine, "SELECT count(*) FROM events"), "0");
    CHECK_STR(value(engine, "SELECT count(*) FROM mutes"), "0");
}

int main(void)
{
    struct engine engine;

    engine_new(&engine, YAML);
    test_json(engine.arena);
    test_reading(engine.arena);
    test_once(&engine);
    test_in_place(&engine);
    test_updates(&engine);
    test_routes(&engine);
    test_mutes(&engine);
    test_cleaning(&engine);
    test_batch(&engine);
    test_list(&engine);
    test_prune(&engine);
    engine_free(&engine);
    return tap_done();
}
