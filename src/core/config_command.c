/* "commands": commands without code, of the configuration and of its packs. */
#include <string.h>

#include "base/template.h"
#include "core/catalog.h"
#include "core/config_internal.h"
#include "core/workflow.h"

enum {
    LIMIT_MAX_S = 7 * 24 * 60 * 60,
    HELP_BYTES_MAX = 200,
    RUN_ITEMS_MAX = 200,
    STEPS_MAX = 100
};

struct command_section {
    const char *help, *risk, *connection;
    long long limit_s;
};
static const struct field command_fields[] = {
    FIELD(struct command_section, help, .key = "help", .help = "what it does, in one line"),
    FIELD(struct command_section, risk, .key = "risk", .choices = "read|change|danger",
          .fallback = "change", .help = "how its button looks; it never grants anything"),
    FIELD(struct command_section, limit_s, .key = "limit", .meaning = AS_DURATION, .min = 1,
          .max = LIMIT_MAX_S, .help = "how long it may run"),
    FIELD(struct command_section, connection, .key = "connection",
          .help = "the local connection that runs it"),
};
static const struct fields command_table = FIELDS(struct command_section, command_fields);
static const char *const command_keys[] = { "args", "run", "steps" };

struct commands {
    struct loader *loader;
    struct names *built_in; /* name -> anything */
    struct names *custom;   /* name -> struct custom_command */
    const struct connector *runner;
    const struct connection *only_local; /* NULL: there is none, or more than one */
    struct strings locals;
};

/* The first part of every name in the template has to be an argument. */
static bool next_name(struct span *rest, struct span *name)
{
    for (;;) {
        const char *open = memmem(rest->start, rest->length, "{{", 2);
        if (open == NULL)
            return false;
        const char *last = rest->start + rest->length;
        const char *start = open + 2;
        start += strspn(start, "{#^/&");
        const char *end = memmem(start, (size_t)(last - start), "}}", 2);
        if (end == NULL || *start == '=')
            return false;
        *rest = (struct span){ .start = end + 2, .length = (size_t)(last - end) - 2 };
        if (*start == '!')
            continue;
        struct span tag = span_trim((struct span){ start, (size_t)(end - start) });
        if (span_split(&tag, '.', name) && name->length > 0)
            return true;
    }
}

static void check_template(const struct section *section, const struct json *place,
                           const char *text, const struct fields *args)
{
    struct loader *loader = section->loader;
    struct error err = { .kind = ERROR_NONE };
    struct span rest = span_of(text), name;
    const char **keys = ARENA_ARRAY(loader->arena, const char *, args->count);

    if (template_parse(loader->arena, text, &err) == NULL) {
        fault_add(loader, mark_of(place), "this is no template: %s", err.text);
        return;
    }
    for (size_t i = 0; i < args->count; i++)
        keys[i] = args->list[i].key;
    struct strings known = { .items = keys, .count = args->count };
    while (next_name(&rest, &name)) {
        const char *variable = span_copy(loader->arena, name);

        if (!strings_has(&known, variable))
            fault_add(loader, mark_of(place), "{{%s}} is no argument of %s%s", variable,
                      section->where, near_name(loader, variable, &known));
    }
}

/* "run" or "steps": always a list, so that it is plain where one word ends. */
static struct strings read_list(const struct section *section, const char *key, size_t most,
                                const struct fields *args)
{
    struct loader *loader = section->loader;
    const struct json *value = json_member(section->map, key);
    struct strings list = { .count = 0 };

    if (value == NULL)
        return list;
    if (!json_is(value, JSON_ARRAY) || json_count(value) == 0 || json_count(value) > most) {
        fault_add(loader, mark_of(value),
                  "\"%s\" in %s must be a list of 1 to %zu texts, such as %s", key,
                  section->where, most,
                  text_is(key, "run") ? "[df, -h]" : "[\"status\", \"builds\"]");
        return list;
    }
    list = value_strings(loader, value, key);
    for (size_t i = 0; i < list.count; i++)
        check_template(section, json_at(value, i < json_count(value) ? i : 0), list.items[i],
                       args);
    return list;
}

/* A command that is called by a relative path is one beside the file. */
static struct strings with_absolute_first(struct arena *arena, const char *directory,
                                          struct strings run)
{
    const char *first = run.count > 0 ? run.items[0] : "";

