/* Stored events: as JSON, by filter, again as events. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/event_internal.h"

enum {
    PRUNE_ROWS = 500,
};

#define COLUMNS                                                                                \
    "id, source, delivery, kind, subject, status, severity, title, text, markup, url, actor, " \
    "labels, outcome, routes, at, received_at "

static const struct json *column_json(struct arena *arena, const struct json *row,
                                      const char *name)
{
    const char *text = json_string(row, name, NULL);
    struct error ignored = { 0 };

    return text == NULL ? NULL : json_parse(arena, text, strlen(text), &ignored);
}

static struct json or_null(const char *text)
{
    return text == NULL ? json_null() : V(text);
}

static const struct json *row_json(struct arena *arena, const struct json *row)
{
    const struct json *labels = column_json(arena, row, "labels");
    const struct json *routes = column_json(arena, row, "routes");

    return OBJECT(arena, { "id", V(json_integer(row, "id", 0)) },
                  { "source", V(json_string(row, "source", "")) },
                  { "kind", V(json_string(row, "kind", "")) },
                  { "subject", or_null(json_string(row, "subject", NULL)) },
                  { "status", V(json_string(row, "status", "")) },
                  { "severity", or_null(json_string(row, "severity", NULL)) },
                  { "title", V(json_string(row, "title", "")) },
                  { "text", or_null(json_string(row, "text", NULL)) },
                  { "url", or_null(json_string(row, "url", NULL)) },
                  { "actor", or_null(json_string(row, "actor", NULL)) },
                  { "labels", labels != NULL ? V(labels) : *json_new_object(arena, NULL, 0) },
                  { "outcome", V(json_string(row, "outcome", "")) },
                  { "routes", routes != NULL ? V(routes) : *json_new_array(arena, NULL, 0) },
                  { "at", clock_json(arena, json_integer(row, "at", 0)) },
                  { "received_at", clock_json(arena, json_integer(row, "received_at", 0)) });
}

static const struct json *load_row(struct db *db, struct arena *arena, long long id,
                                   struct error *err)
{
    const struct json *row =
        db_row(db, arena, err, "SELECT " COLUMNS "FROM events WHERE id = ?", VALUES(V(id)));

    if (row != NULL && !json_is(row, JSON_OBJECT)) {
        error_set(err, ERROR_MISSING, "there is no event %lld", id);
        return NULL;
    }
    return row;
}

const struct json *event_json(struct db *db, struct arena *arena, long long id,
                              struct error *err)
{
    const struct json *row = load_row(db, arena, id, err);

    return row == NULL ? NULL : row_json(arena, row);
}

struct event event_from_row(struct arena *arena, const struct json *row)
{
    return (struct event){
        .source = json_string(row, "source", ""),
        .delivery = json_string(row, "delivery", NULL),
        .kind = json_string(row, "kind", ""),
        .subject = json_string(row, "subject", NULL),
        .status = json_string(row, "status", ""),
        .severity = json_string(row, "severity", NULL),
        .title = json_string(row, "title", ""),
        .text = json_string(row, "text", NULL),
        .markup = json_string(row, "markup", NULL),
        .url = json_string(row, "url", NULL),
        .actor = json_string(row, "actor", NULL),
        .labels = column_json(arena, row, "labels"),
        .at_ms = json_integer(row, "at", 0),
    };
}

int event_load(struct db *db, struct arena *arena, long long id, struct event *event,
               struct error *err)
{
    const struct json *row = load_row(db, arena, id, err);

    if (row == NULL)
        return -1;
    *event = event_from_row(arena, row);
    return 0;
}

/* "" stands for any. */
static const char *or_any(const char *text)
{
    return text == NULL ? "" : text;
}

const struct json *event_list(struct db *db, struct arena *arena,
                              const struct event_filter *filter, struct error *err)
{
    const char *source = or_any(filter->source), *kind = or_any(filter->kind);
    const char *status = or_any(filter->status), *subject = or_any(filter->subject);
    const char *text = or_any(filter->text);
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);
    const struct json *rows = db_rows(
        db, arena, err,
        "SELECT " COLUMNS "FROM events WHERE (? = 0 OR id < ?) AND (? = '' OR source = ?) "
        "AND (? = '' OR kind = ?) AND (? = '' OR status = ?) AND (? = '' OR subject = ?) "
        "AND (? = '' OR instr(lower(title), lower(?)) > 0 OR "
        "instr(lower(coalesce(text, '')), lower(?)) > 0) ORDER BY id DESC LIMIT ?",
        VALUES(V(filter->before), V(filter->before), V(source), V(source), V(kind), V(kind),
               V(status), V(status), V(subject), V(subject), V(text), V(text), V(text),
               V(filter->limit)));

    if (rows == NULL)
        return NULL;
    for (size_t i = 0; i < json_count(rows); i++)
        json_builder_add(list, NULL, V(row_json(arena, json_at(rows, i))));
    return json_builder_done(list);
}

struct pruning {
    const char *sql;
    long long before_ms;
    long long count;
};

static int prune_write(struct db *db, void *argument, struct error *err)
{
    struct pruning *pruning = argument;

    pruning->count =
        db_run(db, err, pruning->sql, VALUES(V((int)PRUNE_ROWS), V(pruning->before_ms)));
    return pruning->count < 0 ? -1 : 0;
}

/* In small pieces, so that nobody waits long for the writer. */
static int prune(struct core *core, const char *sql, long long before_ms, struct error *err)
{
    struct pruning pruning = { .sql = sql, .before_ms = before_ms };

    do {
        if (store_write(core_store(core), prune_write, &pruning, err) < 0)
            return -1;
    } while (pruning.count > 0 && !core_is_closing(core));
    return 0;
}

int event_prune(struct core *core, long long now_ms, struct error *err)
{
    static const long long day_ms = 24LL * 60 * 60 * 1000;
    AUTO(config) const struct config *config = core_config(core);
    long long before_ms = now_ms - config->server.retain_days * day_ms;

    if (prune(core,
              "DELETE FROM mutes WHERE id IN (SELECT id FROM mutes ORDER BY until_at LIMIT ?) "
              "AND until_at < ?",
              now_ms, err) < 0)
        return -1;
    if (prune(
            core,
            "DELETE FROM route_paces WHERE key IN (SELECT key FROM route_paces ORDER BY since "
            "LIMIT ?) AND since < ?",
            now_ms - day_ms, err) < 0)
        return -1;
    if (config->server.retain_days <= 0)
        return 0;
    if (prune(core,
              "DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY id LIMIT ?) "
              "AND received_at < ?",
              before_ms, err) < 0)
        return -1;
    return prune(core,
                 "DELETE FROM subjects WHERE (source, subject) IN (SELECT source, subject FROM "
                 "subjects ORDER BY at LIMIT ?) AND at < ?",
                 before_ms, err);
}
