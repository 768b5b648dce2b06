/* All commands under their one name, and what help and forms say of them. */
#include "core/catalog.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct catalog_entry *)a)->name,
                  ((const struct catalog_entry *)b)->name);
}

static int by_any_name(const void *a, const void *b)
{
    return strcmp(((const struct catalog_name *)a)->name,
                  ((const struct catalog_name *)b)->name);
}

static size_t connections_of_type(const struct config *config,
                                  const struct connector *connector)
{
    size_t count = 0;

    for (size_t i = 0; i < config->connection_count; i++)
        count += config->connections[i].connector == connector;
    return count;
}

static size_t entry_count(const struct config *config)
{
    size_t count = core_command_count + config->command_count;

    for (size_t i = 0; i < config->connection_count; i++)
        count += config->connections[i].connector->command_count;
    return count;
}

static size_t add_connection(struct catalog_entry *list, struct arena *arena,
                             const struct config *config, const struct connection *connection)
{
    const struct connector *connector = connection->connector;
    bool alone = connections_of_type(config, connector) == 1;

    for (size_t i = 0; i < connector->command_count; i++) {
        const struct command *command = connector->commands[i];
        struct catalog_entry *entry = &list[i];

        *entry = (struct catalog_entry){ .command = command, .connection = connection };
        entry->name = arena_printf(arena, "%s %s", connection->name, command->name);
        if (alone && !text_is(connection->name, connector->name))
            entry->alias = arena_printf(arena, "%s %s", connector->name, command->name);
    }
    return connector->command_count;
}

static void index_names(struct catalog *catalog, struct arena *arena)
{
    struct catalog_name *names =
        ARENA_ARRAY(arena, struct catalog_name, catalog->count * 2 + 1);
    size_t count = 0;

    for (size_t i = 0; i < catalog->count; i++) {
        const struct catalog_entry *entry = &catalog->list[i];

        names[count++] = (struct catalog_name){ entry->name, entry };
        if (entry->alias != NULL)
            names[count++] = (struct catalog_name){ entry->alias, entry };
    }
    qsort(names, count, sizeof(names[0]), by_any_name);
    catalog->names = names;
    catalog->name_count = count;
}

const struct catalog *catalog_new(struct arena *arena, const struct config *config)
{
    struct catalog *catalog = ARENA_NEW(arena, struct catalog);
    struct catalog_entry *list =
        ARENA_ARRAY(arena, struct catalog_entry, entry_count(config) + 1);
    size_t count = 0;

    for (size_t i = 0; i < core_command_count; i++)
        list[count++] = (struct catalog_entry){ .name = core_commands[i]->name,
                                                .command = core_commands[i] };
    for (size_t i = 0; i < config->connection_count; i++)
        count += add_connection(&list[count], arena, config, &config->connections[i]);
    for (size_t i = 0; i < config->command_count; i++)
        list[count++] = (struct catalog_entry){ .name = config->commands[i].command.name,
                                                .command = &config->commands[i].command,
                                                .custom = &config->commands[i],
                                                .connection = config->commands[i].connection };
    qsort(list, count, sizeof(list[0]), by_name);
    catalog->list = list;
    catalog->count = count;
    index_names(catalog, arena);
    return catalog;
}

const struct catalog_entry *catalog_find(const struct catalog *catalog, const char *name)
{
    struct catalog_name wanted = { .name = name };
    const struct catalog_name *found = bsearch(&wanted, catalog->names, catalog->name_count,
                                               sizeof(catalog->names[0]), by_any_name);

    return found == NULL ? NULL : found->entry;
}

static void add_upper(struct text *out, const char *key)
{
    for (; *key != '\0'; key++)
        text_add_char(out, (char)toupper((unsigned char)*key));
}

/* "--by PERSON": a flag's value by what it is, where the key does not say it. */
static const char *value_name(const struct field *field)
{
    bool says_more = field->meaning == AS_PERSON || field->meaning == AS_DURATION ||
                     field->meaning == AS_JOB;

    return field->flag && says_more ? field_type_name(field) : field->key;
}

static void usage_value(struct text *out, const struct field *field)
{
    if (field->meaning == AS_PAIRS) {
        text_add(out, "KEY=VALUE ...");
        return;
    }
    if (field->word != NULL && !field->flag)
        text_addf(out, "%s ", field->word);
    if (field->flag)
        text_addf(out, "--%s", field->key);
    if (field->flag && field->type == FIELD_BOOLEAN)
        return;
    if (field->flag)
        text_add_char(out, ' ');
    add_upper(out, value_name(field));
}

const char *catalog_usage(struct arena *arena, const struct catalog_entry *entry)
{
    struct text out = text_new(arena, 2000);
    const struct fields *args = &entry->command->args;

    text_add(&out, entry->name);
    for (int flags = 0; flags < 2; flags++) {
        for (size_t i = 0; i < args->count; i++) {
            const struct field *field = &args->list[i];

            if (field->flag != (flags == 1))
                continue;
            text_add(&out, field->need ? " " : " [");
            usage_value(&out, field);
            text_add(&out, field->need ? "" : "]");
        }
    }
    return text_string(&out);
}

static void help_argument(struct text *out, const struct field *field)
{
    text_add(out, field->flag ? "\n  --" : "\n  ");
    text_addf(out, "%s: %s (%s", field->key, field->help != NULL ? field->help : "",
              field_type_name(field));
    if (field->fallback != NULL)
        text_addf(out, ", %s unless given", field->fallback);
    text_add(out, field->need ? ", needed)" : ")");
}

const char *catalog_help(struct arena *arena, const struct catalog_entry *entry)
{
    struct text out = text_new(arena, 8000);
    const struct fields *args = &entry->command->args;

    text_addf(&out, "`%s`\n%s", catalog_usage(arena, entry), entry->command->help);
    for (size_t i = 0; i < args->count; i++)
        help_argument(&out, &args->list[i]);
    if (entry->command->example != NULL)
        text_addf(&out, "\nExample: `%s`", entry->command->example);
    return text_string(&out);
}

static const struct json *choices_json(struct arena *arena, const char *choices)
{
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);
    struct span rest = span_of(choices);
    struct span piece;

    while (span_split(&rest, '|', &piece))
        json_builder_add(list, NULL, V(span_copy(arena, piece)));
    return json_builder_done(list);
}

static const struct json *argument_json(struct arena *arena, const struct field *field)
{
    return OBJECT(arena, { "key", V(field->key) }, { "help", V(field->help) },
                  { "type", V(field_type_name(field)) }, { "need", V(field->need) },
                  { "flag", V(field->flag) }, { "word", V(field->word) },
                  { "fallback", V(field->fallback) },
                  { "choices", V(field->choices != NULL ? choices_json(arena, field->choices)
                                                        : (const struct json *)NULL) });
}

const struct json *catalog_json(struct arena *arena, const struct catalog_entry *entry)
{
    static const char *const risks[] = { "read", "change", "danger" };
    struct json_builder *args = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < entry->command->args.count; i++)
        json_builder_add(args, NULL, V(argument_json(arena, &entry->command->args.list[i])));
    return OBJECT(
        arena, { "name", V(entry->name) }, { "help", V(entry->command->help) },
        { "usage", V(catalog_usage(arena, entry)) }, { "example", V(entry->command->example) },
        { "risk", V(risks[entry->command->risk]) }, { "args", V(json_builder_done(args)) });
}
