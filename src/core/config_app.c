/* "apps": what is deployed where, and through which connection. */
#include "core/config_internal.h"

struct app_section {
    const char *repository;
};
static const struct field app_fields[] = {
    FIELD(struct app_section, repository, .key = "repository",
          .help = "where its versions come from: OWNER/NAME, or a path of this machine"),
};
static const struct fields app_table = FIELDS(struct app_section, app_fields);
static const char *const app_keys[] = { "environments" };

struct environment_section {
    bool rollback_on_failure;
    const char *concurrency;
    struct strings freeze;
};
static const struct field environment_fields[] = {
    FIELD(struct environment_section, rollback_on_failure, .key = "rollback_on_failure",
          .help = "deploy the version before when the health check fails"),
    FIELD(struct environment_section, concurrency, .key = "concurrency",
          .choices = "queue|refuse", .fallback = "queue",
          .help = "what a deployment does while another runs"),
    FIELD(struct environment_section, freeze, .key = "freeze",
          .help = "hours in which nobody deploys there, such as Fri 16:00-24:00 Europe/Lisbon"),
};
static const struct fields environment_table =
    FIELDS(struct environment_section, environment_fields);
static const char *const environment_keys[] = { "deploy", "health" };

struct health_section {
    const char *url;
    struct strings run;
    long long within_s;
};
static const struct field health_fields[] = {
    FIELD(struct health_section, url, .key = "url", .help = "must answer 2xx"),
    FIELD(struct health_section, run, .key = "run", .help = "must end with 0"),
    FIELD(struct health_section, within_s, .key = "within", .meaning = AS_DURATION,
          .fallback = "60s", .min = 1, .max = 24 * 60 * 60, .help = "how long it may take"),
};
static const struct fields health_table = FIELDS(struct health_section, health_fields);

static const char *const deploy_keys[] = { "connection" };

static void check_health_url(const struct section *section, const char *key, const char *url)
{
    if (!is_web_address(url))
        fault_add(section->loader, mark_of(json_member(section->map, key)),
                  "\"%s\" in %s must be an address such as http://127.0.0.1:8090/health, not "
                  "\"%s\"",
                  key, section->where, url);
}

static void read_health_map(const struct section *parent, const struct json *value,
                            struct environment *environment)
{
    struct loader *loader = parent->loader;
    struct health_section read;
    struct section section;

    if (!section_open(&section, loader, value,
                      arena_printf(loader->arena, "%s.health", parent->where)))
        return;
    section_read(&section, &health_table, &read, NULL);
    environment->health = read.url;
    environment->health_run = read.run;
    environment->health_within_s = read.within_s;
    if (read.url != NULL)
        check_health_url(&section, "url", read.url);
    if ((read.url != NULL) == (read.run.count > 0))
        fault_add(loader, mark_of(value),
                  "\"health\" has either \"url\" or \"run\", an address or a command");
}

static void read_health(const struct section *section, struct environment *environment)
{
    enum {
        WITHIN_S = 60
    };
    const struct json *value = json_member(section->map, "health");

    environment->health_within_s = WITHIN_S;
    if (value == NULL || json_is(value, JSON_NULL))
        return;
    if (!json_is(value, JSON_STRING)) {
        read_health_map(section, value, environment);
        return;
    }
    environment->health = value_text(section->loader, value, "health");
    if (environment->health != NULL)
        check_health_url(section, "health", environment->health);
}

static struct strings deployable_names(struct loader *loader)
{
    const struct config *config = loader->config;
    const char **names = ARENA_ARRAY(loader->arena, const char *, config->connection_count);
    struct strings deployable = { .items = names };

    for (size_t i = 0; i < config->connection_count; i++) {
        const struct connector *connector = config->connections[i].connector;

        if (connector != NULL && connector->deployer != NULL)
            names[deployable.count++] = config->connections[i].name;
    }
    return deployable;
}

/* NULL: a fault was added, here or where the connection stands. */
static const struct connection *find_target(const struct section *deploy)
{
    struct loader *loader = deploy->loader;
    const struct json *value = json_member(deploy->map, "connection");
    const char *name = section_text(deploy, "connection");

    if (value == NULL || json_is(value, JSON_NULL))
        fault_add(loader, mark_of(deploy->map),
                  "\"connection\" is missing in %s: through which one it is deployed",
                  deploy->where);
    if (name == NULL)
        return NULL;
    const struct connection *connection = names_find(loader->own->connections, name);
    struct strings deployable = deployable_names(loader);
    if (connection == NULL) {
        fault_add(loader, mark_of(value), "there is no connection \"%s\"%s", name,
                  near_name(loader, name, &deployable));
        return NULL;
    }
    if (connection->connector == NULL)
        return NULL;
    if (connection->connector->deployer == NULL) {
        fault_add(loader, mark_of(value),
                  "nothing can be deployed through \"%s\", a connection of type %s", name,
                  connection->connector->name);
        return NULL;
    }
    return connection;
}

