/* The one decision: rules against a request.  Deny by default, a matching deny wins. */
#include "core/policy.h"

#include <string.h>

#include "base/text.h"

/* What a rule asks and a request does not meet. */
enum unmet {
    UNMET_NOTHING = 0,
    UNMET_WHO = 1,
    UNMET_CHANNEL = 2,
    UNMET_HOURS = 4,
    UNMET_WHEN = 8,
    UNMET_COMMAND = 16,
};

static bool any_matches(const struct strings *patterns, const char *value)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (text_matches(value, patterns->items[i]))
            return true;
    return false;
}

/* A rule that denies "jenkins build" still does when there is a second jenkins and the type's noun no longer works. */
static bool command_matches(const struct rule *rule, const struct catalog_entry *entry,
                            struct arena *arena)
{
    const char *by_type = entry->alias;

    if (rule->deny && entry->connection != NULL && entry->custom == NULL)
        by_type = arena_printf(arena, "%s %s", entry->connection->connector->name,
                               entry->command->name);
    return any_matches(&rule->commands, entry->name) ||
           (by_type != NULL && any_matches(&rule->commands, by_type));
}

static bool who_matches(const struct rule *rule, const struct person *person)
{
    for (size_t i = 0; i < rule->who.count; i++)
        if (person_is_in(person, rule->who.items[i]))
            return true;
    return false;
}

static bool value_matches(const struct json *wanted, const char *value)
{
    if (json_is(wanted, JSON_STRING))
        return text_matches(value, wanted->as.string);
    for (size_t i = 0; i < json_count(wanted); i++)
        if (value_matches(json_at(wanted, i), value))
            return true;
    return false;
}

/* Every argument that the rule names has to be there and match. */
static bool when_matches(const struct rule *rule, const struct json *args)
{
    if (rule->when == NULL)
        return true;
    for (size_t i = 0; i < rule->when->as.object.count; i++) {
        const struct json_member *wanted = &rule->when->as.object.members[i];
        const struct json *given = json_member(args, wanted->key);

        if (!json_is(given, JSON_STRING) || !value_matches(&wanted->value, given->as.string))
            return false;
    }
    return true;
}

static bool channel_matches(const struct rule *rule, const struct place *place,
                            struct arena *arena)
{
    if (rule->channels.count == 0)
        return true;
    return place != NULL && place->chat != NULL &&
           any_matches(&rule->channels, place_print(arena, place));
}

/* With no arguments known yet a condition on them is taken as met by an allow and as not met by a deny. */
static unsigned rule_unmet(const struct rule *rule, const struct request *request,
                           struct arena *arena)
{
    unsigned unmet = UNMET_NOTHING;

    if (!command_matches(rule, request->entry, arena))
        return UNMET_COMMAND;
    if (!who_matches(rule, request->person))
        unmet |= UNMET_WHO;
    if (!channel_matches(rule, request->place, arena))
        unmet |= UNMET_CHANNEL;
    if (rule->hours.text != NULL && !hours_include(&rule->hours, request->at_ms))
        unmet |= UNMET_HOURS;
    if (request->args == NULL ? rule->deny && rule->when != NULL
                              : !when_matches(rule, request->args))
        unmet |= UNMET_WHEN;
    return unmet;
}

static const char *rule_where(const struct rule *rule, struct arena *arena)
{
    const char *slash = strrchr(rule->file, '/');

    return arena_printf(arena, "%s:%u", slash != NULL ? slash + 1 : rule->file, rule->line);
}

static const char *strings_join(struct arena *arena, const struct strings *strings,
                                const char *last)
{
    struct text text = text_new(arena, 2000);

    for (size_t i = 0; i < strings->count; i++) {
        if (i > 0)
            text_add(&text, i + 1 == strings->count ? last : ", ");
        text_add(&text, strings->items[i]);
    }
    return text_string(&text);
}

/* Several rules may ask: the most approvers, the shortest time, and each rule's group. */
static void approval_add(struct decision *decision, const struct rule *rule,
                         struct arena *arena)
{
    const struct approval_rule *asked = &rule->approval;
    struct approval_rule *sum = &decision->approval;
    struct strings *from = ARENA_ARRAY(arena, struct strings, decision->from_all_count + 1);

    for (size_t i = 0; i < decision->from_all_count; i++)
        from[i] = decision->from_all[i];
    from[decision->from_all_count] = asked->from;
    decision->from_all = from;
    decision->from_all_count++;
    if (!sum->asked || asked->within_s < sum->within_s)
        sum->within_s = asked->within_s;
    if (!sum->asked || asked->count > sum->count)
        sum->count = asked->count;
    sum->from = asked->from;
    sum->asked = true;
}

