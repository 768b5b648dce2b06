/* Health checks after a deployment. */
#include "core/health.h"

#include "base/process.h"
#include "base/text.h"
#include "net/http_client.h"

enum {
    LOOK_LIMIT_S = 10,
    OUTPUT_LIMIT = 4096,
};

bool health_is_configured(const struct environment *environment)
{
    return environment->health != NULL || environment->health_run.count > 0;
}

static int check_address(struct arena *arena, const char *address, struct error *err)
{
    struct http_call call = { .url = address,
                              .limit_s = LOOK_LIMIT_S,
                              .reply_limit = 64 * 1024 };
    struct http_reply reply;

    if (http_send(&call, arena, &reply, err) < 0)
        return -1;
    if (reply.status / 100 != 2)
        return error_set(err, ERROR_CONFLICT, "%s answers %d", address, reply.status);
    return 0;
}

static int check_command(struct arena *arena, const char *directory, const struct strings *run,
                         struct error *err)
{
    const char **arguments = ARENA_ARRAY(arena, const char *, run->count + 1);
    struct process_plan plan = { .arguments = arguments,
                                 .directory = directory,
                                 .limit_s = LOOK_LIMIT_S,
                                 .output_limit = OUTPUT_LIMIT };
    struct process_result result;

    for (size_t i = 0; i < run->count; i++)
        arguments[i] = run->items[i];
    if (process_run(&plan, arena, &result, err) < 0)
        return -1;
    if (result.status != 0)
        return error_set(err, ERROR_CONFLICT, "%s ends with %d: %.200s", run->items[0],
                         result.status,
                         text_is_empty(result.errors) ? result.output : result.errors);
    return 0;
}

int health_check(struct arena *arena, const char *directory,
                 const struct environment *environment, struct error *err)
{
    if (environment->health != NULL)
        return check_address(arena, environment->health, err);
    return check_command(arena, directory, &environment->health_run, err);
}
