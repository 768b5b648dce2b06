/* "policy": the rules, in the order of the file. */
#include "core/config_internal.h"

enum {
    APPROVERS_MAX = 20,
    WITHIN_MAX_S = 30 * 24 * 60 * 60
};

/* A rule as it is written; approval is read apart. */
struct rule_section {
    struct strings allow, deny, commands, channels;
    const struct json *when;
    const char *hours;
};
static const struct field rule_fields[] = {
    FIELD(struct rule_section, allow, .key = "allow",
          .help = "groups, persons or everyone that may"),
    FIELD(struct rule_section, deny, .key = "deny",
          .help = "groups, persons or everyone that may not"),
    FIELD(struct rule_section, commands, .key = "commands", .need = true,
          .help = "names of commands; * stands for any characters"),
    FIELD(struct rule_section, when, .key = "when", .help = "argument -> value, or a list"),
    FIELD(struct rule_section, channels, .key = "channels",
          .help = "chat#channel patterns; none: anywhere"),
    FIELD(struct rule_section, hours, .key = "hours",
          .help = "such as Mon-Fri 09:00-17:00 Europe/Lisbon"),
};
static const struct fields rule_table = FIELDS(struct rule_section, rule_fields);
static const char *const approval_key[] = { "approval" };

static const struct field approval_fields[] = {
    FIELD(struct approval_rule, from, .key = "from", .need = true,
          .help = "groups or persons that may approve"),
    FIELD(struct approval_rule, count, .key = "count", .fallback = "1", .min = 1,
          .max = APPROVERS_MAX, .help = "how many of them"),
    FIELD(struct approval_rule, within_s, .key = "within", .meaning = AS_DURATION,
          .fallback = "1h", .min = 60, .max = WITHIN_MAX_S,
          .help = "approved and started in that time"),
};
static const struct fields approval_table = FIELDS(struct approval_rule, approval_fields);

struct policy {
    struct loader *loader;
    struct strings known; /* groups, persons, everyone: for near names */
    struct strings chats;
};

static struct strings known_names(struct loader *loader)
{
    const struct config *config = loader->config;
    struct names *seen = names_new(loader->arena);
    size_t most = 1;

    for (size_t i = 0; i < config->person_count; i++)
        most += 1 + config->people[i].groups.count;
    const char **names = ARENA_ARRAY(loader->arena, const char *, most);
    struct strings known = { .items = names };
    names[known.count++] = "everyone";
    for (size_t i = 0; i < config->person_count; i++) {
        const struct person *person = &config->people[i];

        if (names_add(seen, person->id, person) == NULL)
            names[known.count++] = person->id;
        for (size_t j = 0; j < person->groups.count; j++)
            if (names_add(seen, person->groups.items[j], person) == NULL)
                names[known.count++] = person->groups.items[j];
    }
    return known;
}

static struct strings chat_names(struct loader *loader)
{
    size_t count = loader->config->chat_count;
    const char **names = ARENA_ARRAY(loader->arena, const char *, count);

    for (size_t i = 0; i < count; i++)
        names[i] = loader->config->chats[i].name;
    return (struct strings){ .items = names, .count = count };
}

static bool is_known(const struct loader *loader, const char *name)
{
    return text_is(name, "everyone") || names_find(loader->group_sizes, name) != NULL;
}

/* The item that a text was written as, for its place. */
static struct mark item_mark(const struct section *section, const char *key, size_t position)
{
    const struct json *value = json_member(section->map, key);

    if (value == NULL)
        return mark_of(section->map);
    return mark_of(json_is(value, JSON_ARRAY) && position < json_count(value)
                       ? json_at(value, position)
                       : value);
}

static void check_who(const struct policy *policy, const struct section *section,
                      const char *key, const struct strings *who)
{
    for (size_t i = 0; i < who->count; i++)
        if (!is_known(policy->loader, who->items[i]))
            warning_add(policy->loader, item_mark(section, key, i),
                        "nobody is called \"%s\" or in a group of that name%s", who->items[i],
                        near_name(policy->loader, who->items[i], &policy->known));
}

static void read_who(const struct policy *policy, const struct section *section,
                     const struct rule_section *read, struct rule *rule)
{
    bool allow = section_member(section->map, "allow") != NULL;
    bool deny = section_member(section->map, "deny") != NULL;
    const char *key = allow ? "allow" : "deny";

    rule->deny = deny;
    rule->who = allow ? read->allow : read->deny;
    if (allow == deny) {
        fault_add(policy->loader, section_mark(section, "deny"),
                  allow ? "a rule has either \"allow\" or \"deny\": make two rules of it"
                        : "a rule needs \"allow\" or \"deny\": who may, or who may not");
        return;
    }
    check_who(policy, section, key, &rule->who);
    if (rule->who.count == 0)
        fault_add(policy->loader, section_mark(section, key),
                  "\"%s\" names nobody: write groups, persons or everyone", key);
}

