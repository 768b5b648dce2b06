/* The connector "statuspage": incidents on a page that customers read.  docs/writing-a-connector.md builds it up. */
#include "statuspage.h"

#include "core/call.h"

/* What stands in the configuration. */
struct statuspage_config {
    const char *url;
    struct secret *token;
};

static const struct field config_fields[] = {
    FIELD(struct statuspage_config, url, .key = "url", .meaning = AS_URL, .need = true,
          .help = "the page's API, such as https://status.example.com/api"),
    FIELD(struct statuspage_config, token, .key = "token", .need = true,
          .help = "a token that may write incidents"),
};

/* What we read of an incident in the page's replies. */
struct incident {
    long long number;
    const char *title;
    const char *impact;
    const char *status;
    const char *url;
    const char *opened_at;
    const char *revision; /* another after every change */
};

static const struct field incident_fields[] = {
    FIELD(struct incident, number, .key = "number", .need = true),
    FIELD(struct incident, title, .key = "title", .need = true),
    FIELD(struct incident, impact, .key = "impact", .need = true),
    FIELD(struct incident, status, .key = "status", .need = true),
    FIELD(struct incident, url, .key = "url", .meaning = AS_URL),
    FIELD(struct incident, opened_at, .key = "opened_at", .need = true),
    FIELD(struct incident, revision, .key = "revision", .need = true),
};
static const struct fields incident_table = FIELDS(struct incident, incident_fields);

/* A row of the list. */
static struct json list_row(struct call *call, const struct incident *incident)
{
    struct arena *arena = call_arena(call);
    long long opened_ms = clock_now_ms();

    (void)clock_parse_iso(incident->opened_at, &opened_ms);
    return V(OBJECT(arena, { "number", V(incident->number) }, { "title", V(incident->title) },
                    { "impact", V(incident->impact) },
                    { "open for", V(duration_print(arena, clock_now_ms() - opened_ms)) }));
}

static int list_run(struct call *call, struct error *err)
{
    static const char *const columns[] = { "number", "title", "impact", "open for" };
    const struct json *reply = api_get(call, err, "/incidents?status=open");
    const struct json *incidents = json_get(reply, "incidents");
    struct json_builder *rows = json_builder_new(call_arena(call), JSON_ARRAY);
    struct incident incident;

    if (reply == NULL)
        return -1;
    for (size_t i = 0; i < json_count(incidents); i++) {
        if (fields_from_json(&incident_table, json_at(incidents, i), call_arena(call),
                             &incident, err) < 0)
            return error_prefix(err, "%s: incident %zu", call_connection(call), i);
        json_builder_add(rows, NULL, list_row(call, &incident));
    }
    if (json_count(incidents) == 0)
        return say(call, TONE_GOOD, "No incident is open");
    return say_rows(call, NULL, columns, COUNT_OF(columns), json_builder_done(rows));
}

static const struct command list_command = {
    .name = "incident list",
    .help = "Which incidents are open",
    .example = "statuspage incident list",
    .risk = RISK_READ,
    .run = list_run,
};

struct open_args {
    const char *title;
    const char *impact;
};

static const struct field open_args[] = {
    FIELD(struct open_args, title, .key = "title", .meaning = AS_QUERY, .need = true,
          .help = "what customers will read"),
    FIELD(struct open_args, impact, .key = "impact", .choices = "minor|major",
          .fallback = "minor", .flag = true, .help = "how bad it is for them"),
};

/* What survives between the steps, and a restart. */
struct incident_state {
    long long number;
    const char *url;
};

static const struct field state_fields[] = {
    FIELD(struct incident_state, number, .key = "number"),
    FIELD(struct incident_state, url, .key = "url"),
};

/* Keeps what the next step needs of the incident. */
static int keep(struct call *call, const struct json *json, struct error *err)
{
    struct incident_state *state = call_state(call);
    struct incident incident;

    if (fields_from_json(&incident_table, json, call_arena(call), &incident, err) < 0)
        return error_prefix(err, "%s: its answer", call_connection(call));
    state->number = incident.number;
    state->url = incident.url;
    return 0;
}

static enum step open_run(struct call *call, struct error *err)
{
    const struct open_args *args = call_args(call);
    const struct json *body =
        OBJECT(call_arena(call), { "title", V(args->title) }, { "impact", V(args->impact) },
               { "key", V(call_token(call)) });
    const struct json *reply = api_post(call, body, err, "/incidents");

    return reply == NULL || keep(call, reply, err) < 0 ? STEP_FAIL : STEP_NEXT;
}

