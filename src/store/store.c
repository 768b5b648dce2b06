/* The store as others see it: opens the database, starts its threads, hands them what is asked. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "store/store_internal.h"

enum {
    APPLICATION_ID = 0x4f505352, /* "OPSR": what file(1) and we know our databases by */
};

/* Made from migrations/ by tools/embed.py. */
extern const struct embedded_file store_migrations[];

struct store {
    char *path;
    int lock;      /* the file that keeps others out */
    struct db *db; /* the writer's */
    struct readers *readers;
    struct checkpoint *checkpoint;
    struct writer *writer; /* NULL: read-only, without db and checkpoint too */
};

/* Who waits for a write. */
struct waiting {
    struct store_write write; /* first: done() gets the address of this */
    pthread_mutex_t lock;
    pthread_cond_t told;
    bool is_done;
};

static const char *path_of(const char *url, struct error *err)
{
    static const char scheme[] = "sqlite:";

    if (text_starts(url, scheme) && url[sizeof(scheme) - 1] != '\0')
        return url + sizeof(scheme) - 1;
    error_set(err, ERROR_INVALID, "a store is sqlite:PATH, not \"%s\"", url);
    return NULL;
}

static struct store *store_new(const char *path)
{
    struct store *store = memory_new(sizeof(*store));

    *store = (struct store){ .path = memory_copy(path), .lock = -1 };
    return store;
}

/* Before SQLite makes it, so that nobody else can read it even for a moment. */
static int file_make(const char *path, struct error *err)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (file < 0)
        return error_system(err, errno, "%s cannot be opened: %s", path_name(path), path);
    close(file);
    return 0;
}

/* Ours, or (new) empty and nobody's. */
static int identity_read(struct db *db, bool *is_new, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *id = db_row(db, arena, err, "PRAGMA application_id", NO_VALUES);
    const struct json *tables =
        db_row(db, arena, err, "SELECT count(*) AS count FROM sqlite_master", NO_VALUES);

    if (id == NULL || tables == NULL)
        return -1;
    *is_new =
        json_integer(id, "application_id", 0) == 0 && json_integer(tables, "count", 0) == 0;
    if (*is_new || json_integer(id, "application_id", 0) == APPLICATION_ID)
        return 0;
    return error_set(err, ERROR_INVALID, "%s is a database of another program", db->name);
}

static int identity_write(struct db *db, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();

    return db_execute(db, arena_printf(arena, "PRAGMA application_id = %d", APPLICATION_ID),
                      err);
}

static int log_use(struct db *db, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *row = db_row(db, arena, err, "PRAGMA journal_mode = WAL", NO_VALUES);

    if (row == NULL)
        return -1;
    if (text_is(json_string(row, "journal_mode", ""), "wal"))
        return 0;
    return error_set(err, ERROR_INTERNAL, "%s is on a file system that cannot hold it",
                     db->name);
}

static int database_prepare(struct db *db, const struct embedded_file *migrations,
                            struct error *err)
{
    bool is_new = false;

    if (identity_read(db, &is_new, err) < 0 || log_use(db, err) < 0)
        return -1;
    if (is_new && identity_write(db, err) < 0)
        return -1;
    return migrate(db, migrations, err);
}

static int threads_start(struct store *store, const struct store_plan *plan, struct error *err)
{
    store->readers = readers_new(store->path, DB_READ);
    store->checkpoint = checkpoint_start(store->path, store->readers, plan, err);
    if (store->checkpoint == NULL)
        return -1;
    store->writer = writer_start(store->db, store->checkpoint, err);
    return store->writer != NULL ? 0 : -1;
}

static int writable_open(struct store *store, const struct store_plan *plan, struct error *err)
{
    store->lock = lock_take(store->path, err);
    if (store->lock < 0 || file_make(store->path, err) < 0)
        return -1;
    store->db = db_open(store->path, DB_WRITE, err);
    if (store->db == NULL || database_prepare(store->db, plan->migrations, err) < 0)
        return -1;
    return threads_start(store, plan, err);
}

struct store *store_open_with(const char *url, const struct store_plan *plan, struct error *err)
{
    const char *path = path_of(url, err);
    struct store *store;

    if (path == NULL)
        return NULL;
    store = store_new(path);
    if (writable_open(store, plan, err) == 0)
        return store;
    store_close(store);
    return NULL;
}

