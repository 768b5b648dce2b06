/* status, releases: what runs where, and what ran before. */
#include "core/app.h"

#include "base/text.h"
#include "core/call_core.h"
#include "core/deployment.h"
#include "core/lock.h"

struct app_args {
    const char *app;
    const char *environment;
    long long limit;
};

/* "locked by ana for 2h (migration)", "frozen by lea for 3m", or nothing. */
static int gate_note(struct db *db, struct arena *arena, const struct app *app,
                     const struct environment *environment, const char **note,
                     struct error *err)
{
    struct lock lock;
    struct lock freeze;

    if (lock_find(db, arena, app->name, environment->name, &lock, err) < 0 ||
        freeze_find(db, arena, environment->name, &freeze, err) < 0)
        return -1;
    if (freeze.person != NULL)
        *note = arena_printf(arena, "frozen %s", lock_print(arena, &freeze));
    else if (lock.person != NULL)
        *note = arena_printf(arena, "locked %s", lock_print(arena, &lock));
    return 0;
}

static const struct json *status_row(struct db *db, struct arena *arena, const struct app *app,
                                     const struct environment *environment, struct error *err)
{
    struct deployment_row row;
    const char *note = NULL;

    if (deployment_current(db, arena, app->name, environment->name, &row, err) < 0 ||
        gate_note(db, arena, app, environment, &note, err) < 0)
        return NULL;
    return OBJECT(
        arena, { "app", V(app->name) }, { "environment", V(environment->name) },
        { "version", V(row.version) }, { "commit", V(row.commit_id) },
        { "since", clock_json(arena, row.finished_at) }, { "by", V(row.person) },
        { "job", row.id != 0 ? V(row.job) : json_null() }, { "health", V(row.health) },
        { "state", V(row.id == 0 ? "never deployed" : "deployed") }, { "lock", V(note) });
}

const struct json *app_status_rows(struct db *db, struct arena *arena,
                                   const struct config *config, const char *app,
                                   struct error *err)
{
    struct json_builder *rows = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < config->app_count; i++) {
        if (app != NULL && !text_is(app, config->apps[i].name))
            continue;
        for (size_t j = 0; j < config->apps[i].environment_count; j++) {
            const struct json *row =
                status_row(db, arena, &config->apps[i], &config->apps[i].environments[j], err);

            if (row == NULL)
                return NULL;
            json_builder_add(rows, NULL, V(row));
        }
    }
    return json_builder_done(rows);
}

static const char *when(struct call *call, const struct json *row, const char *key)
{
    long long at_ms = clock_from_json(row, key);

    return at_ms == 0
               ? NULL
               : clock_print_short(call_arena(call), call_snapshot(call)->server.zone, at_ms);
}

static const struct json *status_shown(struct call *call, const struct json *rows)
{
    struct arena *arena = call_arena(call);
    struct json_builder *shown = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < json_count(rows); i++) {
        const struct json *row = json_at(rows, i);

        json_builder_add(
            shown, NULL,
            V(OBJECT(arena, { "app", V(json_string(row, "app", "")) },
                     { "environment", V(json_string(row, "environment", "")) },
                     { "version", V(json_string(row, "version", "-")) },
                     { "since", V(when(call, row, "since")) },
                     { "by", V(json_string(row, "by", "")) },
                     { "health", V(json_string(row, "health", json_string(row, "state", ""))) },
                     { "lock", V(json_string(row, "lock", "")) },
                     { "job", json_integer(row, "job", 0) != 0 ? V(json_integer(row, "job", 0))
                                                               : json_null() })));
    }
    return json_builder_done(shown);
}

static int status_run(struct call *call, struct error *err)
{
    static const char *const columns[] = { "app", "environment", "version", "since",
                                           "by",  "health",      "lock",    "job" };
    const struct app_args *args = call_args(call);
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);
    const struct json *rows;

    if (db == NULL)
        return -1;
    rows = app_status_rows(db, call_arena(call), call_snapshot(call), args->app, err);
    if (rows == NULL)
        return -1;
    if (json_count(rows) == 0)
        return say(call, TONE_PLAIN, "No apps are configured: add them under \"apps\"");
    return say_rows(call, NULL, columns, COUNT_OF(columns), status_shown(call, rows));
}

static const struct field status_args[] = {
    FIELD(struct app_args, app, .key = "app", .help = "only this app", .meaning = AS_APP),
};

const struct command status_command = {
    .name = "status",
    .help = "What runs where, since when, by whom",
    .example = "status api",
    .core = true,
    .args = FIELDS(struct app_args, status_args),
    .run = status_run,
};

static const char *took(struct arena *arena, const struct json *row)
{
    long long finished_at = clock_from_json(row, "finished_at");

    return finished_at == 0
               ? NULL
               : duration_print(arena, finished_at - clock_from_json(row, "started_at"));
}

static const struct json *releases_shown(struct call *call, const struct json *rows)
{
    struct arena *arena = call_arena(call);
    struct json_builder *shown = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < json_count(rows); i++) {
        const struct json *row = json_at(rows, i);

        json_builder_add(shown, NULL,
                         V(OBJECT(arena, { "job", V(json_integer(row, "job", 0)) },
                                  { "environment", V(json_string(row, "environment", "")) },
                                  { "version", V(json_string(row, "version", "-")) },
                                  { "what", V(json_string(row, "kind", "")) },
                                  { "by", V(json_string(row, "by", "")) },
                                  { "at", V(when(call, row, "started_at")) },
                                  { "took", V(took(arena, row)) },
                                  { "state", V(json_string(row, "state", "")) })));
    }
    return json_builder_done(shown);
}

static int releases_run(struct call *call, struct error *err)
{
    static const char *const columns[] = { "job", "environment", "version", "what",
                                           "by",  "at",          "took",    "state" };
    const struct app_args *args = call_args(call);
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);
    const struct json *rows;

    if (db == NULL)
        return -1;
    rows =
        deployment_list(db, call_arena(call), args->app, args->environment, args->limit, err);
    if (rows == NULL)
        return -1;
    if (json_count(rows) == 0)
        return say(call, TONE_PLAIN, "%s was never deployed", args->app);
    return say_rows(call, NULL, columns, COUNT_OF(columns), releases_shown(call, rows));
}

static const struct field releases_args[] = {
    FIELD(struct app_args, app, .key = "app", .help = "which app", .meaning = AS_APP,
          .need = true),
    FIELD(struct app_args, environment, .key = "environment", .help = "only there",
          .meaning = AS_ENVIRONMENT, .word = "on"),
    FIELD(struct app_args, limit, .key = "limit", .help = "how many", .fallback = "20",
          .min = 1, .max = 200, .flag = true),
};

const struct command releases_command = {
    .name = "releases",
    .help = "What was deployed, when, by whom, and what came of it",
    .example = "releases api on production",
    .core = true,
    .args = FIELDS(struct app_args, releases_args),
    .run = releases_run,
};
