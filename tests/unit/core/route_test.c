/* Routes: what is read of them, which an event takes, the message it makes, and what thousands of them cost. */
#include "core/route.h"

#include "base/clock.h"
#include "base/text.h"
#include "config_fixture.h"
#include "core/mute.h"

#define CHATS "chats: { web: { type: web } }\npeople: { ana: { name: Ana } }\nroutes:\n"

static struct event event_of(struct arena *arena, const char *json)
{
    struct event event = { 0 };
    struct error err = { 0 };

    if (event_from_json(arena, json_parse(arena, json, strlen(json), &err), &event, &err) < 0)
        printf("# %s\n", err.text);
    return event;
}

static const char *taken_by(struct arena *arena, const struct config *config,
                            const struct event *event)
{
    struct text out = text_new(arena, 1000);
    size_t taken[ROUTES_TAKEN_MAX];
    size_t count = routes_match(config_routes(config), event, taken, ROUTES_TAKEN_MAX);

    for (size_t i = 0; i < count; i++)
        text_addf(&out, "%s%zu", i > 0 ? " " : "", taken[i]);
    return text_string(&out);
}

static void test_match(struct arena *arena)
{
    static const struct {
        const char *event, *taken;
    } rows[] = {
        { "{\"source\":\"notify\",\"kind\":\"k\",\"title\":\"t\"}", "6" },
        { "{\"source\":\"notify\",\"kind\":\"build\",\"title\":\"t\",\"status\":\"failure\"}",
          "0" },
        { "{\"source\":\"notify\",\"kind\":\"build\",\"title\":\"t\",\"status\":\"failure\","
          "\"labels\":{\"branch\":\"main\"}}",
          "0" },
        { "{\"source\":\"opsroom\",\"kind\":\"build\",\"title\":\"t\",\"status\":\"failure\"}",
          "6" },
        { "{\"source\":\"opsroom\",\"kind\":\"k\",\"title\":\"t\",\"labels\":{\"branch\":\"main\"}}",
          "1 2 6" },
        { "{\"source\":\"opsroom\",\"kind\":\"k\",\"title\":\"t\",\"labels\":{\"branch\":\"release-2\"}}",
          "2 6" },
        { "{\"source\":\"opsroom\",\"kind\":\"k\",\"title\":\"t\",\"labels\":{\"branch\":\"xmain\"}}",
          "6" },
        { "{\"source\":\"opsroom\",\"kind\":\"k\",\"title\":\"t\",\"severity\":\"critical\"}",
          "3" },
        { "{\"source\":\"opsroom\",\"kind\":\"k\",\"title\":\"t\",\"labels\":{\"severity\":\"critical\"}}",
          "3" },
        { "{\"source\":\"opsroom\",\"kind\":\"k\",\"title\":\"t\",\"severity\":\"info\","
          "\"labels\":{\"severity\":\"critical\"}}",
          "6" },
        { "{\"source\":\"opsroom\",\"kind\":\"alone\",\"title\":\"t\",\"labels\":{\"team\":\"a\"}}",
          "6" },
        { "{\"source\":\"opsroom\",\"kind\":\"alone\",\"title\":\"t\"}", "4" },
        { "{\"source\":\"other\",\"kind\":\"k\",\"title\":\"two words\"}", "5" },
    };
    AUTO(config)
    const struct config *config = fixture_good(
        arena,
        CHATS "  - { from: notify, match: 'kind=build, status=\"failure\"', to: web#lobby }\n"
              "  - { from: opsroom, match: 'branch=\"main\"', to: web#lobby, continue: true }\n"
              "  - { match: 'branch=~\"main|release-.*\"', to: web#lobby, continue: true }\n"
              "  - { match: 'severity=\"critical\"', to: [\"web#lobby\", \"web#@ana\"] }\n"
              "  - { match: ['kind=alone', 'team=\"\"'], to: web#lobby }\n"
              "  - { match: 'title=\"two words\"', to: web#lobby }\n"
              "  - { to: web#lobby }\n");

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct event event = event_of(arena, rows[i].event);

        tap_case("%s", rows[i].event);
        CHECK_STR(taken_by(arena, config, &event), rows[i].taken);
    }
    CHECK(routes_know_source(config_routes(config), "anything"));
    CHECK_STR(routes_at(config_routes(config), 3)->name, "opsroom.yaml:7");
    CHECK_STR(routes_at(config_routes(config), 3)->places[1].channel, "@ana");
    CHECK(routes_find(config_routes(config), "opsroom.yaml:7") ==
          routes_at(config_routes(config), 3));
}

