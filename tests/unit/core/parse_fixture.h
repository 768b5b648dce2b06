/* For tests of the command language: a configuration with arguments of every kind, and lines read by it. */
#pragma once

#include "base/text.h"
#include "config_fixture.h"
#include "core/catalog.h"
#include "core/parse.h"

#define PARSE_YAML                                                                             \
    "chats:\n  web: { type: web }\n"                                                           \
    "connections:\n  local: { type: local }\n"                                                 \
    "people:\n"                                                                                \
    "  ana: { name: lea, accounts: { web: ana } }\n"                                           \
    "  lea: { name: Lea Brandt, accounts: { web: lea } }\n"                                    \
    "apps:\n"                                                                                  \
    "  api: { environments: {\n"                                                               \
    "      staging: { deploy: { connection: local, run: [x] } },\n"                            \
    "      production: { deploy: { connection: local, run: [x] } } } }\n"                      \
    "  site: { environments: { preview: { deploy: { connection: local, run: [x] } } } }\n"     \
    "commands:\n"                                                                              \
    "  build: { run: [x], args: { job: string, where: { word: in, need: false },\n"            \
    "      speed: { choices: [slow, fast], fallback: slow } } }\n"                             \
    "  typed: { run: [x], args: { n: { type: integer, need: false },\n"                        \
    "      x: { type: number, need: false }, yes: { type: boolean, need: false },\n"           \
    "      time: { type: duration, need: false }, who: { type: person, need: false },\n"       \
    "      room: { type: channel, need: false }, url: { type: url, need: false },\n"           \
    "      job: { type: job, need: false } } }\n"                                              \
    "  hush: { run: [x], args: { what: query, time: { type: duration, need: false } } }\n"     \
    "  quiet: { run: [x], args: { what: query, time: duration,\n"                              \
    "      why: { type: rest, need: false } } }\n"                                             \
    "  note: { run: [x], args: { job: job, mood: { need: false }, text: rest } }\n"            \
    "  \"site note add\": { run: [x], args: { text: rest } }\n"

struct parser {
    struct arena *arena;
    struct config *config;
    const struct catalog *catalog;
    struct place place;
};

static inline void parser_new(struct parser *parser)
{
    *parser =
        (struct parser){ .arena = arena_new(), .place = { .chat = "web", .channel = "lobby" } };
    fixture_start(parser->arena);
    parser->config = fixture_good(parser->arena, PARSE_YAML);
    parser->catalog = catalog_new(parser->arena, parser->config);
}

static inline void parser_free(struct parser *parser)
{
    config_release(parser->config);
    arena_free(parser->arena);
}

/* A line whose arguments are typed fields, by an entry that the configuration knows nothing of. */
static inline int parser_arguments(const struct parser *parser, struct parsed *parsed,
                                   struct strings *missing, struct error *err)
{
    struct argument_context context = { .config = parser->config, .place = &parser->place };
    void *structure = NULL;

    if (parse_arguments(parser->arena, &context, parsed, &structure, missing, err) < 0)
        return -1;
    CHECK((structure == NULL) == (missing->count > 0));
    return 0;
}

/* "name {args}", "name {args} without a, b", or the fault's text. */
static inline const char *parser_read(const struct parser *parser, const char *line)
{
    struct arena *arena = parser->arena;
    struct parsed parsed = { 0 };
    struct strings missing = { 0 };
    struct error err = { 0 };
    struct text out = text_new(arena, 100000);

    if (parse_name(arena, parser->catalog, line, &parsed, &err) < 0)
        return arena_copy(arena, err.text);
    if (parsed.help)
        return arena_printf(arena, "help %s", parsed.entry->name);
    if (parser_arguments(parser, &parsed, &missing, &err) < 0)
        return arena_copy(arena, err.text);
    text_addf(&out, "%s %s", parsed.entry->name, json_print(arena, parsed.args));
    for (size_t i = 0; i < missing.count; i++)
        text_addf(&out, "%s %s", i == 0 ? " without" : ",", missing.items[i]);
    return text_string(&out);
}
