/* Finding where a deployment goes, which version, and whether anything stands in its way. */
#include "core/deploy_site.h"

#include <string.h>

#include "base/hash.h"
#include "base/text.h"

bool site_is_rollback(const struct call *call)
{
    return text_is(call_entry(call)->name, "rollback");
}

int site_find(struct call *call, struct site *site, struct error *err)
{
    const struct deploy_args *args = call_args(call);
    const struct app *app = config_app(call_snapshot(call), args->app);
    const struct environment *environment =
        app == NULL ? NULL : app_environment(app, args->environment);

    if (environment == NULL)
        return error_set(err, ERROR_MISSING,
                         "%s has no environment \"%s\" in the configuration any more",
                         args->app, args->environment);
    *site = (struct site){ .app = app,
                           .environment = environment,
                           .deployer = environment->connection->connector->deployer };
    site->deployment = (struct deployment){
        .app = app->name,
        .environment = environment->name,
        .repository = app->repository,
        .version =
            call_pinned(call, "version") != NULL ? call_pinned(call, "version") : args->version,
        .commit = call_pinned(call, "commit"),
        .previous_version = call_pinned(call, "from"),
        .rollback = site_is_rollback(call),
        .target = environment->target,
    };
    return 0;
}

static const char *target_digest(struct arena *arena, const struct environment *environment)
{
    const char *text = json_canonical(arena, environment->node);
    char hex[SHA256_HEX];

    sha256_hex(text, strlen(text), hex);
    return arena_copy_n(arena, hex, 12);
}

static int read_rows(struct call *call, const struct site *site, struct deployment_row *current,
                     struct deployment_row *previous, struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);

    if (db == NULL || deployment_current(db, call_arena(call), site->app->name,
                                         site->environment->name, current, err) < 0)
        return -1;
    return deployment_previous(db, call_arena(call), site->app->name, site->environment->name,
                               previous, err);
}

/* promote: what runs in the other environment now. */
static int promoted_version(struct call *call, const struct site *site, const char *from,
                            const char **version, struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);
    struct deployment_row row;

    if (db == NULL ||
        deployment_current(db, call_arena(call), site->app->name, from, &row, err) < 0)
        return -1;
    if (row.id == 0 || row.version == NULL)
        return error_set(err, ERROR_CONFLICT, "nothing of %s was deployed to %s yet",
                         site->app->name, from);
    *version = row.version;
    return 0;
}

static int choose_version(struct call *call, struct site *site, struct error *err)
{
    const struct deploy_args *args = call_args(call);
    struct deployment_row current;
    struct deployment_row previous;

    if (read_rows(call, site, &current, &previous, err) < 0)
        return -1;
    if (site_is_rollback(call) && previous.id == 0)
        return error_set(err, ERROR_CONFLICT, "%s on %s has no earlier version to go back to",
                         site->app->name, site->environment->name);
    if (site_is_rollback(call))
        site->deployment.version = previous.version;
    site->deployment.previous_version = current.version;
    site->previous_commit = current.commit_id;
    if (args->from != NULL)
        return promoted_version(call, site, args->from, &site->deployment.version, err);
    return 0;
}

struct deploy_gate site_gate(struct call *call, const struct site *site)
{
    const struct deploy_args *args = call_args(call);

    return (struct deploy_gate){ .app = site->app,
                                 .environment = site->environment,
                                 .person = call_person(call),
                                 .overrides = !text_is_empty(args->override) };
}

/* Refused at once, before anybody is asked to agree. */
static int check_gate(struct call *call, const struct site *site, struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(call_core(call)), err);
    struct deploy_gate gate = site_gate(call, site);
    const char *refusal = NULL;

    if (db == NULL || deploy_gate_check(db, call_arena(call), &gate, &refusal, err) < 0)
        return -1;
    return refusal == NULL ? 0 : error_set(err, ERROR_DENIED, "%s", refusal);
}

int deploy_pin(struct call *call, struct error *err)
{
    const struct deploy_args *args = call_args(call);
    struct site site;
    const char *version;
    const char *commit = NULL;
    int result;

    if (site_find(call, &site, err) < 0 || (!args->dry_run && check_gate(call, &site, err) < 0))
        return -1;
    site.deployment.version = args->version;
    site.deployment.commit = NULL;
    if (choose_version(call, &site, err) < 0)
        return -1;
    version = site.deployment.version;
    call_lend(call, site.environment->connection, NULL);
    result = site.deployer->resolve(call, &site.deployment, &version, &commit, err);
    call_lend(call, NULL, NULL);
    if (result < 0)
        return error_prefix(err, "%s", site.app->name);
    call_pin(call, "version", version);
    call_pin(call, "commit", commit);
    call_pin(call, "from", site.deployment.previous_version);
    call_pin(call, "from commit", site.previous_commit);
    call_pin(call, "connection", site.environment->connection->name);
    call_pin(call, "configuration", target_digest(call_arena(call), site.environment));
    return 0;
}

void *site_open_state(struct call *call, const struct site *site, struct error *err)
{
    struct deploy_state *state = call_state(call);
    const struct fields *fields = &site->deployer->state;
    void *own = arena_alloc(call_arena(call), fields->size_bytes + 1);

    if (state->deployer == NULL)
        return own;
    return fields_from_json(fields, state->deployer, call_arena(call), own, err) < 0 ? NULL
                                                                                     : own;
}

void site_close_state(struct call *call, const struct site *site, const void *own)
{
    struct deploy_state *state;

    call_lend(call, NULL, NULL);
    state = call_state(call);
    state->deployer = fields_to_json(&site->deployer->state, call_arena(call), own);
}