struct store *store_open(const char *url, struct error *err)
{
    const struct store_plan plan = { .migrations = store_migrations };

    return store_open_with(url, &plan, err);
}

/* Beside a database whose folder we may not write SQLite cannot put its files; without a log it needs none. */
static enum db_mode mode_for(const char *path)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *folder = arena_copy_n(arena, path, (size_t)(path_name(path) - path));
    bool has_log = access(arena_printf(arena, "%s-wal", path), F_OK) == 0;
    bool may_write = access(text_is_empty(folder) ? "." : folder, W_OK) == 0;

    return has_log || may_write ? DB_READ : DB_FROZEN;
}

static int read_only_check(const char *path, enum db_mode mode, struct error *err)
{
    struct db *db = db_open(path, mode, err);
    bool is_new = false;
    int result = -1;

    if (db == NULL)
        return -1;
    if (identity_read(db, &is_new, err) == 0)
        result = is_new ? error_set(err, ERROR_INVALID, "%s is empty", db->name)
                        : migrate_check(db, store_migrations, err);
    db_close(db);
    return result;
}

struct store *store_open_read_only(const char *url, struct error *err)
{
    const char *path = path_of(url, err);
    struct store *store;

    if (path == NULL)
        return NULL;
    if (access(path, R_OK) < 0) {
        error_system(err, errno, "%s cannot be read: %s", path_name(path), path);
        err->kind = err->status == ENOENT ? ERROR_MISSING : err->kind;
        return NULL;
    }
    if (read_only_check(path, mode_for(path), err) < 0)
        return NULL;
    store = store_new(path);
    store->readers = readers_new(store->path, mode_for(path));
    return store;
}

/* The writer's connection goes last: the last that may write leaves no log behind. */
void store_close(struct store *store)
{
    if (store == NULL)
        return;
    writer_stop(store->writer);
    checkpoint_stop(store->checkpoint);
    readers_free(store->readers);
    db_close(store->db);
    if (store->lock >= 0)
        close(store->lock);
    free(store->path);
    free(store);
}

static void waiting_tell(struct store_write *write, const struct error *err)
{
    struct waiting *waiting = (struct waiting *)write;

    (void)err;
    pthread_mutex_lock(&waiting->lock);
    waiting->is_done = true;
    pthread_cond_signal(&waiting->told);
    pthread_mutex_unlock(&waiting->lock);
}

int store_write_named(struct store *store, store_function *run, const char *name,
                      void *argument, struct error *err)
{
    struct waiting waiting = { .write = { .run = run, .argument = argument, .name = name } };

    ASSERT(store->writer != NULL && !writer_is_self(store->writer));
    waiting.write.done = waiting_tell;
    pthread_mutex_init(&waiting.lock, NULL);
    pthread_cond_init(&waiting.told, NULL);
    writer_add(store->writer, &waiting.write);
    pthread_mutex_lock(&waiting.lock);
    while (!waiting.is_done)
        pthread_cond_wait(&waiting.told, &waiting.lock);
    pthread_mutex_unlock(&waiting.lock);
    pthread_cond_destroy(&waiting.told);
    pthread_mutex_destroy(&waiting.lock);
    if (!waiting.write.failed)
        return 0;
    *err = waiting.write.error;
    return -1;
}

void store_write_later(struct store *store, struct store_write *write)
{
    ASSERT(store->writer != NULL);
    writer_add(store->writer, write);
}

void store_on_commit(struct store *store, void (*committed)(void *context), void *context)
{
    ASSERT(store->writer != NULL);
    writer_on_commit(store->writer, committed, context);
}

struct db *store_read_start(struct store *store, struct error *err)
{
    return readers_borrow(store->readers, READER_WAIT_MS, err);
}

int store_backup(struct store *store, const char *path, struct error *err)
{
    struct db *db = store_read_start(store, err);
    int result;

    if (db == NULL)
        return -1;
    result = backup_write(db, path, err);
    store_read_end(db);
    return result;
}

bool store_is_well(struct store *store)
{
    return store->writer == NULL || writer_is_well(store->writer);
}

size_t store_queue_depth(struct store *store)
{
    return store->writer == NULL ? 0 : writer_depth(store->writer);
}

size_t store_log_bytes(struct store *store)
{
    return store->checkpoint == NULL ? 0 : checkpoint_log_bytes(store->checkpoint);
}
