/* The configuration as one snapshot: read section by section, held, released. */
#include "core/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "core/config_internal.h"

static const char *const section_keys[] = {
    "server", "store", "chats",  "connections", "people",
    "policy", "apps",  "routes", "commands",    "packs",
};

static void redactor_release(void *redactor)
{
    redactor_free(redactor);
}

static struct snapshot *snapshot_new(void)
{
    struct arena *arena = arena_new();
    struct snapshot *own = ARENA_NEW(arena, struct snapshot);

    own->arena = arena;
    own->config = ARENA_NEW(arena, struct config);
    own->config->own = own;
    own->config->version = 1;
    atomic_init(&own->references, 1);
    return own;
}

const struct config *config_hold(const struct config *config)
{
    atomic_fetch_add(&config->own->references, 1);
    return config;
}

void config_release(const struct config *config)
{
    if (config == NULL || atomic_fetch_sub(&config->own->references, 1) > 1)
        return;
    arena_free(config->own->arena);
}

/* Of the bytes of all files in the order in which they are read. */
static void digest_files(struct loader *loader)
{
    size_t total = 0, at = 0;

    for (size_t i = 0; i < loader->source_count; i++)
        total += loader->sources[i]->length;
    char *bytes = memory_new(total);
    for (size_t i = 0; i < loader->source_count; i++) {
        const struct source *source = loader->sources[i];

        if (source->length > 0)
            memcpy(bytes + at, source->text, source->length);
        at += source->length;
    }
    sha256_hex(bytes, total, loader->config->digest);
    free(bytes);
}

static void find_unknown_sections(struct loader *loader, const struct json *root)
{
    struct strings known = { .items = section_keys, .count = COUNT_OF(section_keys) };

    for (size_t i = 0; i < json_count(root); i++) {
        const struct json_member *member = &root->as.object.members[i];

        if (!strings_has(&known, member->key))
            fault_add(loader, mark_of_key(member), "unknown section \"%s\"%s", member->key,
                      near_name(loader, member->key, &known));
    }
}

/* What the rest needs comes first: chats and connections before people, rules, apps and commands. */
static void read_sections(struct loader *loader)
{
    server_read(loader);
    if (loader->mode == CONFIG_CLIENT)
        return;
    find_unknown_sections(loader, loader->sources[0]->root);
    chats_read(loader);
    connections_read(loader);
    people_read(loader);
    policy_read(loader);
    apps_read(loader);
    packs_read(loader);
    routes_read(loader);
    commands_read(loader);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static void read_files(struct loader *loader, const char *path)
{
    struct config *config = loader->config;
    const char *name = arena_copy(loader->arena, path);
    struct source *source =
        source_add(loader, name, base_name(name), (struct mark){ .file = NULL });

    config->directory = source->directory;
    config->path = path_in(loader->arena, source->directory, source->short_name);
    if (source->root == NULL)
        return;
    if (!json_is(source->root, JSON_OBJECT))
        fault_add(loader, mark_of(source->root),
                  "a configuration is a map of sections (server, chats, people ...), not %s: "
                  "opsroom init writes one to begin with",
                  describe(loader, source->root));
    else
        read_sections(loader);
    digest_files(loader);
}

struct config *config_read(const char *path, enum config_mode mode,
                           const struct registry *registry, struct arena *arena,
                           struct faults *faults)
{
    struct snapshot *own = snapshot_new();
    struct loader *loader = memory_new(sizeof(*loader));

    *loader = (struct loader){ .arena = own->arena,
                               .fault_arena = arena,
                               .mode = mode,
                               .registry = registry,
                               .config = own->config,
                               .own = own,
                               .redactor = redactor_new() };
    arena_defer(own->arena, redactor_release, loader->redactor);
    own->config->redactor = loader->redactor;
    read_files(loader, path);
    redactor_ready(loader->redactor);
    faults_finish(loader, faults);
    sealed_free(loader->sealed);
    free(loader);
    if (faults->errors == 0)
        return own->config;
    config_release(own->config);
    return NULL;
}
