/* The deployments table. */
#include "core/deployment.h"

#include "base/clock.h"
#include "base/field.h"
#include "base/text.h"

static const struct field deployment_fields[] = {
    FIELD(struct deployment_row, id, .key = "id"),
    FIELD(struct deployment_row, app, .key = "app"),
    FIELD(struct deployment_row, environment, .key = "environment"),
    FIELD(struct deployment_row, version, .key = "version"),
    FIELD(struct deployment_row, commit_id, .key = "commit_id"),
    FIELD(struct deployment_row, job, .key = "job"),
    FIELD(struct deployment_row, person, .key = "person"),
    FIELD(struct deployment_row, kind, .key = "kind"),
    FIELD(struct deployment_row, state, .key = "state"),
    FIELD(struct deployment_row, health, .key = "health"),
    FIELD(struct deployment_row, started_at, .key = "started_at"),
    FIELD(struct deployment_row, finished_at, .key = "finished_at"),
};
static const struct fields deployment_table = FIELDS(struct deployment_row, deployment_fields);

static int read_row(const struct json *row, struct arena *arena, struct deployment_row *out,
                    struct error *err)
{
    if (row == NULL)
        return -1;
    if (!json_is(row, JSON_OBJECT)) {
        *out = (struct deployment_row){ 0 };
        return 0;
    }
    return fields_from_json(&deployment_table, row, arena, out, err);
}

int deployment_current(struct db *db, struct arena *arena, const char *app,
                       const char *environment, struct deployment_row *row, struct error *err)
{
    return read_row(
        db_row(db, arena, err,
               "SELECT * FROM deployments WHERE app = ? AND environment = ? AND state = "
               "'succeeded' ORDER BY id DESC LIMIT 1",
               VALUES(V(app), V(environment))),
        arena, row, err);
}

int deployment_previous(struct db *db, struct arena *arena, const char *app,
                        const char *environment, struct deployment_row *row, struct error *err)
{
    struct deployment_row newest;

    if (read_row(db_row(db, arena, err,
                        "SELECT * FROM deployments WHERE app = ? AND environment = ? "
                        "ORDER BY id DESC LIMIT 1",
                        VALUES(V(app), V(environment))),
                 arena, &newest, err) < 0)
        return -1;
    return read_row(
        db_row(db, arena, err,
               "SELECT * FROM deployments WHERE app = ? AND environment = ? AND state = "
               "'succeeded' AND id < ? AND COALESCE(version, '') <> COALESCE(?, '') "
               "ORDER BY id DESC LIMIT 1",
               VALUES(V(app), V(environment), V(newest.id), V(newest.version))),
        arena, row, err);
}

static int find_holder(struct db *db, const struct deployment_row *row, long long *holder,
                       struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *found =
        db_row(db, arena, err,
               "SELECT job FROM deployments WHERE app = ? AND environment = ? AND "
               "state = 'running' AND job <> ? LIMIT 1",
               VALUES(V(row->app), V(row->environment), V(row->job)));

    if (found == NULL)
        return -1;
    *holder = json_integer(found, "job", 0);
    return 0;
}

int deployment_begin(struct db *db, struct deployment_row *row, long long *holder,
                     struct error *err)
{
    if (find_holder(db, row, holder, err) < 0)
        return -1;
    if (*holder != 0)
        return error_set(err, ERROR_CONFLICT, "%s on %s is being deployed by #%lld", row->app,
                         row->environment, *holder);
    return db_run(
               db, err,
               "INSERT INTO deployments (app, environment, version, commit_id, job, person, kind, state, "
               "started_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'running', ?) ON CONFLICT (job) DO NOTHING",
               VALUES(V(row->app), V(row->environment), V(row->version), V(row->commit_id),
                      V(row->job), V(row->person), V(row->kind), V(clock_now_ms()))) < 0
               ? -1
               : 0;
}

int deployment_set_health(struct db *db, long long job, const char *health, struct error *err)
{
    return db_run(db, err, "UPDATE deployments SET health = ? WHERE job = ?",
                  VALUES(V(health), V(job))) < 0
               ? -1
               : 0;
}

int deployment_end(struct db *db, long long job, const char *state, struct error *err)
{
    return db_run(
               db, err,
               "UPDATE deployments SET state = ?, finished_at = ? WHERE job = ? AND state = 'running'",
               VALUES(V(state), V(clock_now_ms()), V(job))) < 0
               ? -1
               : 0;
}

static const struct json *list_item(struct arena *arena, const struct json *row)
{
    return OBJECT(arena, { "job", V(json_integer(row, "job", 0)) },
                  { "environment", V(json_string(row, "environment", "")) },
                  { "version", V(json_string(row, "version", NULL)) },
                  { "commit", V(json_string(row, "commit_id", NULL)) },
                  { "by", V(json_string(row, "person", NULL)) },
                  { "kind", V(json_string(row, "kind", "")) },
                  { "state", V(json_string(row, "state", "")) },
                  { "health", V(json_string(row, "health", NULL)) },
                  { "started_at", clock_json(arena, json_integer(row, "started_at", 0)) },
                  { "finished_at", clock_json(arena, json_integer(row, "finished_at", 0)) });
}

const struct json *deployment_list(struct db *db, struct arena *arena, const char *app,
                                   const char *environment, long long limit, struct error *err)
{
    const char *where = environment != NULL ? environment : "";
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);
    const struct json *rows = db_rows(
        db, arena, err,
        "SELECT * FROM deployments WHERE app = ? AND (? = '' OR environment = ?) ORDER BY id DESC "
        "LIMIT ?",
        VALUES(V(app), V(where), V(where), V(limit)));

    if (rows == NULL)
        return NULL;
    for (size_t i = 0; i < json_count(rows); i++)
        json_builder_add(list, NULL, V(list_item(arena, json_at(rows, i))));
    return json_builder_done(list);
}
