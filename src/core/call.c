/* A call: what a command's author sees of the job, the configuration and the person who asked. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "base/template.h"
#include "core/call_internal.h"
#include "core/job.h"
#include "core/parse.h"
#include "core/parse_value.h"

static void call_close(void *object)
{
    struct call *call = object;

    log_stream_clear(&call->log);
    log_stream_clear(&call->ready);
    pthread_cond_destroy(&call->changed);
    pthread_mutex_destroy(&call->lock);
}

struct call *call_new(struct core *core, const struct config *config,
                      const struct connection *connection, struct arena *arena)
{
    struct call *call = ARENA_NEW(arena, struct call);
    pthread_condattr_t attributes;

    call->core = core;
    call->arena = arena;
    call->config = config;
    call->connection = connection;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&call->lock, NULL);
    pthread_cond_init(&call->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    arena_defer(arena, call_close, call);
    return call;
}

struct call *call_new_job(struct core *core, const struct config *config,
                          const struct catalog_entry *entry, const struct job_row *row,
                          struct arena *arena)
{
    struct call *call = call_new(core, config, entry->connection, arena);
    const struct fields *state = &entry->command->state;
    struct error ignored = { 0 };

    call->entry = entry;
    call->row = *row;
    call->place = job_place(row);
    call->deadline_ms = row->deadline_at;
    progress_from_json(row->progress, &call->progress);
    /* What an earlier step said stays the answer until a later one says something. */
    call->has_result = row->result != NULL;
    call->result = message_from_json(arena, row->result);
    call->rows = row->rows_json;
    call->state = arena_alloc(arena, state->size_bytes + 1);
    fields_defaults(state, arena, call->state);
    /* Written by us from the same table; a member that a newer version needs keeps its fallback. */
    if (row->state_json != NULL &&
        fields_from_json(state, row->state_json, arena, call->state, &ignored) < 0)
        log_warn(row->id, "the job's saved state: %s", ignored.text);
    return call;
}

static int read_argument(struct call *call, const struct argument_context *context,
                         const struct field *field, struct error *err)
{
    const struct json *stored = json_member(call->row.args, field->key);
    const char *text = json_is(stored, JSON_STRING) ? stored->as.string : NULL;

    if (field->meaning == AS_PAIRS) {
        *(const struct json **)(void *)((char *)call->args + field->offset) =
            stored != NULL ? stored
                           : json_builder_done(json_builder_new(call->arena, JSON_OBJECT));
        return 0;
    }
    if (text == NULL && field->need)
        return error_set(err, ERROR_INVALID, "%s is missing", field->key);
    if (text == NULL)
        return 0;
    return parse_value(call->arena, context, &call->entry->command->args, field, call->args,
                       &text, err);
}

int call_read_arguments(struct call *call, struct error *err)
{
    const struct fields *fields = &call->entry->command->args;
    struct argument_context context = { .config = call->config, .place = &call->place };

    call->args = arena_alloc(call->arena, fields->size_bytes + 1);
    for (size_t i = 0; i < fields->count; i++)
        if (read_argument(call, &context, &fields->list[i], err) < 0)
            return -1;
    return 0;
}

struct core *call_core(const struct call *call)
{
    return call->core;
}

const struct config *call_snapshot(const struct call *call)
{
    return call->config;
}

const struct catalog *call_catalog(const struct call *call)
{
    return core_catalog(call->core, call->config);
}

const struct person *call_requester(const struct call *call)
{
    return call->row.person == NULL ? NULL : config_person(call->config, call->row.person);
}

const char *call_account(const struct call *call)
{
    return call->row.account;
}

const struct catalog_entry *call_entry(const struct call *call)
{
    return call->entry;
}

const struct json *call_arguments(const struct call *call)
{
    return call->row.args;
}

struct arena *call_arena(struct call *call)
{
    return call->arena;
}

const void *call_args(const struct call *call)
{
    return call->args;
}

void *call_state(struct call *call)
{
    return call->is_lent ? call->lent_state : call->state;
}

const void *call_config(const struct call *call)
{
    const struct connection *connection = call_connection_now(call);

    return connection == NULL ? NULL : connection->settings;
}

const char *call_connection(const struct call *call)
{
    const struct connection *connection = call_connection_now(call);

    return connection == NULL ? NULL : connection->name;
}

const char *call_directory(const struct call *call)
{
    if (call->entry != NULL && call->entry->custom != NULL)
        return call->entry->custom->directory;
    return call->config->directory;
}

const char *call_data_directory(const struct call *call)
{
    const char *path = strchr(call->config->store_url, '/');
    const char *slash = path == NULL ? NULL : strrchr(path, '/');

    if (slash == NULL)
        return call->config->directory;
    return slash == path ? "/" : arena_copy_n(call->arena, path, (size_t)(slash - path));
}

long long call_job(const struct call *call)
{
    return call->row.id;
}

