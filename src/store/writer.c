/*
 * The writer: one thread that runs the write functions of all others, as many in a transaction as were queued while
 * the last one was being flushed, and tells each caller after COMMIT.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/kill_point.h"
#include "store/store_internal.h"

enum {
    LISTENERS_MAX = 8,
    /* So many functions may break the transaction of their group; then each of the rest gets one of its own. */
    BREAKS_MAX = 3,
    PROBE_MS = 1000,
};

/* What is written together, in the order of asking. */
struct group {
    struct store_write *items[GROUP_MAX];
    size_t count;
};

struct listener {
    void (*committed)(void *context);
    void *context;
};

enum task {
    TASK_STOP,
    TASK_WRITE,
    TASK_PROBE
};

enum outcome {
    SETTLED, /* all were told */
    BROKEN   /* one undid the work of all; it was told and taken out */
};

struct writer {
    pthread_t thread;
    struct db *db;
    struct checkpoint *checkpoint;
    struct kill_point *kill_point;
    struct group group;
    int frames; /* in the log after this transaction; -1: it wrote nothing */
    atomic_bool well;
    atomic_size_t depth;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct store_write *first, *last;
    bool closing;
    struct listener listeners[LISTENERS_MAX];
    size_t listener_count;
};

static enum task task_wait_locked(struct writer *writer)
{
    while (writer->first == NULL && !writer->closing) {
        if (atomic_load(&writer->well))
            pthread_cond_wait(&writer->work, &writer->lock);
        else if (!condition_wait(&writer->work, &writer->lock, clock_steady_ms() + PROBE_MS))
            return TASK_PROBE;
    }
    return writer->first != NULL ? TASK_WRITE : TASK_STOP;
}

static enum task task_wait(struct writer *writer)
{
    struct group *group = &writer->group;
    enum task task;

    pthread_mutex_lock(&writer->lock);
    task = task_wait_locked(writer);
    group->count = 0;
    while (task == TASK_WRITE && writer->first != NULL && group->count < GROUP_MAX) {
        group->items[group->count++] = writer->first;
        writer->first = writer->first->next;
    }
    pthread_mutex_unlock(&writer->lock);
    return task;
}

static void tell(struct writer *writer, struct store_write *write)
{
    atomic_fetch_sub(&writer->depth, 1);
    write->done(write, write->failed ? &write->error : NULL);
}

/* Of those that had not failed for reasons of their own. */
static void group_fail(struct group *group, const struct error *err)
{
    for (size_t i = 0; i < group->count; i++) {
        if (group->items[i]->failed)
            continue;
        group->items[i]->failed = true;
        group->items[i]->error = *err;
    }
}

static void listeners_call(struct writer *writer)
{
    struct listener listeners[LISTENERS_MAX];
    size_t count;

    pthread_mutex_lock(&writer->lock);
    count = writer->listener_count;
    memcpy(listeners, writer->listeners, sizeof(listeners));
    pthread_mutex_unlock(&writer->lock);
    for (size_t i = 0; i < count; i++)
        listeners[i].committed(listeners[i].context);
}

/* Deferred foreign keys too must hold when a function ends: at COMMIT they would fail its neighbours. */
static int references_check(struct db *db, struct error *err)
{
    int open = 0;
    int most = 0;

    sqlite3_db_status(db->handle, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &most, 0);
    if (open == 0)
        return 0;
    return error_set(err, ERROR_INTERNAL, "%s refused a reference to a row that is not there",
                     db->name);
}

static int savepoint_run(struct db *db, struct store_write *write, struct error *err)
{
    if (db_execute(db, "SAVEPOINT one", err) < 0)
        return -1;
    if (write->run(db, write->argument, err) < 0 || references_check(db, err) < 0)
        return -1;
    if (!db_in_transaction(db))
        return -1;
    return db_execute(db, "RELEASE one", err);
}

static void savepoint_undo(struct db *db)
{
    struct error ignored;

    if (db_in_transaction(db) && (db_execute(db, "ROLLBACK TO one", &ignored) < 0 ||
                                  db_execute(db, "RELEASE one", &ignored) < 0))
        db_execute(db, "ROLLBACK", &ignored);
}

/* False: it broke the transaction, and so undid what those before it did. */
static bool function_run(struct writer *writer, struct store_write *write)
{
    struct db *db = writer->db;
    struct error *err = &write->error;

    err->kind = ERROR_NONE;
    write->failed = savepoint_run(db, write, err) < 0;
    if (write->failed)
        savepoint_undo(db);
    if (write->failed && err->kind == ERROR_NONE)
        error_set(err, ERROR_INTERNAL, "%s undid this write and gave no reason", db->name);
    kill_point_ran(writer->kill_point, write->name);
    return db_in_transaction(db);
}

static int transaction_end(struct writer *writer, struct error *err)
{
    struct db *db = writer->db;
    struct error ignored;
    int result;

    db->guarded = false;
    kill_point_before_commit(writer->kill_point);
    result = db_execute(db, "COMMIT", err);
    if (result == 0)
        kill_point_after_commit(writer->kill_point);
    else if (db_in_transaction(db))
        db_execute(db, "ROLLBACK", &ignored);
    return result;
}

static void group_tell(struct writer *writer, struct group *group)
{
    size_t written = 0;

    for (size_t i = 0; i < group->count; i++) {
        written += group->items[i]->failed ? 0 : 1;
        tell(writer, group->items[i]);
    }
    if (written > 0)
        listeners_call(writer);
}

