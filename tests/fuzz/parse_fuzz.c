/*
 * Input: a line of chat.  Read as a command it may be anything, but printed back it reads the same; as a value that is
 * filled into another line it stays one value.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "core/parse.h"
#include "fake_registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char yaml[] =
    "chats:\n  web: { type: web }\n"
    "connections:\n  local: { type: local }\n"
    "people:\n  ana: { name: lea }\n  lea: { name: Lea Brandt }\n"
    "apps:\n"
    "  api: { environments: {\n"
    "      staging: { deploy: { connection: local, run: [x] } },\n"
    "      production: { deploy: { connection: local, run: [x] } } } }\n"
    "commands:\n"
    "  build: { run: [x], args: { job: string, where: { word: in, need: false },\n"
    "      speed: { choices: [slow, fast], fallback: slow } } }\n"
    "  typed: { run: [x], args: { n: { type: integer, need: false },\n"
    "      yes: { type: boolean, need: false }, time: { type: duration, need: false },\n"
    "      who: { type: person, need: false }, room: { type: channel, need: false } } }\n"
    "  hush: { run: [x], args: { what: query, time: { type: duration, need: false } } }\n"
    "  quiet: { run: [x], args: { what: query, time: duration,\n"
    "      why: { type: rest, need: false } } }\n"
    "  note: { run: [x], args: { job: job, mood: { need: false }, text: rest } }\n";

/* Read once; what an input needs goes into an arena of its own. */
struct world {
    struct arena *arena; /* of this input */
    const struct config *config;
    const struct catalog *catalog;
    struct place place;
};

static struct world world_open(void)
{
    static struct arena *arena;
    static struct world world = { .place = { "web", "lobby", NULL } };
    struct faults faults = { .count = 0 };
    char path[64];
    int file;

    if (world.config != NULL)
        return world;
    arena = arena_new();
    file = memfd_create("opsroom.yaml", MFD_CLOEXEC);
    ASSERT(file >= 0 && write(file, yaml, strlen(yaml)) == (ssize_t)strlen(yaml));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    world.config = config_read(path, CONFIG_WHOLE, &fake_registry, arena, &faults);
    close(file);
    ASSERT(world.config != NULL);
    world.catalog = catalog_new(arena, world.config);
    return world;
}

/* False when it is no command with all its arguments. */
static bool read_line(const struct world *world, const char *line, struct parsed *parsed)
{
    struct argument_context context = { .config = world->config, .place = &world->place };
    struct strings missing = { 0 };
    struct error err = { 0 };
    void *structure = NULL;

    if (parse_name(world->arena, world->catalog, line, parsed, &err) < 0 || parsed->help)
        return false;
    if (parse_arguments(world->arena, &context, parsed, &structure, &missing, &err) < 0) {
        ASSERT(err.text[0] != '\0');
        return false;
    }
    ASSERT((structure == NULL) == (missing.count > 0));
    return missing.count == 0;
}

static void check_print(const struct world *world, const struct parsed *parsed)
{
    const char *line = line_print(world->arena, parsed->entry, parsed->args);
    struct parsed again = { 0 };

    if (strlen(line) > LINE_LIMIT)
        return;
    ASSERT(read_line(world, line, &again));
    ASSERT(again.entry == parsed->entry);
    ASSERT(text_is(json_canonical(world->arena, again.args),
                   json_canonical(world->arena, parsed->args)));
}

static void check_fill(const struct world *world, const char *value)
{
    struct error err = { 0 };
    struct parsed parsed = { 0 };
    const char *line = line_fill(world->arena, "build {{value}} in {{value}} --speed=fast",
                                 OBJECT(world->arena, { "value", V(value) }), &err);

    if (line == NULL || strlen(line_repair(world->arena, line)) > LINE_LIMIT)
        return;
    ASSERT(read_line(world, line, &parsed));
    ASSERT(json_count(parsed.args) == 3);
    ASSERT(text_is(json_string(parsed.args, "speed", ""), "fast"));
    ASSERT(text_is(json_string(parsed.args, "job", ""),
                   json_string(parsed.args, "where", "other")));
}

static bool all_visible(void *context, const struct catalog_entry *entry)
{
    (void)context;
    (void)entry;
    return true;
}

static void check_complete(const struct world *world, const char *line)
{
    struct argument_context context = { .config = world->config, .place = &world->place };
    const struct json *offers =
        line_complete(world->arena, world->catalog, &context, line, all_visible, NULL);

    for (size_t i = 0; i < json_count(offers); i++)
        ASSERT(json_string(json_at(offers, i), "text", NULL) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parsed parsed = { 0 };
    AUTO(arena) struct arena *arena = arena_new();
    struct world world = world_open();
    const char *line;
    const char *repaired;

    world.arena = arena;
    line = arena_copy_n(world.arena, (const char *)data, size);
    repaired = line_repair(world.arena, line);
    ASSERT(utf8_is_valid(repaired, strlen(repaired)));
    ASSERT(strpbrk(repaired, "\n\t") == NULL);
    if (strlen(repaired) <= LINE_LIMIT)
        ASSERT(text_is(line_repair(world.arena, repaired), repaired));
    if (read_line(&world, line, &parsed))
        check_print(&world, &parsed);
    check_fill(&world, line);
    check_complete(&world, line);
    return 0;
}
