/* An event tried on the routes: which it takes, and the message it would make. */
#include "core/route_trial.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/event_internal.h"

static const char *channels_print(struct arena *arena, const struct route *route)
{
    struct text out = text_new(arena, 4096);

    for (size_t i = 0; i < route->to.count; i++)
        text_addf(&out, "%s%s", i > 0 ? ", " : "", route->to.items[i]);
    return text_string(&out);
}

static const char *remark_of(struct arena *arena, const struct route *route,
                             const struct event *event, const struct turn *turn)
{
    if (!route_says(route, event, turn))
        return "not said: \"only\" leaves it out";
    if (route_is_muted(route, event, turn->now_ms))
        return "not said: the route's mute covers it";
    if (route_is_quiet(route, event, turn->now_ms))
        return "kept until the quiet hours are over";
    if (route->group_s > 0)
        return arena_printf(arena, "collected for %s with others",
                            duration_print(arena, route->group_s * 1000));
    return NULL;
}

int route_try(const struct config *config, struct arena *arena, const char *json,
              struct route_trials *trials, struct error *err)
{
    struct cleaning cleaning = { .arena = arena, .now_ms = clock_now_ms() };
    const struct json *parsed = json_parse(arena, json, strlen(json), err);
    struct planned planned = { .route_count = 0 };
    struct subject unknown = { .status = NULL };
    struct event event;

    if (parsed == NULL || event_from_json(arena, parsed, &event, err) < 0 ||
        event_clean(&cleaning, &event, &planned.event, err) < 0)
        return -1;
    event_route(config, &planned);
    trials->count = planned.route_count;
    for (size_t i = 0; i < planned.route_count; i++) {
        const struct route *route = planned.routes[i];
        struct turn turn = subject_turn(&unknown, &planned.event, cleaning.now_ms);
        struct message message = route_message(arena, config, route, &planned.event, &turn);

        trials->list[i] =
            (struct route_trial){ .route = route->name,
                                  .channels = channels_print(arena, route),
                                  .remark = remark_of(arena, route, &planned.event, &turn),
                                  .text = message_plain(arena, &message) };
    }
    return 0;
}
