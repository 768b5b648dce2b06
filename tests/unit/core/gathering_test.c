/* Gatherings: windows, quiet hours, floods; every event is in one message or counted in one. */
#include "core/gathering.h"

#include "base/clock.h"
#include "engine.h"
#include "tap.h"

/* Quiet hours that are now, whenever that is, and some that are not. */
static const char *yaml(struct arena *arena)
{
    long long now_ms = clock_now_ms();
    struct moment now = moment_in(NULL, now_ms - 3600 * 1000LL);
    struct moment later = moment_in(NULL, now_ms + 2 * 3600 * 1000LL);

    return arena_printf(arena,
                        ENGINE_YAML
                        "routes:\n"
                        "  - { from: notify, match: 'kind=group', to: web#lobby, group: 30s }\n"
                        "  - { from: notify, match: 'kind=flood', to: web#lobby }\n"
                        "  - { from: notify, match: 'kind=quiet', to: web#lobby, quiet: "
                        "\"%02d:00-%02d:00 UTC\" }\n",
                        now.hour, later.hour);
}

static const char *send(struct engine *engine, struct event event)
{
    struct event_batch batch = { .events = &event, .count = 1 };
    struct error err = { 0 };

    event.source = "notify";
    event.title = event.title != NULL ? event.title : "t";
    if (event_record(engine->core, &batch, engine->arena, &err) < 0)
        return arena_copy(engine->arena, err.text);
    return batch.outcome;
}

static void flush(struct engine *engine, long long after_ms)
{
    struct error err = { 0 };

    CHECK_INT(gathering_flush(engine->core, clock_now_ms() + after_ms, &err), 0);
}

static int execute_write(struct db *db, void *argument, struct error *err)
{
    return db_run(db, err, argument, NO_VALUES) < 0 ? -1 : 0;
}

static void execute(struct engine *engine, const char *sql)
{
    CHECK_INT(engine_run(engine, execute_write, arena_copy(engine->arena, sql)), 0);
}

static void clear(struct engine *engine)
{
    execute(engine, "DELETE FROM messages");
    execute(engine, "DELETE FROM events");
    execute(engine, "DELETE FROM subjects");
    execute(engine, "DELETE FROM gatherings");
    execute(engine, "DELETE FROM route_paces");
}

/* The newest message, in plain text. */
static const char *newest(struct engine *engine)
{
    const char *content =
        engine_value(engine, "SELECT content FROM messages ORDER BY id DESC LIMIT 1");
    struct error err = { 0 };
    struct message message = message_from_json(
        engine->arena, json_parse(engine->arena, content, strlen(content), &err));

    return message_plain(engine->arena, &message);
}

static void check_counts(struct engine *engine, const char *messages, const char *gatherings)
{
    CHECK_STR(engine_value(engine, "SELECT count(*) FROM messages"), messages);
    CHECK_STR(engine_value(engine, "SELECT count(*) FROM gatherings"), gatherings);
}

static void test_group(struct engine *engine)
{
    struct event event = { .kind = "group", .status = "firing", .severity = "critical" };

    event.subject = "a";
    event.title = "disk a";
    CHECK_STR(send(engine, event), "held");
    event.status = "resolved";
    CHECK_STR(send(engine, event), "held");
    event.subject = "b";
    event.status = "firing";
    event.title = "disk *b*";
    event.url = "https://g/b";
    CHECK_STR(send(engine, event), "held");
    flush(engine, 29 * 1000);
    check_counts(engine, "0", "1");
    flush(engine, 31 * 1000);
    check_counts(engine, "1", "0");
    CHECK_STR(newest(engine), "3 events in 30 s: 2 firing, 1 resolved\n"
                              "• FIRING critical: disk *b* (https://g/b)\n"
                              "• RESOLVED critical: disk a");
    clear(engine);
}