static void allow(struct decision *decision, const struct rule *rule, struct arena *arena)
{
    if (!decision->allowed) {
        decision->allowed = true;
        decision->rule = rule;
        decision->where = rule_where(rule, arena);
    }
    if (rule->approval.none)
        decision->approval.none = true;
    else if (rule->approval.asked)
        approval_add(decision, rule, arena);
}

/* "deploy (environment production)": what the rule is about, in its own words. */
static const char *rule_subject(const struct rule *rule, const char *command,
                                struct arena *arena)
{
    struct text text = text_new(arena, 1000);

    text_addf(&text, "\"%s\"", command);
    if (rule->when == NULL)
        return text_string(&text);
    for (size_t i = 0; i < rule->when->as.object.count; i++) {
        const struct json_member *wanted = &rule->when->as.object.members[i];

        text_addf(&text, "%s%s ", i == 0 ? " with " : " and ", wanted->key);
        if (json_is(&wanted->value, JSON_STRING))
            text_add(&text, wanted->value.as.string);
        for (size_t j = 0;
             json_is(&wanted->value, JSON_ARRAY) && j < json_count(&wanted->value); j++)
            text_addf(&text, "%s%s", j > 0 ? " or " : "",
                      json_string(json_at(&wanted->value, j), "", "?"));
    }
    return text_string(&text);
}

static const char *rule_demands(const struct rule *rule, const char *command,
                                struct arena *arena)
{
    struct text text = text_new(arena, 2000);

    text_addf(&text, "%s is for %s", rule_subject(rule, command, arena),
              strings_join(arena, &rule->who, " and "));
    if (rule->channels.count > 0)
        text_addf(&text, " in %s", strings_join(arena, &rule->channels, " or "));
    if (rule->hours.text != NULL)
        text_addf(&text, " during %s", rule->hours.text);
    text_addf(&text, " (%s)", rule_where(rule, arena));
    return text_string(&text);
}

static const char *names_to_ask(const struct request *request, struct arena *arena)
{
    struct strings who = policy_who_can(request, arena);

    return who.count == 0 ? ""
                          : arena_printf(arena, ". Ask %s", strings_join(arena, &who, " or "));
}

static int unmet_count(unsigned unmet)
{
    return __builtin_popcount(unmet);
}

/* Nothing allows it: the rule that comes nearest says what is missing. */
static void explain_refusal(struct decision *decision, const struct request *request,
                            struct arena *arena)
{
    const struct rule *nearest = NULL;
    unsigned nearest_unmet = 0;
    const char *name = request->entry->name;

    for (size_t i = 0; i < request->config->rule_count; i++) {
        const struct rule *rule = &request->config->rules[i];
        unsigned unmet = rule_unmet(rule, request, arena);

        if (rule->deny || (unmet & UNMET_COMMAND) != 0)
            continue;
        if (nearest == NULL || unmet_count(unmet) < unmet_count(nearest_unmet)) {
            nearest = rule;
            nearest_unmet = unmet;
        }
    }
    if (nearest == NULL) {
        decision->why = arena_printf(arena, "no rule allows \"%s\"", name);
    } else {
        decision->where = rule_where(nearest, arena);
        decision->why = rule_demands(nearest, name, arena);
    }
    decision->refusal =
        arena_printf(arena, "Not allowed: %s%s", decision->why, names_to_ask(request, arena));
}

static void deny(struct decision *decision, const struct rule *rule,
                 const struct request *request, struct arena *arena)
{
    const char *where = rule_where(rule, arena);

    *decision = (struct decision){
        .rule = rule,
        .where = where,
        .why = arena_printf(arena, "%s is denied to %s (%s)",
                            rule_subject(rule, request->entry->name, arena),
                            strings_join(arena, &rule->who, " and "), where),
    };
    decision->refusal = arena_printf(arena, "Not allowed: %s", decision->why);
}

/* With "--dry-run" nothing is changed, so nobody has to agree. */
static bool is_dry(const struct request *request)
{
    const char *dry = request->entry->command->dry;

    return dry != NULL && text_is(json_string(json_member(request->args, dry), "", ""), "true");
}

static struct decision decide(const struct request *request, struct arena *arena)
{
    struct decision decision = { 0 };

    for (size_t i = 0; i < request->config->rule_count; i++) {
        const struct rule *rule = &request->config->rules[i];

        if (rule_unmet(rule, request, arena) != UNMET_NOTHING)
            continue;
        if (rule->deny) {
            deny(&decision, rule, request, arena);
            return decision;
        }
        allow(&decision, rule, arena);
    }
    if (decision.allowed)
        decision.why = arena_printf(arena, "allowed by %s", decision.where);
    if (decision.approval.none || is_dry(request)) {
        decision.approval.asked = false;
        decision.from_all_count = 0;
    }
    return decision;
}

