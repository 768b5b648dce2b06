/* The local runner: runs executables of this machine as pipelines, for "run:" commands and deployments. */
#include "connectors/local/local.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TIME_MAX_S = 7 * 24 * 3600,
    OUTPUT_MAX_MIB = 1024,
    MEMORY_MAX_MIB = 1024 * 1024
};

static const struct field settings[] = {
    FIELD(struct local_settings, directory, .key = "directory", .meaning = AS_PATH,
          .fallback = ".", .help = "where pipelines run"),
    FIELD(struct local_settings, path, .key = "path",
          .fallback = "/usr/local/bin:/usr/bin:/bin",
          .help = "PATH, where executables are looked up"),
    FIELD(struct local_settings, environment, .key = "environment", .meaning = AS_PAIRS,
          .help = "more environment variables for pipelines, none of them secret"),
    FIELD(struct local_settings, time_s, .key = "time", .meaning = AS_DURATION,
          .fallback = "1h", .min = 1, .max = TIME_MAX_S, .help = "the longest a pipeline runs"),
    FIELD(struct local_settings, output_mib, .key = "output_mib", .fallback = "16", .min = 1,
          .max = OUTPUT_MAX_MIB, .help = "the most a pipeline may write, in MiB"),
    FIELD(struct local_settings, memory_mib, .key = "memory_mib", .max = MEMORY_MAX_MIB,
          .help = "the most memory its processes may hold together, in MiB; no limit unless "
                  "given"),
};
const struct fields local_fields = FIELDS(struct local_settings, settings);

const struct local_settings *local_settings(struct call *call)
{
    const struct local_settings *configured = call_config(call);
    struct local_settings *own;

    if (configured != NULL)
        return configured;
    own = ARENA_NEW(call_arena(call), struct local_settings);
    fields_defaults(&local_fields, call_arena(call), own);
    own->directory = call_directory(call);
    return own;
}

static int check_directory(const char *directory, struct error *err)
{
    struct stat status;

    if (stat(directory, &status) < 0)
        return error_system(err, errno, "directory \"%s\"", directory);
    if (!S_ISDIR(status.st_mode))
        return error_set(err, ERROR_INVALID, "\"%s\" is no directory", directory);
    if (access(directory, X_OK) < 0)
        return error_system(err, errno, "directory \"%s\"", directory);
    return 0;
}

static int check(struct call *call, const char **note, struct error *err)
{
    const struct local_settings *settings_now = local_settings(call);
    const char *git;
    struct error no_git = { 0 };

    if (check_directory(settings_now->directory, err) < 0 ||
        launch_check_environment(settings_now->environment, err) < 0)
        return -1;
    if (git_version(call_arena(call), &git, &no_git) < 0)
        git = "no git: versions cannot be looked up";
    *note = arena_printf(call_arena(call), "%s; %s", settings_now->directory, git);
    return 0;
}

const struct connector local_connector = {
    .name = "local",
    .help = "Runs executables of this machine",
    .config = { .list = settings,
                .count = COUNT_OF(settings),
                .size_bytes = sizeof(struct local_settings) },
    .deployer = &local_deployer,
    .runner = &local_runner,
    .check = check,
    .watch = local_watch,
};