static void check_channels(const struct policy *policy, const struct section *section,
                           const struct strings *channels)
{
    struct loader *loader = policy->loader;

    for (size_t i = 0; i < channels->count; i++) {
        struct span rest = span_of(channels->items[i]), chat;
        bool whole = span_split(&rest, '#', &chat) && chat.length > 0 && rest.length > 0;
        const char *name = whole ? span_copy(loader->arena, chat) : "";

        if (!whole)
            fault_add(loader, item_mark(section, "channels", i),
                      "\"%s\" is no channel: write chat#channel, such as web#ops",
                      channels->items[i]);
        else if (!text_has(name, "*") && names_find(loader->own->chats, name) == NULL)
            warning_add(loader, item_mark(section, "channels", i),
                        "\"%s\" is no chat of this configuration%s", name,
                        near_name(loader, name, &policy->chats));
    }
}

/* Each condition is a value, or a list of them. */
static void check_when(const struct policy *policy, const struct json *when)
{
    for (size_t i = 0; i < json_count(when); i++) {
        const struct json_member *member = &when->as.object.members[i];
        bool fits = json_is(&member->value, JSON_STRING);

        if (json_is(&member->value, JSON_ARRAY)) {
            fits = json_count(&member->value) > 0;
            for (size_t j = 0; j < json_count(&member->value); j++)
                fits = fits && json_is(json_at(&member->value, j), JSON_STRING);
        }
        if (!fits)
            fault_add(policy->loader, mark_of(&member->value),
                      "\"%s\" in when must be a value or a list of values, not %s", member->key,
                      json_is(&member->value, JSON_ARRAY)
                          ? "such a list"
                          : describe(policy->loader, &member->value));
    }
}

static void check_approvers(const struct policy *policy, const struct section *section,
                            const struct approval_rule *approval)
{
    struct loader *loader = policy->loader;
    long long possible = (long long)member_count(loader, &approval->from);

    for (size_t i = 0; i < approval->from.count; i++) {
        const char *name = approval->from.items[i];

        if (!is_known(loader, name))
            fault_add(loader, item_mark(section, "from", i),
                      "nobody is in \"%s\": it could never be approved%s", name,
                      near_name(loader, name, &policy->known));
    }
    if (approval->count > possible && possible > 0)
        warning_add(loader, section_mark(section, "count"),
                    "%lld must approve, but only %lld could: nobody could ever run it",
                    approval->count, possible);
}

static void read_approval(const struct policy *policy, const struct section *rule_section,
                          struct rule *rule)
{
    struct loader *loader = policy->loader;
    const struct json *value = json_member(rule_section->map, "approval");
    struct approval_rule *approval = &rule->approval;
    struct section section;

    if (value == NULL || json_is(value, JSON_NULL))
        return;
    if (rule->deny)
        fault_add(loader, section_mark(rule_section, "approval"),
                  "a rule that denies asks for no approval: take one of both out");
    if (json_is(value, JSON_STRING) && text_is(value->as.string, "none")) {
        approval->none = true;
        return;
    }
    if (!json_is(value, JSON_OBJECT)) {
        fault_add(loader, mark_of(value),
                  "\"approval\" must be none, or a map with from, count and within, not %s",
                  describe(loader, value));
        return;
    }
    (void)section_open(&section, loader, value, "approval");
    section_read(&section, &approval_table, approval, NULL);
    approval->asked = true;
    check_approvers(policy, &section, approval);
}

static void read_rule(const struct policy *policy, const struct json *value, struct rule *rule)
{
    struct loader *loader = policy->loader;
    struct strings also = { .items = approval_key, .count = COUNT_OF(approval_key) };
    struct error err = { .kind = ERROR_NONE };
    struct rule_section read;
    struct section section;

    rule->file = loader->sources[0]->short_name;
    rule->line = value->line;
    if (!item_open(&section, loader, value, "policy"))
        return;
    section_read(&section, &rule_table, &read, &also);
    rule->commands = read.commands;
    rule->channels = read.channels;
    rule->when = read.when;
    read_who(policy, &section, &read, rule);
    check_channels(policy, &section, &rule->channels);
    read_approval(policy, &section, rule);
    if (json_is(read.when, JSON_OBJECT))
        check_when(policy, read.when);
    else if (read.when != NULL)
        fault_add(loader, mark_of(read.when),
                  "\"when\" must be a map from arguments to values, not %s",
                  describe(loader, read.when));
    if (read.hours != NULL && hours_parse(loader->arena, read.hours,
                                          loader->config->server.zone, &rule->hours, &err) < 0)
        fault_add(loader, item_mark(&section, "hours", 0), "%s", err.text);
}

void policy_read(struct loader *loader)
{
    const struct json *value = json_member(loader->sources[0]->root, "policy");
    struct policy policy = { .loader = loader,
                             .known = known_names(loader),
                             .chats = chat_names(loader) };

    if (value == NULL || json_is(value, JSON_NULL))
        return;
    if (!json_is(value, JSON_ARRAY)) {
        fault_add(loader, mark_of(value), "\"policy\" must be a list of rules, not %s",
                  describe(loader, value));
        return;
    }
    struct rule *rules = ARENA_ARRAY(loader->arena, struct rule, json_count(value));
    for (size_t i = 0; i < json_count(value); i++)
        read_rule(&policy, json_at(value, i), &rules[i]);
    loader->config->rules = rules;
    loader->config->rule_count = json_count(value);
}
