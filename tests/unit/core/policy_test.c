/* The one decision: which rules count, which one wins, what is said of it and who could help. */
#include "core/policy.h"

#include "base/clock.h"
#include "base/text.h"
#include "config_fixture.h"
#include "core/parse.h"

#define REST_YAML                                                                              \
    "chats:\n  web: { type: web }\n  acme: { type: web }\n"                                    \
    "connections:\n  local: { type: local }\n"                                                 \
    "people:\n"                                                                                \
    "  ana: { name: Ana Silva, groups: [devs] }\n"                                             \
    "  lea: { groups: [leads] }\n"                                                             \
    "  mia: { groups: [devs, leads, security] }\n"                                             \
    "  tom: { name: Tom Okafor }\n"                                                            \
    "apps:\n"                                                                                  \
    "  api: { environments: {\n"                                                               \
    "      staging: { deploy: { connection: local, run: [x] } },\n"                            \
    "      production: { deploy: { connection: local, run: [x] } } } }\n"                      \
    "commands:\n"                                                                              \
    "  push: { run: [x], args: { what: string, force: { type: boolean, need: false },\n"       \
    "      often: { type: integer, fallback: \"1\" } } }\n"                                    \
    "  pull: { run: [x] }\n"

/* One configuration with its rules. */
struct house {
    struct arena *arena;
    struct config *config;
    const struct catalog *catalog;
};

static void house_open(struct house *house, const char *rules)
{
    house->arena = arena_new();
    house->config =
        fixture_good(house->arena, arena_printf(house->arena, REST_YAML "policy:\n%s", rules));
    house->catalog = catalog_new(house->arena, house->config);
}

static void house_close(struct house *house)
{
    config_release(house->config);
    arena_free(house->arena);
}

struct asked {
    const char *person;
    const char *channel; /* of the web chat; NULL: nowhere */
    const char *line;
    bool by_name;   /* before its arguments are looked at */
    const char *at; /* "2026-03-02T12:00:00Z" unless given: a Monday */
};

static long long time_of(const char *at)
{
    long long at_ms = 0;

    CHECK(clock_parse_iso(at != NULL ? at : "2026-03-02T12:00:00Z", &at_ms));
    return at_ms;
}

static struct request request_of(const struct house *house, const struct asked *asked,
                                 struct place *place)
{
    struct argument_context context = { .config = house->config, .place = place };
    struct request request = { .config = house->config,
                               .person = config_person(house->config, asked->person),
                               .place = place,
                               .at_ms = time_of(asked->at) };
    struct parsed parsed = { 0 };
    struct strings missing = { 0 };
    struct error err = { 0 };
    void *structure;

    *place = (struct place){ .chat = asked->channel != NULL ? "web" : NULL,
                             .channel = asked->channel };
    CHECK_INT(parse_name(house->arena, house->catalog, asked->line, &parsed, &err), 0);
    request.entry = parsed.entry;
    if (asked->by_name)
        return request;
    CHECK_INT(parse_arguments(house->arena, &context, &parsed, &structure, &missing, &err), 0);
    CHECK_STR(err.text, "");
    request.args = parsed.args;
    return request;
}

/* "yes, why", "1 of leads within 30m", or the refusal. */
static const char *decide(const struct house *house, const struct asked *asked)
{
    struct place place;
    struct request request = request_of(house, asked, &place);
    struct decision decision = policy_decide(&request, house->arena);

    CHECK(decision.why != NULL);
    CHECK((decision.refusal != NULL) == !decision.allowed);
    CHECK(decision.approval.asked == (decision.from_all_count > 0));
    if (!decision.allowed)
        return decision.refusal;
    if (decision.approval.asked)
        return approval_print(house->arena, &decision);
    return arena_printf(house->arena, "yes, %s", decision.why);
}

struct row {
    struct asked asked;
    const char *said; /* * is anything */
};