    if (!text_starts(first, "./") && !text_starts(first, "../"))
        return run;
    const char **items = ARENA_ARRAY(arena, const char *, run.count);
    memcpy(items, run.items, run.count * sizeof(*items));
    items[0] = path_in(arena, directory, first);
    return (struct strings){ .items = items, .count = run.count };
}

static const struct connection *read_connection(const struct commands *all,
                                                const struct section *section, const char *name)
{
    struct loader *loader = all->loader;
    const struct connection *connection = names_find(loader->own->connections, name);
    const struct json *value = json_member(section->map, "connection");

    if (name == NULL)
        return all->only_local;
    if (connection == NULL)
        fault_add(loader, mark_of(value), "there is no connection \"%s\"%s", name,
                  near_name(loader, name, &all->locals));
    else if (connection->connector != NULL && connection->connector != all->runner)
        fault_add(loader, mark_of(value),
                  "\"%s\" is a connection of type %s, which runs no executables", name,
                  connection->connector->name);
    return connection;
}

static void read_run(const struct commands *all, const struct section *section,
                     const struct command_section *read, struct custom_command *custom)
{
    struct command *command = &custom->command;

    custom->run = read_list(section, "run", RUN_ITEMS_MAX, &command->args);
    custom->run = with_absolute_first(all->loader->arena, custom->directory, custom->run);
    custom->connection = read_connection(all, section, read->connection);
    if (all->runner == NULL) {
        fault_add(
            all->loader, section_mark(section, "run"),
            "\"run\" is not built into this version of opsroom: there is no local runner");
        return;
    }
    command->steps = all->runner->runner->steps;
    command->step_count = all->runner->runner->step_count;
    command->state = all->runner->runner->state;
    command->cancel = all->runner->runner->cancel;
}

static void read_steps(const struct section *section, const struct command_section *read,
                       struct custom_command *custom)
{
    struct command *command = &custom->command;

    custom->steps = read_list(section, "steps", STEPS_MAX, &command->args);
    command->steps = workflow_steps;
    command->step_count = workflow_step_count;
    command->state = workflow_state;
    command->cancel = workflow_cancel;
    if (read->connection != NULL)
        fault_add(section->loader, section_mark(section, "connection"),
                  "\"connection\" goes with \"run\": each step names its own");
}

static const char *help_of(struct arena *arena, const struct custom_command *custom,
                           const char *help)
{
    const struct strings *list = custom->run.count > 0 ? &custom->run : &custom->steps;
    struct text text = text_new(arena, HELP_BYTES_MAX);
    struct span trimmed = span_trim(span_of(help));

    if (trimmed.length > 0 && trimmed.start[trimmed.length - 1] == '.')
        trimmed.length--;
    if (trimmed.length > 0)
        return span_copy(arena, trimmed);
    text_add(&text, "Run");
    for (size_t i = 0; i < list->count; i++)
        text_addf(&text, "%s%s", i == 0 || custom->run.count > 0 ? " " : ", then ",
                  list->items[i]);
    return text_string(&text);
}

static enum risk risk_of(const char *name)
{
    if (text_is(name, "read"))
        return RISK_READ;
    return text_is(name, "danger") ? RISK_DANGER : RISK_CHANGE;
}

static void read_body(const struct commands *all, const struct section *section,
                      struct custom_command *custom)
{
    struct strings also = { .items = command_keys, .count = COUNT_OF(command_keys) };
    struct command_section read;
    bool run = section_member(section->map, "run") != NULL;
    bool steps = section_member(section->map, "steps") != NULL;

    section_read(section, &command_table, &read, &also);
    arguments_read(section, custom);
    custom->command.risk = risk_of(read.risk);
    custom->command.limit_s = (int)read.limit_s;
    if (run == steps)
        fault_add(all->loader, section_mark(section, "steps"),
                  run ? "%s has \"run\" and \"steps\": make two commands of it"
                      : "%s needs \"run\", an executable, or \"steps\", a list of commands",
                  section->where);
    else if (run)
        read_run(all, section, &read, custom);
    else
        read_steps(section, &read, custom);
    custom->command.help = help_of(all->loader->arena, custom, read.help);
}

