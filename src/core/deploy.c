/* deploy, rollback: one word over whatever connection the environment names. */
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "core/app.h"
#include "core/call_core.h"
#include "core/deployment.h"
#include "core/health.h"

enum {
    TURN_LIMIT_MS = 60 * 1000,
    DEPLOY_LIMIT_S = 2 * 3600,
};

struct deploy_args {
    const char *app;
    const char *version;
    const char *environment;
};

struct deploy_state {
    const struct json *deployer; /* the deployer's own state */
    long long health_until;      /* ms; 0: not asked yet */
};

static const struct field deploy_state_fields[] = {
    FIELD(struct deploy_state, deployer, .key = "deployer"),
    FIELD(struct deploy_state, health_until, .key = "health_until"),
};

/* What one call of a deployer's verb needs. */
struct site {
    const struct app *app;
    const struct environment *environment;
    const struct deployer *deployer;
    struct deployment deployment;
};

static bool is_rollback(const struct call *call)
{
    return text_is(call_entry(call)->name, "rollback");
}

static int find_site(struct call *call, struct site *site, struct error *err)
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
        .rollback = is_rollback(call),
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

static int choose_version(struct call *call, struct site *site, struct error *err)
{
    struct deployment_row current;
    struct deployment_row previous;

    if (read_rows(call, site, &current, &previous, err) < 0)
        return -1;
    if (is_rollback(call) && previous.id == 0)
        return error_set(err, ERROR_CONFLICT, "%s on %s has no earlier version to go back to",
                         site->app->name, site->environment->name);
    if (is_rollback(call))
        site->deployment.version = previous.version;
    site->deployment.previous_version = current.version;
    return 0;
}

/* version -> commit, and what the approval is bound to beside the arguments. */
static int deploy_pin(struct call *call, struct error *err)
{
    const struct deploy_args *args = call_args(call);
    struct site site;
    const char *version;
    const char *commit = NULL;
    int result;

    if (find_site(call, &site, err) < 0)
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
    call_pin(call, "connection", site.environment->connection->name);
    call_pin(call, "configuration", target_digest(call_arena(call), site.environment));
    return 0;
}

struct turn {
    struct deployment_row row;
    long long holder;
};

static int take_turn(struct db *db, void *argument, struct error *err)
{
    struct turn *turn = argument;

    return deployment_begin(db, &turn->row, &turn->holder, err);
}

static enum step wait_for_turn(struct call *call, const struct site *site, long long holder)
{
    const char *key = arena_printf(call_arena(call), "job:%lld", holder);

    show_progress(call, "waiting for #%lld, which deploys %s to %s", holder, site->app->name,
                  site->environment->name);
    return call_wake_on(call, key, TURN_LIMIT_MS);
}

/* One at a time in an environment. */
static enum step deploy_turn(struct call *call, struct error *err)
{
    struct site site;
    struct turn turn = { 0 };

    if (find_site(call, &site, err) < 0)
        return STEP_FAIL;
    turn.row = (struct deployment_row){ .app = site.app->name,
                                        .environment = site.environment->name,
                                        .version = site.deployment.version,
                                        .commit_id = site.deployment.commit,
                                        .job = call_job(call),
                                        .person = call_person(call),
                                        .kind = is_rollback(call) ? "rollback" : "deploy" };
    if (store_write(core_store(call_core(call)), take_turn, &turn, err) == 0)
        return STEP_NEXT;
    if (turn.holder == 0 || site.environment->refuse_when_busy)
        return STEP_FAIL;
    return wait_for_turn(call, &site, turn.holder);
}

/* The deployer's state struct, out of ours and back again. */
static void *open_state(struct call *call, const struct site *site, struct error *err)
{
    struct deploy_state *state = call_state(call);
    const struct fields *fields = &site->deployer->state;
    void *own = arena_alloc(call_arena(call), fields->size_bytes + 1);

    if (state->deployer == NULL)
        return own;
    return fields_from_json(fields, state->deployer, call_arena(call), own, err) < 0 ? NULL
                                                                                     : own;
}

static void close_state(struct call *call, const struct site *site, const void *own)
{
    struct deploy_state *state;

    call_lend(call, NULL, NULL);
    state = call_state(call);
    state->deployer = fields_to_json(&site->deployer->state, call_arena(call), own);
}

typedef enum step deployer_verb(struct call *call, const struct deployment *deployment,
                                struct error *err);

static enum step with_deployer(struct call *call, const struct site *site, deployer_verb *verb,
                               struct error *err)
{
    void *own = open_state(call, site, err);
    enum step step;

    if (own == NULL)
        return STEP_FAIL;
    call_lend(call, site->environment->connection, own);
    step = verb(call, &site->deployment, err);
    close_state(call, site, own);
    return step;
}

static enum step deploy_start(struct call *call, struct error *err)
{
    struct site site;

    if (find_site(call, &site, err) < 0)
        return STEP_FAIL;
    return with_deployer(call, &site, site.deployer->start, err);
}

static enum happened deploy_started(struct call *call, struct error *err)
{
    struct site site;
    enum happened happened;
    void *own;