static void decide_all(const char *rules, const struct row *rows, size_t count)
{
    struct house house;

    house_open(&house, rules);
    for (size_t i = 0; i < count; i++) {
        const char *said;

        tap_case("%s in %s: %s", rows[i].asked.person, rows[i].asked.channel,
                 rows[i].asked.line);
        said = decide(&house, &rows[i].asked);
        CHECK_STR(text_matches(said, rows[i].said) ? rows[i].said : said, rows[i].said);
    }
    house_close(&house);
}
#define DECIDE(rules, ...)                                                                     \
    decide_all((rules), (const struct row[]){ __VA_ARGS__ },                                   \
               sizeof((const struct row[]){ __VA_ARGS__ }) / sizeof(struct row))

static void test_default(void)
{
    DECIDE("  - { allow: leads, commands: [status] }\n",
           { { "ana", "ops", "pull" }, "Not allowed: no rule allows \"pull\"" },
           { { "nobody", "ops", "pull" }, "Not allowed: I do not know you.*" },
           { { "nobody", "ops", "whoami" }, "Not allowed: I do not know you.*" },
           { { "nobody", "ops", "status" }, "Not allowed: I do not know you.*" },
           { { "ana", "ops", "whoami" }, "yes, needs no rule" },
           { { "tom", NULL, "approve 4" }, "yes, needs no rule" },
           { { "lea", NULL, "status" }, "yes, allowed by opsroom.yaml:*" },
           { { "ana", "ops", "status" },
             "Not allowed: \"status\" is for leads (opsroom.yaml:*). Ask lea or mia" });
}

static void test_who_and_what(void)
{
    DECIDE(
        "  - { allow: [tom, leads], commands: [\"pu*\"] }\n"
        "  - { allow: everyone, commands: [\"* list\"] }\n"
        "  - { allow: devs, commands: [releases] }\n",
        { { "tom", NULL, "pull" }, "yes, allowed by opsroom.yaml:*" },
        { { "lea", NULL, "push x" }, "yes, allowed by opsroom.yaml:*" },
        { { "ana", NULL, "pull" },
          "Not allowed: \"pull\" is for tom and leads (opsroom.yaml:*). Ask lea, mia or tom" },
        { { "ana", NULL, "local list" }, "yes, *" },
        { { "ana", NULL, "status" }, "Not allowed: no rule allows \"status\"" },
        { { "ana", NULL, "releases api" }, "yes, *" });
}

static void test_deny_wins(void)
{
    const char *before = "  - { deny: devs, commands: [push] }\n"
                         "  - { allow: everyone, commands: [\"*\"] }\n";
    const char *after = "  - { allow: everyone, commands: [\"*\"] }\n"
                        "  - { deny: devs, commands: [push] }\n";

    DECIDE(before,
           { { "ana", NULL, "push x" },
             "Not allowed: \"push\" is denied to devs (opsroom.yaml:*)" },
           { { "ana", NULL, "push x", .by_name = true }, "Not allowed: \"push\" is denied*" },
           { { "lea", NULL, "push x" }, "yes, *" }, { { "ana", NULL, "pull" }, "yes, *" },
           { { "mia", NULL, "push x" }, "Not allowed: \"push\" is denied*" });
    DECIDE(after, { { "ana", NULL, "push x" }, "Not allowed: \"push\" is denied*" },
           { { "lea", NULL, "push x" }, "yes, *" });
    DECIDE("  - { deny: everyone, commands: [whoami, approve] }\n",
           { { "ana", NULL, "whoami" }, "yes, needs no rule" });
}

