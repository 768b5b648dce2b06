/* Arguments that name things of the configuration. */
#include "core/parse_value.h"

#include <string.h>

#include "base/text.h"

static const char *list_print(struct arena *arena, struct strings list)
{
    struct text out = text_new(arena, 300);

    for (size_t i = 0; i < list.count; i++)
        text_addf(&out, "%s%s",
                  i == 0                ? ""
                  : i + 1 == list.count ? " or "
                                        : ", ",
                  list.items[i]);
    return text_string(&out);
}

static int no_such(struct arena *arena, const char *noun, const char *text,
                   struct strings there_are, struct error *err)
{
    const char *near = text_nearest(text, there_are.items, there_are.count);

    if (near != NULL)
        return error_set(err, ERROR_INVALID, "there is no %s \"%.60s\": did you mean \"%s\"?",
                         noun, text, near);
    if (there_are.count == 0)
        return error_set(err, ERROR_INVALID,
                         "there is no %s \"%.60s\": the configuration has none", noun, text);
    return error_set(err, ERROR_INVALID, "there is no %s \"%.60s\": use %s", noun, text,
                     list_print(arena, there_are));
}

static struct strings app_names(struct arena *arena, const struct config *config)
{
    const char **names = ARENA_ARRAY(arena, const char *, config->app_count + 1);

    for (size_t i = 0; i < config->app_count; i++)
        names[i] = config->apps[i].name;
    return (struct strings){ .items = names, .count = config->app_count };
}

static size_t add_new(const char **names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (text_is(names[i], name))
            return count;
    names[count] = name;
    return count + 1;
}

/* Of one app, or of all. */
static struct strings environment_names(struct arena *arena, const struct config *config,
                                        const struct app *app)
{
    size_t most = 0;
    size_t count = 0;
    const char **names;

    for (size_t i = 0; i < config->app_count; i++)
        most += config->apps[i].environment_count;
    names = ARENA_ARRAY(arena, const char *, most + 1);
    for (size_t i = 0; i < config->app_count; i++)
        for (size_t j = 0; j < config->apps[i].environment_count; j++)
            if (app == NULL || app == &config->apps[i])
                count = add_new(names, count, config->apps[i].environments[j].name);
    return (struct strings){ .items = names, .count = count };
}

static struct strings person_names(struct arena *arena, const struct config *config)
{
    const char **names = ARENA_ARRAY(arena, const char *, config->person_count + 1);

    for (size_t i = 0; i < config->person_count; i++)
        names[i] = config->people[i].id;
    return (struct strings){ .items = names, .count = config->person_count };
}

/* The app that was given before this argument, if the command has one. */
static const struct app *app_in(const struct config *config, const struct fields *fields,
                                const void *structure)
{
    for (size_t i = 0; i < fields->count; i++)
        if (fields->list[i].meaning == AS_APP && fields->list[i].type == FIELD_STRING) {
            const char *name = *(const char *const *)(const void *)((const char *)structure +
                                                                    fields->list[i].offset);

            return name == NULL ? NULL : config_app(config, name);
        }
    return NULL;
}

static int check_app(struct arena *arena, const struct config *config, const char *text,
                     struct error *err)
{
    if (config_app(config, text) != NULL)
        return 0;
    return no_such(arena, "app", text, app_names(arena, config), err);
}

static int check_environment(struct arena *arena, const struct config *config,
                             const struct app *app, const char *text, struct error *err)
{
    bool known = app != NULL ? app_environment(app, text) != NULL
                             : config_has_environment(config, text) || text_is(text, "all");

    if (known)
        return 0;
    if (app != NULL)
        return no_such(arena, arena_printf(arena, "environment of %s", app->name), text,
                       environment_names(arena, config, app), err);
    return no_such(arena, "environment", text, environment_names(arena, config, NULL), err);
}

/* By id before name: somebody may be called what another's id is. */
static const struct person *find_person(const struct config *config, const char *text)
{
    for (size_t i = 0; i < config->person_count; i++)
        if (text_is_nocase(config->people[i].id, text))
            return &config->people[i];
    for (size_t i = 0; i < config->person_count; i++)
        if (text_is_nocase(config->people[i].name, text))
            return &config->people[i];
    return NULL;
}