const char *call_person(const struct call *call)
{
    return call->row.person;
}

const struct place *call_place(const struct call *call)
{
    return &call->place;
}

const char *call_line(const struct call *call)
{
    return call->row.line;
}

bool call_is_cancelled(const struct call *call)
{
    return atomic_load(&call->is_cut) || call_is_closing(call);
}

bool call_is_closing(const struct call *call)
{
    if (call->closing != NULL)
        return atomic_load(call->closing);
    return call->row.id == 0 && core_is_closing(call->core);
}

/* All of it is in the row before the step runs, and the same after a restart. */
const char *call_token(const struct call *call)
{
    char digest[SHA256_HEX];
    const char *text = arena_printf(
        call->arena, "%lld %lld %s %s %lld", call->row.id, call->row.created_at, call->row.line,
        call->row.step == NULL ? "" : call->row.step, call->row.step_position);

    sha256_hex(text, strlen(text), digest);
    return arena_printf(call->arena, "opsroom-%lld-%.16s", call->row.id, digest);
}

/* A value is never an option of the executable: only what the configuration writes is. */
static int check_option(const char *item, const char *filled, struct error *err)
{
    if (filled[0] != '-' || item[0] == '-')
        return 0;
    return error_set(err, ERROR_INVALID,
                     "\"%.60s\" in \"run\" becomes \"%.60s\", which would be read as an option",
                     item, filled);
}

const char *const *call_run_arguments(const struct call *call, struct error *err)
{
    const struct custom_command *custom = call->entry == NULL ? NULL : call->entry->custom;
    const char **list;

    if (custom == NULL || custom->run.count == 0) {
        error_set(err, ERROR_INVALID, "this command runs no executable");
        return NULL;
    }
    list = ARENA_ARRAY(call->arena, const char *, custom->run.count + 1);
    for (size_t i = 0; i < custom->run.count; i++) {
        list[i] = template_once(call->arena, custom->run.items[i], call->row.args, NULL, err);
        if (list[i] == NULL || check_option(custom->run.items[i], list[i], err) < 0)
            return NULL;
    }
    return list;
}

void call_pin(struct call *call, const char *name, const char *value)
{
    size_t i = 0;

    while (i < call->pin_count && !text_is(call->pins[i].name, name))
        i++;
    ASSERT(i < CALL_PINS_MAX);
    if (i == call->pin_count)
        call->pin_count++;
    call->pins[i] =
        (struct progress_pair){ arena_copy(call->arena, name), arena_copy(call->arena, value) };
}

const char *call_pinned(const struct call *call, const char *name)
{
    for (size_t i = 0; i < call->pin_count; i++)
        if (text_is(call->pins[i].name, name))
            return call->pins[i].value;
    return json_string(json_member(call->row.pins, name), "", NULL);
}

const struct json *call_pins(const struct call *call)
{
    struct json_builder *pins = json_builder_new(call->arena, JSON_OBJECT);

    for (size_t i = 0; i < call->pin_count; i++)
        json_builder_add(pins, call->pins[i].name, V(call->pins[i].value));
    return json_builder_done(pins);
}

void call_lend(struct call *call, const struct connection *connection, void *state)
{
    call->is_lent = connection != NULL;
    call->lent_connection = connection;
    call->lent_state = state;
}

const struct connection *call_connection_now(const struct call *call)
{
    return call->is_lent ? call->lent_connection : call->connection;
}

enum step call_again_in(struct call *call, long long ms)
{
    call->again_ms = ms;
    call->wake_key = NULL;
    return STEP_AGAIN;
}

enum step call_wake_on(struct call *call, const char *key, long long limit_ms)
{
    call->again_ms = limit_ms;
    call->wake_key = arena_copy(call->arena, key);
    return STEP_AGAIN;
}

enum happened call_ask_again_in(struct call *call, long long ms)
{
    call->again_ms = ms;
    return HAPPENED_ASK_AGAIN;
}

void call_wake(struct call *call, const char *key)
{
    job_wake(call->core, key);
}

void call_note(struct call *call, const char *format, ...)
{
    va_list values;

    if (call->note_count == CALL_NOTES_MAX) {
        call->notes_left_out++;
        return;
    }
    va_start(values, format);
    call->notes[call->note_count++] =
        call_redact(call, arena_vprintf(call->arena, format, values));
    va_end(values);
}

const char *call_redact(struct call *call, const char *text)
{
    return text == NULL ? NULL : core_redact(call->core, call->arena, text);
}

void call_cut(struct call *call)
{
    pthread_mutex_lock(&call->lock);
    atomic_store(&call->is_cut, true);
    pthread_cond_broadcast(&call->changed);
    pthread_mutex_unlock(&call->lock);
}

void call_pause(struct call *call, long long ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&call->lock);
    while (!atomic_load(&call->is_cut) &&
           pthread_cond_timedwait(&call->changed, &call->lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&call->lock);
}
