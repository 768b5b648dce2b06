/* The steps of a deployment: one word over whatever connection the environment names. */
#include "base/text.h"
#include "core/deploy_report.h"
#include "core/deploy_site.h"
#include "core/health.h"
#include "core/job.h"

enum {
    TURN_LIMIT_MS = 60 * 1000
};

struct turn {
    struct deployment_row row;
    struct deploy_gate gate;
    struct arena *arena;
    long long holder;
};

static int take_turn(struct db *db, void *argument, struct error *err)
{
    struct turn *turn = argument;
    const char *refusal = NULL;

    turn->holder = 0;
    if (deploy_gate_check(db, turn->arena, &turn->gate, &refusal, err) < 0)
        return -1;
    if (refusal != NULL)
        return error_set(err, ERROR_DENIED, "%s", refusal);
    return deployment_begin(db, &turn->row, &turn->holder, err);
}

/* Which commits go out, and whether it would be allowed; nothing is changed. */
static enum step deploy_dry_run(struct call *call, const struct site *site, struct error *err)
{
    struct deploy_report report = { .app = site->app,
                                    .environment = site->environment,
                                    .deployment = &site->deployment,
                                    .previous_commit = call_pinned(call, "from commit"),
                                    .gate = site_gate(call, site) };
    const struct deployer *deployer = site->deployer;

    report.gate.overrides = false;
    if (deployer->commits_between != NULL && report.previous_commit != NULL &&
        site->deployment.commit != NULL) {
        call_lend(call, site->environment->connection, NULL);
        report.commits = deployer->commits_between(
            call, &site->deployment, report.previous_commit, site->deployment.commit, err);
        call_lend(call, NULL, NULL);
        if (report.commits == NULL)
            return STEP_FAIL;
    }
    return deploy_report_say(call, &report, err) < 0 ? STEP_FAIL : STEP_DONE;
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
    const struct deploy_args *args = call_args(call);
    struct site site;
    struct turn turn = { .arena = call_arena(call) };

    if (site_find(call, &site, err) < 0)
        return STEP_FAIL;
    if (args->dry_run)
        return deploy_dry_run(call, &site, err);
    turn.gate = site_gate(call, &site);
    turn.row = (struct deployment_row){ .app = site.app->name,
                                        .environment = site.environment->name,
                                        .version = site.deployment.version,
                                        .commit_id = site.deployment.commit,
                                        .job = call_job(call),
                                        .person = call_person(call),
                                        .kind = call_entry(call)->name };
    if (store_write(core_store(call_core(call)), take_turn, &turn, err) == 0)
        return STEP_NEXT;
    if (turn.holder == 0 || site.environment->refuse_when_busy)
        return STEP_FAIL;
    return wait_for_turn(call, &site, turn.holder);
}

typedef enum step deployer_verb(struct call *call, const struct deployment *deployment,
                                struct error *err);

static enum step with_deployer(struct call *call, const struct site *site, deployer_verb *verb,
                               struct error *err)
{
    void *own = site_open_state(call, site, err);
    enum step step;

    if (own == NULL)
        return STEP_FAIL;
    call_lend(call, site->environment->connection, own);
    step = verb(call, &site->deployment, err);
    site_close_state(call, site, own);
    return step;
}

static enum step deploy_start(struct call *call, struct error *err)
{
    struct site site;

    if (site_find(call, &site, err) < 0)
        return STEP_FAIL;
    return with_deployer(call, &site, site.deployer->start, err);
}

static enum happened deploy_started(struct call *call, struct error *err)
{
    struct site site;
    enum happened happened;
    void *own;

    if (site_find(call, &site, err) < 0)
        return HAPPENED_UNKNOWN;
    own = site_open_state(call, &site, err);
    if (own == NULL)
        return HAPPENED_UNKNOWN;
    call_lend(call, site.environment->connection, own);
    happened = site.deployer->started(call, &site.deployment, err);
    site_close_state(call, &site, own);
    return happened;
}

static enum step deploy_follow(struct call *call, struct error *err)
{
    struct site site;

    if (site_find(call, &site, err) < 0)
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

/* Under the person who deployed, as a job of its own; the rule that allows it must need no approval to be of use. */
static void roll_back(struct call *call, const struct site *site, struct error *err)
{
    struct arena *arena = call_arena(call);
    struct submitted submitted;
    struct error failed = { 0 };
    struct ask ask = { .door = "job",
                       .person = call_person(call),
                       .account = call_account(call),
                       .place = *call_place(call),
                       .place_proven = true,
                       .parent = call_job(call),
                       .request_key = arena_printf(arena, "rollback:%lld", call_job(call)) };

    ask.line =
        arena_printf(arena, "rollback %s on %s", site->app->name, site->environment->name);
    if (job_submit(call_core(call), &ask, arena, &submitted, &failed) < 0)
        error_prefix(err, "it could not be rolled back (%s)", failed.text);
    else
        error_prefix(err, "rolling back as #%lld", submitted.job);
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
    if (health != NULL && text_is(health, "unhealthy")) {
        if (site->environment->rollback_on_failure && !site_is_rollback(call))
            roll_back(call, site, err);
        return STEP_FAIL;
    }
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

    if (site_find(call, &site, err) < 0)
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

int deploy_cancel(struct call *call, struct error *err)
{
    struct site site;
    void *own;
    int result;

    if (site_find(call, &site, err) < 0)
        return -1;
    own = site_open_state(call, &site, err);
    if (own == NULL)
        return -1;
    call_lend(call, site.environment->connection, own);
    result = site.deployer->cancel(call, err);
    site_close_state(call, &site, own);
    return result;
}

const struct command_step deploy_steps[DEPLOY_STEP_COUNT] = {
    { .name = "turn", .run = deploy_turn },
    { .name = "start", .run = deploy_start, .happened = deploy_started },
    { .name = "follow", .run = deploy_follow },
    { .name = "health", .run = deploy_health },
};
