/* Migrations: once each, in order, whole or not at all; not into a database that is newer or different. */
#include "fixture.h"

#include "base/text.h"
#include "tap.h"

#define FILE_OF(file_name, text)                                                               \
    {                                                                                          \
        .name = (file_name), .bytes = (const unsigned char *)(text),                           \
        .length = sizeof(text) - 1                                                             \
    }

static const struct embedded_file one[] = {
    FILE_OF("0001_a.sql",
            "CREATE TABLE a (x INTEGER); -- the first;\nINSERT INTO a VALUES (1);\n"),
    { .name = NULL },
};
static const struct embedded_file two[] = {
    FILE_OF("0001_a.sql",
            "CREATE TABLE a (x INTEGER); -- the first;\nINSERT INTO a VALUES (1);\n"),
    FILE_OF("0002_b.sql", "INSERT INTO a VALUES (2);"),
    { .name = NULL },
};
static const struct embedded_file changed[] = {
    FILE_OF("0001_a.sql", "CREATE TABLE a (x TEXT);"),
    { .name = NULL },
};
static const struct embedded_file faulty[] = {
    FILE_OF("0001_a.sql",
            "CREATE TABLE a (x INTEGER); -- the first;\nINSERT INTO a VALUES (1);\n"),
    FILE_OF("0002_b.sql", "INSERT INTO a VALUES (2);"),
    FILE_OF("0003_c.sql", "INSERT INTO a VALUES (3); INSERT INTO b VALUES (1);"),
    { .name = NULL },
};

/* The sum of a.x, and how many migrations are noted. */
static void check_state(struct store *store, long long sum, long long applied)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(store, &err);
    const struct json *row = db_row(
        db, arena, &err,
        "SELECT (SELECT sum(x) FROM a) AS sum, (SELECT count(*) FROM schema_migrations) AS applied",
        NO_VALUES);

    CHECK_INT(json_integer(row, "sum", -1), sum);
    CHECK_INT(json_integer(row, "applied", -1), applied);
}

int main(void)
{
    static const struct {
        const char *name;
        const struct embedded_file *migrations;
        const char *fault; /* NULL: it opens */
        long long sum, applied;
    } table[] = {
        { "the first", one, NULL, 1, 1 },
        { "nothing new", one, NULL, 1, 1 },
        { "a second", two, NULL, 3, 2 },
        { "an older program", one,
          "test.db was made by a newer opsroom (its migration \"0002_b.sql\" is unknown here): use "
          "that one, or restore a backup from before the upgrade",
          0, 0 },
        { "a changed one", changed,
          "the migration \"0001_a.sql\" of test.db is not the one of this opsroom (\"0001_a.sql\"): use "
          "the opsroom that made it, or restore a backup",
          0, 0 },
        { "a faulty one", faulty,
          "migration \"0003_c.sql\": test.db refused \"0003_c.sql ...\": no such table: b", 0,
          0 },
        { "nothing was left of it", two, NULL, 3, 2 },
    };
    AUTO(fixture) struct fixture *fixture = fixture_new();

    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const struct store_plan plan = { .migrations = table[i].migrations };
        struct error err = { 0 };
        AUTO(store) struct store *store = store_open_with(fixture->url, &plan, &err);

        tap_case("%s", table[i].name);
        CHECK_STR(store != NULL ? NULL : err.text, table[i].fault);
        if (store != NULL)
            check_state(store, table[i].sum, table[i].applied);
    }
    return tap_done();
}
