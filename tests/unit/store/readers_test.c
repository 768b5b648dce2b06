/* Borrowed connections: a snapshot each, so many and no more. */
#include "fixture.h"

#include <stdio.h>

#include "base/clock.h"
#include "tap.h"

static long long count_in(struct db *db)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err;

    return json_integer(db_row(db, arena, &err, "SELECT count(*) AS n FROM notes", NO_VALUES),
                        "n", -1);
}

static void test_snapshot(struct store *store)
{
    static char texts[][8] = { "one", "two" };
    struct error err = { 0 };
    struct db *before;

    tap_case("a read does not see what is written meanwhile");
    CHECK_INT(store_write(store, note_add, texts[0], &err), 0);
    before = store_read_start(store, &err);
    CHECK_INT(count_in(before), 1);
    CHECK_INT(store_write(store, note_add, texts[1], &err), 0);
    CHECK_INT(count_in(before), 1);
    CHECK_INT(note_count(store, "%"), 2);
    store_read_end(before);
    before = store_read_start(store, &err);
    CHECK_INT(count_in(before), 2);
    store_read_end(before);
    store_read_end(NULL);
}

struct borrower {
    struct readers *readers;
    struct db *got;
    atomic_bool has_started;
};

static void *borrow(void *context)
{
    struct borrower *borrower = context;
    struct error err;

    atomic_store(&borrower->has_started, true);
    borrower->got = readers_borrow(borrower->readers, 10000, &err);
    return NULL;
}

static void test_limit(struct fixture *fixture)
{
    struct readers *readers = readers_new(fixture->path, DB_READ);
    struct borrower borrower = { .readers = readers };
    struct db *lent[READERS_MAX];
    struct error err = { 0 };
    long long start_ms;
    pthread_t thread;

    tap_case("all are lent");
    for (size_t i = 0; i < READERS_MAX; i++) {
        lent[i] = readers_borrow(readers, 0, &err);
        CHECK_INT(count_in(lent[i]), 2);
    }
    start_ms = clock_steady_ms();
    CHECK(readers_borrow(readers, 20, &err) == NULL);
    CHECK(clock_steady_ms() - start_ms >= 20);
    CHECK_INT(err.kind, ERROR_BUSY);
    CHECK_STR(err.text, "all 8 read connections to test.db are in use");
    CHECK_INT(err.retry_after_s, 1);

    tap_case("who waits gets the one that comes back");
    CHECK_INT(pthread_create(&thread, NULL, borrow, &borrower), 0);
    CHECK(wait_until(is_set, &borrower.has_started));
    store_read_end(lent[3]);
    pthread_join(thread, NULL);
    CHECK(borrower.got == lent[3]);

    tap_case("one is kept, the others are closed");
    for (size_t i = 0; i < READERS_MAX; i++)
        store_read_end(lent[i]);
    CHECK_INT(readers_open_count(readers), READERS_MAX);
    readers_trim(readers);
    CHECK_INT(readers_open_count(readers), 1);
    readers_free(readers);
}

static void test_broken(struct fixture *fixture)
{
    struct readers *readers = readers_new(fixture_path(fixture, "absent.db"), DB_READ);
    struct error err = { 0 };

    tap_case("what cannot be opened takes no place");
    for (size_t i = 0; i < READERS_MAX + 1; i++)
        CHECK(readers_borrow(readers, 0, &err) == NULL && err.kind == ERROR_INTERNAL);
    CHECK_INT(readers_open_count(readers), 0);
    readers_free(readers);
}

int main(void)
{
    AUTO(fixture) struct fixture *fixture = fixture_new();
    AUTO(store) struct store *store = fixture_store(fixture);

    test_snapshot(store);
    test_limit(fixture);
    test_broken(fixture);
    return tap_done();
}