static int check_person(struct arena *arena, const struct config *config, const char **text,
                        struct error *err)
{
    const char *id = (*text)[0] == '@' ? *text + 1 : *text;
    const struct person *person = find_person(config, id);

    if (person == NULL)
        return no_such(arena, "person", id, person_names(arena, config), err);
    *text = person->id;
    return 0;
}

static int check_channel(struct arena *arena, const struct argument_context *context,
                         const char **text, struct error *err)
{
    struct place place;

    if (text_is(*text, "here")) {
        if (context->place == NULL || context->place->chat == NULL)
            return error_set(err, ERROR_INVALID, "\"here\" is no channel: write chat#channel");
        *text = place_print(arena, context->place);
        return 0;
    }
    if ((*text)[0] == '#' && context->place != NULL && context->place->chat != NULL)
        *text = arena_printf(arena, "%s%s", context->place->chat, *text);
    if (!place_parse(arena, *text, &place))
        return error_set(err, ERROR_INVALID, "\"%.60s\" is no channel: write chat#channel",
                         *text);
    return 0;
}

static int check_url(const char *text, struct error *err)
{
    if (text_starts(text, "https://") || text_starts(text, "http://"))
        return 0;
    return error_set(err, ERROR_INVALID, "\"%.60s\" is no address: it begins with https://",
                     text);
}

static int check_meaning(struct arena *arena, const struct argument_context *context,
                         const struct fields *fields, const struct field *field,
                         const void *structure, const char **text, struct error *err)
{
    switch (field->meaning) {
    case AS_APP:
        return check_app(arena, context->config, *text, err);
    case AS_ENVIRONMENT:
        return check_environment(arena, context->config,
                                 app_in(context->config, fields, structure), *text, err);
    case AS_PERSON:
        return check_person(arena, context->config, text, err);
    case AS_CHANNEL:
        return check_channel(arena, context, text, err);
    case AS_URL:
        return check_url(*text, err);
    case AS_JOB:
        if ((*text)[0] == '#')
            (*text)++;
        return 0;
    case AS_PLAIN:
    case AS_DURATION:
    case AS_VERSION:
    case AS_COMMAND:
    case AS_PAIRS:
    case AS_QUERY:
    case AS_REST:
    case AS_PATH:
        return 0;
    }
    return 0;
}

/* One form for what may be typed in several: rules compare text. */
static const char *canonical(struct arena *arena, const struct field *field,
                             const void *structure, const char *text)
{
    const char *member = (const char *)structure + field->offset;

    if (field->type == FIELD_BOOLEAN)
        return *(const bool *)(const void *)member ? "true" : "false";
    if (field->type == FIELD_INTEGER && field->meaning != AS_DURATION)
        return arena_printf(arena, "%lld", *(const long long *)(const void *)member);
    return text;
}

int parse_value(struct arena *arena, const struct argument_context *context,
                const struct fields *fields, const struct field *field, void *structure,
                const char **text, struct error *err)
{
    if (check_meaning(arena, context, fields, field, structure, text, err) < 0)
        return -1;
    if (field_from_text(field, arena, *text, structure, err) < 0)
        return error_prefix(err, "%s", field->key);
    *text = canonical(arena, field, structure, *text);
    return 0;
}

static struct strings split_choices(struct arena *arena, const char *choices)
{
    const char **items = ARENA_ARRAY(arena, const char *, strlen(choices) + 1);
    struct span rest = span_of(choices);
    struct span piece;
    size_t count = 0;

    while (span_split(&rest, '|', &piece))
        items[count++] = span_copy(arena, piece);
    return (struct strings){ .items = items, .count = count };
}

struct strings value_choices(struct arena *arena, const struct argument_context *context,
                             const struct fields *fields, const struct field *field,
                             const struct json *args)
{
    const struct config *config = context->config;

    (void)fields;
    if (field->choices != NULL)
        return split_choices(arena, field->choices);
    if (field->meaning == AS_APP)
        return app_names(arena, config);
    if (field->meaning == AS_ENVIRONMENT)
        return environment_names(arena, config,
                                 config_app(config, json_string(args, "app", "")));
    if (field->meaning == AS_PERSON)
        return person_names(arena, config);
    return (struct strings){ 0 };
}