static void test_arguments(void)
{
    const char *rules =
        "  - { allow: devs, commands: [push], when: { what: \"web*\" } }\n"
        "  - { allow: devs, commands: [deploy],\n"
        "      when: { environment: staging } }\n"
        "  - { allow: leads, commands: [deploy] }\n"
        "  - { deny: everyone, commands: [deploy], when: { version: [bad, \"v0*\"] } }\n"
        "  - { deny: everyone, commands: [push], when: { force: \"true\" } }\n"
        "  - { deny: everyone, commands: [push], when: { often: \"7\" } }\n";

    DECIDE(
        rules, { { "ana", NULL, "push web-1" }, "yes, *" },
        { { "ana", NULL, "push api" },
          "Not allowed: \"push\" with what web* is for devs (opsroom.yaml:*)*" },
        /* by the name alone: it might be allowed, so the arguments are asked for */
        { { "ana", NULL, "push api", .by_name = true }, "yes, *" },
        { { "ana", NULL, "deploy api to staging" }, "yes, *" },
        { { "ana", NULL, "deploy api to production" },
          "Not allowed: \"deploy\" with environment staging is for devs*" },
        { { "lea", NULL, "deploy api v1 to production" }, "yes, *" },
        { { "lea", NULL, "deploy api bad to production" },
          "Not allowed: \"deploy\" with version bad or v0* is denied to everyone*" },
        { { "lea", NULL, "deploy api v0.9 to production" }, "Not allowed: *" },
        { { "lea", NULL, "deploy api bad to production", .by_name = true }, "yes, *" },
        { { "tom", NULL, "deploy api to staging" },
          "Not allowed: \"deploy\" with environment staging is for devs*Ask ana, lea or mia" },
        /* however it is typed */
        { { "ana", NULL, "push web --force" }, "Not allowed: \"push\" with force true*" },
        { { "ana", NULL, "push web force=yes" }, "Not allowed: \"push\" with force true*" },
        { { "ana", NULL, "push web force=1" }, "Not allowed: \"push\" with force true*" },
        { { "ana", NULL, "push web --no-force" }, "yes, *" },
        { { "ana", NULL, "push web often=007" }, "Not allowed: \"push\" with often 7*" });
    DECIDE("  - { deny: everyone, commands: [push], when: { often: \"1\" } }\n"
           "  - { allow: everyone, commands: [push] }\n",
           { { "ana", NULL, "push x" }, "Not allowed: \"push\" with often 1*" },
           { { "ana", NULL, "push x often=2" }, "yes, *" });
}

static void test_channels(void)
{
    DECIDE("  - { allow: devs, commands: [push], channels: [\"web#ops\", \"web#team-*\"] }\n"
           "  - { allow: everyone, commands: [pull] }\n"
           "  - { deny: everyone, commands: [pull], channels: [\"web#lobby\"] }\n",
           { { "ana", "ops", "push x" }, "yes, *" },
           { { "ana", "team-a", "push x" }, "yes, *" },
           { { "ana", "lobby", "push x" },
             "Not allowed: \"push\" is for devs in web#ops or web#team-* (opsroom.yaml:*)*" },
           { { "ana", NULL, "push x" }, "Not allowed: \"push\" is for devs in *" },
           { { "ana", "lobby", "push x", .by_name = true }, "Not allowed: *" },
           { { "ana", "lobby", "pull" },
             "Not allowed: \"pull\" is denied to everyone (opsroom.yaml:*)" },
           { { "ana", "ops", "pull" }, "yes, *" }, { { "ana", NULL, "pull" }, "yes, *" });
}

static void test_hours(void)
{
    DECIDE(
        "  - { allow: devs, commands: [push], hours: \"Mon-Fri 09:00-17:00 Europe/Lisbon\" }\n"
        "  - { allow: devs, commands: [pull] }\n"
        "  - { deny: devs, commands: [pull], hours: \"Fri 16:00-23:00 UTC\" }\n",
        { { "ana", NULL, "push x" }, "yes, *" },
        { { "ana", NULL, "push x", .at = "2026-03-02T08:59:59Z" },
          "Not allowed: \"push\" is for devs during Mon-Fri 09:00-17:00 Europe/Lisbon "
          "(opsroom.yaml:*)" },
        { { "ana", NULL, "push x", .at = "2026-03-02T17:00:00Z" }, "Not allowed: *" },
        /* an hour earlier in summer */
        { { "ana", NULL, "push x", .at = "2026-07-01T08:00:00Z" }, "yes, *" },
        { { "ana", NULL, "push x", .at = "2026-07-01T16:00:00Z" }, "Not allowed: *" },
        { { "ana", NULL, "push x", .at = "2026-03-07T12:00:00Z" }, "Not allowed: *" },
        { { "ana", NULL, "pull", .at = "2026-03-06T15:59:00Z" }, "yes, *" },
        { { "ana", NULL, "pull", .at = "2026-03-06T16:00:00Z" }, "Not allowed: *denied*" });
}

