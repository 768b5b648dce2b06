/* Opening, keeping others out, read-only, backups. */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "tap.h"

static char first[] = "first";

static int mode_of(const char *path)
{
    struct stat status = { 0 };

    return stat(path, &status) < 0 ? -1 : (int)(status.st_mode & 0777);
}

static void other_make(const char *path, const char *sql)
{
    sqlite3 *handle = NULL;

    ASSERT(sqlite3_open(path, &handle) == SQLITE_OK);
    ASSERT(sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(handle);
}

static void text_make(const char *path)
{
    static const char text[] =
        "this is a text that is certainly no database, however long it gets: "
        "more than the hundred bytes of a header";
    int file = open(path, O_WRONLY | O_CREAT, 0600);

    ASSERT(write(file, text, sizeof(text)) == sizeof(text));
    close(file);
}

static void test_open(struct fixture *fixture)
{
    struct error err = { 0 };
    struct store *store = fixture_store(fixture);

    tap_case("a new database");
    CHECK_INT(mode_of(fixture->path), 0600);
    CHECK_INT(mode_of(fixture_path(fixture, "test.db-wal")), 0600);
    CHECK_INT(mode_of(fixture_path(fixture, "test.db.lock")), 0600);
    CHECK(store_is_well(store));
    CHECK_INT(store_write(store, note_add, first, &err), 0);
    CHECK_INT(note_count(store, "first"), 1);
    CHECK_INT(store_queue_depth(store), 0);
    CHECK(store_log_bytes(store) > 0);
    store_close(store);

    tap_case("closed: one file, and it can be opened again");
    CHECK(access(fixture_path(fixture, "test.db-wal"), F_OK) < 0);
    store = fixture_store(fixture);
    CHECK_INT(note_count(store, "first"), 1);
    store_close(store);
}

static void test_second(struct fixture *fixture)
{
    const struct store_plan plan = { .migrations = fixture_migrations };
    AUTO(store) struct store *store = fixture_store(fixture);
    struct error err = { 0 };

    CHECK(store_is_well(store));
    tap_case("a second one is refused");
    CHECK(store_open_with(fixture->url, &plan, &err) == NULL);
    CHECK_INT(err.kind, ERROR_CONFLICT);
    CHECK_STR(err.text,
              arena_printf(fixture->arena, "test.db is in use by another opsroom (pid %d)",
                           (int)getpid()));
}

static void test_refused(struct fixture *fixture)
{
    const struct store_plan plan = { .migrations = fixture_migrations };
    const struct {
        const char *name;
        const char *url;
        enum error_kind kind;
        const char *text;
    } table[] = {
        { "another store", "postgresql://user@host/db", ERROR_INVALID,
          "a store is sqlite:PATH, not \"postgresql://user@host/db\"" },
        { "no path", "sqlite:", ERROR_INVALID, "a store is sqlite:PATH, not \"sqlite:\"" },
        { "no folder", "sqlite:/nowhere/at/all.db", ERROR_MISSING,
          "all.db cannot be locked: /nowhere/at/all.db.lock: No such file or directory" },
        { "other program", arena_printf(fixture->arena, "sqlite:%s/other.db", fixture->folder),
          ERROR_INVALID, "other.db is a database of another program" },
        { "tables of nobody",
          arena_printf(fixture->arena, "sqlite:%s/tables.db", fixture->folder), ERROR_INVALID,
          "tables.db is a database of another program" },
        { "a text", arena_printf(fixture->arena, "sqlite:%s/text.db", fixture->folder),
          ERROR_INVALID, "text.db is not a database of opsroom" },
    };

    other_make(fixture_path(fixture, "other.db"), "PRAGMA application_id = 77");
    other_make(fixture_path(fixture, "tables.db"), "CREATE TABLE t (a)");
    text_make(fixture_path(fixture, "text.db"));
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct error err = { 0 };

        tap_case("refused: %s", table[i].name);
        CHECK(store_open_with(table[i].url, &plan, &err) == NULL);
        CHECK_INT(err.kind, table[i].kind);
        CHECK_STR(err.text, table[i].text);
    }
}

