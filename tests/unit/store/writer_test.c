/* Grouped commits: everything once, nobody's fault harms a neighbour, nobody is told too early. */
#include "fixture.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/text.h"
#include "tap.h"

enum {
    THREADS = 16,
    NOTES_EACH = 40,
    LARGE_BYTES = 200000
};

/* A write with a note of its own, and what became of it. */
struct task {
    struct store_write write;
    char text[24];
    int runs;
    atomic_bool is_told;
    bool was_written;
    struct error error;
};

static void task_told(struct store_write *write, const struct error *err)
{
    struct task *task = (struct task *)write;

    task->was_written = err == NULL;
    if (err != NULL)
        task->error = *err;
    atomic_store(&task->is_told, true);
}

static int task_add(struct db *db, void *argument, struct error *err)
{
    struct task *task = argument;

    task->runs++;
    return note_add(db, task->text, err);
}

/* Adds its note, then says no. */
static int task_refuse(struct db *db, void *argument, struct error *err)
{
    if (task_add(db, argument, err) < 0)
        return -1;
    return error_set(err, ERROR_DENIED, "not this one");
}

static int task_orphan(struct db *db, void *argument, struct error *err)
{
    struct task *task = argument;
    const char *text = task->text;

    task->runs++;
    return db_run(db, err, "INSERT INTO notes (text, parent) VALUES (?, 12345)",
                  VALUES(V(text))) < 0
               ? -1
               : 0;
}

static void pages_limit(struct db *db, long long pages)
{
    AUTO(arena) struct arena *arena = arena_new();

    sqlite3_exec(db->handle, arena_printf(arena, "PRAGMA max_page_count = %lld", pages), NULL,
                 NULL, NULL);
}

/* Fills the disk; SQLite then undoes the whole transaction.  Ignores that and writes on. */
static int task_fill(struct db *db, void *argument, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error ignored = { 0 };
    char *large = arena_alloc(arena, LARGE_BYTES);
    struct task *task = argument;

    (void)err;
    memset(large, 'x', LARGE_BYTES - 1);
    task->runs++;
    pages_limit(db, 1);
    ASSERT(db_run(db, &ignored, "INSERT INTO notes (text) VALUES (?)", VALUES(V(large))) < 0);
    ASSERT(text_has(ignored.text, "disk of test.db is full"));
    pages_limit(db, 1073741823);
    ASSERT(!db_in_transaction(db));
    ASSERT(note_add(db, task->text, &ignored) < 0);
    return 0;
}

static struct task *tasks_run(struct store *store, struct arena *arena,
                              store_function *const *plan, size_t count)
{
    static int number;
    struct task *tasks = ARENA_ARRAY(arena, struct task, count);
    struct gate gate;

    gate_close(&gate, store);
    for (size_t i = 0; i < count; i++) {
        snprintf(tasks[i].text, sizeof(tasks[i].text), "task %d", number++);
        tasks[i].write =
            (struct store_write){ .run = plan[i], .argument = &tasks[i], .done = task_told };
        store_write_later(store, &tasks[i].write);
    }
    CHECK_INT(store_queue_depth(store), count + 1);
    gate_open(&gate);
    for (size_t i = 0; i < count; i++)
        CHECK(wait_until(is_set, &tasks[i].is_told));
    CHECK_INT(store_queue_depth(store), 0);
    return tasks;
}

static void count_commit(void *counter)
{
    atomic_fetch_add((atomic_int *)counter, 1);
}

static void test_group(struct store *store, atomic_int *commits)
{
    AUTO(arena) struct arena *arena = arena_new();
    store_function *plan[] = { task_add, task_refuse, task_add, task_orphan, task_add };
    int before = atomic_load(commits);
    struct task *tasks = tasks_run(store, arena, plan, COUNT_OF(plan));

    tap_case("one transaction, a savepoint each");
    for (size_t i = 0; i < COUNT_OF(plan); i++) {
        CHECK_INT(tasks[i].was_written, plan[i] == task_add);
        CHECK_INT(tasks[i].runs, 1);
        CHECK_INT(note_count(store, tasks[i].text), plan[i] == task_add);
    }
    CHECK_INT(tasks[1].error.kind, ERROR_DENIED);
    CHECK_STR(tasks[1].error.text, "not this one");
    CHECK_STR(tasks[3].error.text, "test.db refused a reference to a row that is not there");
    CHECK_INT(atomic_load(commits) - before, 2); /* the gate's and theirs */
    CHECK(store_is_well(store));
}

