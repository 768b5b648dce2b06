/* Connections to SQLite: how they are opened, the statements they keep, what their failures mean. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "store/store_internal.h"

enum {
    BUSY_WAIT_MS = 5000,
    SQL_WORDS_SHOWN = 3
};

static const char settings[] = "PRAGMA foreign_keys = ON;"
                               "PRAGMA synchronous = FULL;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA mmap_size = 0;"
                               "PRAGMA wal_autocheckpoint = 0;"
                               "PRAGMA journal_size_limit = 67108864;"
                               "PRAGMA secure_delete = FAST;";
static const char writer_settings[] = "PRAGMA cache_size = -2048;";
static const char reader_settings[] = "PRAGMA cache_size = -512; PRAGMA query_only = ON;";

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

bool db_in_transaction(const struct db *db)
{
    return sqlite3_get_autocommit(db->handle) == 0;
}

/* So much of the SQL that one finds it in the source, and no value. */
static int first_words(const char *sql)
{
    size_t length = 0;

    for (int words = 0; words < SQL_WORDS_SHOWN; words++) {
        length += strspn(sql + length, " \n");
        length += strcspn(sql + length, " \n'(");
    }
    return (int)length;
}

/* sqlite3_system_errno() knows nothing when it was COMMIT that could not write the log. */
static int system_error_find(struct db *db)
{
    int system_error = sqlite3_system_errno(db->handle);
    sqlite3_file *log = NULL;

    if (system_error != 0)
        return system_error;
    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log != NULL && log->pMethods != NULL)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &system_error);
    return system_error;
}

static bool is_disk_full(int code, int system_error)
{
    if ((code & 0xff) == SQLITE_FULL)
        return true;
    return (code & 0xff) == SQLITE_IOERR &&
           (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG);
}

static int disk_fail(struct db *db, struct error *err, int code)
{
    int system_error = system_error_find(db);

    if (is_disk_full(code, system_error))
        error_set(err, ERROR_INTERNAL,
                  "the disk of %s is full: free some space; nothing was lost that was "
                  "acknowledged",
                  db->name);
    else
        error_set(err, ERROR_INTERNAL,
                  "the disk of %s does not work (%s): look at it and at the system's log; "
                  "nothing was lost that was acknowledged",
                  db->name, sqlite3_errmsg(db->handle));
    err->status = system_error;
    return -1;
}

static int constraint_fail(struct db *db, struct error *err, int code, const char *sql)
{
    const char *why = sqlite3_errmsg(db->handle);
    const char *columns = strstr(why, "failed: ");

    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
        code == SQLITE_CONSTRAINT_ROWID)
        return error_set(err, ERROR_CONFLICT, "one with this %s is there already",
                         columns != NULL ? columns + strlen("failed: ") : "key");
    return error_set(err, ERROR_INTERNAL, "%s refused \"%.*s ...\": %s", db->name,
                     first_words(sql), sql, why);
}

int db_fail(struct db *db, struct error *err, const char *sql)
{
    int code = sqlite3_extended_errcode(db->handle);

    switch (code & 0xff) {
    case SQLITE_BUSY:
        error_set(err, ERROR_BUSY, "%s is locked by another program", db->name);
        err->retry_after_s = 1;
        return -1;
    case SQLITE_FULL:
    case SQLITE_IOERR:
        return disk_fail(db, err, code);
    case SQLITE_CONSTRAINT:
        return constraint_fail(db, err, code, sql);
    case SQLITE_NOTADB:
        return error_set(err, ERROR_INVALID, "%s is not a database of opsroom", db->name);
    case SQLITE_CORRUPT:
        return error_set(err, ERROR_INTERNAL, "%s is damaged (%s): restore a backup", db->name,
                         sqlite3_errmsg(db->handle));
    default:
        return error_set(err, ERROR_INTERNAL, "%s refused \"%.*s ...\": %s", db->name,
                         first_words(sql), sql, sqlite3_errmsg(db->handle));
    }
}

static struct statement *statement_find(struct db *db, const char *sql)
{
    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        struct statement *statement = &db->statements[i];

        if (statement->sql == sql && strcmp(sqlite3_sql(statement->prepared), sql) == 0)
            return statement;
    }
    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        struct statement *statement = &db->statements[i];

        if (statement->prepared != NULL && strcmp(sqlite3_sql(statement->prepared), sql) == 0)
            return statement;
    }
    return NULL;
}

/* An empty place, or that of the one that was not used for longest. */
static struct statement *statement_place(struct db *db)
{
    struct statement *oldest = &db->statements[0];

    for (size_t i = 1; i < STATEMENTS_MAX; i++) {
        if (db->statements[i].used < oldest->used)
            oldest = &db->statements[i];
    }
    sqlite3_finalize(oldest->prepared);
    *oldest = (struct statement){ .sql = NULL };
    return oldest;
}

sqlite3_stmt *db_prepare(struct db *db, const char *sql, struct error *err)
{
    struct statement *statement = statement_find(db, sql);
    const char *rest = NULL;

    if (statement == NULL) {
        statement = statement_place(db);
        if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                               &statement->prepared, &rest) != SQLITE_OK) {
            db_fail(db, err, sql);
            return NULL;
        }
        ASSERT(statement->prepared != NULL && rest[strspn(rest, "; \n")] == '\0');
    }
    statement->sql = sql;
    statement->used = ++db->uses;
    return statement->prepared;
}

int db_execute(struct db *db, const char *sql, struct error *err)
{
    sqlite3_stmt *statement = db_prepare(db, sql, err);
    int status = SQLITE_ROW;
    int result = 0;

    if (statement == NULL)
        return -1;
    while (status == SQLITE_ROW)
        status = sqlite3_step(statement);
    if (status != SQLITE_DONE)
        result = db_fail(db, err, sql);
    sqlite3_reset(statement);
    return result;
}

static int handle_open(struct db *db, const char *path, enum db_mode mode)
{
    AUTO(arena) struct arena *arena = arena_new();
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;

    flags |= mode == DB_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    if (mode == DB_FROZEN) {
        flags |= SQLITE_OPEN_URI;
        path = arena_printf(arena, "file:%s?immutable=1", url_encode(arena, path));
    }
    return sqlite3_open_v2(path, &db->handle, flags, NULL);
}

static int db_configure(struct db *db, enum db_mode mode, struct error *err)
{
    const char *more = mode == DB_WRITE ? writer_settings : reader_settings;

    sqlite3_busy_timeout(db->handle, BUSY_WAIT_MS);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    if (sqlite3_exec(db->handle, settings, NULL, NULL, NULL) != SQLITE_OK)
        return db_fail(db, err, settings);
    if (sqlite3_exec(db->handle, more, NULL, NULL, NULL) != SQLITE_OK)
        return db_fail(db, err, more);
    return 0;
}

struct db *db_open(const char *path, enum db_mode mode, struct error *err)
{
    struct db *db = memory_new(sizeof(*db));

    *db = (struct db){ .name = path_name(path) };
    if (handle_open(db, path, mode) != SQLITE_OK) {
        error_set(err, ERROR_INTERNAL, "%s cannot be opened: %s (%s)", db->name,
                  sqlite3_errmsg(db->handle), path);
        db_close(db);
        return NULL;
    }
    if (db_configure(db, mode, err) < 0) {
        db_close(db);
        return NULL;
    }
    return db;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    for (size_t i = 0; i < STATEMENTS_MAX; i++)
        sqlite3_finalize(db->statements[i].prepared);
    ASSERT(sqlite3_close(db->handle) == SQLITE_OK);
    free(db);
}
