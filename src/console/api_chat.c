/* The web chat's side of the API: channels, what was said in them, saying something, pressing a button. */
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "console/console_internal.h"
#include "core/feed.h"
#include "core/input.h"
#include "core/parse.h"

static const char *const say_members[] = { "channel", "text", "id", NULL };
static const char *const press_members[] = { "button", "text", "id", NULL };

void handle_channels(struct http_request *request, void *context)
{
    struct arena *arena = http_arena(request);
    struct caller caller;

    if (caller_read(request, context, &caller) < 0)
        return;
    http_answer_json(request, 200,
                     OBJECT(arena,
                            { "items", V(channel_list(arena, caller.config, caller.person)) },
                            { "next", json_null() }));
}

/* A channel of the web chat in which the caller is a member; answers otherwise. */
static bool must_be_member(struct http_request *request, struct caller *caller,
                           const char *channel)
{
    struct error err = { 0 };

    if (channel == NULL)
        error_set(&err, ERROR_INVALID, "\"channel\" is missing");
    else if (caller_set_place(caller, http_arena(request), channel, &err) == 0 &&
             !channel_has(caller->config, caller->person, &caller->place))
        error_set(&err, ERROR_DENIED, "you are no member of %.60s", channel);
    if (err.kind == ERROR_NONE)
        return true;
    http_answer_error(request, &err);
    return false;
}

/* Messages that were sent, and what people typed, as one list by time. */
static const char history_sql[] =
    "SELECT 'message' AS source, id, created_at AS at FROM messages WHERE chat = ? AND channel = ? AND "
    "sent_revision > 0 AND (only_for IS NULL OR only_for = ?) AND (? = 0 OR created_at < ?) "
    "UNION ALL "
    "SELECT 'input', id, created_at FROM inputs WHERE chat = ? AND channel = ? AND kind = 'message' AND "
    "(? = 0 OR created_at < ?) "
    "ORDER BY at DESC, source DESC, id DESC LIMIT ?";

static const struct json *history(const struct caller *caller, struct db *db,
                                  struct arena *arena, const struct page *page,
                                  struct error *err)
{
    const struct place *place = &caller->place;
    struct json_builder *items = json_builder_new(arena, JSON_ARRAY);
    const struct json *rows =
        db_rows(db, arena, err, history_sql,
                VALUES(V(place->chat), V(place->channel), V(caller->person->id),
                       V(page->before), V(page->before), V(place->chat), V(place->channel),
                       V(page->before), V(page->before), V(page->limit)));
    long long oldest = 0;

    if (rows == NULL)
        return NULL;
    for (size_t i = 0; i < json_count(rows); i++) {
        const char *source = json_string(json_at(rows, i), "source", "");
        const struct json *item =
            feed_item(db, arena, source, json_integer(json_at(rows, i), "id", 0));

        if (item != NULL)
            json_builder_add(items, NULL, V(entry_for(arena, source, item)));
        oldest = json_integer(json_at(rows, i), "at", 0);
    }
    return OBJECT(arena, { "items", V(json_builder_done(items)) },
                  { "next", json_count(rows) == (size_t)page->limit
                                ? V((const char *)arena_printf(arena, "%lld", oldest))
                                : json_null() });
}

void handle_messages(struct http_request *request, void *context)
{
    struct error err = { 0 };
    struct caller caller;
    struct page page = page_read(request);
    AUTO(db) struct db *db = NULL;

    if (caller_read(request, context, &caller) < 0 ||
        !must_be_member(request, &caller, http_query(request, "channel")))
        return;
    db = store_read_start(core_store(caller.core), &err);
    answer(request, db == NULL ? NULL : history(&caller, db, http_arena(request), &page, &err),
           &err);
}

/* "@opsroom deploy", "/ops deploy", "!deploy": the command in it; NULL: just chat. */
static const char *addressed(const struct place *place, const char *text)
{
    static const char *const openings[] = { "@opsroom ", "/ops ", "!" };

    for (size_t i = 0; i < COUNT_OF(openings); i++)
        if (text_starts(text, openings[i]))
            return text + strlen(openings[i]);
    return place->channel[0] == '@' ? text : NULL;
}

