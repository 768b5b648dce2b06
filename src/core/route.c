/* What a route holds back: by its mute, its quiet hours and "only". */
#include "core/route.h"

#include "base/text.h"
#include "core/mute.h"

const struct routes *config_routes(const struct config *config)
{
    return config->route_table;
}

bool route_is_muted(const struct route *route, const struct event *event, long long now_ms)
{
    struct event_matching matching = { event };

    return route->mute != NULL &&
           (route->mute_until_ms == 0 || now_ms < route->mute_until_ms) &&
           matchers_match(route->mute, event_matching_value, &matching);
}

bool route_is_quiet(const struct route *route, const struct event *event, long long now_ms)
{
    if (event != NULL && text_is_nocase(event_value(event, "severity"), "critical"))
        return false;
    for (size_t i = 0; i < route->quiet_count; i++)
        if (hours_include(&route->quiet[i], now_ms))
            return true;
    return false;
}

static bool is_on_its_way(const char *status)
{
    return text_is(status, "queued") || text_is(status, "running");
}

bool route_says(const struct route *route, const struct event *event, const struct turn *turn)
{
    switch (route->only) {
    case ROUTE_ALL:
        return true;
    case ROUTE_FAILURES:
        return event_status_is_bad(event->status) ||
               (event_status_ends(event->status) && event_status_is_bad(turn->settled));
    case ROUTE_CHANGES:
        return !is_on_its_way(event->status) && !text_is(event->status, turn->settled);
    }
    return true;
}
