/* The web chat's side of the API: channels, what was said in them, saying something, pressing a button. */
#include <limits.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "console/console_internal.h"
#include "core/feed.h"
#include "core/input.h"
#include "core/parse.h"

static const struct body_member say_members[] = {
    { "channel", BODY_TEXT }, { "text", BODY_TEXT }, { "id", BODY_TEXT }, { 0 }
};
static const struct body_member press_members[] = {
    { "button", BODY_WHOLE }, { "text", BODY_TEXT }, { "id", BODY_TEXT }, { 0 }
};

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

/* An entry's place in its channel.  Several may be of the same millisecond. */
struct position {
    long long at_ms;
    const char *source; /* message or input */
    long long id;
};

/* "m12", "i34" */
static bool read_entry(const char *name, struct position *position)
{
    position->source = name[0] == 'm' ? "message" : "input";
    return (name[0] == 'm' || name[0] == 'i') && text_to_integer(name + 1, &position->id) &&
           position->id > 0;
}

/* A cursor, "1795527770123.m12". */
static bool read_cursor(struct arena *arena, const char *cursor, struct position *position)
{
    struct span rest = span_of(cursor);
    struct span at;

    return span_split(&rest, '.', &at) &&
           text_to_integer(span_copy(arena, at), &position->at_ms) &&
           read_entry(span_copy(arena, rest), position);
}

/* ?before=ENTRY */
static int find_entry(struct db *db, struct arena *arena, const char *name,
                      struct position *position, struct error *err)
{
    const struct json *row;

    if (!read_entry(name, position))
        return error_set(err, ERROR_INVALID, "\"before\" is no entry's id: \"%.60s\"", name);
    row = db_row(db, arena, err,
                 text_is(position->source, "message")
                     ? "SELECT created_at FROM messages WHERE id = ?"
                     : "SELECT created_at FROM inputs WHERE id = ?",
                 VALUES(V(position->id)));
    if (row == NULL)
        return -1;
    if (!json_is(row, JSON_OBJECT))
        return error_set(err, ERROR_MISSING, "there is no entry \"%.60s\"", name);
    position->at_ms = json_integer(row, "created_at", 0);
    return 0;
}

static int find_position(struct http_request *request, struct db *db, struct position *position,
                         struct error *err)
{
    struct arena *arena = http_arena(request);
    const char *cursor = http_query(request, "cursor");
    const char *before = http_query(request, "before");

    *position = (struct position){ .at_ms = LLONG_MAX, .source = "message", .id = LLONG_MAX };
    if (!text_is_empty(cursor))
        return read_cursor(arena, cursor, position)
                   ? 0
                   : error_set(err, ERROR_INVALID,
                               "\"cursor\" is not what a page's \"next\" said");
    return text_is_empty(before) ? 0 : find_entry(db, arena, before, position, err);
}

/* Messages that were sent, and what people typed, as one list by time. */
static const char history_sql[] =
    "SELECT source, id, at FROM ("
    "SELECT 'message' AS source, id, created_at AS at FROM messages WHERE chat = ? AND channel = ? AND "
    "sent_revision > 0 AND (only_for IS NULL OR only_for = ?) "
    "UNION ALL "
    "SELECT 'input', id, created_at FROM inputs WHERE chat = ? AND channel = ?) "
    "AS entries WHERE (at, source, id) < (?, ?, ?) ORDER BY at DESC, source DESC, id DESC LIMIT ?";

static struct json next_of(struct arena *arena, const struct json *rows, long long limit)
{
    const struct json *oldest =
        json_count(rows) == (size_t)limit ? json_at(rows, json_count(rows) - 1) : NULL;

    if (oldest == NULL)
        return json_null();
    return V(arena_printf(arena, "%lld.%c%lld", json_integer(oldest, "at", 0),
                          json_string(oldest, "source", "")[0], json_integer(oldest, "id", 0)));
}

static const struct json *history(const struct caller *caller, struct db *db,
                                  struct arena *arena, const struct position *before,
                                  long long limit, struct error *err)
{
    const struct place *place = &caller->place;
    struct json_builder *items = json_builder_new(arena, JSON_ARRAY);
    const struct json *rows =
        db_rows(db, arena, err, history_sql,
                VALUES(V(place->chat), V(place->channel), V(caller->person->id), V(place->chat),
                       V(place->channel), V(before->at_ms), V(before->source), V(before->id),
                       V(limit)));

    if (rows == NULL)
        return NULL;
    for (size_t i = 0; i < json_count(rows); i++) {
        const char *source = json_string(json_at(rows, i), "source", "");
        const struct json *item =
            feed_item(db, arena, source, json_integer(json_at(rows, i), "id", 0));

        if (item != NULL)
            json_builder_add(items, NULL, V(entry_for(arena, source, item)));
    }
    return OBJECT(arena, { "items", V(json_builder_done(items)) },
                  { "next", next_of(arena, rows, limit) });
}

void handle_messages(struct http_request *request, void *context)
{
    struct error err = { 0 };
    struct caller caller;
    struct page page = page_read(request);
    struct position before;
    const struct json *entries = NULL;
    AUTO(db) struct db *db = NULL;

    if (caller_read(request, context, &caller) < 0 ||
        !must_be_member(request, &caller, http_query(request, "channel")))
        return;
    db = store_read_start(core_store(caller.core), &err);
    if (db != NULL && find_position(request, db, &before, &err) == 0)
        entries = history(&caller, db, http_arena(request), &before, page.limit, &err);
    answer(request, entries, &err);
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
    if (!json_is(json_get(body, "button"), JSON_INTEGER))
        error_set(&err, ERROR_INVALID,
                  "\"button\" is missing: its place in the message, from 0");
    if (err.kind != ERROR_NONE || !find_message(request, &caller, number, &err)) {
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
