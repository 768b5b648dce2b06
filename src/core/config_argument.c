/* "args" of a custom command: name -> type, or a map with type, help, choices and the rest. */
#include <string.h>

#include "core/config_internal.h"

enum {
    ARGUMENTS_MAX = 30,
    SLOT_BYTES = 8 /* one size for every type */
};
_Static_assert(sizeof(const char *) <= SLOT_BYTES && sizeof(long long) <= SLOT_BYTES &&
                   sizeof(double) <= SLOT_BYTES,
               "a slot holds any of the types");

static const struct argument_type {
    const char *name;
    enum field_type type;
    enum field_meaning meaning;
} types[] = {
    { "string", FIELD_STRING, AS_PLAIN },
    { "integer", FIELD_INTEGER, AS_PLAIN },
    { "number", FIELD_NUMBER, AS_PLAIN },
    { "boolean", FIELD_BOOLEAN, AS_PLAIN },
    { "duration", FIELD_INTEGER, AS_DURATION },
    { "enum", FIELD_STRING, AS_PLAIN },
    { "person", FIELD_STRING, AS_PERSON },
    { "channel", FIELD_STRING, AS_CHANNEL },
    { "app", FIELD_STRING, AS_APP },
    { "environment", FIELD_STRING, AS_ENVIRONMENT },
    { "version", FIELD_STRING, AS_VERSION },
    { "url", FIELD_STRING, AS_URL },
    { "job", FIELD_INTEGER, AS_JOB },
    { "query", FIELD_STRING, AS_QUERY },
    { "rest", FIELD_STRING, AS_REST },
};

struct argument_section {
    const char *type, *help, *fallback, *word;
    struct strings choices;
    bool need;
};
static const struct field argument_fields[] = {
    FIELD(struct argument_section, type, .key = "type", .fallback = "string",
          .help = "what it is: string, integer, app, environment ..."),
    FIELD(struct argument_section, help, .key = "help", .help = "what it is for"),
    FIELD(struct argument_section, need, .key = "need", .fallback = "true",
          .help = "whether it has to be given"),
    FIELD(struct argument_section, choices, .key = "choices", .help = "the only values"),
    FIELD(struct argument_section, fallback, .key = "fallback",
          .help = "its value when it is not given"),
    FIELD(struct argument_section, word, .key = "word",
          .help = "the word before it in a sentence, such as to"),
};
static const struct fields argument_table = FIELDS(struct argument_section, argument_fields);

static const struct argument_type *find_type(struct loader *loader, struct mark mark,
                                             const char *name)
{
    const char *names[COUNT_OF(types)];
    struct text list = text_new(loader->arena, 400);

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (text_is(types[i].name, name))
            return &types[i];
        names[i] = types[i].name;
        text_addf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    struct strings known = { .items = names, .count = COUNT_OF(types) };
    fault_add(loader, mark, "unknown type \"%s\" of an argument (there are %s)%s", name,
              text_string(&list), near_name(loader, name, &known));
    return &types[0];
}

/* "a|b|c", as field tables have it. */
static const char *join_choices(const struct section *section, const struct strings *choices)
{
    struct text text = text_new(section->loader->arena, 4000);

    for (size_t i = 0; i < choices->count; i++) {
        if (text_has(choices->items[i], "|") || choices->items[i][0] == '\0')
            fault_add(section->loader, section_mark(section, "choices"),
                      "a choice is a word without |, not \"%s\"", choices->items[i]);
        text_addf(&text, "%s%s", i > 0 ? "|" : "", choices->items[i]);
    }
    return choices->count > 0 ? text_string(&text) : NULL;
}

/* A fallback that its own type refuses would stop the command when it is run. */
static void check_fallback(const struct section *section, const struct field *argument)
{
    struct error err = { .kind = ERROR_NONE };
    struct field alone = *argument;
    long long slot[SLOT_BYTES / sizeof(long long)];

    alone.offset = 0;
    if (argument->fallback != NULL &&
        field_from_text(&alone, section->loader->arena, argument->fallback, slot, &err) < 0)
        fault_add(section->loader, section_mark(section, "fallback"), "\"fallback\" in %s %s",
                  section->where, err.text);
}

static void set_type(struct field *argument, const struct argument_type *type)
{
    argument->type = type->type;
    argument->meaning = type->meaning;
}

static void read_map(const struct section *section, struct field *argument)
{
    struct loader *loader = section->loader;
    struct argument_section read;

    section_read(section, &argument_table, &read, NULL);
    const struct argument_type *type =
        find_type(loader, section_mark(section, "type"), read.type);
    set_type(argument, type);
    if (read.help != NULL)
        argument->help = read.help;
    argument->need = read.need && read.fallback == NULL;
    argument->choices = join_choices(section, &read.choices);
    argument->fallback = read.fallback;
    argument->word = read.word;
    if (text_is(type->name, "enum") && argument->choices == NULL)
        fault_add(loader, section_mark(section, "type"),
                  "an argument of type enum needs \"choices\"");
    if (argument->choices != NULL && type->type != FIELD_STRING)
        fault_add(loader, section_mark(section, "choices"),
                  "\"choices\" go with text, not with type %s", type->name);
    if (read.word != NULL && (read.word[0] == '\0' || strpbrk(read.word, " \t\n") != NULL))
        fault_add(loader, section_mark(section, "word"),
                  "\"word\" must be one word, not \"%s\"", read.word);
    check_fallback(section, argument);
}

static void read_argument(const struct section *command, const struct json_member *member,
                          struct field *argument)
{
    struct loader *loader = command->loader;
    const struct json *value = &member->value;
    struct section section;

    *argument = (struct field){
        .key = member->key, .help = member->key, .type = FIELD_STRING, .need = true
    };
    name_check(loader, member, "an argument");
    if (json_is(value, JSON_STRING)) {
        const struct argument_type *type = find_type(loader, mark_of(value), value->as.string);

        set_type(argument, type);
        if (text_is(type->name, "enum"))
            fault_add(loader, mark_of(value),
                      "an argument of type enum needs \"choices\": write {choices: [...]}");
        return;
    }
    const char *where = arena_printf(loader->arena, "%s.args.%s", command->where, member->key);
    if (section_open(&section, loader, value, where))
        read_map(&section, argument);
}

void arguments_read(const struct section *command, struct custom_command *custom)
{
    struct loader *loader = command->loader;
    const struct json *map = json_member(command->map, "args");
    size_t count = json_count(map);
    struct section section;

    if (map == NULL || !section_open(&section, loader, map,
                                     arena_printf(loader->arena, "%s.args", command->where)))
        return;
    if (count > ARGUMENTS_MAX) {
        fault_add(loader, mark_of(map), "%s has more than %d arguments", command->where,
                  ARGUMENTS_MAX);
        return;
    }
    struct field *arguments = ARENA_ARRAY(loader->arena, struct field, count);
    for (size_t i = 0; i < count; i++) {
        read_argument(command, &map->as.object.members[i], &arguments[i]);
        arguments[i].offset = i * SLOT_BYTES;
    }
    custom->command.args =
        (struct fields){ .list = arguments, .count = count, .size_bytes = count * SLOT_BYTES };
}