static void test_approvals(void)
{
    DECIDE(
        "  - { allow: devs, commands: [push], approval: { from: leads, within: 30m } }\n"
        "  - { allow: leads, commands: [push], approval: { from: [leads, tom], count: 2 } }\n"
        "  - { allow: [devs, tom], commands: [pull] }\n"
        "  - { allow: tom, commands: [pull], approval: { from: leads, within: 10m } }\n"
        "  - { allow: devs, commands: [status], approval: { from: leads } }\n"
        "  - { allow: mia, commands: [status], approval: none }\n",
        { { "ana", NULL, "push x" }, "1 of leads within 30m" },
        { { "lea", NULL, "push x" }, "2 of leads or tom within 1h" },
        /* the most approvers, the shortest time, of each group */
        { { "mia", NULL, "push x" }, "2 of leads who are also in leads or tom within 30m" },
        { { "ana", NULL, "pull" }, "yes, *" },
        { { "tom", NULL, "pull" }, "1 of leads within 10m" },
        { { "ana", NULL, "status" }, "1 of leads within 1h" },
        { { "mia", NULL, "status" }, "yes, *" },
        { { "ana", NULL, "push x", .by_name = true }, "1 of leads within 30m" });
}

static void test_may_approve(void)
{
    struct asked asked = { "mia", NULL, "push x" };
    struct place place;
    struct house house;
    struct request request;
    struct decision decision;
    static const struct {
        const char *approver, *requester;
        bool may;
    } rows[] = {
        { "lea", "ana", false }, /* no security */ { "mia", "ana", true },
        { "mia", "mia", false }, /* never one's own */ { "tom", "ana", false },
        { "ana", "ana", false },
    };

    house_open(&house, "  - { allow: devs, commands: [push], approval: { from: leads } }\n"
                       "  - { allow: devs, commands: [push], approval: { from: [security] } }\n"
                       "  - { allow: devs, commands: [pull], approval: { from: everyone } }\n");
    request = request_of(&house, &asked, &place);
    decision = policy_decide(&request, house.arena);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("%s for %s", rows[i].approver, rows[i].requester);
        CHECK(policy_may_approve(&decision, config_person(house.config, rows[i].approver),
                                 config_person(house.config, rows[i].requester)) ==
              rows[i].may);
    }
    CHECK(!policy_may_approve(&decision, NULL, config_person(house.config, "ana")));
    CHECK(!policy_may_approve(&decision, config_person(house.config, "mia"), NULL));
    asked.line = "pull";
    request = request_of(&house, &asked, &place);
    decision = policy_decide(&request, house.arena);
    CHECK(policy_may_approve(&decision, config_person(house.config, "tom"), request.person));
    CHECK(!policy_may_approve(&decision, request.person, request.person));
    decision = (struct decision){ .allowed = true };
    CHECK(!policy_may_approve(&decision, config_person(house.config, "tom"), request.person));
    house_close(&house);
}

