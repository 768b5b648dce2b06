/* What is run, with which variables and limits: the plan of a run. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connectors/local/local.h"

enum {
    VARIABLES_MAX = 200,
    ARGUMENTS_MAX = 1000,
    MIB = 1024 * 1024
};

static bool is_executable(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

static const char *find_beside(struct arena *arena, const char *directory, const char *name,
                               struct error *err)
{
    const char *path = name[0] == '/' ? name : arena_printf(arena, "%s/%s", directory, name);
    struct stat status;

    if (is_executable(path))
        return path;
    if (stat(path, &status) < 0)
        error_system(err, errno, "the executable \"%s\" in %s", name, directory);
    else
        error_set(
            err, ERROR_INVALID,
            "\"%s\" in %s cannot be executed: it must be a file with the right to execute "
            "it (chmod +x)",
            name, directory);
    return NULL;
}

const char *launch_find_program(struct call *call, const char *name, struct error *err)
{
    const struct local_settings *settings = local_settings(call);
    struct arena *arena = call_arena(call);
    struct span rest = span_of(settings->path);
    struct span piece;

    if (name == NULL || name[0] == '\0') {
        error_set(err, ERROR_INVALID, "the executable's name is empty");
        return NULL;
    }
    if (strchr(name, '/') != NULL)
        return find_beside(arena, settings->directory, name, err);
    while (span_split(&rest, ':', &piece)) {
        const char *path = arena_printf(arena, "%s/%s", span_copy(arena, piece), name);

        if (piece.length > 0 && is_executable(path))
            return path;
    }
    error_set(err, ERROR_MISSING, "there is no executable \"%s\" in %s", name, settings->path);
    return NULL;
}

/* "K=V" for each; a name that is there already is replaced. */
struct variables {
    struct arena *arena;
    const char *list[VARIABLES_MAX];
    size_t count;
};

static void set(struct variables *variables, const char *name, const char *value)
{
    const char *start = arena_printf(variables->arena, "%s=", name);
    size_t at = 0;

    if (value == NULL)
        return;
    while (at < variables->count && !text_starts(variables->list[at], start))
        at++;
    if (at == VARIABLES_MAX)
        return;
    variables->list[at] = arena_printf(variables->arena, "%s%s", start, value);
    if (at == variables->count)
        variables->count++;
}

static bool is_name(const char *name)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

    return name[0] != '\0' && (name[0] < '0' || name[0] > '9') &&
           strspn(name, letters) == strlen(name);
}

int launch_check_environment(const struct json *environment, struct error *err)
{
    for (size_t i = 0; i < json_count(environment); i++) {
        const struct json_member *member = &environment->as.object.members[i];

        if (!is_name(member->key))
            return error_set(err, ERROR_INVALID,
                             "\"environment\": \"%.60s\" is no name for a variable",
                             member->key);
        if (text_starts(member->key, "OPSROOM_"))
            return error_set(err, ERROR_INVALID,
                             "\"environment\": \"%.60s\" is set by opsroom itself",
                             member->key);
        if (member->value.kind != JSON_STRING)
            return error_set(err, ERROR_INVALID, "\"environment\": \"%.60s\" must be text",
                             member->key);
    }
    if (json_count(environment) > VARIABLES_MAX / 2)
        return error_set(err, ERROR_INVALID, "\"environment\" has more than %d variables",
                         VARIABLES_MAX / 2);
    return 0;
}

static void set_configured(struct variables *variables, const struct json *environment)
{
    for (size_t i = 0; i < json_count(environment); i++)
        set(variables, environment->as.object.members[i].key,
            environment->as.object.members[i].value.as.string);
}

/* Nothing of our own environment but HOME: tokens in it are nobody else's business. */
static struct strings make_environment(struct call *call, const struct launch *launch)
{
    struct arena *arena = call_arena(call);
    const struct local_settings *settings = local_settings(call);
    struct variables *variables = ARENA_NEW(arena, struct variables);
    const char *home = getenv("HOME");

    variables->arena = arena;
    set(variables, "PATH", settings->path);
    set(variables, "HOME", home != NULL ? home : "/");
    set(variables, "LANG", "C.UTF-8");
    set_configured(variables, settings->environment);
    set(variables, "OPSROOM_JOB", arena_printf(arena, "%lld", call_job(call)));
    set(variables, "OPSROOM_JOB_KEY", call_token(call));
    set(variables, "OPSROOM_PERSON", call_person(call));
    for (size_t i = 0; i < launch->variable_count; i++)
        set(variables, launch->variables[i].name, launch->variables[i].value);
    return (struct strings){ .items = variables->list, .count = variables->count };
}

int launch_plan(struct call *call, const struct launch *launch, struct run_plan *plan,
                struct error *err)
{
    const struct local_settings *settings = local_settings(call);
    const char *connection = call_connection(call);
    size_t count = 0;

    while (launch->arguments[count] != NULL)
        count++;
    if (count > ARGUMENTS_MAX)
        return error_set(err, ERROR_INVALID, "there are more than %d arguments", ARGUMENTS_MAX);
    if (launch_check_environment(settings->environment, err) < 0)
        return -1;
    *plan = (struct run_plan){
        .connection = connection != NULL ? connection : "",
        .program = launch_find_program(call, launch->arguments[0], err),
        .arguments = { .items = launch->arguments, .count = count },
        .directory = settings->directory,
        .time_s = settings->time_s,
        .output_bytes = settings->output_mib * MIB,
        .memory_bytes = settings->memory_mib * MIB,
    };
    if (plan->program == NULL)
        return -1;
    plan->environment = make_environment(call, launch);
    return 0;
}
