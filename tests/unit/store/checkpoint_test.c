/* The write-ahead log does not grow without end, and is small again when nothing happens. */
#include "fixture.h"

#include <stdio.h>

#include "tap.h"

enum {
    MIB = 1024 * 1024
};

static char *large_text(struct arena *arena, int number)
{
    char *text = arena_alloc(arena, MIB / 4);

    memset(text, 'a' + number % 26, MIB / 4 - 1);
    text[0] = (char)('A' + number / 26 % 26);
    text[1] = (char)('A' + number / 26 / 26);
    return text;
}

/* Writes so many MiB; the most that was in the log. */
static size_t write_much(struct store *store, int from, int mib)
{
    size_t most = 0;

    for (int i = from; i < from + mib * 4; i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct error err = { 0 };

        if (!CHECK_INT(store_write(store, note_add, large_text(arena, i), &err), 0))
            break;
        most = store_log_bytes(store) > most ? store_log_bytes(store) : most;
    }
    return most;
}

static bool log_is_empty(void *store)
{
    return store_log_bytes(store) == 0;
}

int main(void)
{
    AUTO(fixture) struct fixture *fixture = fixture_new();
    const struct store_plan plan = { .migrations = fixture_migrations, .idle_ms = 50 };
    struct error err = { 0 };
    size_t most;
    AUTO(store) struct store *store = store_open_with(fixture->url, &plan, &err);

    tap_case("much is written: the log starts again");
    most = write_much(store, 0, 100);
    if (!CHECK(most < 80 * MIB))
        printf("# the log grew to %zu bytes\n", most);
    tap_case("nothing is written: the log is emptied");
    CHECK(wait_until(log_is_empty, store));
    tap_case("and again");
    CHECK(write_much(store, 400, 8) > 0);
    CHECK(wait_until(log_is_empty, store));
    CHECK_INT(note_count(store, "%"), 432);
    return tap_done();
}