/* A window with one thing in it is that thing, and stays true. */
static void test_single(struct engine *engine)
{
    struct event event = {
        .kind = "group", .status = "firing", .subject = "a", .title = "disk"
    };

    CHECK_STR(send(engine, event), "held");
    flush(engine, 31 * 1000);
    check_counts(engine, "1", "0");
    CHECK(text_starts(newest(engine), "FIRING: disk (since "));
    event.status = "resolved";
    event.at_ms = clock_now_ms() + 1;
    CHECK_STR(send(engine, event), "routed");
    check_counts(engine, "1", "0");
    CHECK(text_starts(newest(engine), "RESOLVED: disk"));
    clear(engine);
    event.subject = NULL;
    CHECK_STR(send(engine, event), "held");
    execute(engine, "DELETE FROM events");
    flush(engine, 31 * 1000);
    check_counts(engine, "0", "0");
    clear(engine);
}

static void test_quiet(struct engine *engine)
{
    struct event event = { .kind = "quiet", .status = "failure", .title = "night build" };

    CHECK_STR(send(engine, event), "held");
    CHECK_STR(send(engine, event), "held");
    event.severity = "critical";
    CHECK_STR(send(engine, event), "routed");
    flush(engine, 61 * 1000);
    check_counts(engine, "1", "1");
    flush(engine, 3 * 3600 * 1000LL);
    check_counts(engine, "2", "0");
    CHECK(text_starts(newest(engine), "2 events in quiet hours, since "));
    CHECK(text_has(newest(engine),
                   ": 2 failure\n• FAILURE: night build\n• FAILURE: night build"));
    clear(engine);
}

/* Twenty are said, the rest is counted in one message that is rewritten; all are there. */
static void test_flood(struct engine *engine)
{
    struct event event = { .kind = "flood", .status = "firing", .title = "disk" };
    size_t routed = 0, collapsed = 0;

    for (int i = 0; i < 137; i++) {
        event.subject = arena_printf(engine->arena, "d%d", i);
        const char *outcome = send(engine, event);

        routed += text_is(outcome, "routed");
        collapsed += text_is(outcome, "collapsed");
    }
    CHECK_INT(routed, FLOOD_MESSAGES);
    CHECK_INT(collapsed, 137 - FLOOD_MESSAGES);
    event.status = "resolved";
    event.at_ms = clock_now_ms() + 1;
    event.subject = "d3";
    CHECK_STR(send(engine, event), "routed");
    event.subject = "d100";
    CHECK_STR(send(engine, event), "collapsed");
    check_counts(engine, "20", "1");
    flush(engine, 2000);
    check_counts(engine, "21", "1");
    CHECK(
        text_starts(newest(engine),
                    "118 more events in the last minute: 117 firing, 1 resolved\nMore than 20 "
                    "new messages in a minute would have come here by opsroom.yaml:18, so they "
                    "are counted in this one until it is calmer.\n• RESOLVED: disk\n"));
    CHECK(text_ends(newest(engine), "These are the newest; events lists all of them."));
    CHECK_STR(engine_value(engine, "SELECT final FROM messages ORDER BY id DESC"), "0");
    event.subject = "d137";
    CHECK_STR(send(engine, event), "collapsed");
    flush(engine, 3000);
    CHECK(text_starts(newest(engine), "118 more"));
    flush(engine, 8000);
    CHECK(text_starts(newest(engine), "119 more"));
    check_counts(engine, "21", "1");
    flush(engine, 70 * 1000);
    check_counts(engine, "21", "0");
    CHECK_STR(engine_value(engine, "SELECT final FROM messages ORDER BY id DESC"), "1");
}

/* It goes on for a minute after the minute with too many, and is over after a calm one. */
static void test_calm(struct engine *engine)
{
    struct event event = { .kind = "flood", .status = "firing", .subject = "e1" };

    execute(engine, "UPDATE route_paces SET since = since - 61000");
    CHECK_STR(send(engine, event), "collapsed");
    execute(engine, "UPDATE route_paces SET since = since - 61000");
    event.subject = "e2";
    CHECK_STR(send(engine, event), "routed");
    execute(engine, "UPDATE route_paces SET since = since - 200000, count = 500");
    event.subject = "e3";
    CHECK_STR(send(engine, event), "routed");
    clear(engine);
}

int main(void)
{
    struct engine engine;
    AUTO(arena) struct arena *arena = arena_new();

    engine_new(&engine, yaml(arena));
    test_group(&engine);
    test_single(&engine);
    test_quiet(&engine);
    test_flood(&engine);
    test_calm(&engine);
    engine_free(&engine);
    return tap_done();
}