static void test_nothing_written(struct store *store, atomic_int *commits)
{
    AUTO(arena) struct arena *arena = arena_new();
    store_function *plan[] = { task_refuse, task_refuse };
    int before = atomic_load(commits);

    tasks_run(store, arena, plan, COUNT_OF(plan));
    tap_case("all say no");
    CHECK_INT(atomic_load(commits) - before, 1);
}

static void test_culprit(struct store *store)
{
    AUTO(arena) struct arena *arena = arena_new();
    store_function *plan[] = { task_add, task_refuse, task_fill, task_add };
    struct task *tasks = tasks_run(store, arena, plan, COUNT_OF(plan));

    tap_case("one fills the disk: the others are written in a second try");
    CHECK(tasks[0].was_written && !tasks[1].was_written && !tasks[2].was_written &&
          tasks[3].was_written);
    CHECK_INT(tasks[0].runs, 2);
    CHECK_INT(tasks[2].runs, 1);
    CHECK_INT(tasks[3].runs, 1);
    CHECK_STR(tasks[1].error.text, "not this one");
    CHECK_INT(tasks[2].error.kind, ERROR_INTERNAL);
    CHECK_INT(note_count(store, tasks[0].text), 1);
    CHECK_INT(note_count(store, tasks[2].text), 0);
    CHECK_INT(note_count(store, tasks[3].text), 1);
    CHECK(store_is_well(store));
}

static void test_many_culprits(struct store *store)
{
    AUTO(arena) struct arena *arena = arena_new();
    store_function *plan[] = { task_fill, task_add,  task_fill, task_fill, task_fill,
                               task_add,  task_fill, task_fill, task_add };
    struct task *tasks = tasks_run(store, arena, plan, COUNT_OF(plan));

    tap_case("many fill the disk");
    for (size_t i = 0; i < COUNT_OF(plan); i++) {
        CHECK_INT(tasks[i].was_written, plan[i] == task_add);
        CHECK_INT(note_count(store, tasks[i].text), plan[i] == task_add);
        CHECK(tasks[i].runs <= 4);
    }
}

static bool is_well(void *store)
{
    return store_is_well(store);
}