/* The page keeps the key that we sent: an incident with ours is ours. */
static enum happened open_happened(struct call *call, struct error *err)
{
    const struct json *reply = api_get(call, err, "/incidents?key=%s", call_token(call));
    const struct json *incident = json_get(reply, "incidents.0");

    if (reply == NULL)
        return call_ask_again_in(call, 5000);
    if (incident == NULL)
        return HAPPENED_NO;
    return keep(call, incident, err) < 0 ? HAPPENED_UNKNOWN : HAPPENED_YES;
}

static enum step open_report(struct call *call, struct error *err)
{
    const struct open_args *args = call_args(call);
    const struct incident_state *state = call_state(call);

    (void)err;
    if (state->url != NULL)
        show_link(call, "the incident", state->url);
    say(call, TONE_WARN, "Incident %lld is open: %s", state->number,
        message_escape(call_arena(call), args->title));
    return STEP_DONE;
}

static const struct command_step open_steps[] = {
    { .name = "open", .run = open_run, .happened = open_happened },
    { .name = "report", .run = open_report },
};

static const struct command open_command = {
    .name = "incident open",
    .help = "Tell customers that something is wrong",
    .example = "statuspage incident open Payments are slow --impact major",
    .risk = RISK_CHANGE,
    .args = FIELDS(struct open_args, open_args),
    .steps = open_steps,
    .step_count = COUNT_OF(open_steps),
    .state = FIELDS(struct incident_state, state_fields),
};

struct close_args {
    long long number;
};

static const struct field close_args[] = {
    FIELD(struct close_args, number, .key = "number", .need = true, .min = 1, .max = 1LL << 50,
          .help = "which incident"),
};

static int find_incident(struct call *call, struct incident *incident, struct error *err)
{
    const struct close_args *args = call_args(call);
    const struct json *reply = api_get(call, err, "/incidents/%lld", args->number);

    if (reply == NULL)
        return -1;
    return fields_from_json(&incident_table, reply, call_arena(call), incident, err);
}

/* What is closed is this incident in this state: whoever approves it agrees to that, and to nothing newer. */
static int close_pin(struct call *call, struct error *err)
{
    struct incident incident;

    if (find_incident(call, &incident, err) < 0)
        return -1;
    if (text_is(incident.status, "closed"))
        return error_set(err, ERROR_CONFLICT, "incident %lld is closed already",
                         incident.number);
    call_pin(call, "incident", incident.title);
    call_pin(call, "revision", incident.revision);
    return 0;
}

static enum step close_run(struct call *call, struct error *err)
{
    const struct close_args *args = call_args(call);
    const struct json *body = OBJECT(call_arena(call), { "status", V("closed") },
                                     { "revision", V(call_pinned(call, "revision")) });

    return api_put(call, body, err, "/incidents/%lld", args->number) == NULL ? STEP_FAIL
                                                                             : STEP_NEXT;
}

static enum happened close_happened(struct call *call, struct error *err)
{
    struct incident incident;

    if (find_incident(call, &incident, err) < 0)
        return call_ask_again_in(call, 5000);
    return text_is(incident.status, "closed") ? HAPPENED_YES : HAPPENED_NO;
}

static enum step close_report(struct call *call, struct error *err)
{
    const struct close_args *args = call_args(call);

    (void)err;
    say(call, TONE_GOOD, "Incident %lld is closed: %s", args->number,
        message_escape(call_arena(call), call_pinned(call, "incident")));
    return STEP_DONE;
}

static const struct command_step close_steps[] = {
    { .name = "close", .run = close_run, .happened = close_happened },
    { .name = "report", .run = close_report },
};

static const struct command close_command = {
    .name = "incident close",
    .help = "Tell customers that it is over",
    .example = "statuspage incident close 12",
    .risk = RISK_CHANGE,
    .args = FIELDS(struct close_args, close_args),
    .pin = close_pin,
    .steps = close_steps,
    .step_count = COUNT_OF(close_steps),
};

static int check(struct call *call, const char **note, struct error *err)
{
    const struct json *reply = api_get(call, err, "/incidents?status=open");

    if (reply == NULL)
        return -1;
    *note = arena_printf(call_arena(call), "%zu incidents are open",
                         json_count(json_get(reply, "incidents")));
    return 0;
}

static const struct command *const commands[] = { &list_command, &open_command,
                                                  &close_command };

const struct connector statuspage_connector = {
    .name = "statuspage",
    .help = "Incidents on a page that customers read",
    .config = FIELDS(struct statuspage_config, config_fields),
    .commands = commands,
    .command_count = COUNT_OF(commands),
    .check = check,
};
