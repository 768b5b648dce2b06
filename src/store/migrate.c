/* Migrations: numbered SQL files that are part of the program, each applied once, in order, in one transaction. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "store/store_internal.h"

static const char create_table[] =
    "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, "
    "applied_at BIGINT NOT NULL, checksum TEXT NOT NULL)";

static int has_table(struct db *db, bool *has, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *row =
        db_row(db, arena, err, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?",
               VALUES(V("schema_migrations")));

    if (row == NULL)
        return -1;
    *has = !json_is(row, JSON_NULL);
    return 0;
}

static const struct json *applied_read(struct db *db, struct arena *arena, struct error *err)
{
    bool has = false;

    if (has_table(db, &has, err) < 0)
        return NULL;
    if (!has)
        return json_builder_done(json_builder_new(arena, JSON_ARRAY));
    return db_rows(db, arena, err,
                   "SELECT version, name, checksum FROM schema_migrations ORDER BY version",
                   NO_VALUES);
}

/* One that was applied against the one the program has in its place; migration NULL: it has none. */
static int applied_check(struct db *db, const struct json *applied, size_t position,
                         const struct embedded_file *migration, struct error *err)
{
    const char *name = json_string(applied, "name", "");
    char checksum[SHA256_HEX];

    if (migration == NULL)
        return error_set(err, ERROR_CONFLICT,
                         "%s was made by a newer opsroom (its migration \"%s\" is unknown "
                         "here): use that one, or restore a backup from before the upgrade",
                         db->name, name);
    sha256_hex(migration->bytes, migration->length, checksum);
    if (json_integer(applied, "version", 0) == (long long)position + 1 &&
        text_is(name, migration->name) &&
        text_is(json_string(applied, "checksum", ""), checksum))
        return 0;
    return error_set(err, ERROR_CONFLICT,
                     "the migration \"%s\" of %s is not the one of this opsroom (\"%s\"): use "
                     "the opsroom that made it, or restore a backup",
                     name, db->name, migration->name);
}

/* How many were applied; -1 when they do not fit the program. */
static long long applied_count(struct db *db, const struct embedded_file *migrations,
                               struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *applied = applied_read(db, arena, err);
    const struct embedded_file *migration = migrations;

    if (applied == NULL)
        return -1;
    for (size_t i = 0; i < json_count(applied); i++) {
        const struct embedded_file *known = migration->name != NULL ? migration++ : NULL;

        if (applied_check(db, json_at(applied, i), i, known, err) < 0)
            return -1;
    }
    return (long long)json_count(applied);
}

/* In the open transaction. */
static int migration_run(struct db *db, const struct embedded_file *migration,
                         long long version, struct error *err)
{
    char checksum[SHA256_HEX];

    if (sqlite3_exec(db->handle, (const char *)migration->bytes, NULL, NULL, NULL) != SQLITE_OK)
        return db_fail(db, err, migration->name);
    sha256_hex(migration->bytes, migration->length, checksum);
    if (db_run(db, err,
               "INSERT INTO schema_migrations (version, name, applied_at, checksum) "
               "VALUES (?, ?, ?, ?)",
               VALUES(V(version), V(migration->name), V(clock_now_ms()), V(checksum))) < 0)
        return -1;
    return db_execute(db, "COMMIT", err);
}

static int migration_apply(struct db *db, const struct embedded_file *migration,
                           long long version, struct error *err)
{
    struct error ignored;

    if (db_execute(db, "BEGIN IMMEDIATE", err) == 0 &&
        migration_run(db, migration, version, err) == 0)
        return 0;
    if (db_in_transaction(db))
        db_execute(db, "ROLLBACK", &ignored);
    return error_prefix(err, "migration \"%s\"", migration->name);
}

/* 0001_name.sql, 0002_name.sql: without gaps. */
static void names_check(const struct embedded_file *migrations)
{
    AUTO(arena) struct arena *arena = arena_new();

    for (int i = 0; migrations[i].name != NULL; i++) {
        ASSERT(text_starts(migrations[i].name, arena_printf(arena, "%04d_", i + 1)));
        ASSERT(text_ends(migrations[i].name, ".sql"));
    }
}

int migrate(struct db *db, const struct embedded_file *migrations, struct error *err)
{
    bool has = false;
    long long count;

    names_check(migrations);
    if (has_table(db, &has, err) < 0 || (!has && db_execute(db, create_table, err) < 0))
        return -1;
    count = applied_count(db, migrations, err);
    if (count < 0)
        return -1;
    while (migrations[count].name != NULL) {
        if (migration_apply(db, &migrations[count], count + 1, err) < 0)
            return -1;
        count++;
    }
    return 0;
}

int migrate_check(struct db *db, const struct embedded_file *migrations, struct error *err)
{
    return applied_count(db, migrations, err) < 0 ? -1 : 0;
}
