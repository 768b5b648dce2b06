/* Deployments through a pipeline: versions from a git repository of this machine, the work done by an executable. */
#include "base/template.h"
#include "connectors/local/local.h"

/* Keys of "deploy:". */
struct target {
    struct strings run;
    struct strings rollback;
};

static const struct field target_fields[] = {
    FIELD(struct target, run, .key = "run", .need = true,
          .help = "the executable and its arguments, such as [./deploy, \"{{version}}\"]"),
    FIELD(struct target, rollback, .key = "rollback",
          .help = "the same for going back; \"run\" unless given"),
};

/* A path of this machine, NULL: none. */
static const char *repository_path(struct call *call, const struct deployment *deployment)
{
    if (text_is_empty(deployment->repository))
        return NULL;
    if (deployment->repository[0] == '/')
        return deployment->repository;
    return arena_printf(call_arena(call), "%s/%s", local_settings(call)->directory,
                        deployment->repository);
}

static const struct json *template_data(struct arena *arena,
                                        const struct deployment *deployment)
{
    return OBJECT(arena, { "version", V(deployment->version) },
                  { "environment", V(deployment->environment) }, { "app", V(deployment->app) },
                  { "commit", V(deployment->commit) },
                  { "previous", V(deployment->previous_version) },
                  { "rollback", V(deployment->rollback) });
}

/* A value must not become an option of the executable. */
static int check_argument(const char *source, const char *filled, struct error *err)
{
    if (filled[0] != '-' || source[0] == '-')
        return 0;
    return error_set(err, ERROR_INVALID,
                     "\"%.60s\" in \"run\" becomes \"%.60s\", which would be read as an option",
                     source, filled);
}

/* Split first, filled after: a value stays one argument.  NULL with err. */
static const char *const *fill_arguments(struct call *call, const struct deployment *deployment,
                                         struct error *err)
{
    const struct target *target = deployment->target;
    bool back = deployment->rollback && target->rollback.count > 0;
    const struct strings *list = back ? &target->rollback : &target->run;
    struct arena *arena = call_arena(call);
    const char **arguments = ARENA_ARRAY(arena, const char *, list->count + 1);
    const struct json *data = template_data(arena, deployment);

    for (size_t i = 0; i < list->count; i++) {
        arguments[i] = template_once(arena, list->items[i], data, NULL, err);
        if (arguments[i] == NULL) {
            error_prefix(err, "\"%.60s\" in \"%s\"", list->items[i], back ? "rollback" : "run");
            return NULL;
        }
        if (check_argument(list->items[i], arguments[i], err) < 0)
            return NULL;
    }
    if (list->count > 0)
        return arguments;
    error_set(err, ERROR_INVALID, "\"run\" is empty");
    return NULL;
}

static int find_version(struct call *call, const struct deployment *deployment,
                        const char **version, const char **commit, struct error *err)
{
    const char *repository = repository_path(call, deployment);

    if (text_starts(*version, "-"))
        return error_set(err, ERROR_INVALID, "\"%.60s\" is no version", *version);
    if (repository != NULL)
        return git_resolve(call_arena(call), repository, version, commit, err);
    *commit = NULL;
    return 0;
}

/* Finds what would stop it at its start as well, before anybody is asked to approve it. */
static int deploy_resolve(struct call *call, const struct deployment *deployment,
                          const char **version, const char **commit, struct error *err)
{
    struct deployment resolved = *deployment;
    const char *const *arguments;

    if (find_version(call, deployment, version, commit, err) < 0)
        return -1;
    resolved.version = *version;
    resolved.commit = *commit;
    arguments = fill_arguments(call, &resolved, err);
    if (arguments == NULL || launch_find_program(call, arguments[0], err) == NULL)
        return -1;
    return 0;
}

static enum step deploy_start(struct call *call, const struct deployment *deployment,
                              struct error *err)
{
    const struct fact variables[] = {
        { "OPSROOM_APP", deployment->app },
        { "OPSROOM_ENVIRONMENT", deployment->environment },
        { "OPSROOM_VERSION", deployment->version },
        { "OPSROOM_COMMIT", deployment->commit },
        { "OPSROOM_PREVIOUS_VERSION", deployment->previous_version },
    };
    struct launch launch = { .arguments = fill_arguments(call, deployment, err),
                             .variables = variables,
                             .variable_count = COUNT_OF(variables) };

    if (launch.arguments == NULL)
        return STEP_FAIL;
    return run_start(call, &launch, call_state(call), err);
}

static enum happened deploy_started(struct call *call, const struct deployment *deployment,
                                    struct error *err)
{
    (void)deployment;
    return run_started(call, call_state(call), err);
}

static enum step deploy_follow(struct call *call, const struct deployment *deployment,
                               struct error *err)
{
    (void)deployment;
    return run_follow(call, call_state(call), err);
}

static int deploy_cancel(struct call *call, struct error *err)
{
    return run_cancel(call, call_state(call), err);
}

static const struct json *deploy_commits(struct call *call, const struct deployment *deployment,
                                         const char *from, const char *to, struct error *err)
{
    const char *repository = repository_path(call, deployment);

    if (repository != NULL)
        return git_commits_between(call_arena(call), repository, from, to, err);
    error_set(err, ERROR_MISSING, "%s has no repository", deployment->app);
    return NULL;
}

const struct deployer local_deployer = {
    .target_config = FIELDS(struct target, target_fields),
    .state = RUN_STATE_FIELDS,
    .resolve = deploy_resolve,
    .start = deploy_start,
    .started = deploy_started,
    .follow = deploy_follow,
    .cancel = deploy_cancel,
    .commits_between = deploy_commits,
};
