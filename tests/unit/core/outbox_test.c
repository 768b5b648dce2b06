/* The outbox: order, newest content, parking, giving up, and what platforms that can do less are given. */
#include "core/outbox.h"

#include "core/chat_internal.h"
#include "lab.h"

/* What the platform was handed, one line each, and how it answers. */
static struct {
    pthread_mutex_t lock;
    char lines[100][200];
    size_t count;
    enum error_kind kind; /* of the answers in `channel` while fail_count lasts */
    const char *channel;
    int retry_after_s;
    int fail_count;
} wire = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int answer(const char *channel, struct error *err)
{
    if (wire.fail_count == 0 || !text_is(wire.channel, channel))
        return 0;
    wire.fail_count--;
    error_set(err, wire.kind, "the wire says no");
    err->retry_after_s = wire.retry_after_s;
    return -1;
}

static int note_line(const char *verb, const struct place *place, const char *extra,
                     const struct message *message, struct arena *arena, struct error *err)
{
    int result;

    pthread_mutex_lock(&wire.lock);
    result = answer(place->channel, err);
    snprintf(wire.lines[wire.count++], sizeof(wire.lines[0]), "%s%s %s%s: %s",
             result < 0 ? "failed " : "", verb, place->channel, extra,
             message_plain(arena, message));
    pthread_mutex_unlock(&wire.lock);
    return result;
}

static int wire_send(struct chat_account *account, struct arena *arena,
                     const struct place *place, const char *only_for_user,
                     const struct message *message, const char **id, struct error *err)
{
    const char *extra =
        only_for_user == NULL ? "" : arena_printf(arena, " for %s", only_for_user);

    (void)account;
    if (note_line("send", place, extra, message, arena, err) < 0)
        return -1;
    *id = arena_printf(arena, "id-%zu", wire.count);
    return 0;
}

static int wire_edit(struct chat_account *account, struct arena *arena,
                     const struct place *place, const char *id, const struct message *message,
                     struct error *err)
{
    (void)account;
    return note_line("edit", place, arena_printf(arena, " %s", id), message, arena, err);
}

static const struct chat_platform rich_platform = {
    .name = "web",
    .abilities = CHAT_EDITS | CHAT_BUTTONS | CHAT_PRIVATE,
    .edit_interval_ms = 2000,
    .send = wire_send,
    .edit = wire_edit,
};
static const struct chat_platform poor_platform = {
    .name = "irc",
    .send = wire_send,
    .text_limit = 40,
};
static const struct chat_platform *const platforms[] = { &rich_platform, &poor_platform };
static const struct registry registry = { lab_connectors, 1, platforms, 2 };

#define YAML                                                                                   \
    "store: sqlite:test.db\n"                                                                  \
    "chats:\n  web: { type: web }\n  irc: { type: irc }\n"                                     \
    "people:\n  ana: { accounts: { web: U1 } }\n"

struct put {
    const char *chat, *channel, *key, *only_for, *text;
    const struct json *blocks;
    bool final;
    long long id;
};

static int put_write(struct db *db, void *argument, struct error *err)
{
    struct put *put = argument;
    struct saying saying = { .place = { .chat = put->chat, .channel = put->channel },
                             .key = put->key,
                             .only_for = put->only_for,
                             .final = put->final };
    struct message message = { .text = put->text, .blocks = put->blocks };

    put->id = outbox_put(db, &saying, &message, err);
    return put->id < 0 ? -1 : 0;
}

static long long put(struct engine *engine, struct put one)
{
    CHECK_INT(engine_run(engine, put_write, &one), 0);
    return one.id;
}

static void reset(void)
{
    pthread_mutex_lock(&wire.lock);
    wire.count = 0;
    wire.fail_count = 0;
    wire.retry_after_s = 0;
    pthread_mutex_unlock(&wire.lock);
}

static void sent_all(struct engine *engine)
{
    CHECK(lab_until(engine, "SELECT count(*) FROM messages WHERE place_in_queue IS NOT NULL",
                    "0"));
}

static void lines_are(const char *const *expected, size_t count)
{
    pthread_mutex_lock(&wire.lock);
    CHECK_INT(wire.count, count);
    for (size_t i = 0; i < count && i < wire.count; i++)
        CHECK_STR(wire.lines[i], expected[i]);
    pthread_mutex_unlock(&wire.lock);
}

static void open_engine(struct engine *engine)
{
    reset();
    lab_make(engine, YAML);
    lab_new(engine, &registry);
}

static void start(struct engine *engine)
{
    struct error err = { 0 };

    CHECK_INT(core_start(engine->core, &err), 0);
}

static void close_engine(struct engine *engine)
{
    lab_close(engine, 1);
    engine_free(engine);
}

static void order_and_newest(void)
{
    static const char *const lines[] = { "send ops: one newer", "send ops: two",
                                         "send ops for U1: three" };
    struct engine engine;
    long long first;

    open_engine(&engine);
    first = put(&engine, (struct put){ "web", "ops", "job:1", NULL, "one", NULL, false, 0 });
    put(&engine, (struct put){ "web", "ops", NULL, NULL, "two", NULL, false, 0 });
    put(&engine, (struct put){ "web", "ops", NULL, "ana", "three", NULL, false, 0 });
    CHECK_INT(
        put(&engine, (struct put){ "web", "ops", "job:1", NULL, "one newer", NULL, false, 0 }),
        first);
    start(&engine);
    sent_all(&engine);
    lines_are(lines, COUNT_OF(lines));
    /* The same content again is nothing to send. */
    put(&engine, (struct put){ "web", "ops", "job:1", NULL, "one newer", NULL, false, 0 });
    CHECK_STR(engine_value(&engine, "SELECT revision FROM messages WHERE id = 1"), "2");
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM changes WHERE kind = 'message'"),
              "3");
    close_engine(&engine);
}

