/* The write-ahead log does not grow without end, and is small again when nothing happens. */
#include "fixture.h"

#include "tap.h"

enum {
    TEXT_BYTES = 128 * 1024,
    LOG_BYTES_MAX = 4 * 1024 * 1024,
    LOG_KEPT_BYTES = LOG_BYTES_MAX / 16,
};

static char *large_text(struct arena *arena, int number)
{
    char *text = arena_alloc(arena, TEXT_BYTES);

    memset(text, 'a', TEXT_BYTES - 1);
    text[0] = (char)('A' + number % 26);
    text[1] = (char)('A' + number / 26);
    return text;
}

/* Writes notes, each twice, as the text is in an index too. */
static void write_much(struct store *store, int from, int count)
{
    for (int i = from; i < from + count; i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct error err = { 0 };

        CHECK_INT(store_write(store, note_add, large_text(arena, i), &err), 0);
    }
}

static struct db *reader_start(struct store *store)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { 0 };
    struct db *db = store_read_start(store, &err);

    ASSERT(db != NULL);
    CHECK(db_row(db, arena, &err, "SELECT count(*) FROM notes", NO_VALUES) != NULL);
    return db;
}

static bool log_is_small(void *store)
{
    return store_log_bytes(store) <= LOG_KEPT_BYTES;
}

static bool log_is_empty(void *store)
{
    return store_log_bytes(store) == 0;
}

static struct store *store_with_idle(struct fixture *fixture, long long idle_ms)
{
    const struct store_plan plan = { .migrations = fixture_migrations,
                                     .idle_ms = idle_ms,
                                     .log_bytes_max = LOG_BYTES_MAX };
    struct error err = { 0 };
    struct store *store = store_open_with(fixture->url, &plan, &err);

    ASSERT(store != NULL);
    return store;
}

static void test_busy(struct fixture *fixture)
{
    AUTO(store) struct store *store = store_with_idle(fixture, 3600000);
    struct db *db = reader_start(store);

    tap_case("a reader keeps the log from starting again");
    write_much(store, 0, 20);
    CHECK(store_log_bytes(store) > LOG_BYTES_MAX);
    store_read_end(db);

    tap_case("it starts again while much is written");
    for (int i = 20; i < 20000 && store_log_bytes(store) > LOG_BYTES_MAX; i++)
        write_much(store, i, 1);
    CHECK(store_log_bytes(store) < LOG_BYTES_MAX);
}

static void test_idle(struct fixture *fixture)
{
    AUTO(store) struct store *store = store_with_idle(fixture, 20);
    struct db *db;

    tap_case("nothing is written: the log shrinks");
    write_much(store, 200, 4);
    CHECK(wait_until(log_is_small, store));

    tap_case("not while a reader needs it, but then");
    db = reader_start(store);
    write_much(store, 204, 4);
    CHECK(store_log_bytes(store) > LOG_KEPT_BYTES);
    store_read_end(db);
    CHECK(wait_until(log_is_empty, store));
    CHECK_INT(note_count(store, "_H%"), 8);
}

int main(void)
{
    AUTO(fixture) struct fixture *fixture = fixture_new();

    test_busy(fixture);
    test_idle(fixture);
    return tap_done();
}
