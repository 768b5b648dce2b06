/* The engine: snapshots of the configuration, redaction over the last of them, what starts and stops in which order. */
#include "core/core.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "core/audit.h"
#include "core/config_internal.h"
#include "core/connection_health.h"
#include "core/core_internal.h"
#include "core/limit.h"
#include "core/mute.h"
#include "core/timer.h"
#include "core/watch.h"

enum {
    CORE_THREADS = 4 /* for core's own commands: slow clouds never make help or approve wait */
};

/* On the writer thread, after each commit. */
static void committed(void *context)
{
    struct core *core = context;

    if (!atomic_load(&core->wakes))
        return;
    runner_wake(core->runner);
    outbox_wake(core->outbox);
    feed_wake(core->feed);
}

/* In the snapshot's memory, before anybody else sees it. */
static void catalog_make(const struct config *config)
{
    config->own->catalog = catalog_new(config->own->arena, config);
}

struct core *core_new(const struct config *config, const struct registry *registry,
                      struct error *err)
{
    struct core *core = memory_new(sizeof(*core));

    core->registry = registry;
    core->snapshots[0] = config;
    pthread_mutex_init(&core->lock, NULL);
    core->store = store_open(config->store_url, err);
    if (core->store == NULL) {
        core_free(core);
        return NULL;
    }
    core->connection_health = connection_health_new(core);
    core->limit = limit_new();
    catalog_make(config);
    store_on_commit(core->store, committed, core);
    return core;
}

static int start_parts(struct core *core, const struct config *config, struct error *err)
{
    if (runner_recover(core, err) < 0)
        return -1;
    core->feed = feed_start(core, err);
    if (core->feed == NULL)
        return -1;
    core->outbox = outbox_start(core, err);
    if (core->outbox == NULL)
        return -1;
    core->runner = runner_start(core, (unsigned)config->server.workers, CORE_THREADS, err);
    if (core->runner == NULL)
        return -1;
    atomic_store(&core->wakes, true);
    core->timer = timer_start(core, err);
    if (core->timer == NULL)
        return -1;
    core->watches = watches_start(core, err);
    return core->watches == NULL ? -1 : 0;
}

int core_start(struct core *core, struct error *err)
{
    AUTO(config) const struct config *config = core_config(core);

    if (start_parts(core, config, err) == 0)
        return 0;
    core_stop(core, 0);
    return -1;
}

static int checkpoint_write(struct db *db, void *argument, struct error *err)
{
    (void)argument;
    return audit_checkpoint(db, err);
}

/* Also the barrier: when it has been written, no commit before it is still being told to the parts. */
static void last_write(struct core *core)
{
    struct error err = { 0 };

    atomic_store(&core->wakes, false);
    if (store_write(core->store, checkpoint_write, NULL, &err) < 0)
        log_error(0, "the last checkpoint of the audit was not written: %s", err.text);
}

void core_stop(struct core *core, int limit_s)
{
    atomic_store(&core->closing, true);
    watches_stop(core->watches);
    core->watches = NULL;
    if (core->runner != NULL)
        runner_stop(core->runner, limit_s);
    timer_stop(core->timer);
    core->timer = NULL;
    last_write(core);
    if (core->outbox != NULL)
        outbox_stop(core->outbox);
    core->outbox = NULL;
    if (core->feed != NULL)
        feed_stop(core->feed);
}

void core_free(struct core *core)
{
    if (core == NULL)
        return;
    runner_free(core->runner);
    connection_health_free(core->connection_health);
    limit_free(core->limit);
    store_close(core->store);
    mutes_free(core->mutes);
    feed_free(core->feed);
    for (size_t i = 0; i < SNAPSHOTS_KEPT; i++)
        config_release(core->snapshots[i]);
    pthread_mutex_destroy(&core->lock);
    free(core);
}

bool core_is_closing(const struct core *core)
{
    return atomic_load(&core->closing);
}

struct store *core_store(struct core *core)
{
    return core->store;
}

const struct registry *core_registry(const struct core *core)
{
    return core->registry;
}

const struct config *core_config(struct core *core)
{
    const struct config *config;

    pthread_mutex_lock(&core->lock);
    config = config_hold(core->snapshots[0]);
    pthread_mutex_unlock(&core->lock);
    return config;
}

const struct catalog *core_catalog(struct core *core, const struct config *config)
{
    (void)core;
    return config->own->catalog;
}

static bool strings_are(const struct strings *a, const struct strings *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (!text_is(a->items[i], b->items[i]))
            return false;
    return a->count == b->count;
}