/* The index against a look at every route. */
static size_t match_slowly(const struct routes *routes, const struct event *event,
                           size_t *taken)
{
    struct event_matching matching = { event };
    size_t count = 0;

    for (size_t i = 0; i < routes_count(routes) && count < ROUTES_TAKEN_MAX; i++) {
        const struct route *route = routes_at(routes, i);

        if (route->from.count > 0 && !strings_has(&route->from, event->source))
            continue;
        if (route->matchers != NULL &&
            !matchers_match(route->matchers, event_matching_value, &matching))
            continue;
        taken[count++] = i;
        if (!route->goes_on)
            break;
    }
    return count;
}

static const char *random_matchers(struct arena *arena, unsigned *seed)
{
    static const char *const signs[] = { "=", "=", "=", "!=", "=~" };
    struct text out = text_new(arena, 200);
    int count = rand_r(seed) % 3;

    for (int i = 0; i < count; i++)
        text_addf(&out, "%sl%d%s\"v%d\"", i > 0 ? "," : "", rand_r(seed) % 40,
                  signs[rand_r(seed) % 5], rand_r(seed) % 3);
    return text_string(&out);
}

static void random_routes(struct arena *arena, unsigned *seed, struct route *routes,
                          size_t count)
{
    static const char *const sources[] = { "a", "b" };
    struct error err = { 0 };

    for (size_t i = 0; i < count; i++) {
        routes[i] = (struct route){ .goes_on = rand_r(seed) % 4 != 0 };
        routes[i].matchers = matchers_parse(arena, random_matchers(arena, seed), &err);
        routes[i].from =
            (struct strings){ sources + rand_r(seed) % 2, (size_t)rand_r(seed) % 2 };
    }
}