static void culprit_tell(struct writer *writer, struct group *group, size_t position)
{
    tell(writer, group->items[position]);
    group->count--;
    for (size_t i = position; i < group->count; i++)
        group->items[i] = group->items[i + 1];
}

static void disk_refused(struct writer *writer, struct group *group, const struct error *err)
{
    atomic_store(&writer->well, false);
    group_fail(group, err);
}

/* The position of the function that broke the transaction, or the number of all: none did. */
static size_t transaction_run(struct writer *writer, struct group *group)
{
    struct db *db = writer->db;
    struct error err = { .kind = ERROR_NONE };

    if (db_execute(db, "BEGIN IMMEDIATE", &err) < 0) {
        disk_refused(writer, group, &err);
        return group->count;
    }
    db->guarded = true;
    for (size_t i = 0; i < group->count; i++) {
        if (function_run(writer, group->items[i]))
            continue;
        db->guarded = false;
        atomic_store(&writer->well, false);
        return i;
    }
    if (transaction_end(writer, &err) < 0)
        disk_refused(writer, group, &err);
    else if (writer->frames >= 0)
        atomic_store(&writer->well, true);
    return group->count;
}

static enum outcome group_run(struct writer *writer, struct group *group)
{
    size_t culprit;

    writer->frames = -1;
    checkpoint_enter(writer->checkpoint);
    culprit = transaction_run(writer, group);
    checkpoint_leave(writer->checkpoint, writer->frames);
    if (culprit < group->count) {
        culprit_tell(writer, group, culprit);
        return BROKEN;
    }
    group_tell(writer, group);
    return SETTLED;
}

static void group_write(struct writer *writer, struct group *group)
{
    for (int i = 0; i < BREAKS_MAX; i++) {
        if (group_run(writer, group) == SETTLED)
            return;
    }
    for (size_t i = 0; i < group->count; i++) {
        struct group one = { .items = { group->items[i] }, .count = 1 };

        (void)group_run(writer, &one);
    }
}

/* Writes one page when the disk refused the last ones, so that readiness comes back by itself. */
static void probe(struct writer *writer)
{
    struct db *db = writer->db;
    struct error ignored;
    bool well = db_execute(db, "BEGIN IMMEDIATE", &ignored) == 0 &&
                db_execute(db, "PRAGMA user_version = 0", &ignored) == 0 &&
                db_execute(db, "COMMIT", &ignored) == 0;

    if (db_in_transaction(db))
        db_execute(db, "ROLLBACK", &ignored);
    atomic_store(&writer->well, well);
}

static void *writer_run(void *context)
{
    struct writer *writer = context;

    for (;;) {
        switch (task_wait(writer)) {
        case TASK_STOP:
            return NULL;
        case TASK_WRITE:
            group_write(writer, &writer->group);
            break;
        case TASK_PROBE:
            probe(writer);
            break;
        }
    }
}

/* After each COMMIT that wrote: the log's length.  A hook of our own also keeps SQLite from checkpoints in there. */
static int frames_note(void *context, sqlite3 *handle, const char *name, int frames)
{
    struct writer *writer = context;

    (void)handle;
    (void)name;
    writer->frames = frames;
    return SQLITE_OK;
}

static void writer_free(struct writer *writer)
{
    kill_point_free(writer->kill_point);
    pthread_cond_destroy(&writer->work);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

struct writer *writer_start(struct db *db, struct checkpoint *checkpoint, struct error *err)
{
    struct writer *writer = memory_new(sizeof(*writer));
    int status;

    *writer = (struct writer){ .db = db, .checkpoint = checkpoint };
    writer->kill_point = kill_point_new();
    atomic_store(&writer->well, true);
    pthread_mutex_init(&writer->lock, NULL);
    condition_start(&writer->work);
    sqlite3_wal_hook(db->handle, frames_note, writer);
    status = pthread_create(&writer->thread, NULL, writer_run, writer);
    if (status == 0) {
        pthread_setname_np(writer->thread, "writer");
        return writer;
    }
    error_system(err, status, "%s has no thread for its writes", db->name);
    writer_free(writer);
    return NULL;
}

void writer_stop(struct writer *writer)
{
    if (writer == NULL)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->closing = true;
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    writer_free(writer);
}

void writer_add(struct writer *writer, struct store_write *write)
{
    write->next = NULL;
    write->failed = false;
    atomic_fetch_add(&writer->depth, 1);
    pthread_mutex_lock(&writer->lock);
    ASSERT(!writer->closing || writer_is_self(writer));
    if (writer->first == NULL)
        writer->first = write;
    else
        writer->last->next = write;
    writer->last = write;
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->lock);
}

void writer_on_commit(struct writer *writer, void (*committed)(void *context), void *context)
{
    pthread_mutex_lock(&writer->lock);
    ASSERT(writer->listener_count < LISTENERS_MAX);
    writer->listeners[writer->listener_count++] = (struct listener){ committed, context };
    pthread_mutex_unlock(&writer->lock);
}

bool writer_is_self(const struct writer *writer)
{
    return pthread_equal(pthread_self(), writer->thread) != 0;
}

bool writer_is_well(const struct writer *writer)
{
    return atomic_load(&writer->well);
}

size_t writer_depth(const struct writer *writer)
{
    return atomic_load(&writer->depth);
}
