/* The process dies at a chosen write function: what was acknowledged is there, and a transaction is whole or absent. */
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "tap.h"

static char texts[][8] = { "a", "b", "c", "d", "e" };

struct told_write {
    struct store_write write; /* first: done() gets the address of this */
    int told;
};

static void tell(struct store_write *done, const struct error *err)
{
    ASSERT(err == NULL && write(((struct told_write *)done)->told, "x", 1) == 1);
}

static void write_single(struct store *store, int told)
{
    struct error err;

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        ASSERT(store_write(store, note_add, texts[i], &err) == 0 && write(told, "x", 1) == 1);
}

static void write_group(struct store *store, int told)
{
    static struct told_write writes[COUNT_OF(texts)];
    static struct gate gate;

    gate_close(&gate, store);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        writes[i] = (struct told_write){
            .write = { .run = note_add, .argument = texts[i], .done = tell }, .told = told
        };
        store_write_later(store, &writes[i].write);
    }
    gate_open(&gate);
}

/* In the child: five notes, and a byte in PATH.told for each that was acknowledged. */
static int child_run(const char *role, const char *path)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct fixture fixture = { .arena = arena, .url = arena_printf(arena, "sqlite:%s", path) };
    int told = open(arena_printf(arena, "%s.told", path), O_WRONLY | O_CREAT | O_APPEND, 0600);
    AUTO(store) struct store *store = fixture_store(&fixture);

    if (text_is(role, "single"))
        write_single(store, told);
    else
        write_group(store, told);
    return 0;
}

static const struct {
    const char *role;
    const char *at; /* NULL: lives on */
    long long told, kept;
} table[] = {
    { "single", NULL, 5, 5 },      { "single", "1:before", 0, 0 },
    { "single", "1:after", 0, 1 }, { "single", "3:before", 2, 2 },
    { "single", "3:after", 2, 3 }, { "single", "6:before", 5, 5 },
    { "group", NULL, 5, 5 },       { "group", "1:before", 0, 0 }, /* 1 is the gate */
    { "group", "2:before", 0, 0 }, { "group", "4:after", 0, 5 },
    { "group", "1:after", 0, 0 },
};

static bool was_killed(int status)
{
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void check_log(struct fixture *fixture, const char *role, const char *log)
{
    if (text_is(role, "single"))
        CHECK_STR(file_text(fixture, log),
                  "1 note_add\n2 note_add\n3 note_add\n4 note_add\n5 note_add\n");
    else
        CHECK_STR(file_text(fixture, log),
                  "1 gate\n2 unnamed\n3 unnamed\n4 unnamed\n5 unnamed\n6 unnamed\n");
}

static void check_row(size_t row)
{
    AUTO(fixture) struct fixture *fixture = fixture_new();
    const char *log = fixture_path(fixture, "kill.log");
    const char *at = table[row].at;
    const char *environment[] = {
        arena_printf(fixture->arena, "OPSROOM_KILL_LOG=%s", log),
        at == NULL ? NULL : arena_printf(fixture->arena, "OPSROOM_KILL_AT=%s", at), NULL
    };
    int status;

    tap_case("%s %s", table[row].role, at != NULL ? at : "to the end");
    status = run_again(table[row].role, fixture->path, environment);
    CHECK(at == NULL || text_is(at, "6:before") ? status == 0 : was_killed(status));
    if (at == NULL)
        check_log(fixture, table[row].role, log);
    CHECK_INT(
        strlen(file_text(fixture, arena_printf(fixture->arena, "%s.told", fixture->path))),
        table[row].told);

    AUTO(store) struct store *store = fixture_store(fixture);
    CHECK_INT(note_count(store, "%"), table[row].kept);
}

int main(int count, char **arguments)
{
    if (count == 3)
        return child_run(arguments[1], arguments[2]);
    for (size_t i = 0; i < COUNT_OF(table); i++)
        check_row(i);
    return tap_done();
}