static void approvals_join(struct decision *decision, const struct decision *other,
                           struct arena *arena)
{
    struct rule each = { .approval = other->approval };

    for (size_t i = 0; i < other->from_all_count; i++) {
        each.approval.from = other->from_all[i];
        approval_add(decision, &each, arena);
    }
}

/* The other right is asked for by name; both must be there, and both rules' approvals count. */
static void add_also(struct decision *decision, const struct request *request,
                     struct arena *arena)
{
    static const struct command nameless = { .help = "" };
    struct also_needed also = request->entry->command->also(request->args);
    struct catalog_entry entry = { .name = also.command, .command = &nameless };
    struct request asked = *request;
    struct decision other;

    if (also.command == NULL)
        return;
    asked.entry = &entry;
    other = decide(&asked, arena);
    if (!other.allowed && other.rule == NULL)
        explain_refusal(&other, &asked, arena);
    if (!other.allowed) {
        *decision = other;
    } else if (also.with_approval && !other.approval.asked) {
        other.why =
            arena_printf(arena, "\"%s\" must ask for an approval, and its rule (%s) does not",
                         also.command, other.where);
        other.refusal = arena_printf(arena, "Not allowed: %s", other.why);
        other.allowed = false;
        *decision = other;
    } else {
        approvals_join(decision, &other, arena);
    }
}

struct decision policy_decide_by_rules(const struct request *request, struct arena *arena)
{
    struct decision decision;

    if (request->person == NULL)
        return (struct decision){
            .why = "nobody in \"people\" has this account",
            .refusal =
                "Not allowed: I do not know you. Ask an administrator to add this account to "
                "\"people\" in the configuration",
        };
    decision = decide(request, arena);
    if (!decision.allowed && decision.rule == NULL)
        explain_refusal(&decision, request, arena);
    if (decision.allowed && request->args != NULL && request->entry->command->also != NULL)
        add_also(&decision, request, arena);
    return decision;
}

struct decision policy_decide(const struct request *request, struct arena *arena)
{
    if (request->person != NULL && request->entry->command->own)
        return (struct decision){ .allowed = true, .why = "needs no rule" };
    return policy_decide_by_rules(request, arena);
}

/* Wherever they stand: the channel is told by the refusal itself.  A deny counts where it is asked. */
static bool could_run(const struct request *request, const struct person *person,
                      struct arena *arena)
{
    struct request theirs = *request;
    bool allowed = false;

    theirs.person = person;
    for (size_t i = 0; i < request->config->rule_count; i++) {
        const struct rule *rule = &request->config->rules[i];
        unsigned unmet = rule_unmet(rule, &theirs, arena);

        if (rule->deny && unmet == UNMET_NOTHING)
            return false;
        if (!rule->deny && (unmet & ~(unsigned)UNMET_CHANNEL) == 0)
            allowed = true;
    }
    return allowed;
}

struct strings policy_who_can(const struct request *request, struct arena *arena)
{
    enum {
        NAMES_AT_MOST = 5
    };
    const char **names = ARENA_ARRAY(arena, const char *, NAMES_AT_MOST);
    size_t count = 0;

    for (size_t i = 0; i < request->config->person_count && count < NAMES_AT_MOST; i++) {
        const struct person *person = &request->config->people[i];

        if (person != request->person && !text_is(person->id, "local") &&
            could_run(request, person, arena))
            names[count++] = person->id;
    }
    return (struct strings){ .items = names, .count = count };
}

bool policy_may_approve(const struct decision *decision, const struct person *approver,
                        const struct person *requester)
{
    if (approver == NULL || requester == NULL || text_is(approver->id, requester->id))
        return false;
    for (size_t i = 0; i < decision->from_all_count; i++) {
        bool is_member = false;

        for (size_t j = 0; j < decision->from_all[i].count && !is_member; j++)
            is_member = person_is_in(approver, decision->from_all[i].items[j]);
        if (!is_member)
            return false;
    }
    return decision->from_all_count > 0;
}

const char *approval_print(struct arena *arena, const struct decision *decision)
{
    struct text text = text_new(arena, 1000);

    text_addf(&text, "%lld of ", decision->approval.count);
    for (size_t i = 0; i < decision->from_all_count; i++)
        text_addf(&text, "%s%s", i > 0 ? " who are also in " : "",
                  strings_join(arena, &decision->from_all[i], " or "));
    text_addf(&text, " within %s", duration_print(arena, decision->approval.within_s * 1000));
    return text_string(&text);
}
