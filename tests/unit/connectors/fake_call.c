/* core/call.h without an engine: what a connector says and asks for is kept in struct call. */
#include <stdarg.h>
#include <stdio.h>

#include "local_fixture.h"

struct arena *call_arena(struct call *call)
{
    return call->arena;
}

void *call_state(struct call *call)
{
    return call->state;
}

const void *call_config(const struct call *call)
{
    return call->config;
}

const char *call_connection(const struct call *call)
{
    return call->connection;
}

const char *call_directory(const struct call *call)
{
    return call->directory;
}

const char *call_data_directory(const struct call *call)
{
    return call->data;
}

long long call_job(const struct call *call)
{
    (void)call;
    return 412;
}

const char *call_person(const struct call *call)
{
    (void)call;
    return "ana";
}

const char *call_token(const struct call *call)
{
    return call->token;
}

const char *const *call_run_arguments(const struct call *call, struct error *err)
{
    if (call->arguments == NULL)
        error_set(err, ERROR_INVALID, "the arguments of this command cannot be filled in");
    return call->arguments;
}

bool call_is_closing(const struct call *call)
{
    bool closing;

    pthread_mutex_lock(&call->bell->lock);
    closing = call->bell->closing;
    pthread_mutex_unlock(&call->bell->lock);
    return closing;
}

void call_log(struct call *call, const char *bytes, size_t length)
{
    text_add_n(&call->log, bytes, length);
}

void call_note(struct call *call, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    call->note = arena_vprintf(call->arena, format, values);
    va_end(values);
}

void show_progress(struct call *call, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    text_addf(&call->shown, "progress %s\n", arena_vprintf(call->arena, format, values));
    va_end(values);
}

void show_step(struct call *call, const char *name, const char *state)
{
    text_addf(&call->shown, "step %s %s\n", name, state);
}

void show_link(struct call *call, const char *text, const char *url)
{
    text_addf(&call->shown, "link %s %s\n", text, url);
}

void show_output(struct call *call, const char *key, const char *value)
{
    text_addf(&call->shown, "output %s=%s\n", key, value);
}

int say(struct call *call, enum tone tone, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    call->answer =
        (struct message){ .tone = tone, .text = arena_vprintf(call->arena, format, values) };
    va_end(values);
    return 0;
}

int say_message(struct call *call, const struct message *message)
{
    call->answer = *message;
    return 0;
}

enum step call_again_in(struct call *call, long long ms)
{
    call->wait_ms = ms;
    call->wake_key = NULL;
    return STEP_AGAIN;
}

enum step call_wake_on(struct call *call, const char *key, long long limit_ms)
{
    call->wait_ms = limit_ms;
    call->wake_key = key;
    return STEP_AGAIN;
}

void call_wake(struct call *call, const char *key)
{
    struct bell *bell = call->bell;

    pthread_mutex_lock(&bell->lock);
    snprintf(bell->key, sizeof(bell->key), "%s", key);
    bell->rings++;
    pthread_cond_broadcast(&bell->rung);
    pthread_mutex_unlock(&bell->lock);
}
