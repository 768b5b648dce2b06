/* ping, reload, connections: about the server itself. */
#include "core/audit.h"
#include "core/call_core.h"
#include "core/commands.h"

static int ping_run(struct call *call, struct error *err)
{
    (void)err;
    return say(call, TONE_GOOD, "opsroom %s is here", OPSROOM_VERSION);
}

const struct command ping_command = {
    .name = "ping",
    .help = "Whether opsroom is there",
    .core = true,
    .run = ping_run,
};

static int reload_run(struct call *call, struct error *err)
{
    struct arena *arena = call_arena(call);
    struct faults faults = { 0 };
    const char *note = NULL;
    struct message message = { .tone = TONE_BAD };

    if (core_reload(call_core(call), arena, &faults, &note, err) == 0)
        return say(call, TONE_GOOD, "The configuration was read again%s%s",
                   note != NULL ? ". " : "", note != NULL ? message_escape(arena, note) : "");
    if (faults.errors == 0)
        return -1;
    call_note(call, "reload refused: %zu faults", faults.errors);
    message.text = arena_printf(arena, "The configuration has %zu fault%s, the old one stays",
                                faults.errors, faults.errors == 1 ? "" : "s");
    message.blocks = ARRAY(arena, block_code(arena, faults_print(arena, &faults)));
    return say_message(call, &message) < 0 ? -1
                                           : error_set(err, ERROR_INVALID, "%s", err->text);
}

const struct command reload_command = {
    .name = "reload",
    .help = "Read the configuration again, without dropping anything",
    .risk = RISK_CHANGE,
    .core = true,
    .run = reload_run,
};

static int connections_run(struct call *call, struct error *err)
{
    static const char *const columns[] = { "name", "type", "what" };
    struct arena *arena = call_arena(call);
    const struct config *config = call_snapshot(call);
    struct json_builder *rows = json_builder_new(arena, JSON_ARRAY);

    (void)err;
    if (config->connection_count == 0)
        return say(call, TONE_PLAIN, "No connections are configured");
    for (size_t i = 0; i < config->connection_count; i++) {
        const struct connection *connection = &config->connections[i];

        json_builder_add(rows, NULL,
                         V(OBJECT(arena, { "name", V(connection->name) },
                                  { "type", V(connection->connector->name) },
                                  { "what", V(connection->connector->help) })));
    }
    return say_rows(call, NULL, columns, COUNT_OF(columns), json_builder_done(rows));
}

const struct command connections_command = {
    .name = "connections",
    .help = "The outside systems that opsroom is connected to",
    .core = true,
    .run = connections_run,
};