static void read_deploy(const struct section *parent, struct environment *environment)
{
    struct loader *loader = parent->loader;
    const struct json *value = json_member(parent->map, "deploy");
    struct strings also = { .items = deploy_keys, .count = COUNT_OF(deploy_keys) };
    struct section section;

    if (value == NULL || json_is(value, JSON_NULL)) {
        fault_add(loader, mark_of(parent->map),
                  "\"deploy\" is missing in %s: the connection, and what it needs to know",
                  parent->where);
        return;
    }
    if (!section_open(&section, loader, value,
                      arena_printf(loader->arena, "%s.deploy", parent->where)))
        return;
    environment->connection = find_target(&section);
    if (environment->connection == NULL)
        return;
    const struct fields *table = &environment->connection->connector->deployer->target_config;
    void *target = arena_alloc(loader->arena, table->size_bytes);
    section_read(&section, table, target, &also);
    environment->target = target;
}

/* Recurring windows: the same words as a rule's hours. */
static void read_freeze(const struct section *section, const struct strings *windows,
                        struct environment *environment)
{
    struct loader *loader = section->loader;
    struct hours *freeze = ARENA_ARRAY(loader->arena, struct hours, windows->count + 1);
    struct error err = { 0 };

    for (size_t i = 0; i < windows->count; i++)
        if (hours_parse(loader->arena, windows->items[i], loader->config->server.zone,
                        &freeze[i], &err) < 0)
            fault_add(loader, mark_of(json_member(section->map, "freeze")), "%s", err.text);
    environment->freeze = freeze;
    environment->freeze_count = windows->count;
}

static void read_environment(struct loader *loader, const struct json_member *member,
                             const char *app, struct environment *environment)
{
    struct strings also = { .items = environment_keys, .count = COUNT_OF(environment_keys) };
    struct environment_section read;
    struct section section;

    environment->name = member->key;
    environment->line = member->line;
    environment->node = value_effective(loader, &member->value);
    name_check(loader, member, "an environment");
    if (text_is(member->key, "all"))
        fault_add(loader, mark_of_key(member),
                  "an environment cannot be called \"all\": for freeze that is every one");
    if (!section_open(&section, loader, &member->value,
                      arena_printf(loader->arena, "apps.%s.environments.%s", app, member->key)))
        return;
    section_read(&section, &environment_table, &read, &also);
    environment->rollback_on_failure = read.rollback_on_failure;
    environment->refuse_when_busy = text_is(read.concurrency, "refuse");
    read_freeze(&section, &read.freeze, environment);
    read_health(&section, environment);
    read_deploy(&section, environment);
}

static void read_environments(const struct section *section, struct names *all, struct app *app)
{
    struct loader *loader = section->loader;
    const struct json *value = json_member(section->map, "environments");
    struct section environments;

    if (value == NULL || json_count(value) == 0) {
        fault_add(loader, mark_of(value != NULL ? value : section->map),
                  "\"environments\" is missing in %s: where it is deployed", section->where);
        return;
    }
    if (!section_open(&environments, loader, value,
                      arena_printf(loader->arena, "%s.environments", section->where)))
        return;
    size_t count = json_count(value);
    struct environment *list = ARENA_ARRAY(loader->arena, struct environment, count);
    for (size_t i = 0; i < count; i++) {
        read_environment(loader, &value->as.object.members[i], app->name, &list[i]);
        names_add(all, list[i].name, &list[i]);
    }
    app->environments = list;
    app->environment_count = count;
}

static void read_app(struct loader *loader, const struct json_member *member, struct names *all,
                     struct app *app)
{
    struct strings also = { .items = app_keys, .count = COUNT_OF(app_keys) };
    struct app_section read;
    struct section section;

    app->name = member->key;
    app->line = member->line;
    name_check(loader, member, "an app");
    if (!section_open(&section, loader, &member->value,
                      arena_printf(loader->arena, "apps.%s", member->key)))
        return;
    section_read(&section, &app_table, &read, &also);
    app->repository = read.repository;
    if (text_starts(read.repository, ".") || text_starts(read.repository, "/"))
        app->repository =
            path_in(loader->arena, source_of(loader, section.map)->directory, read.repository);
    read_environments(&section, all, app);
}

void apps_read(struct loader *loader)
{
    const struct json *map = root_map(loader, "apps");
    size_t count = json_count(map);
    struct app *apps = ARENA_ARRAY(loader->arena, struct app, count);
    struct names *names = names_new(loader->arena);
    struct names *environments = names_new(loader->arena);

    for (size_t i = 0; i < count; i++) {
        read_app(loader, &map->as.object.members[i], environments, &apps[i]);
        names_add(names, apps[i].name, &apps[i]);
    }
    loader->config->apps = apps;
    loader->config->app_count = count;
    loader->own->apps = names;
    loader->own->environments = environments;
}