static long long tables_count(struct store *store)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(store, &err);
    const struct json *row =
        db == NULL
            ? NULL
            : db_row(db, arena, &err, "SELECT count(*) AS n FROM schema_migrations", NO_VALUES);

    return json_integer(row, "n", -1);
}

static void test_read_only(struct fixture *fixture)
{
    const char *url = arena_printf(fixture->arena, "sqlite:%s/real.db", fixture->folder);
    struct error err = { 0 };
    struct store *store;
    struct store *reader;

    tap_case("read-only: no file");
    CHECK(store_open_read_only(url, &err) == NULL);
    CHECK_INT(err.kind, ERROR_MISSING);

    tap_case("read-only: beside a server");
    store = store_open(url, &err);
    CHECK_STR(store != NULL ? "" : err.text, "");
    reader = store_open_read_only(url, &err);
    CHECK_STR(reader != NULL ? "" : err.text, "");
    CHECK(tables_count(reader) >= 1);
    CHECK(store_is_well(reader));
    CHECK_INT(store_queue_depth(reader), 0);
    store_close(reader);
    store_close(store);

    tap_case("read-only: alone");
    reader = store_open_read_only(url, &err);
    CHECK(tables_count(reader) >= 1);
    store_close(reader);

    tap_case("read-only: an empty file");
    other_make(fixture_path(fixture, "empty.db"), "VACUUM");
    CHECK(store_open_read_only(
              arena_printf(fixture->arena, "sqlite:%s/empty.db", fixture->folder), &err) ==
          NULL);
    CHECK_STR(err.text, "empty.db is empty");
}

static void test_frozen(struct fixture *fixture)
{
    const char *folder = fixture_path(fixture, "100% ?read#only");
    const char *path = arena_printf(fixture->arena, "%s/copy.db", folder);
    AUTO(store) struct store *store = fixture_store(fixture);
    struct error err = { 0 };
    struct readers *readers;
    struct db *db;

    tap_case("frozen: a copy in a folder nobody may write");
    CHECK_INT(mkdir(folder, 0700), 0);
    CHECK_INT(store_backup(store, path, &err), 0);
    CHECK_INT(chmod(folder, 0500), 0);
    readers = readers_new(path, DB_FROZEN);
    db = readers_borrow(readers, 0, &err);
    CHECK(db != NULL);
    CHECK(db != NULL &&
          json_is(db_rows(db, fixture->arena, &err, "SELECT * FROM notes", NO_VALUES),
                  JSON_ARRAY));
    store_read_end(db);
    readers_free(readers);
    CHECK(access(arena_printf(fixture->arena, "%s-shm", path), F_OK) < 0);
    CHECK_INT(chmod(folder, 0700), 0);
}

static void test_backup(struct fixture *fixture)
{
    const char *path = fixture_path(fixture, "backup.db");
    const struct store_plan plan = { .migrations = fixture_migrations };
    struct error err = { 0 };
    struct store *store = fixture_store(fixture);
    struct store *copy;

    tap_case("backup");
    CHECK_INT(store_backup(store, path, &err), 0);
    CHECK_INT(mode_of(path), 0600);
    CHECK(access(fixture_path(fixture, "backup.db-wal"), F_OK) < 0);
    CHECK_INT(store_backup(store, path, &err), -1);
    CHECK_INT(err.kind, ERROR_CONFLICT);
    CHECK_STR(err.text,
              arena_printf(fixture->arena,
                           "%s exists already: choose another name for the backup", path));
    CHECK_INT(store_backup(store, fixture_path(fixture, "no/where.db"), &err), -1);
    copy = store_open_with(arena_printf(fixture->arena, "sqlite:%s", path), &plan, &err);
    CHECK(copy != NULL);
    CHECK_INT(note_count(copy, "%"), note_count(store, "%"));
    store_close(copy);
    store_close(store);
}

int main(void)
{
    AUTO(fixture) struct fixture *fixture = fixture_new();

    test_open(fixture);
    test_second(fixture);
    test_refused(fixture);
    test_read_only(fixture);
    test_frozen(fixture);
    test_backup(fixture);
    store_close(NULL);
    return tap_done();
}
