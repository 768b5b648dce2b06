/* Events on their way in: cleaned and routed on any thread, written in one transaction, counted once that is durable. */
#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/text.h"
#include "core/event_internal.h"

static void release_config(void *config)
{
    config_release(config);
}

/* Until the arena is freed. */
static const struct config *hold_config(struct core *core, struct arena *arena)
{
    union {
        const struct config *held;
        void *released;
    } snapshot = { .held = core_config(core) };

    arena_defer(arena, release_config, snapshot.released);
    return snapshot.held;
}

/* An order: there, whatever the routes say. */
static const struct route direct_route = { .name = "direct" };

void event_route(const struct config *config, struct planned *planned)
{
    const struct routes *routes = config_routes(config);
    size_t taken[ROUTES_TAKEN_MAX];

    if (planned->event.is_direct) {
        planned->routes[0] = &direct_route;
        planned->route_count = 1;
        return;
    }
    planned->route_count = routes_match(routes, &planned->event, taken, ROUTES_TAKEN_MAX);
    for (size_t i = 0; i < planned->route_count; i++)
        planned->routes[i] = routes_at(routes, taken[i]);
}

struct event_plan *event_prepare(struct core *core, const struct event_batch *batch,
                                 struct arena *arena, struct error *err)
{
    struct event_plan *plan = ARENA_NEW(arena, struct event_plan);
    struct cleaning cleaning = { .arena = arena, .core = core, .now_ms = clock_now_ms() };

    if (batch->count > EVENT_BATCH_MAX) {
        error_set(err, ERROR_INVALID, "more than %d events at once", EVENT_BATCH_MAX);
        return NULL;
    }
    *plan = (struct event_plan){ .core = core,
                                 .config = hold_config(core, arena),
                                 .events = ARENA_ARRAY(arena, struct planned, batch->count),
                                 .count = batch->count };
    for (size_t i = 0; i < batch->count; i++) {
        struct planned *planned = &plan->events[i];

        if (event_clean(&cleaning, &batch->events[i], &planned->event, err) < 0)
            return NULL;
        event_route(plan->config, planned);
        if (planned->event.labels != NULL)
            planned->labels = json_print(arena, planned->event.labels);
    }
    return plan;
}

static void count_event(const struct planned *planned)
{
    const char *outcome = planned->is_new ? planned->outcome : "repeated";

    metric_add(metric_get(METRIC_COUNTER, "opsroom_events_total",
                          "Events taken, by source and what became of them", "source,outcome"),
               (const char *const[]){ planned->event.source, outcome }, 1);
    for (size_t i = 0; planned->is_new && i < planned->route_count; i++)
        metric_add(metric_get(METRIC_COUNTER, "opsroom_route_matches_total",
                              "Events that took a route", "route"),
                   (const char *const[]){ planned->routes[i]->name }, 1);
}

void event_count(const struct event_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        count_event(&plan->events[i]);
}

static void take_results(struct event_batch *batch, const struct event_plan *plan)
{
    batch->taken = plan->taken;
    batch->first_id = plan->first_id;
    batch->outcome = plan->outcome;
    event_count(plan);
}

static int record_write(struct db *db, void *argument, struct error *err)
{
    return event_write(db, argument, err);
}

int event_record(struct core *core, struct event_batch *batch, struct arena *arena,
                 struct error *err)
{
    struct event_plan *plan = event_prepare(core, batch, arena, err);

    if (plan == NULL || store_write(core_store(core), record_write, plan, err) < 0)
        return -1;
    take_results(batch, plan);
    return 0;
}

/* One that is not waited for. */
struct recording {
    struct store_write write;
    struct event_plan *plan;
    struct event_batch *batch;
    event_recorded *done;
    void *context;
};

static int recording_write(struct db *db, void *argument, struct error *err)
{
    struct recording *recording = argument;

    return event_write(db, recording->plan, err);
}

static void recording_done(struct store_write *write, const struct error *err)
{
    struct recording *recording = write->argument;

    if (err == NULL)
        take_results(recording->batch, recording->plan);
    recording->done(recording->context, recording->batch, err);
}

int event_record_later(struct core *core, struct event_batch *batch, struct arena *arena,
                       event_recorded *done, void *context, struct error *err)
{
    struct recording *recording = ARENA_NEW(arena, struct recording);

    recording->plan = event_prepare(core, batch, arena, err);
    if (recording->plan == NULL)
        return -1;
    recording->batch = batch;
    recording->done = done;
    recording->context = context;
    recording->write = (struct store_write){ .run = recording_write,
                                             .argument = recording,
                                             .done = recording_done,
                                             .name = "event_write" };
    store_write_later(core_store(core), &recording->write);
    return 0;
}