static void edits_keep_their_interval(void)
{
    static const char *const lines[] = { "send ops: a0", "send ops: other",
                                         "edit ops id-1: a3" };
    struct engine engine;

    open_engine(&engine);
    put(&engine, (struct put){ "web", "ops", "job:1", NULL, "a0", NULL, false, 0 });
    start(&engine);
    sent_all(&engine);
    for (int i = 1; i <= 3; i++)
        put(&engine, (struct put){ "web", "ops", "job:1", NULL,
                                   arena_printf(engine.arena, "a%d", i), NULL, false, 0 });
    put(&engine, (struct put){ "web", "ops", NULL, NULL, "other", NULL, false, 0 });
    sent_all(&engine);
    lines_are(lines, COUNT_OF(lines));
    close_engine(&engine);
}

static void busy_parks_the_channel(void)
{
    static const char *const lines[] = { "failed send slow: one", "send fast: three",
                                         "send slow: one", "send slow: two" };
    struct engine engine;

    open_engine(&engine);
    wire.channel = "slow";
    wire.kind = ERROR_BUSY;
    wire.retry_after_s = 1;
    wire.fail_count = 1;
    put(&engine, (struct put){ "web", "slow", NULL, NULL, "one", NULL, false, 0 });
    put(&engine, (struct put){ "web", "slow", NULL, NULL, "two", NULL, false, 0 });
    put(&engine, (struct put){ "web", "fast", NULL, NULL, "three", NULL, false, 0 });
    start(&engine);
    sent_all(&engine);
    lines_are(lines, COUNT_OF(lines));
    close_engine(&engine);
}

static void given_up_and_tried_again(void)
{
    struct engine engine;
    struct error err = { 0 };
    long long id;

    open_engine(&engine);
    wire.channel = "gone";
    wire.kind = ERROR_MISSING;
    wire.fail_count = 1;
    id = put(&engine, (struct put){ "web", "gone", NULL, NULL, "one", NULL, false, 0 });
    put(&engine, (struct put){ "web", "gone", NULL, NULL, "two", NULL, false, 0 });
    start(&engine);
    sent_all(&engine);
    {
        AUTO(db) struct db *db = store_read_start(engine.core->store, &err);
        const struct json *dead = outbox_dead(db, engine.arena, 0, 10, &err);

        CHECK_INT(json_count(dead), 1);
        CHECK_INT(json_integer(dead, "0.id", 0), id);
        CHECK_STR(json_string(dead, "0.why", NULL), "the wire says no");
    }
    CHECK_STR(engine_value(&engine, "SELECT count(*) FROM audit WHERE kind = 'undelivered'"),
              "1");
    CHECK_INT(outbox_retry(engine.core, id, &err), 0);
    sent_all(&engine);
    CHECK_STR(wire.lines[2], "send gone: one");
    CHECK_INT(outbox_retry(engine.core, id, &err), -1);
    CHECK_INT(err.kind, ERROR_MISSING);
    close_engine(&engine);
}

static void too_old(void)
{
    struct engine engine;

    open_engine(&engine);
    wire.channel = "ops";
    wire.kind = ERROR_UNREACHABLE;
    wire.fail_count = 2;
    put(&engine, (struct put){ "web", "ops", "a", NULL, "progress", NULL, false, 0 });
    put(&engine, (struct put){ "web", "ops", "b", NULL, "the end", NULL, true, 0 });
    lab_sql_run(&engine, "UPDATE messages SET failing_since = unixepoch() * 1000 - 7200000");
    start(&engine);
    sent_all(&engine);
    CHECK_STR(
        engine_value(&engine, "SELECT group_concat(coalesce(dead, 'sent')) FROM messages"),
        "the wire says no,sent");
    close_engine(&engine);
}

static void poor_platforms(void)
{
    static const char *const lines[] = {
        "send ops: ask\nreply: approve 1",
        "send @ana: private",
        "send ops: 0123456789012345678901234567890123456…",
        "send ops: the end",
    };
    static const struct button buttons[] = { { .label = "Approve", .line = "approve 1" } };
    struct engine engine;

    open_engine(&engine);
    put(&engine,
        (struct put){ "irc", "ops", "job:1", NULL, "ask",
                      ARRAY(engine.arena, block_buttons(engine.arena, buttons, 1)), false, 0 });
    put(&engine, (struct put){ "irc", "ops", NULL, "ana", "private", NULL, false, 0 });
    put(&engine,
        (struct put){ "irc", "ops", NULL, NULL,
                      "01234567890123456789012345678901234567890123456789", NULL, false, 0 });
    start(&engine);
    sent_all(&engine);
    /* It cannot edit: what comes between is left out, the end is said anew. */
    put(&engine, (struct put){ "irc", "ops", "job:1", NULL, "between", NULL, false, 0 });
    sent_all(&engine);
    put(&engine, (struct put){ "irc", "ops", "job:1", NULL, "the end", NULL, true, 0 });
    sent_all(&engine);
    lines_are(lines, COUNT_OF(lines));
    close_engine(&engine);
}

int main(void)
{
    log_start("text", "error");
    order_and_newest();
    edits_keep_their_interval();
    busy_parks_the_channel();
    given_up_and_tried_again();
    too_old();
    poor_platforms();
    return tap_done();
}
