/* SQL with values in, rows as JSON out, and what failures say. */
#include "fixture.h"

#include "base/text.h"
#include "tap.h"

static const char values_sql[] = "SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f";

static void test_kinds(struct store *store)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err;
    AUTO(db) struct db *db = store_read_start(store, &err);
    const char *none = NULL;
    const struct json *tree = OBJECT(arena, { "x", V(1) });
    const struct json *row =
        db_row(db, arena, &err, values_sql,
               VALUES(V("a\"ü"), V(-9007199254740993LL), V(2.5), V(true), V(none), V(tree)));

    tap_case("kinds of values");
    CHECK_STR(json_string(row, "a", NULL), "a\"ü");
    CHECK_INT(json_integer(row, "b", 0), -9007199254740993LL);
    CHECK(json_number(row, "c", 0) > 2.4 && json_number(row, "c", 0) < 2.6);
    CHECK(json_is(json_get(row, "c"), JSON_REAL));
    CHECK_INT(json_integer(row, "d", 0), 1);
    CHECK(json_get(row, "e") == NULL);
    CHECK_STR(json_string(row, "f", NULL), "{\"x\":1}");
    CHECK_INT(json_count(row), 5);
}

static void test_rows(struct store *store)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(store, &err);
    static const char numbers[] =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
        "SELECT i FROM n";
    const struct json *rows = db_rows(db, arena, &err, numbers, VALUES(V(10000)));

    tap_case("rows");
    CHECK_INT(json_count(rows), 10000);
    CHECK_INT(json_integer(rows, "9999.i", 0), 10000);
    CHECK(db_rows(db, arena, &err, numbers, VALUES(V(10001))) == NULL);
    CHECK_INT(err.kind, ERROR_INTERNAL);
    rows = db_rows(db, arena, &err, "SELECT 1 FROM notes", NO_VALUES);
    CHECK(json_is(rows, JSON_ARRAY));
    CHECK_INT(json_count(rows), 0);
    CHECK(json_is(db_row(db, arena, &err, "SELECT 1 FROM notes", NO_VALUES), JSON_NULL));
    CHECK(
        db_rows(
            db, arena, &err,
            "SELECT zeroblob(40000000) UNION ALL SELECT zeroblob(40000001) UNION ALL SELECT 1",
            NO_VALUES) == NULL);
    CHECK(text_has(err.text, "read it in pages"));
}

static void test_read_only(struct store *store)
{
    struct error err = { 0 };
    AUTO(db) struct db *db = store_read_start(store, &err);

    tap_case("a read cannot write");
    CHECK_INT(db_run(db, &err, "DELETE FROM notes", NO_VALUES), -1);
    CHECK_INT(err.kind, ERROR_INTERNAL);
    CHECK_STR(
        err.text,
        "test.db refused \"DELETE FROM notes ...\": attempt to write a readonly database");
}

static int changes(struct db *db, void *argument, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *row;

    (void)argument;
    CHECK_INT(
        db_run(db, err, "INSERT INTO notes (text) VALUES (?), (?)", VALUES(V("one"), V("two"))),
        2);
    CHECK_INT(db_last_id(db), 2);
    CHECK_INT(db_run(db, err, "UPDATE notes SET size = 1 WHERE id > ?", VALUES(V(0))), 2);
    CHECK_INT(db_run(db, err, "UPDATE notes SET size = 1 WHERE id > ?", VALUES(V(5))), 0);
    row = db_row(db, arena, err, "UPDATE notes SET size = size + 1 RETURNING id, size",
                 NO_VALUES);
    CHECK_INT(json_integer(row, "id", 0), 1);
    row = db_row(db, arena, err, "SELECT sum(size) AS sum FROM notes", NO_VALUES);
    CHECK(json_number(row, "sum", 0) >
          3.9); /* both were changed, not only the one that was returned */
    return 0;
}

static int unknown_parent(struct db *db, void *argument, struct error *err)
{
    (void)argument;
    return db_run(db, err, "INSERT INTO notes (text, parent) VALUES (?, ?)",
                  VALUES(V("orphan"), V(99))) < 0
               ? -1
               : 0;
}

static int forbidden_text(struct db *db, void *argument, struct error *err)
{
    (void)argument;
    return db_run(db, err, "INSERT INTO notes(text) VALUES (?)", VALUES(V("bad"))) < 0 ? -1 : 0;
}

static int wrong_sql(struct db *db, void *argument, struct error *err)
{
    (void)argument;
    return db_run(db, err, "INSERT 'hidden' INTO notes", NO_VALUES) < 0 ? -1 : 0;
}

static int no_reason(struct db *db, void *argument, struct error *err)
{
    (void)db;
    (void)argument;
    (void)err;
    return -1;
}

static void test_failures(struct store *store)
{
    static char one[] = "one";
    static const struct {
        const char *name;
        store_function *run;
        enum error_kind kind;
        const char *text;
    } table[] = {
        { "unique", note_add, ERROR_CONFLICT, "one with this notes.text is there already" },
        { "check", forbidden_text, ERROR_INTERNAL,
          "test.db refused \"INSERT INTO notes ...\": CHECK constraint failed: text <> 'bad'" },
        { "reference", unknown_parent, ERROR_INTERNAL,
          "test.db refused a reference to a row that is not there" },
        { "syntax", wrong_sql, ERROR_INTERNAL,
          "test.db refused \"INSERT  ...\": near \"'hidden'\": syntax error" },
        { "no reason", no_reason, ERROR_INTERNAL,
          "test.db undid this write and gave no reason" },
    };
    struct error err;

    for (size_t i = 0; i < COUNT_OF(table); i++) {
        err = (struct error){ .kind = ERROR_NONE };
        tap_case("failure: %s", table[i].name);
        CHECK_INT(store_write(store, table[i].run, one, &err), -1);
        CHECK_INT(err.kind, table[i].kind);
        CHECK_STR(err.text, table[i].text);
    }
    CHECK_INT(note_count(store, "%"), 2);
}

static void test_statements(struct store *store)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct error err;
    AUTO(db) struct db *db = store_read_start(store, &err);
    char sql[] = "SELECT 1000 AS n";
    bool all_right = true;
    size_t kept = 0;

    tap_case("many statements at one address");
    for (int i = 0; i < 300; i++) {
        sql[8] = (char)('0' + i / 100);
        sql[9] = (char)('0' + i / 10 % 10);
        sql[10] = (char)('0' + i % 10);
        for (int again = 0; again < 2; again++)
            all_right = all_right && json_integer(db_row(db, arena, &err, sql, NO_VALUES), "n",
                                                  0) == 1000 + i;
    }
    CHECK(all_right);
    for (sqlite3_stmt *one = sqlite3_next_stmt(db->handle, NULL); one != NULL;
         one = sqlite3_next_stmt(db->handle, one))
        kept++;
    CHECK_INT(kept, STATEMENTS_MAX);
}

int main(void)
{
    AUTO(fixture) struct fixture *fixture = fixture_new();
    AUTO(store) struct store *store = fixture_store(fixture);
    struct error err = { 0 };

    test_kinds(store);
    test_rows(store);
    test_read_only(store);
    tap_case("changes");
    CHECK_INT(store_write(store, changes, NULL, &err), 0);
    test_failures(store);
    test_statements(store);
    return tap_done();
}