static void file_limit(rlim_t bytes)
{
    struct rlimit limit;

    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    ASSERT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

/* No file may grow: COMMIT cannot write the log. */
static void test_disk_full(struct store *store, struct fixture *fixture)
{
    AUTO(arena) struct arena *arena = arena_new();
    store_function *plan[] = { task_add, task_refuse, task_add };
    struct stat status;
    struct task *tasks;

    tap_case("the disk is full at COMMIT");
    fflush(stdout);
    ASSERT(stat(fixture_path(fixture, "test.db-wal"), &status) == 0);
    file_limit((rlim_t)status.st_size);
    tasks = tasks_run(store, arena, plan, COUNT_OF(plan));
    CHECK(!store_is_well(store));
    CHECK(!tasks[0].was_written && !tasks[1].was_written && !tasks[2].was_written);
    CHECK_INT(tasks[0].error.kind, ERROR_INTERNAL);
    CHECK_STR(
        tasks[2].error.text,
        "the disk of test.db is full: free some space; nothing was lost that was acknowledged");
    CHECK_STR(tasks[1].error.text, "not this one");
    CHECK_INT(note_count(store, tasks[0].text), 0);

    tap_case("there is room again: readiness comes back by itself");
    file_limit(RLIM_INFINITY);
    CHECK(wait_until(is_well, store));
    CHECK_INT(note_count(store, tasks[0].text), 0);
    tasks = tasks_run(store, arena, plan, COUNT_OF(plan));
    CHECK(tasks[0].was_written && tasks[2].was_written);
}

struct busy_thread {
    pthread_t thread;
    struct store *store;
    int number;
    int written;
};

static void *write_notes(void *context)
{
    struct busy_thread *busy = context;

    for (int i = 0; i < NOTES_EACH; i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct error err;
        char *text = arena_printf(arena, "thread %d note %d", busy->number, i);

        if (store_write(busy->store, note_add, text, &err) == 0 &&
            note_count(busy->store, text) == 1)
            busy->written++;
    }
    return NULL;
}

static void test_threads(struct store *store)
{
    struct busy_thread threads[THREADS] = { { .number = 0 } };

    tap_case("sixteen threads write and read what they wrote");
    for (int i = 0; i < THREADS; i++) {
        threads[i] = (struct busy_thread){ .store = store, .number = i };
        ASSERT(pthread_create(&threads[i].thread, NULL, write_notes, &threads[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i].thread, NULL);
        CHECK_INT(threads[i].written, NOTES_EACH);
    }
    CHECK_INT(note_count(store, "thread %"), THREADS * NOTES_EACH);
}

/* Runs itself as a child, because it must not come back. */
static int write_nested(struct db *db, void *store, struct error *err)
{
    (void)db;
    return store_write((struct store *)store, note_add, NULL, err);
}

static int child_run(const char *path)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct fixture fixture = { .arena = arena, .url = arena_printf(arena, "sqlite:%s", path) };
    AUTO(store) struct store *store = fixture_store(&fixture);
    struct rlimit none = { 0, 0 };
    struct error err;

    setrlimit(RLIMIT_CORE, &none);
    return store_write(store, write_nested, store, &err) == 0 ? 0 : 1;
}

/* The one that is told asks for another. */
struct chain {
    struct store_write write;
    const char *name;
    struct store *store;
    int left;
    long long seen; /* notes in the database when it was told */
    atomic_bool is_done;
};

static int chain_add(struct db *db, void *argument, struct error *err)
{
    struct chain *chain = argument;
    char text[16];

    snprintf(text, sizeof(text), "%s %d", chain->name, chain->left);
    return note_add(db, text, err);
}

static void chain_told(struct store_write *write, const struct error *err)
{
    struct chain *chain = (struct chain *)write;

    ASSERT(err == NULL);
    chain->seen += note_count(chain->store, "chain %");
    if (--chain->left > 0)
        store_write_later(chain->store, &chain->write);
    else
        atomic_store(&chain->is_done, true);
}

static void test_chain(struct store *store)
{
    struct chain chain = { .write = { .run = chain_add, .done = chain_told },
                           .name = "chain",
                           .store = store,
                           .left = 3 };

    tap_case("told after COMMIT, and may ask again");
    chain.write.argument = &chain;
    store_write_later(store, &chain.write);
    CHECK(wait_until(is_set, &chain.is_done));
    CHECK_INT(chain.seen, 1 + 2 + 3);
}

static void test_close(struct fixture *fixture, struct store *store)
{
    struct chain chain = { .write = { .run = chain_add, .done = chain_told },
                           .name = "last",
                           .store = store,
                           .left = 9 };

    tap_case("what was asked is written before the store is closed");
    chain.write.argument = &chain;
    store_write_later(store, &chain.write);
    store_close(store);
    CHECK(atomic_load(&chain.is_done));
    CHECK(WIFSIGNALED(run_again("nested", fixture->path, NULL)));
}

int main(int count, char **arguments)
{
    struct fixture *fixture;
    struct store *store;
    atomic_int commits = 0;

    if (count == 3)
        return child_run(arguments[2]);
    signal(SIGXFSZ, SIG_IGN);
    fixture = fixture_new();
    store = fixture_store(fixture);
    store_on_commit(store, count_commit, &commits);
    test_group(store, &commits);
    test_nothing_written(store, &commits);
    test_culprit(store);
    test_many_culprits(store);
    test_disk_full(store, fixture);
    test_threads(store);
    test_chain(store);
    test_close(fixture, store);
    fixture_free(fixture);
    return tap_done();
}
