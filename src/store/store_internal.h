/* What the files of the store share: connections, migrations, the writer, the readers, checkpoints. */
#pragma once

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/embedded.h"
#include "store/store.h"

enum {
    STATEMENTS_MAX = 64, /* prepared ones kept by a connection */
    READERS_MAX = 8,
    READER_WAIT_MS = 10000, /* for one of them to come back */
    ROWS_MAX = 10000,       /* in one answer */
    ANSWER_BYTES_MAX = 64 * 1024 * 1024,
    GROUP_MAX = 512, /* write functions in one transaction */
};

/* Connections (sqlite.c).  One thread at a time uses one. */
struct statement {
    const char *sql; /* the address it came from: a hint, the text is what counts */
    sqlite3_stmt *prepared;
    unsigned long long used; /* the largest was used last */
};

struct db {
    sqlite3 *handle;
    const char *name; /* of the file, for messages */
    struct readers *readers;
    /* Only inside a transaction: when the database ended it by itself, statements are refused. */
    bool guarded;
    struct statement statements[STATEMENTS_MAX];
    unsigned long long uses;
    struct db *next; /* unused reader */
};

enum db_mode {
    DB_WRITE,
    DB_READ,
    DB_FROZEN, /* nobody writes it and nothing can be written beside it: a copy on a read-only disk */
};

/* path must outlive it; the file must exist. */
struct db *db_open(const char *path, enum db_mode mode, struct error *err);
void db_close(struct db *db);

/* The prepared statement of this text, from the connection's cache. */
sqlite3_stmt *db_prepare(struct db *db, const char *sql, struct error *err);
/* One statement without values; its rows are ignored. */
int db_execute(struct db *db, const char *sql, struct error *err);
/* True while a transaction is open: SQLite ends it by itself when the disk is full or broken. */
bool db_in_transaction(const struct db *db);
/* Says what the connection's last failure means; -1. */
int db_fail(struct db *db, struct error *err, const char *sql);

/* Migrations (migrate.c): applies the missing ones, or only checks that the database is not newer or different. */
MUST_CHECK int migrate(struct db *db, const struct embedded_file *migrations,
                       struct error *err);
MUST_CHECK int migrate_check(struct db *db, const struct embedded_file *migrations,
                             struct error *err);

/* store_open() with other migrations, times and sizes than the program's: for tests. */
struct store_plan {
    const struct embedded_file *migrations;
    long long idle_ms; /* 0: as usual, here and below */
    int log_bytes_max;
};
struct store *store_open_with(const char *url, const struct store_plan *plan,
                              struct error *err);

/* Readers (readers.c). */
struct readers *readers_new(const char *path, enum db_mode mode);
void readers_free(struct readers *readers);
struct db *readers_borrow(struct readers *readers, long long wait_ms, struct error *err);
/* Closes all but one of those nobody uses: their caches are memory. */
void readers_trim(struct readers *readers);
size_t readers_open_count(struct readers *readers);

/* Checkpoints (checkpoint.c): a thread that moves the write-ahead log into the database.  After idle_ms without a commit it
 * moves what is left and trims the readers. */
struct checkpoint *checkpoint_start(const char *path, struct readers *readers,
                                    const struct store_plan *plan, struct error *err);
void checkpoint_stop(struct checkpoint *checkpoint);
/* Round a transaction; it waits while the log is being started again from its beginning.  Then there are so many
 * frames in the log; -1: nothing was written. */
void checkpoint_enter(struct checkpoint *checkpoint);
void checkpoint_leave(struct checkpoint *checkpoint, int frames);
size_t checkpoint_log_bytes(const struct checkpoint *checkpoint);

/* The writer (writer.c).  db is its own until writer_stop(). */
struct writer *writer_start(struct db *db, struct checkpoint *checkpoint, struct error *err);
/* Writes what is queued, then ends. */
void writer_stop(struct writer *writer);
void writer_add(struct writer *writer, struct store_write *write);
void writer_on_commit(struct writer *writer, void (*committed)(void *context), void *context);
bool writer_is_self(const struct writer *writer);
bool writer_is_well(const struct writer *writer);
size_t writer_depth(const struct writer *writer);

/* The file beside the database that keeps a second server out (lock.c): a descriptor, or -1. */
int lock_take(const char *path, struct error *err);

/* Conditions on the steady clock (wait.c); false when until_ms (of clock_steady_ms) has passed. */
void condition_start(pthread_cond_t *condition);
bool condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, long long until_ms);

/* Copies the database behind db (backup.c). */
MUST_CHECK int backup_write(struct db *db, const char *path, struct error *err);

/* The last part of a path, for messages. */
const char *path_name(const char *path);
