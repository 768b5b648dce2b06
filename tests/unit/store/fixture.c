/* What the store's tests share. */
#include "fixture.h"

#include <ftw.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

static const char notes_sql[] =
    "CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " text TEXT NOT NULL UNIQUE CHECK (text <> 'bad'), size REAL,"
    " parent INTEGER REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED);";

const struct embedded_file fixture_migrations[] = {
    { .name = "0001_notes.sql",
      .bytes = (const unsigned char *)notes_sql,
      .length = sizeof(notes_sql) - 1 },
    { .name = NULL },
};

struct fixture *fixture_new(void)
{
    struct arena *arena = arena_new();
    struct fixture *fixture = ARENA_NEW(arena, struct fixture);
    char *folder = arena_copy(arena, "/tmp/opsroom-store-XXXXXX");

    ASSERT(mkdtemp(folder) != NULL);
    fixture->arena = arena;
    fixture->folder = folder;
    fixture->path = fixture_path(fixture, "test.db");
    fixture->url = arena_printf(arena, "sqlite:%s", fixture->path);
    return fixture;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

void fixture_free(struct fixture *fixture)
{
    nftw(fixture->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    arena_free(fixture->arena);
}

const char *fixture_path(struct fixture *fixture, const char *name)
{
    return arena_printf(fixture->arena, "%s/%s", fixture->folder, name);
}

struct store *fixture_store(struct fixture *fixture)
{
    const struct store_plan plan = { .migrations = fixture_migrations };
    struct error err = { .kind = ERROR_NONE };
    struct store *store = store_open_with(fixture->url, &plan, &err);

    if (store == NULL)
        printf("# %s\n", err.text);
    ASSERT(store != NULL);
    return store;
}

int note_add(struct db *db, void *text, struct error *err)
{
    const char *note = text;

    return db_run(db, err, "INSERT INTO notes (text) VALUES (?)", VALUES(V(note))) < 0 ? -1 : 0;
}

long long note_count(struct store *store, const char *pattern)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err;
    AUTO(db) struct db *db = store_read_start(store, &err);
    const struct json *row =
        db == NULL
            ? NULL
            : db_row(db, arena, &err, "SELECT count(*) AS n FROM notes WHERE text LIKE ?",
                     VALUES(V(pattern)));

    return json_integer(row, "n", -1);
}

static int gate_wait(struct db *db, void *argument, struct error *err)
{
    struct gate *gate = argument;

    (void)db;
    (void)err;
    atomic_store(&gate->is_entered, true);
    ASSERT(wait_until(is_set, &gate->is_open));
    return 0;
}

static void gate_passed(struct store_write *write, const struct error *err)
{
    (void)write;
    (void)err;
}

void gate_close(struct gate *gate, struct store *store)
{
    *gate = (struct gate){
        .write = { .run = gate_wait, .argument = gate, .done = gate_passed, .name = "gate" }
    };
    store_write_later(store, &gate->write);
    ASSERT(wait_until(is_set, &gate->is_entered));
}

void gate_open(struct gate *gate)
{
    atomic_store(&gate->is_open, true);
}

bool wait_until(bool (*question)(void *context), void *context)
{
    long long until_ms = clock_steady_ms() + 10000;

    while (!question(context)) {
        if (clock_steady_ms() > until_ms)
            return false;
        sched_yield();
    }
    return true;
}

bool is_set(void *flag)
{
    return atomic_load((atomic_bool *)flag);
}

int run_again(const char *role, const char *argument, const char *const *environment)
{
    AUTO(arena) struct arena *arena = arena_new();
    char *arguments[] = { arena_copy(arena, "/proc/self/exe"), arena_copy(arena, role),
                          arena_copy(arena, argument), NULL };
    char *copies[8] = { NULL };
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = -1;

    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++)
        copies[i] = arena_copy(arena, environment[i]);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
    ASSERT(posix_spawn(&child, arguments[0], &actions, NULL, arguments, copies) == 0);
    posix_spawn_file_actions_destroy(&actions);
    ASSERT(waitpid(child, &status, 0) == child);
    return status;
}

const char *file_text(struct fixture *fixture, const char *path)
{
    char *text = arena_alloc(fixture->arena, 4096);
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return "";
    text[fread(text, 1, 4095, file)] = '\0';
    fclose(file);
    return text;
}