    if (find_site(call, &site, err) < 0)
        return HAPPENED_UNKNOWN;
    own = open_state(call, &site, err);
    if (own == NULL)
        return HAPPENED_UNKNOWN;
    call_lend(call, site.environment->connection, own);
    happened = site.deployer->started(call, &site.deployment, err);
    close_state(call, &site, own);
    return happened;
}

static enum step deploy_follow(struct call *call, struct error *err)
{
    struct site site;

    if (find_site(call, &site, err) < 0)
        return STEP_FAIL;
    return with_deployer(call, &site, site.deployer->follow, err);
}

struct health_note {
    long long job;
    const char *health;
};

static int write_health(struct db *db, void *argument, struct error *err)
{
    const struct health_note *note = argument;

    return deployment_set_health(db, note->job, note->health, err);
}

static enum step finish(struct call *call, const struct site *site, const char *health,
                        struct error *err)
{
    struct health_note note = { call_job(call), health };
    struct arena *arena = call_arena(call);
    const char *version = site->deployment.version;

    if (health != NULL &&
        store_write(core_store(call_core(call)), write_health, &note, err) < 0)
        return STEP_FAIL;
    if (health != NULL && text_is(health, "unhealthy"))
        return STEP_FAIL;
    say(call, TONE_GOOD, "%s%s%s runs on %s%s", message_escape(arena, site->app->name),
        version != NULL ? " " : "", version != NULL ? message_escape(arena, version) : "",
        message_escape(arena, site->environment->name), health != NULL ? ", healthy" : "");
    return STEP_DONE;
}

/* Asked again and again until it is well or its time is over. */
static enum step deploy_health(struct call *call, struct error *err)
{
    struct deploy_state *state = call_state(call);
    struct site site;
    struct error unwell = { 0 };
    long long now_ms = clock_now_ms();

    if (find_site(call, &site, err) < 0)
        return STEP_FAIL;
    if (!health_is_configured(site.environment))
        return finish(call, &site, NULL, err);
    if (state->health_until == 0)
        state->health_until = now_ms + site.environment->health_within_s * 1000;
    show_step(call, "health", "running");
    if (health_check(call_arena(call), call_directory(call), site.environment, &unwell) == 0) {
        show_step(call, "health", "succeeded");
        return finish(call, &site, "healthy", err);
    }
    if (now_ms < state->health_until)
        return call_again_in(call, 1000);
    show_step(call, "health", "failed");
    error_set(err, ERROR_CONFLICT, "%s was deployed but is not healthy: %s", site.app->name,
              unwell.text);
    return finish(call, &site, "unhealthy", err);
}

static int deploy_cancel(struct call *call, struct error *err)
{
    struct site site;
    void *own;
    int result;

    if (find_site(call, &site, err) < 0)
        return -1;
    own = open_state(call, &site, err);
    if (own == NULL)
        return -1;
    call_lend(call, site.environment->connection, own);
    result = site.deployer->cancel(call, err);
    close_state(call, &site, own);
    return result;
}

static const struct command_step deploy_steps[] = {
    { .name = "turn", .run = deploy_turn },
    { .name = "start", .run = deploy_start, .happened = deploy_started },
    { .name = "follow", .run = deploy_follow },
    { .name = "health", .run = deploy_health },
};

static const struct field deploy_args[] = {
    FIELD(struct deploy_args, app, .key = "app", .help = "which app", .meaning = AS_APP,
          .need = true),
    FIELD(struct deploy_args, version, .key = "version",
          .help = "a tag, branch or commit; the newest unless given", .meaning = AS_VERSION),
    FIELD(struct deploy_args, environment, .key = "environment", .help = "where to",
          .meaning = AS_ENVIRONMENT, .word = "to", .need = true),
};

const struct command deploy_command = {
    .name = "deploy",
    .help = "Bring a version of an app to an environment",
    .example = "deploy api v1.2 to staging",
    .risk = RISK_DANGER,
    .limit_s = DEPLOY_LIMIT_S,
    .args = FIELDS(struct deploy_args, deploy_args),
    .pin = deploy_pin,
    .steps = deploy_steps,
    .step_count = COUNT_OF(deploy_steps),
    .state = FIELDS(struct deploy_state, deploy_state_fields),
    .cancel = deploy_cancel,
};

static const struct field rollback_args[] = {
    FIELD(struct deploy_args, app, .key = "app", .help = "which app", .meaning = AS_APP,
          .need = true),
    FIELD(struct deploy_args, environment, .key = "environment", .help = "where",
          .meaning = AS_ENVIRONMENT, .word = "on", .need = true),
};

const struct command rollback_command = {
    .name = "rollback",
    .help = "Go back to the version that ran before",
    .example = "rollback api on production",
    .risk = RISK_DANGER,
    .limit_s = DEPLOY_LIMIT_S,
    .args = FIELDS(struct deploy_args, rollback_args),
    .pin = deploy_pin,
    .steps = deploy_steps,
    .step_count = COUNT_OF(deploy_steps),
    .state = FIELDS(struct deploy_state, deploy_state_fields),
    .cancel = deploy_cancel,
};
