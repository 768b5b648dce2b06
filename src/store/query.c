/* SQL with values in, rows as JSON out. */
#include "store/store_internal.h"

struct query {
    struct db *db;
    const char *sql;
    sqlite3_stmt *statement;
    struct arena *scratch; /* text of objects given as values, made when the first comes */
    const char **names;    /* of the columns, made with the first row */
    size_t bytes;          /* in the answer so far */
};

static void query_auto(struct query *query)
{
    if (query->statement != NULL) {
        sqlite3_reset(query->statement);
        sqlite3_clear_bindings(query->statement);
    }
    arena_free(query->scratch);
}

static int text_bind(struct query *query, int position, const char *text)
{
    return sqlite3_bind_text(query->statement, position, text, -1, SQLITE_STATIC);
}

static int value_bind(struct query *query, int position, const struct json *value)
{
    switch (value->kind) {
    case JSON_ABSENT:
    case JSON_NULL:
        return sqlite3_bind_null(query->statement, position);
    case JSON_BOOLEAN:
        return sqlite3_bind_int(query->statement, position, value->as.boolean ? 1 : 0);
    case JSON_INTEGER:
        return sqlite3_bind_int64(query->statement, position, value->as.integer);
    case JSON_REAL:
        return sqlite3_bind_double(query->statement, position, value->as.real);
    case JSON_STRING:
        return text_bind(query, position, value->as.string);
    case JSON_ARRAY:
    case JSON_OBJECT:
        if (query->scratch == NULL)
            query->scratch = arena_new();
        return text_bind(query, position, json_print(query->scratch, value));
    }
    return SQLITE_MISUSE;
}

static int query_start(struct query *query, const struct json *values, size_t count,
                       struct error *err)
{
    struct db *db = query->db;

    if (db->guarded && !db_in_transaction(db))
        return error_set(err, ERROR_INTERNAL, "%s has undone this transaction already",
                         db->name);
    query->statement = db_prepare(db, query->sql, err);
    if (query->statement == NULL)
        return -1;
    ASSERT(sqlite3_bind_parameter_count(query->statement) == (int)count);
    for (size_t i = 0; i < count; i++) {
        if (value_bind(query, (int)i + 1, &values[i]) != SQLITE_OK)
            return db_fail(db, err, query->sql);
    }
    return 0;
}

/* 1: there is a row; 0: there is none; -1: err. */
static int query_step(struct query *query, struct error *err)
{
    int status = sqlite3_step(query->statement);

    if (status == SQLITE_ROW)
        return 1;
    return status == SQLITE_DONE ? 0 : db_fail(query->db, err, query->sql);
}

/* What changes something runs to its end, so that all of it is done and checked. */
static int query_finish(struct query *query, struct error *err)
{
    int status = 1;

    while (status > 0)
        status = query_step(query, err);
    return status;
}

static struct json column_read(struct query *query, struct arena *arena, int column)
{
    sqlite3_stmt *statement = query->statement;
    const char *bytes;
    size_t length;

    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        return json_null();
    case SQLITE_INTEGER:
        return json_from_integer(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
        return json_from_number(sqlite3_column_double(statement, column));
    default:
        bytes = (const char *)sqlite3_column_text(statement, column);
        length = (size_t)sqlite3_column_bytes(statement, column);
        query->bytes += length;
        return json_from_string(arena_copy_n(arena, bytes != NULL ? bytes : "", length));
    }
}

static void names_read(struct query *query, struct arena *arena, size_t columns)
{
    query->names = ARENA_ARRAY(arena, const char *, columns);
    for (size_t i = 0; i < columns; i++)
        query->names[i] = arena_copy(arena, sqlite3_column_name(query->statement, (int)i));
}

static struct json row_read(struct query *query, struct arena *arena)
{
    size_t columns = (size_t)sqlite3_column_count(query->statement);
    struct json_member *members = ARENA_ARRAY(arena, struct json_member, columns);
    size_t count = 0;

    if (query->names == NULL)
        names_read(query, arena, columns);
    for (size_t i = 0; i < columns; i++) {
        struct json value = column_read(query, arena, (int)i);

        if (value.kind == JSON_NULL)
            continue;
        members[count].key = query->names[i];
        members[count++].value = value;
    }
    query->bytes += columns * sizeof(*members);
    return (struct json){ .kind = JSON_OBJECT, .as.object = { members, count } };
}

static int answer_too_large(struct query *query, struct error *err)
{
    return error_set(err, ERROR_INTERNAL,
                     "an answer of %s has more than %d rows or %d bytes: read it in pages",
                     query->db->name, ROWS_MAX, ANSWER_BYTES_MAX);
}

const struct json *db_rows(struct db *db, struct arena *arena, struct error *err,
                           const char *sql, const struct json *values, size_t count)
{
    AUTO(query) struct query query = { .db = db, .sql = sql };
    struct json_builder *rows = json_builder_new(arena, JSON_ARRAY);
    size_t row_count = 0;
    int status;

    if (query_start(&query, values, count, err) < 0)
        return NULL;
    while ((status = query_step(&query, err)) > 0) {
        if (row_count++ == ROWS_MAX || query.bytes > ANSWER_BYTES_MAX) {
            answer_too_large(&query, err);
            return NULL;
        }
        json_builder_add(rows, NULL, row_read(&query, arena));
    }
    return status < 0 ? NULL : json_builder_done(rows);
}

const struct json *db_row(struct db *db, struct arena *arena, struct error *err,
                          const char *sql, const struct json *values, size_t count)
{
    AUTO(query) struct query query = { .db = db, .sql = sql };
    struct json *row = ARENA_NEW(arena, struct json);
    int status;

    if (query_start(&query, values, count, err) < 0)
        return NULL;
    status = query_step(&query, err);
    if (status < 0)
        return NULL;
    *row = status > 0 ? row_read(&query, arena) : json_null();
    if (status > 0 && !sqlite3_stmt_readonly(query.statement) && query_finish(&query, err) < 0)
        return NULL;
    return row;
}

long long db_run(struct db *db, struct error *err, const char *sql, const struct json *values,
                 size_t count)
{
    AUTO(query) struct query query = { .db = db, .sql = sql };

    if (query_start(&query, values, count, err) < 0 || query_finish(&query, err) < 0)
        return -1;
    return sqlite3_changes64(db->handle);
}

long long db_last_id(struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}