/* What the running parts were made from once. */
static const char *fixed_settings(struct arena *arena, const struct config *before,
                                  const struct config *after)
{
    const struct server_config *old = &before->server;
    const struct server_config *new = &after->server;
    const struct {
        const char *name;
        bool same;
    } settings[] = {
        { "store", text_is(before->store_url, after->store_url) },
        { "server.listen", strings_are(&old->listen, &new->listen) },
        { "server.socket", text_is(old->socket, new->socket) },
        { "server.tls",
          text_is(old->tls_cert, new->tls_cert) && text_is(old->tls_key, new->tls_key) },
        { "server.trusted_proxies", strings_are(&old->trusted_proxies, &new->trusted_proxies) },
        { "server.workers", old->workers == new->workers },
        { "server.limits",
          old->body_limit == new->body_limit && old->hook_limit == new->hook_limit },
    };
    struct text names = text_new(arena, 500);

    for (size_t i = 0; i < COUNT_OF(settings); i++)
        if (!settings[i].same)
            text_addf(&names, "%s%s", names.length > 0 ? ", " : "", settings[i].name);
    if (names.length == 0)
        return NULL;
    return arena_printf(arena, "%s: changed, but only a restart makes it so",
                        text_string(&names));
}

static int reloaded_write(struct db *db, void *argument, struct error *err)
{
    const struct config *config = argument;
    AUTO(arena) struct arena *arena = arena_new();
    struct audit_record record = {
        .kind = "reloaded",
        .door = "server",
        .result = "succeeded",
        .detail = OBJECT(arena, { "config", V((const char *)config->digest) },
                         { "version", V(config->version) }),
    };

    return audit_append(db, &record, err);
}

/* False: somebody else was quicker. */
static bool swap_snapshot(struct core *core, const struct config *before,
                          const struct config *after)
{
    const struct config *oldest = NULL;
    bool swapped;

    pthread_mutex_lock(&core->lock);
    swapped = core->snapshots[0] == before;
    if (swapped) {
        oldest = core->snapshots[SNAPSHOTS_KEPT - 1];
        memmove(&core->snapshots[1], &core->snapshots[0],
                sizeof(core->snapshots[0]) * (SNAPSHOTS_KEPT - 1));
        core->snapshots[0] = after;
    }
    pthread_mutex_unlock(&core->lock);
    config_release(oldest);
    return swapped;
}

static int take_over(struct core *core, const struct config *before, struct config *after,
                     struct error *err)
{
    catalog_make(after);
    after->version = before->version + 1;
    if (store_write(core->store, reloaded_write, after, err) < 0)
        return -1;
    if (!swap_snapshot(core, before, after))
        return error_set(err, ERROR_BUSY, "the configuration is being read again already");
    return 0;
}

int core_reload(struct core *core, struct arena *arena, struct faults *faults,
                const char **note, struct error *err)
{
    AUTO(config) const struct config *before = core_config(core);
    struct config *after =
        config_read(before->path, CONFIG_WHOLE, core->registry, arena, faults);

    if (after == NULL)
        return error_set(err, ERROR_INVALID, "%s has %zu fault%s", before->path, faults->errors,
                         faults->errors == 1 ? "" : "s");
    *note = fixed_settings(arena, before, after);
    if (take_over(core, before, after, err) < 0) {
        config_release(after);
        return -1;
    }
    if (atomic_load(&core->wakes))
        outbox_wake(core->outbox);
    return 0;
}

/* One reference on each of the last snapshots; how many there are. */
static size_t hold_snapshots(struct core *core, const struct config **held)
{
    size_t count = 0;

    pthread_mutex_lock(&core->lock);
    while (count < SNAPSHOTS_KEPT && core->snapshots[count] != NULL) {
        held[count] = config_hold(core->snapshots[count]);
        count++;
    }
    pthread_mutex_unlock(&core->lock);
    return count;
}

const char *core_redact(struct core *core, struct arena *arena, const char *text)
{
    const struct config *held[SNAPSHOTS_KEPT];
    size_t count;

    if (text_is_empty(text))
        return text;
    count = hold_snapshots(core, held);
    for (size_t i = 0; i < count; i++) {
        text = redact(held[i]->redactor, arena, text);
        config_release(held[i]);
    }
    return text;
}

size_t core_redact_longest(struct core *core)
{
    const struct config *held[SNAPSHOTS_KEPT];
    size_t count = hold_snapshots(core, held);
    size_t longest = 0;

    for (size_t i = 0; i < count; i++) {
        size_t length = redactor_longest(held[i]->redactor);

        longest = length > longest ? length : longest;
        config_release(held[i]);
    }
    return longest;
}

static struct json redact_value(struct core *core, struct arena *arena, const struct json *json)
{
    struct json_builder *copy;

    if (json->kind == JSON_STRING)
        return V(core_redact(core, arena, json->as.string));
    if (json->kind != JSON_ARRAY && json->kind != JSON_OBJECT)
        return *json;
    copy = json_builder_new(arena, json->kind);
    for (size_t i = 0; i < json_count(json); i++)
        json_builder_add(copy,
                         json->kind == JSON_ARRAY
                             ? NULL
                             : core_redact(core, arena, json->as.object.members[i].key),
                         redact_value(core, arena, json_at(json, i)));
    return *json_builder_done(copy);
}

const struct json *core_redact_json(struct core *core, struct arena *arena,
                                    const struct json *json)
{
    struct json *clean;

    if (json == NULL)
        return NULL;
    clean = ARENA_NEW(arena, struct json);
    *clean = redact_value(core, arena, json);
    return clean;
}
