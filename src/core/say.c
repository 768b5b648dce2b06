/* What a command says: its answer, and what goes on meanwhile. */
#include <string.h>

#include "core/call_internal.h"

enum {
    SAY_LIMIT_BYTES = 64 * 1024
};

int say(struct call *call, enum tone tone, const char *format, ...)
{
    struct message message = { .tone = tone };
    va_list values;

    va_start(values, format);
    message.text =
        utf8_cut(call->arena, arena_vprintf(call->arena, format, values), SAY_LIMIT_BYTES);
    va_end(values);
    return say_message(call, &message);
}

int say_message(struct call *call, const struct message *message)
{
    call->result = *message;
    call->has_result = true;
    return 0;
}

static const struct json *as_list(struct arena *arena, const char *const *names, size_t count)
{
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < count; i++)
        json_builder_add(list, NULL, V(names[i]));
    return json_builder_done(list);
}

static const struct json *limited(struct arena *arena, const struct json *rows)
{
    if (json_count(rows) <= CALL_ROWS_MAX)
        return rows;
    return json_new_array(arena, rows->as.array.items, CALL_ROWS_MAX);
}

int say_rows(struct call *call, const char *title, const char *const *columns, size_t count,
             const struct json *rows)
{
    if (title != NULL)
        call->result.title = title;
    call->has_result = true;
    call->rows = OBJECT(call->arena, { "columns", V(as_list(call->arena, columns, count)) },
                        { "rows", V(limited(call->arena, rows)) });
    return 0;
}

/* In the call's arena and without secrets, so that the writing thread only has to read it. */
static const char *shown(struct call *call, const char *text)
{
    return call_redact(call, arena_copy(call->arena, text));
}

void show_progress(struct call *call, const char *format, ...)
{
    const char *line;
    va_list values;

    va_start(values, format);
    line = call_redact(call, arena_vprintf(call->arena, format, values));
    va_end(values);
    pthread_mutex_lock(&call->lock);
    call->progress.line = line;
    call->progress_changed = true;
    pthread_mutex_unlock(&call->lock);
}

void show_step(struct call *call, const char *name, const char *state)
{
    const char *own_name = shown(call, name);
    const char *own_state = arena_copy(call->arena, state);

    pthread_mutex_lock(&call->lock);
    progress_step(&call->progress, own_name, own_state, clock_now_ms());
    call->progress_changed = true;
    pthread_mutex_unlock(&call->lock);
}

void show_link(struct call *call, const char *text, const char *url)
{
    const char *own_text = shown(call, text);
    const char *own_url = shown(call, url);

    pthread_mutex_lock(&call->lock);
    progress_link(&call->progress, own_text, own_url);
    call->progress_changed = true;
    pthread_mutex_unlock(&call->lock);
}

void show_output(struct call *call, const char *key, const char *value)
{
    const char *own_key = shown(call, key);
    const char *own_value = shown(call, value);

    pthread_mutex_lock(&call->lock);
    progress_output(&call->progress, own_key, own_value);
    call->progress_changed = true;
    pthread_mutex_unlock(&call->lock);
}

void call_log(struct call *call, const char *bytes, size_t length)
{
    size_t held;

    pthread_mutex_lock(&call->lock);
    log_stream_add(&call->log, bytes, length);
    held = call->log.length + call->ready.length;
    pthread_mutex_unlock(&call->lock);
    if (held > CALL_LOG_HELD_MAX)
        call_flush(call);
}
