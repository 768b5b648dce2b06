/* Who is calling: a token, a browser's session, or whoever may open the local socket. */
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "console/console_internal.h"

enum {
    PASSWD_BUFFER = 16 * 1024
};

static void release_config(void *config)
{
    config_release(config);
}

static void hold_snapshot(struct caller *caller, struct arena *arena)
{
    caller->config = core_config(caller->core);
    caller->catalog = core_catalog(caller->core, caller->config);
    /* The reference is the arena's now. */
    union {
        const struct config *held;
        void *released;
    } snapshot = { .held = caller->config };
    arena_defer(arena, release_config, snapshot.released);
}

static const char *unix_name(struct arena *arena, long long uid)
{
    char *buffer = arena_alloc(arena, PASSWD_BUFFER);
    struct passwd entry;
    struct passwd *found = NULL;

    if (uid < 0 || getpwuid_r((uid_t)uid, &entry, buffer, PASSWD_BUFFER, &found) != 0 ||
        found == NULL)
        return arena_printf(arena, "%lld", uid);
    return found->pw_name;
}

/* The person whose accounts.local is the Unix user's name, else the built-in one. */
static void read_local(struct caller *caller, struct http_request *request)
{
    struct arena *arena = http_arena(request);
    const char *name = unix_name(arena, http_local_uid(request));

    caller->is_local = true;
    caller->account = arena_printf(arena, "unix:%s", name);
    caller->person = config_person_of(caller->config, "local", name);
    if (caller->person == NULL)
        caller->person = config_person(caller->config, "local");
}

static bool is_safe(struct http_request *request)
{
    return text_is(http_method(request), "GET") || text_is(http_method(request), "HEAD");
}

bool caller_is_of_our_origin(struct http_request *request)
{
    const char *origin = http_header(request, "Origin");
    const char *after;

    if (origin == NULL)
        return true;
    after = strstr(origin, "://");
    return after != NULL && text_is(after + 3, http_header(request, "Host"));
}

/* A page of another site can send the cookie along, but neither this header nor our origin. */
static bool is_own_page(struct http_request *request)
{
    return is_safe(request) || (text_is(http_header(request, "X-Opsroom"), "1") &&
                                caller_is_of_our_origin(request));
}

static int read_token(struct caller *caller, struct http_request *request, struct error *err)
{
    const char *authorization = http_header(request, "Authorization");
    const char *cookie = authorization == NULL ? http_cookie(request, SESSION_COOKIE) : NULL;
    enum token_kind kind = authorization != NULL ? TOKEN_API : TOKEN_SESSION;

    if (authorization != NULL && !text_starts(authorization, "Bearer "))
        return error_set(err, ERROR_DENIED, "Sign in: Authorization must be \"Bearer TOKEN\"");
    if (authorization == NULL && cookie == NULL)
        return error_set(
            err, ERROR_DENIED,
            "Sign in: open a sign-in link (opsroom token create --person YOU --link), or send "
            "Authorization: Bearer TOKEN");
    if (token_check(caller->core, kind,
                    authorization != NULL ? authorization + strlen("Bearer ") : cookie,
                    http_arena(request), &caller->token, err) < 0)
        return -1;
    caller->person = config_person(caller->config, caller->token.person);
    caller->account = arena_printf(http_arena(request), "%s:%lld",
                                   kind == TOKEN_API ? "token" : "session", caller->token.id);
    /* A reload between the two looks. */
    return caller->person != NULL
               ? 0
               : error_set(err, ERROR_DENIED, "\"%s\" is no longer in the configuration",
                           caller->token.person);
}

void answer_denied(struct http_request *request, int status, const char *text)
{
    struct arena *arena = http_arena(request);

    if (status == 401)
        http_answer_header(request, "WWW-Authenticate", "Bearer");
    http_answer_json(request, status,
                     OBJECT(arena, { "error", V(OBJECT(arena, { "kind", V("denied") },
                                                       { "text", V(text) })) }));
}

/* By token, session or socket; answers 401 or 403 otherwise. */
static int read_credentials(struct caller *caller, struct http_request *request)
{
    struct error err = { 0 };

    if (http_is_local(request)) {
        read_local(caller, request);
        return 0;
    }
    if (read_token(caller, request, &err) < 0) {
        if (err.kind == ERROR_DENIED)
            answer_denied(request, 401, err.text);
        else
            http_answer_error(request, &err);
        return -1;
    }
    if (http_header(request, "Authorization") == NULL && !is_own_page(request)) {
        answer_denied(request, 403, "This request did not come from the console's own page");
        return -1;
    }
    return 0;
}