static void test_index(struct arena *arena)
{
    enum {
        ROUTES = 200
    };
    unsigned seed = 7;
    struct route list[ROUTES];
    const struct routes *routes;
    size_t different = 0, found = 0;

    random_routes(arena, &seed, list, ROUTES);
    routes = routes_new(arena, list, ROUTES);
    for (int i = 0; i < 2000; i++) {
        struct json_builder *labels = json_builder_new(arena, JSON_OBJECT);
        size_t taken[ROUTES_TAKEN_MAX], slowly[ROUTES_TAKEN_MAX];
        struct event event = { .source = i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c" };

        for (int j = 0; j < 40; j++)
            if (rand_r(&seed) % 2 == 0)
                json_builder_add(
                    labels, arena_printf(arena, "l%d", j),
                    V((const char *)arena_printf(arena, "v%d", rand_r(&seed) % 3)));
        event.labels = json_builder_done(labels);
        size_t count = routes_match(routes, &event, taken, ROUTES_TAKEN_MAX);
        size_t slow_count = match_slowly(routes, &event, slowly);
        found += count;
        different += count != slow_count || memcmp(taken, slowly, count * sizeof(*taken)) != 0;
    }
    CHECK(found > 2000);
    CHECK_INT(different, 0);
}

/* Printed, not judged: the machine decides. */
static void measure(struct arena *arena, int count)
{
    enum {
        TIMES = 20000
    };
    struct text yaml = text_new(arena, 2 * 1024 * 1024);
    AUTO(config) const struct config *config = NULL;
    struct event event =
        event_of(arena, "{\"source\":\"notify\",\"kind\":\"build\",\"title\":\"t\",\"labels\":"
                        "{\"service\":\"svc7\",\"branch\":\"main\",\"host\":\"db1\"}}");
    size_t taken[ROUTES_TAKEN_MAX];
    size_t found = 0;
    long long start;

    text_add(&yaml, CHATS);
    for (int i = 0; i < count; i++)
        text_addf(&yaml,
                  "  - { from: notify, match: 'kind=build, service=svc%d', to: web#lobby }\n",
                  count - 1 - i);
    config = fixture_good(arena, text_string(&yaml));
    start = clock_steady_us();
    for (int i = 0; i < TIMES; i++)
        found += routes_match(config_routes(config), &event, taken, ROUTES_TAKEN_MAX);
    CHECK_INT(found, count > 7 ? TIMES : 0);
    printf("# %d routes: %.2f us an event\n", count,
           (double)(clock_steady_us() - start) / TIMES);
}

static void test_cost(struct arena *arena)
{
    measure(arena, 1);
    measure(arena, 100);
    measure(arena, 10000);
}

static const struct {
    const char *route, *fault;
} faulty_routes[] = {
    { "{ match: 'a=b' }",
      "opsroom.yaml:4:5: \"to\" is missing in routes: channels, as chat#channel" },
    { "{ to: [] }", "opsroom.yaml:4:11: \"to\" in a route names no channel" },
    { "{ to: lobby }", "opsroom.yaml:4:11: \"lobby\" is no channel: write it as chat#channel" },
    { "{ to: [web#lobby, wob#x] }",
      "opsroom.yaml:4:23: there is no chat \"wob\" for \"wob#x\": did you mean \"web\"?" },
    { "{ to: web#opps }",
      "opsroom.yaml:4:11: the web chat \"web\" has no channel \"opps\": add it to "
      "chats.web.channels" },
    { "{ to: \"web#@tom\" }",
      "opsroom.yaml:4:11: the web chat \"web\" has no channel \"@tom\": add it to "
      "chats.web.channels" },
    { "{ to: web#lobby, match: 'a=b, c' }",
      "opsroom.yaml:4:29: \"match\" in a route, column 7: expected =, !=, =~ or !~, not the "
      "end: write it as severity=\"critical\", branch=~\"main|release-.*\"" },
    { "{ to: web#lobby, match: 'a=~\"(\"' }",
      "opsroom.yaml:4:29: \"match\" in a route, column 4: \"(\" is not a regular expression: "
      "missing closing parenthesis: write it as severity=\"critical\", "
      "branch=~\"main|release-.*\"" },
    { "{ to: web#lobby, title: '{{#a}}' }",
      "opsroom.yaml:4:29: \"title\" in a route, line 1, column 1: section \"a\" is not closed" },
    { "{ to: web#lobby, template: a, text: b }",
      "opsroom.yaml:4:32: a route has a template, or a title and a text, not both" },
    { "{ to: web#lobby, quiet: night }",
      "opsroom.yaml:4:29: \"quiet\" in a route: \"night\" names no days: write them as "
      "Mon-Fri or Sat,Sun" },
    { "{ to: web#lobby, only: success }",
      "opsroom.yaml:4:28: \"only\" in routes must be failures or changes, not \"success\"" },
    { "{ to: web#lobby, buttons: { Ack: '' } }",
      "opsroom.yaml:4:38: a button needs a label and a command: buttons: { Ack: 'ack "
      "{{subject}}' }" },
    { "{ to: web#lobby, buttons: { Ack: 'ack \"x' } }",
      "opsroom.yaml:4:38: the button \"Ack\": " },
    { "{ to: web#lobby, mute: { until: soon } }",
      "opsroom.yaml:4:28: \"mute\" in a route must be matchers, or a map of match and until" },
    { "{ to: web#lobby, mute: { match: a=b, until: soon } }",
      "opsroom.yaml:4:28: \"until\" of a mute must be a day such as 2026-11-24 or a time such "
      "as 2026-11-24T13:42:50Z" },
    { "{ to: web#lobby, grup: 30s }",
      "opsroom.yaml:4:22: unknown key \"grup\" in routes: did you mean \"group\"?" },
    { "{ to: web#lobby, from: notfy }",
      "opsroom.yaml:4:28: warning: \"notfy\" is no connection: only POST /api/v1/events can "
      "bring events of that source: did you mean \"notify\"?" },
};

static void test_faults(struct arena *arena)
{

    for (size_t i = 0; i < COUNT_OF(faulty_routes); i++) {
        const char *print = NULL;
        size_t length = strlen(faulty_routes[i].fault);
        AUTO(config)
        const struct config *config =
            fixture_read(arena, arena_printf(arena, CHATS "  - %s\n", faulty_routes[i].route),
                         CONFIG_WHOLE, &print);

        tap_case("%s", faulty_routes[i].route);
        CHECK_STR(arena_copy_n(arena, print,
                               strcspn(print, "\n") < length ? strcspn(print, "\n") : length),
                  faulty_routes[i].fault);
        (void)config;
    }
}

/* What a message says, in plain text. */
static const char *said(struct arena *arena, const struct config *config, size_t route,
                        const char *json, struct turn turn)
{
    struct event event = event_of(arena, json);
    struct message message =
        route_message(arena, config, routes_at(config_routes(config), route), &event, &turn);

    return message_plain(arena, &message);
}

static void test_message(struct arena *arena)
{
    static const char firing[] =
        "{\"source\":\"am\",\"kind\":\"alert\",\"title\":\"disk *full*\",\"status\":\"firing\","
        "\"severity\":\"critical\",\"text\":\"on [db1](x)\",\"url\":\"https://g/1\",\"labels\":"
        "{\"host\":\"db1\",\"zone\":\"a b\"}}";
    static const char resolved[] =
        "{\"source\":\"am\",\"kind\":\"alert\",\"title\":\"disk\",\"status\":\"resolved\"}";
    long long at_ms = clock_now_ms() - 250 * 1000;
    const char *at = clock_print_short(arena, NULL, at_ms);
    struct turn turn = { .since_ms = at_ms, .now_ms = at_ms, .previous = "open" };
    AUTO(config)
    const struct config *config = fixture_good(
        arena,
        CHATS "  - { to: web#lobby }\n"
              "  - { to: web#lobby, template: '{{title}} since {{since}}: {{labels.host}}' }\n"
              "  - { to: web#lobby, title: '{{status}} {{title}}', text: '*{{text}}* "
              "{{#labels.zone}}in {{.}}{{/labels.zone}} was {{previous}}' }\n"
              "  - { to: web#lobby, template: '{{labels.none}}', buttons: { Look: 'look "
              "{{title}} at zone={{labels.zone}}' } }\n");

    CHECK_STR(said(arena, config, 0, firing, turn),
              arena_printf(arena,
                           "FIRING critical: disk *full* (since %s)\non [db1](x)\nhost: "
                           "db1\nzone: a b\nOpen: https://g/1",
                           at));
    turn.now_ms += 245 * 1000;
    CHECK_STR(said(arena, config, 1, firing, turn),
              arena_printf(arena, "disk *full* since %s: db1\nOpen: https://g/1", at));
    CHECK_STR(said(arena, config, 2, firing, turn),
              "firing disk *full*\non [db1](x) in a b was open\nhost: db1\nzone: a b\nOpen: "
              "https://g/1");
    CHECK_STR(said(arena, config, 3, firing, turn),
              "disk *full*\nOpen: https://g/1\nreply: look \"disk *full*\" at zone=\"a b\"");
    turn.lasted_ms = 12 * 60 * 1000;
    CHECK_STR(said(arena, config, 0, resolved, turn), "RESOLVED: disk (after 12 min)");
    CHECK_STR(duration_rough(arena, 59999), "59 s");
    CHECK_STR(duration_rough(arena, 7500000), "2 h 5 min");
    CHECK_STR(duration_rough(arena, 273600000), "3 d 4 h");
}

static void test_tones(void)
{
    CHECK_INT(route_tone("firing", "critical"), TONE_BAD);
    CHECK_INT(route_tone("firing", "warning"), TONE_WARN);
    CHECK_INT(route_tone("failure", NULL), TONE_BAD);
    CHECK_INT(route_tone("cancelled", NULL), TONE_WARN);
    CHECK_INT(route_tone("resolved", "critical"), TONE_GOOD);
    CHECK_INT(route_tone("success", NULL), TONE_GOOD);
    CHECK_INT(route_tone("running", NULL), TONE_PLAIN);
    CHECK_INT(route_tone("info", "warning"), TONE_WARN);
}

static void test_only(void)
{
    static const struct {
        enum route_only only;
        const char *status, *settled;
        bool says;
    } rows[] = {
        { ROUTE_ALL, "running", NULL, true },
        { ROUTE_FAILURES, "failure", NULL, true },
        { ROUTE_FAILURES, "firing", NULL, true },
        { ROUTE_FAILURES, "success", NULL, false },
        { ROUTE_FAILURES, "running", "failure", false },
        { ROUTE_FAILURES, "success", "failure", true },
        { ROUTE_FAILURES, "success", "success", false },
        { ROUTE_FAILURES, "resolved", "firing", true },
        { ROUTE_CHANGES, "success", NULL, true },
        { ROUTE_CHANGES, "success", "success", false },
        { ROUTE_CHANGES, "failure", "success", true },
        { ROUTE_CHANGES, "queued", "success", false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct route route = { .only = rows[i].only };
        struct event event = { .status = rows[i].status };
        struct turn turn = { .settled = rows[i].settled };

        tap_case("only %d: %s after %s", (int)rows[i].only, rows[i].status,
                 rows[i].settled != NULL ? rows[i].settled : "nothing");
        CHECK_INT(route_says(&route, &event, &turn), rows[i].says);
    }
}

static void test_holding(struct arena *arena)
{
    AUTO(config)
    const struct config *config = fixture_good(
        arena,
        CHATS "  - { to: web#lobby, quiet: [\"22:00-07:00 UTC\", \"Sat,Sun 00:00-24:00 UTC\"],"
              " mute: { match: team=web, until: 2026-12-01 } }\n");
    const struct route *route = routes_at(config_routes(config), 0);
    struct event plain = { .status = "firing", .severity = "warning" };
    struct event critical = { .status = "firing", .severity = "Critical" };
    struct event muted = event_of(
        arena,
        "{\"source\":\"a\",\"kind\":\"k\",\"title\":\"t\",\"labels\":{\"team\":\"web\"}}");
    long long night = 0, day = 0, saturday = 0, december = 0;

    CHECK(clock_parse_iso("2026-11-24T23:00:00Z", &night));
    CHECK(clock_parse_iso("2026-11-24T12:00:00Z", &day));
    CHECK(clock_parse_iso("2026-11-28T12:00:00Z", &saturday));
    CHECK(clock_parse_iso("2026-12-01T00:00:00Z", &december));
    CHECK(route_is_quiet(route, &plain, night));
    CHECK(!route_is_quiet(route, &critical, night));
    CHECK(!route_is_quiet(route, &plain, day));
    CHECK(route_is_quiet(route, &plain, saturday));
    CHECK(route_is_muted(route, &muted, day));
    CHECK(!route_is_muted(route, &plain, day));
    CHECK(!route_is_muted(route, &muted, december));
}

int main(void)
{
    AUTO(arena) struct arena *arena = arena_new();

    fixture_start(arena);
    test_match(arena);
    test_index(arena);
    test_cost(arena);
    test_faults(arena);
    test_message(arena);
    test_tones();
    test_only();
    test_holding(arena);
    unlink("opsroom.yaml");
    return tap_done();
}