/* What a rule takes away by the type's noun stays away when a second connection takes the noun away. */
static void test_nouns(void)
{
    static const char *const one = "connections:\n  local: { type: local }\n";
    static const char *const renamed = "connections:\n  box: { type: local }\n";
    static const char *const two =
        "connections:\n  box: { type: local }\n  den: { type: local }\n";
    static const struct {
        const char *const *connections;
        const char *rules, *line;
        bool allowed;
    } rows[] = {
        { &one, "allow: everyone, commands: [\"local list\"]", "local list", true },
        { &renamed, "allow: everyone, commands: [\"local list\"]", "box list", true },
        { &renamed, "allow: everyone, commands: [\"local list\"]", "local list", true },
        { &renamed, "allow: everyone, commands: [\"box list\"]", "local list", true },
        { &two, "allow: everyone, commands: [\"local list\"]", "box list", false },
        { &two, "allow: everyone, commands: [\"box list\"]", "box list", true },
        { &two, "allow: everyone, commands: [\"box list\"]", "den list", false },
        { &two, "allow: everyone, commands: [\"* list\"]", "den list", true },
        { &two,
          "allow: everyone, commands: [\"* list\"] }\n  - { deny: everyone, commands: "
          "[\"local list\"]",
          "den list", false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct house house = { .arena = arena_new() };
        struct asked asked = { "ana", NULL, rows[i].line };
        struct place place;
        struct request request;

        tap_case("%s%s: %s", *rows[i].connections, rows[i].rules, rows[i].line);
        house.config = fixture_good(house.arena,
                                    arena_printf(house.arena,
                                                 "%speople:\n  ana: {}\npolicy:\n  - { %s }\n",
                                                 *rows[i].connections, rows[i].rules));
        house.catalog = catalog_new(house.arena, house.config);
        request = request_of(&house, &asked, &place);
        CHECK(policy_decide(&request, house.arena).allowed == rows[i].allowed);
        house_close(&house);
    }
}

static const char *who_can(const struct house *house, const struct asked *asked)
{
    struct place place;
    struct request request = request_of(house, asked, &place);
    struct strings who = policy_who_can(&request, house->arena);
    struct text out = text_new(house->arena, 200);

    for (size_t i = 0; i < who.count; i++)
        text_addf(&out, "%s%s", i > 0 ? " " : "", who.items[i]);
    return text_string(&out);
}

static void test_who_can(void)
{
    static const struct {
        struct asked asked;
        const char *who;
    } rows[] = {
        { { "tom", "lobby", "push x" }, "ana mia" },
        { { "ana", "lobby", "push x" }, "mia" },
        { { "tom", NULL, "pull" }, "lea" }, /* mia is denied it */
        { { "tom", "ops", "releases api" }, "ana" },
        { { "tom", "lobby", "releases api" }, "ana mia" },
        { { "tom", NULL, "status" }, "" },
    };
    struct house house;

    house_open(&house, "  - { allow: devs, commands: [push], channels: [\"web#ops\"] }\n"
                       "  - { allow: leads, commands: [pull] }\n"
                       "  - { deny: devs, commands: [pull] }\n"
                       "  - { allow: devs, commands: [releases] }\n"
                       "  - { deny: leads, commands: [releases], channels: [\"web#ops\"] }\n");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("%s in %s: %s", rows[i].asked.person, rows[i].asked.channel,
                 rows[i].asked.line);
        CHECK_STR(who_can(&house, &rows[i].asked), rows[i].who);
    }
    house_close(&house);
}

static void test_own_and_rules(void)
{
    struct asked asked = { "ana", NULL, "job cancel 4" };
    struct place place;
    struct house house;
    struct request request;

    house_open(&house, "  - { allow: leads, commands: [\"job cancel\"] }\n");
    tap_case("other people's jobs need a rule");
    request = request_of(&house, &asked, &place);
    CHECK(policy_decide(&request, house.arena).allowed);
    CHECK(!policy_decide_by_rules(&request, house.arena).allowed);
    request.person = config_person(house.config, "lea");
    CHECK(policy_decide_by_rules(&request, house.arena).allowed);
    house_close(&house);
}

int main(void)
{
    AUTO(arena) struct arena *arena = arena_new();

    fixture_start(arena);
    test_default();
    test_who_and_what();
    test_deny_wins();
    test_arguments();
    test_channels();
    test_hours();
    test_approvals();
    test_may_approve();
    test_nouns();
    test_who_can();
    test_own_and_rules();
    return tap_done();
}
