/* Looks at the connections in the background, one after the other, and remembers what was found. */
#include "core/connection_health.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/call_internal.h"
#include "core/core_internal.h"

enum {
    LOOK_EVERY_MS = 60 * 1000,
    CONNECTIONS_MAX = 200,
};

struct finding {
    char *name;
    bool is_well;
    char *note;
    long long at_ms;
};

/* Has its own lock: callers come from any thread. */
struct connection_health {
    struct core *core;
    pthread_mutex_t lock;
    pthread_t thread;
    bool has_thread;
    bool is_looking;
    long long looked_ms;
    struct finding findings[CONNECTIONS_MAX];
    size_t count;
};

struct connection_health *connection_health_new(struct core *core)
{
    struct connection_health *health = memory_new(sizeof(*health));

    health->core = core;
    pthread_mutex_init(&health->lock, NULL);
    return health;
}

static void remember(struct connection_health *health, const char *name, bool is_well,
                     const char *note)
{
    struct finding *finding = NULL;

    pthread_mutex_lock(&health->lock);
    for (size_t i = 0; i < health->count; i++)
        if (strcmp(health->findings[i].name, name) == 0)
            finding = &health->findings[i];
    if (finding == NULL && health->count < CONNECTIONS_MAX) {
        finding = &health->findings[health->count++];
        finding->name = memory_copy(name);
    }
    if (finding != NULL) {
        free(finding->note);
        finding->note = memory_copy(note != NULL ? note : "");
        finding->is_well = is_well;
        finding->at_ms = clock_now_ms();
    }
    pthread_mutex_unlock(&health->lock);
}

static void look_at(struct connection_health *health, const struct config *config,
                    const struct connection *connection)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct call *call = call_new(health->core, config, connection, arena);
    const char *note = NULL;
    struct error err = { 0 };
    bool is_well = connection->connector->check(call, &note, &err) == 0;

    remember(health, connection->name, is_well,
             core_redact(health->core, arena, is_well ? note : err.text));
}

static void *look(void *argument)
{
    struct connection_health *health = argument;
    AUTO(config) const struct config *config = core_config(health->core);

    for (size_t i = 0; i < config->connection_count && !core_is_closing(health->core); i++)
        if (config->connections[i].connector->check != NULL)
            look_at(health, config, &config->connections[i]);
    pthread_mutex_lock(&health->lock);
    health->is_looking = false;
    pthread_mutex_unlock(&health->lock);
    return NULL;
}

/* At most one look at a time; the thread before it has ended and is joined here. */
static void start_look_locked(struct connection_health *health)
{
    long long now_ms = clock_steady_ms();

    if (health->is_looking || core_is_closing(health->core) ||
        (health->looked_ms != 0 && now_ms - health->looked_ms < LOOK_EVERY_MS))
        return;
    if (health->has_thread)
        pthread_join(health->thread, NULL);
    health->looked_ms = now_ms;
    health->is_looking = pthread_create(&health->thread, NULL, look, health) == 0;
    health->has_thread = health->is_looking;
}

void connection_health_free(struct connection_health *health)
{
    if (health == NULL)
        return;
    if (health->has_thread)
        pthread_join(health->thread, NULL);
    for (size_t i = 0; i < health->count; i++) {
        free(health->findings[i].name);
        free(health->findings[i].note);
    }
    pthread_mutex_destroy(&health->lock);
    free(health);
}

static const struct json *row_locked(const struct connection_health *health,
                                     struct arena *arena, const struct connection *connection)
{
    const struct finding *finding = NULL;
    const char *state = "unknown";

    for (size_t i = 0; i < health->count; i++)
        if (strcmp(health->findings[i].name, connection->name) == 0)
            finding = &health->findings[i];
    if (finding != NULL)
        state = finding->is_well ? "ok" : "failing";
    return OBJECT(
        arena, { "name", V(arena_copy(arena, connection->name)) },
        { "type", V(connection->connector->name) }, { "state", V(state) },
        { "note", V(finding != NULL ? arena_copy(arena, finding->note) : (char *)NULL) },
        { "checked_at", clock_json(arena, finding != NULL ? finding->at_ms : 0) });
}

const struct json *connection_health_rows(struct core *core, struct arena *arena)
{
    struct connection_health *health = core->connection_health;
    AUTO(config) const struct config *config = core_config(core);
    struct json_builder *rows = json_builder_new(arena, JSON_ARRAY);

    pthread_mutex_lock(&health->lock);
    start_look_locked(health);
    for (size_t i = 0; i < config->connection_count; i++)
        json_builder_add(rows, NULL, V(row_locked(health, arena, &config->connections[i])));
    pthread_mutex_unlock(&health->lock);
    return json_builder_done(rows);
}
