/* "packs": folders of commands, routes and scripts that can be dropped in. */
#include <glob.h>
#include <string.h>

#include "core/config_internal.h"

static const char *const pack_keys[] = { "commands", "routes" };

static void check_pack(struct loader *loader, const struct source *source)
{
    struct strings known = { .items = pack_keys, .count = COUNT_OF(pack_keys) };
    struct section section;

    if (source->root == NULL ||
        !section_open(&section, loader, source->root, source->short_name))
        return;
    for (size_t i = 0; i < json_count(source->root); i++) {
        const struct json_member *member = &source->root->as.object.members[i];

        if (!strings_has(&known, member->key))
            fault_add(loader, mark_of_key(member),
                      "unknown key \"%s\" in a pack, which has commands and routes%s",
                      member->key, near_name(loader, member->key, &known));
    }
}

/* A path as a person would write it from where they stand: beside the configuration's own. */
static const char *beside(struct loader *loader, const char *path)
{
    const char *main_name = loader->sources[0]->name;
    const char *slash = strrchr(main_name, '/');

    if (path[0] == '/' || slash == NULL)
        return path;
    return arena_printf(loader->arena, "%.*s/%s", (int)(slash - main_name), main_name, path);
}

static bool is_loaded(const struct loader *loader, const char *directory)
{
    for (size_t i = 1; i < loader->source_count; i++)
        if (text_is(loader->sources[i]->directory, directory))
            return true;
    return false;
}

/* folder: relative to the configuration, or absolute. */
static void read_pack(struct loader *loader, const char *folder, struct mark mark)
{
    const char *file = arena_printf(loader->arena, "%s/pack.yaml", folder);

    if (is_loaded(loader, path_in(loader->arena, loader->config->directory, folder)))
        return;
    if (loader->source_count > PACKS_MAX) {
        fault_add(loader, mark, "there are more than %d packs", PACKS_MAX);
        return;
    }
    const struct source *source = source_add(loader, beside(loader, file), file, mark);
    if (source != NULL)
        check_pack(loader, source);
}

/* The folder's own characters are no pattern. */
static const char *escape_pattern(struct arena *arena, const char *directory)
{
    struct text text = text_new(arena, strlen(directory) * 2 + 1);

    for (const char *at = directory; *at != '\0'; at++) {
        if (strchr("*?[]\\", *at) != NULL)
            text_add_char(&text, '\\');
        text_add_char(&text, *at);
    }
    return text_string(&text);
}

/* The folders that the pattern matches, in the order of their names. */
static void read_packs(struct loader *loader, const char *pattern, struct mark mark)
{
    const char *directory = loader->config->directory;
    size_t prefix = text_is(directory, "/") ? 1 : strlen(directory) + 1;
    const char *whole =
        path_in(loader->arena, escape_pattern(loader->arena, directory), pattern);
    size_t folders = 0;
    glob_t found = { .gl_pathc = 0 };
    /* GLOB_MARK: a slash at the end tells a folder from a file. */
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no flag that would use shared state is set */
    int result = glob(whole, GLOB_MARK, NULL, &found);

    for (size_t i = 0; result == 0 && i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];
        size_t length = strlen(path);

        if (path[length - 1] != '/')
            continue;
        path = arena_copy_n(loader->arena, path, length - 1);
        read_pack(loader, pattern[0] != '/' ? path + prefix : path, mark);
        folders++;
    }
    globfree(&found);
    if (result != 0 && result != GLOB_NOMATCH)
        fault_add(loader, mark, "the folders of \"%s\" cannot be listed", pattern);
    else if (folders == 0 && strpbrk(pattern, "*?[") == NULL)
        fault_add(loader, mark, "there is no folder \"%s\": make it, or take it out of packs",
                  pattern);
}

void packs_read(struct loader *loader)
{
    const struct json *value = json_member(loader->sources[0]->root, "packs");

    if (value == NULL || json_is(value, JSON_NULL))
        return;
    struct strings patterns = value_strings(loader, value, "packs");
    for (size_t i = 0; i < patterns.count; i++) {
        const struct json *place =
            json_is(value, JSON_ARRAY) && i < json_count(value) ? json_at(value, i) : value;

        if (patterns.items[i][0] == '\0')
            fault_add(loader, mark_of(place), "\"packs\" must name folders, not \"\"");
        else
            read_packs(loader, patterns.items[i], mark_of(place));
    }
}
