/*
 * The durable store behind one SQL interface.  SQLite now (WAL, synchronous=FULL, one writer thread that commits in
 * groups); PostgreSQL fits the same header.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/json.h"

struct store;

/* One connection, inside a write function or a read. */
struct db;

/* url is "sqlite:PATH" (absolute by now).  Makes the database, applies missing migrations; refuses one that is newer
 * than this program. */
struct store *store_open(const char *url, struct error *err);
/* For check, audit verify: no writer, no migration, file must exist. */
struct store *store_open_read_only(const char *url, struct error *err);
/* Nobody reads or asks for a write any more; what was asked for is written first. */
void store_close(struct store *store);
static inline void store_auto(struct store **store)
{
    store_close(*store);
}

/*
 * A write function runs in a transaction together with those of other threads.  It has no effect outside the
 * database, may run twice, and repeats inside every check it depends on.  -1 undoes what it did (its savepoint) and
 * nothing else's.  The arena lives until the caller has been told.
 */
typedef int store_function(struct db *db, void *argument, struct error *err);

/* Waits until what the function wrote is on disk.  -1: the function said no, or the disk did (ERROR_INTERNAL).  Never
 * from a write function or on the writer thread. */
#define store_write(store, run, argument, err)                                                 \
    store_write_named((store), (run), #run, (argument), (err))
MUST_CHECK int store_write_named(struct store *store, store_function *run, const char *name,
                                 void *argument, struct error *err);

/* The same without waiting.  The struct stays the caller's and must live until done() was called, on the writer
 * thread, after COMMIT: err is NULL when it is durable.  done() must not block. */
struct store_write {
    store_function *run;
    void *argument;
    void (*done)(struct store_write *write, const struct error *err);
    const char *name;         /* of the function, for the crash loop; may be NULL */
    struct store_write *next; /* the store's */
    struct error error;       /* the store's */
    bool failed;              /* the store's */
};
void store_write_later(struct store *store, struct store_write *write);

/* Called on the writer thread after each commit that had at least one successful write; must not block. */
void store_on_commit(struct store *store, void (*committed)(void *context), void *context);

/* Borrows a read connection (a consistent snapshot) until store_read_end().  Short: never across a network write. */
struct db *store_read_start(struct store *store, struct error *err);
void store_read_end(struct db *db);
static inline void db_auto(struct db **db)
{
    store_read_end(*db);
}

/* Values for "?" come from V() of base/json.h: strings, integers, numbers, booleans (as 0 and 1); V(NULL string) and
 * objects: NULL and their JSON text. */
#define VALUES(...)                                                                            \
    (const struct json[]){ __VA_ARGS__ },                                                      \
        sizeof((const struct json[]){ __VA_ARGS__ }) / sizeof(struct json)
#define NO_VALUES NULL, 0

/* Rows as a JSON array of objects, columns by name, NULL as absent members; at most 10,000 rows and 64 MiB, an
 * ERROR_INTERNAL beyond it.  NULL on error. */
const struct json *db_rows(struct db *db, struct arena *arena, struct error *err,
                           const char *sql, const struct json *values, size_t count);
/* The first row, or a JSON null value (json_is(row, JSON_NULL)) when there is none.  NULL on error. */
const struct json *db_row(struct db *db, struct arena *arena, struct error *err,
                          const char *sql, const struct json *values, size_t count);
/* For INSERT, UPDATE, DELETE: how many rows were changed, -1 on error. */
long long db_run(struct db *db, struct error *err, const char *sql, const struct json *values,
                 size_t count);
/* The id of the row that db_run just inserted. */
long long db_last_id(struct db *db);

/* A copy of the whole database while it is in use. */
MUST_CHECK int store_backup(struct store *store, const char *path, struct error *err);

/* Is the disk accepting writes: for /readyz.  When it is not, one small write a second finds out whether it is again. */
bool store_is_well(struct store *store);
/* Writes that nobody was told of yet; bytes of the write-ahead log. */
size_t store_queue_depth(struct store *store);
size_t store_log_bytes(struct store *store);