/* One or several words, as they are typed. */
static void check_name(const struct commands *all, const struct json_member *member)
{
    struct loader *loader = all->loader;
    struct span rest = span_of(member->key), word;
    const struct custom_command *other = names_find(all->custom, member->key);
    bool fits =
        rest.length > 0 && rest.length <= NAME_BYTES_MAX && !text_ends(member->key, " ");

    while (fits && span_split(&rest, ' ', &word)) {
        fits = word.length > 0 && word.start[0] != '-';
        for (size_t i = 0; i < word.length && fits; i++)
            fits = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-",
                          word.start[i]) != NULL;
    }
    if (!fits)
        fault_add(loader, mark_of_key(member),
                  "\"%s\" is no name for a command: use words of letters, digits, _ . - with "
                  "one space between them",
                  member->key);
    else if (names_find(all->built_in, member->key) != NULL)
        fault_add(loader, mark_of_key(member),
                  "\"%s\" is a command of opsroom itself: give this one another name",
                  member->key);
    else if (other != NULL)
        fault_add(loader, mark_of_key(member),
                  "there is a command \"%s\" already, in %s on line %u: give one of them "
                  "another name",
                  member->key, other->node->file, other->line);
}

static void read_command(struct commands *all, const struct source *source,
                         const struct json_member *member, struct custom_command *custom)
{
    struct loader *loader = all->loader;
    struct section section;

    *custom = (struct custom_command){ .command = { .name = member->key },
                                       .directory = source->directory,
                                       .node = value_effective(loader, &member->value),
                                       .line = member->line };
    check_name(all, member);
    names_add(all->custom, member->key, custom);
    if (section_open(&section, loader, &member->value,
                     arena_printf(loader->arena, "commands.%s", member->key)))
        read_body(all, &section, custom);
}

static void add_built_in(struct commands *all)
{
    struct loader *loader = all->loader;
    const struct config *config = loader->config;

    for (size_t i = 0; i < core_command_count; i++)
        names_add(all->built_in, core_commands[i]->name, core_commands[i]);
    for (size_t i = 0; i < config->connection_count; i++) {
        const struct connection *connection = &config->connections[i];
        const struct connector *connector = connection->connector;

        for (size_t j = 0; connector != NULL && j < connector->command_count; j++) {
            const struct command *command = connector->commands[j];

            names_add(all->built_in,
                      arena_printf(loader->arena, "%s %s", connection->name, command->name),
                      command);
            names_add(all->built_in,
                      arena_printf(loader->arena, "%s %s", connector->name, command->name),
                      command);
        }
    }
}

static void find_locals(struct commands *all)
{
    const struct config *config = all->loader->config;
    const char **names =
        ARENA_ARRAY(all->loader->arena, const char *, config->connection_count);

    all->runner = runner_connector(all->loader->registry);
    for (size_t i = 0; i < config->connection_count && all->runner != NULL; i++) {
        if (config->connections[i].connector != all->runner)
            continue;
        all->only_local = all->locals.count == 0 ? &config->connections[i] : NULL;
        names[all->locals.count++] = config->connections[i].name;
    }
    all->locals.items = names;
}

/* NULL with a fault when it is no map. */
static const struct json *commands_of(struct loader *loader, const struct source *source)
{
    const struct json *map = json_member(source->root, "commands");
    struct section section;

    return map != NULL && section_open(&section, loader, map, "commands") ? map : NULL;
}

void commands_read(struct loader *loader)
{
    struct commands all = { .loader = loader,
                            .built_in = names_new(loader->arena),
                            .custom = names_new(loader->arena) };
    const struct json **maps =
        ARENA_ARRAY(loader->arena, const struct json *, loader->source_count);
    size_t count = 0, next = 0;

    for (size_t i = 0; i < loader->source_count; i++) {
        maps[i] = commands_of(loader, loader->sources[i]);
        count += json_count(maps[i]);
    }
    add_built_in(&all);
    find_locals(&all);
    struct custom_command *commands = ARENA_ARRAY(loader->arena, struct custom_command, count);
    for (size_t i = 0; i < loader->source_count; i++)
        for (size_t j = 0; j < json_count(maps[i]); j++)
            read_command(&all, loader->sources[i], &maps[i]->as.object.members[j],
                         &commands[next++]);
    loader->config->commands = commands;
    loader->config->command_count = count;
}
