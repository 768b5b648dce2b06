/* "chats" and "connections": each has a type, and the type's field table says what else it has. */
#include "core/chat.h"
#include "core/config_internal.h"

/* Types that opsroom is known for; those not in the registry are not built into this version. */
static const char *const known_connectors[] = {
    "github", "jenkins", "prometheus", "alertmanager", "grafana", "jira",  "trello",
    "aws",    "gcp",     "azure",      "terraform",    "webhook", "local",
};
static const char *const known_platforms[] = { "slack", "teams", "web" };
static const char *const type_key[] = { "type" };

/* The same reading for both sections. */
struct kind {
    const char *section; /* "chats" */
    const char *what;    /* "a chat" */
    struct strings built, known;
};

/* One entry: NULL settings when it has faults that leave nothing to read. */
struct typed {
    const char *type; /* one that is built in, or NULL */
    struct section section;
};

bool chat_is_web(const struct chat_config *chat)
{
    return chat->platform != NULL && text_is(chat->platform->name, "web");
}

const struct connector *runner_connector(const struct registry *registry)
{
    for (size_t i = 0; i < registry->connector_count; i++)
        if (registry->connectors[i]->runner != NULL)
            return registry->connectors[i];
    return NULL;
}

static struct strings connector_names(struct loader *loader)
{
    const struct registry *registry = loader->registry;
    const char **names = ARENA_ARRAY(loader->arena, const char *, registry->connector_count);

    for (size_t i = 0; i < registry->connector_count; i++)
        names[i] = registry->connectors[i]->name;
    return (struct strings){ .items = names, .count = registry->connector_count };
}

static struct strings platform_names(struct loader *loader)
{
    const struct registry *registry = loader->registry;
    const char **names = ARENA_ARRAY(loader->arena, const char *, registry->platform_count);

    for (size_t i = 0; i < registry->platform_count; i++)
        names[i] = registry->platforms[i]->name;
    return (struct strings){ .items = names, .count = registry->platform_count };
}

static const char *join(struct arena *arena, const struct strings *strings)
{
    struct text text = text_new(arena, 2000);

    for (size_t i = 0; i < strings->count; i++)
        text_addf(&text, "%s%s", i > 0 ? ", " : "", strings->items[i]);
    return text_string(&text);
}

/* Of a type that is not read: its keys are unknown, any of them may hold a secret. */
static void cover_all(struct loader *loader, const struct json *map)
{
    for (size_t i = 0; i < json_count(map); i++) {
        const struct json_member *member = &map->as.object.members[i];

        if (json_is(&member->value, JSON_STRING) && !text_is(member->key, "type"))
            cover(loader, &member->value);
    }
}

static void type_fault(const struct kind *kind, const struct section *section, const char *type)
{
    struct loader *loader = section->loader;
    const struct json *value = json_member(section->map, "type");
    const char *built = join(loader->arena, &kind->built);

    cover_all(loader, section->map);
    if (strings_has(&kind->known, type))
        fault_add(loader, mark_of(value),
                  "type \"%s\" is not built into this version of opsroom; built in: %s", type,
                  built);
    else
        fault_add(loader, mark_of(value), "unknown type \"%s\" of %s (built in: %s)%s", type,
                  kind->what, built, near_name(loader, type, &kind->known));
}

/* Name and type of an entry.  False: a fault was added and the rest is not worth reading. */
static bool read_type(const struct kind *kind, struct loader *loader,
                      const struct json_member *member, struct typed *typed)
{
    bool named = name_check(loader, member, kind->what);
    const char *where = arena_printf(loader->arena, "%s.%s", kind->section, member->key);

    if (!section_open(&typed->section, loader, &member->value, where))
        return false;
    const struct json *type = json_member(typed->section.map, "type");
    if (type == NULL || json_is(type, JSON_NULL)) {
        cover_all(loader, typed->section.map);
        fault_add(loader, mark_of_key(member), "\"type\" is missing in %s; built in: %s", where,
                  join(loader->arena, &kind->built));
        return false;
    }
    typed->type = value_text(loader, type, "type");
    if (typed->type == NULL)
        return false;
    if (strings_has(&kind->built, typed->type))
        return named;
    type_fault(kind, &typed->section, typed->type);
    return false;
}

/* The type's own struct.  A table may have a "type" of its own. */
static const void *read_settings(const struct section *section, const struct fields *fields)
{
    struct strings also = { .items = type_key, .count = COUNT_OF(type_key) };
    void *settings = arena_alloc(section->loader->arena, fields->size_bytes);

    section_read(section, fields, settings, fields_find(fields, "type") == NULL ? &also : NULL);
    return settings;
}

static void read_chat(const struct kind *kind, struct loader *loader,
                      const struct json_member *member, struct chat_config *chat)
{
    struct typed typed;

    chat->name = member->key;
    chat->line = member->line;
    if (text_is(member->key, "local"))
        fault_add(loader, mark_of_key(member),
                  "a chat cannot be called \"local\": that is the word for this machine's Unix "
                  "users in people's accounts");
    if (!read_type(kind, loader, member, &typed))
        return;
    chat->platform = registry_platform(loader->registry, typed.type);
    chat->settings = read_settings(&typed.section, &chat->platform->config);
    chat->node = section_effective(&typed.section, &chat->platform->config);
}

void chats_read(struct loader *loader)
{
    struct kind kind = { .section = "chats",
                         .what = "a chat",
                         .built = platform_names(loader),
                         .known = { known_platforms, COUNT_OF(known_platforms) } };
    const struct json *map = root_map(loader, "chats");
    size_t count = json_count(map);
    struct chat_config *chats = ARENA_ARRAY(loader->arena, struct chat_config, count);
    struct names *names = names_new(loader->arena);

    for (size_t i = 0; i < count; i++) {
        read_chat(&kind, loader, &map->as.object.members[i], &chats[i]);
        names_add(names, chats[i].name, &chats[i]);
    }
    loader->config->chats = chats;
    loader->config->chat_count = count;
    loader->own->chats = names;
}

static void read_connection(const struct kind *kind, struct loader *loader,
                            const struct json_member *member, struct connection *connection)
{
    struct typed typed;

    connection->name = member->key;
    connection->line = member->line;
    if (!read_type(kind, loader, member, &typed))
        return;
    const struct connector *connector = registry_connector(loader->registry, typed.type);
    connection->connector = connector;
    connection->settings = read_settings(&typed.section, &connector->config);
    connection->node = section_effective(&typed.section, &connector->config);
}

void connections_read(struct loader *loader)
{
    struct kind kind = { .section = "connections",
                         .what = "a connection",
                         .built = connector_names(loader),
                         .known = { known_connectors, COUNT_OF(known_connectors) } };
    const struct json *map = root_map(loader, "connections");
    size_t count = json_count(map);
    struct connection *connections = ARENA_ARRAY(loader->arena, struct connection, count);
    struct names *names = names_new(loader->arena);

    for (size_t i = 0; i < count; i++) {
        read_connection(&kind, loader, &map->as.object.members[i], &connections[i]);
        names_add(names, connections[i].name, &connections[i]);
    }
    loader->config->connections = connections;
    loader->config->connection_count = count;
    loader->own->connections = names;
}