int caller_become(struct caller *caller, const char *person, struct error *err)
{
    if (person == NULL)
        return 0;
    if (!caller->is_local)
        return error_set(err, ERROR_DENIED, "\"as\" works over the local socket only");
    caller->person = config_person(caller->config, person);
    if (caller->person == NULL)
        return error_set(err, ERROR_INVALID,
                         "there is no person \"%.60s\" in the configuration", person);
    return 0;
}

int caller_read(struct http_request *request, struct console *console, struct caller *caller)
{
    struct error err = { 0 };

    *caller = (struct caller){ .core = console->core, .place_proven = true };
    hold_snapshot(caller, http_arena(request));
    if (read_credentials(caller, request) < 0)
        return -1;
    if (caller_become(caller, http_query(request, "as"), &err) == 0)
        return 0;
    http_answer_error(request, &err);
    return -1;
}

static bool chat_is_web(const struct config *config, const char *name)
{
    const struct chat_config *chat = config_chat(config, name);

    return chat != NULL && text_is(json_string(chat->node, "type", ""), "web");
}

static bool is_configured(const struct config *config, const struct place *place)
{
    const struct json *channels = json_get(config_chat(config, place->chat)->node, "channels");

    if (text_is(place->channel, "lobby"))
        return true;
    for (size_t i = 0; i < json_count(channels); i++)
        if (text_is(json_string(json_at(channels, i), "",
                                json_is(json_at(channels, i), JSON_STRING)
                                    ? json_at(channels, i)->as.string
                                    : ""),
                    place->channel))
            return true;
    return false;
}

bool channel_has(const struct config *config, const struct person *person,
                 const struct place *place)
{
    if (place->chat == NULL || !chat_is_web(config, place->chat) || person == NULL)
        return false;
    if (place->channel[0] == '@')
        return text_is(place->channel + 1, person->id);
    return is_configured(config, place);
}

int caller_set_place(struct caller *caller, struct arena *arena, const char *channel,
                     struct error *err)
{
    struct place place;

    if (text_is_empty(channel))
        return 0;
    if (!place_parse(arena, channel, &place) || config_chat(caller->config, place.chat) == NULL)
        return error_set(
            err, ERROR_INVALID,
            "\"%.60s\" is no channel: write chat#channel with a chat of the configuration",
            channel);
    if (channel_has(caller->config, caller->person, &place)) {
        caller->place = place;
    } else if (caller->is_local) {
        caller->place = place;
        caller->place_proven = false;
    }
    return 0;
}

static void add_channel(struct json_builder *list, struct arena *arena, const char *chat,
                        const char *name, bool direct)
{
    json_builder_add(
        list, NULL,
        V(OBJECT(arena,
                 { "channel", V((const char *)arena_printf(arena, "%s#%s", chat, name)) },
                 { "name", V(direct ? "opsroom" : name) }, { "direct", V(direct) })));
}

static void add_chat(struct json_builder *list, struct arena *arena,
                     const struct chat_config *chat, const struct person *person)
{
    const struct json *channels = json_get(chat->node, "channels");

    add_channel(list, arena, chat->name, arena_printf(arena, "@%s", person->id), true);
    add_channel(list, arena, chat->name, "lobby", false);
    for (size_t i = 0; i < json_count(channels); i++) {
        const struct json *name = json_at(channels, i);

        if (json_is(name, JSON_STRING) && !text_is(name->as.string, "lobby"))
            add_channel(list, arena, chat->name, name->as.string, false);
    }
}

const struct json *channel_list(struct arena *arena, const struct config *config,
                                const struct person *person)
{
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < config->chat_count; i++)
        if (chat_is_web(config, config->chats[i].name))
            add_chat(list, arena, &config->chats[i], person);
    return json_builder_done(list);
}

bool caller_may(const struct caller *caller, struct arena *arena, const char *command,
                const char **refusal)
{
    /* Some paths stand for a command that only the API has ("token create"). */
    static const struct command nameless = { .help = "" };
    const struct catalog_entry *known = catalog_find(caller->catalog, command);
    struct catalog_entry entry = { .name = command, .command = &nameless };
    struct request request = { .config = caller->config,
                               .person = caller->person,
                               .entry = known != NULL ? known : &entry,
                               .place = &caller->place,
                               .at_ms = clock_now_ms() };
    struct decision decision = policy_decide_by_rules(&request, arena);

    if (refusal != NULL)
        *refusal = decision.refusal;
    return decision.allowed;
}

bool caller_must(const struct caller *caller, struct http_request *request, const char *command)
{
    const char *refusal = NULL;

    if (caller_may(caller, http_arena(request), command, &refusal))
        return true;
    answer_denied(request, 403, refusal);
    return false;
}