static struct input new_input(const struct caller *caller, struct arena *arena,
                              const struct json *body, const char *what)
{
    const char *id = json_string(body, "id", NULL);

    return (struct input){
        .id = id == NULL ? random_token(arena, 12)
                         : arena_printf(arena, "web:%s:%s:%s", what, caller->person->id, id),
        .place = caller->place,
        .user = json_string(caller->person->accounts,
                            caller->place.chat != NULL ? caller->place.chat : "web",
                            caller->person->id),
    };
}

static void deliver(struct http_request *request, const struct caller *caller,
                    const struct input *input)
{
    struct arena *arena = http_arena(request);
    struct error err = { 0 };
    struct taken taken;

    if (chat_deliver(caller->core, input, arena, &taken, &err) < 0) {
        http_answer_error(request, &err);
        return;
    }
    http_answer_json(request, 200,
                     OBJECT(arena, { "input", V(taken.input) },
                            { "job", taken.job != 0 ? V(taken.job) : json_null() }));
}

static bool check_text(struct http_request *request, const char *text)
{
    struct error err = { 0 };

    if (text_is_empty(text))
        error_set(&err, ERROR_INVALID, "\"text\" is missing");
    else if (strlen(text) > LINE_LIMIT)
        error_set(&err, ERROR_INVALID, "\"text\" is longer than %d KB", LINE_LIMIT / 1024);
    if (err.kind == ERROR_NONE)
        return true;
    http_answer_error(request, &err);
    return false;
}

void handle_say(struct http_request *request, void *context)
{
    struct caller caller;
    const struct json *body;
    const char *command;
    struct input input;

    if (caller_read(request, context, &caller) < 0)
        return;
    body = body_read(request, say_members);
    if (body == NULL || !check_text(request, json_string(body, "text", NULL)) ||
        !must_be_member(request, &caller, json_string(body, "channel", NULL)))
        return;
    input = new_input(&caller, http_arena(request), body, "say");
    command = addressed(&caller.place, json_string(body, "text", ""));
    input.kind = command != NULL ? INPUT_COMMAND : INPUT_MESSAGE;
    input.text = command != NULL ? command : json_string(body, "text", "");
    deliver(request, &caller, &input);
}

/* "m12" -> 12, 0: no such name. */
static long long message_number(const char *name)
{
    long long number = 0;

    return name != NULL && name[0] == 'm' && text_to_integer(name + 1, &number) && number > 0
               ? number
               : 0;
}

/* Where the message stands, if the caller is there too. */
static bool find_message(struct http_request *request, struct caller *caller, long long number,
                         struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(caller->core), err);
    struct arena *arena = http_arena(request);
    const struct json *row =
        db == NULL ? NULL
                   : db_row(db, arena, err, "SELECT chat, channel FROM messages WHERE id = ?",
                            VALUES(V(number)));

    if (row == NULL)
        return false;
    caller->place = (struct place){ .chat = json_string(row, "chat", NULL),
                                    .channel = json_string(row, "channel", NULL) };
    if (json_is(row, JSON_OBJECT) &&
        channel_has(caller->config, caller->person, &caller->place))
        return true;
    error_set(err, ERROR_MISSING, "there is no such message");
    return false;
}

void handle_press(struct http_request *request, void *context)
{
    struct error err = { 0 };
    struct caller caller;
    const struct json *body;
    struct input input;
    long long number = message_number(http_parameter(request, "id"));

    if (caller_read(request, context, &caller) < 0)
        return;
    body = body_read(request, press_members);
    if (body == NULL)
        return;
    if (!find_message(request, &caller, number, &err)) {
        http_answer_error(request, &err);
        return;
    }
    input = new_input(&caller, http_arena(request), body, "press");
    input.kind = INPUT_BUTTON;
    input.message = number;
    input.button = json_integer(body, "button", -1);
    input.text = json_string(body, "text", NULL);
    deliver(request, &caller, &input);
}
