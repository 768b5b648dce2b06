/* What a person did in a chat becomes a row and, mostly, a job. */
#include "core/input.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/core_internal.h"
#include "core/feed.h"
#include "core/job.h"
#include "core/job_plan.h"

enum {
    TEXT_BYTES = 16 * 1024
};

/* One input being taken. */
struct taking {
    struct core *core;
    const struct config *config;
    const struct input *input;
    struct arena *arena;
    struct taken *taken;
    struct ask ask;
    const char *person; /* NULL: a stranger */
};

static void taking_start(struct taking *taking)
{
    const struct input *input = taking->input;
    const struct person *person =
        config_person_of(taking->config, input->place.chat, input->user);

    taking->person = person != NULL ? person->id : NULL;
    taking->ask = (struct ask){
        .door = "chat",
        .user = input->user,
        .account = arena_printf(taking->arena, "%s:%s", input->place.chat, input->user),
        .place = input->place,
        .place_proven = true,
        .line = input->text,
        .request_key =
            arena_printf(taking->arena, "%s:%s:%s", input->place.chat, input->user, input->id),
        .may_ask = true,
    };
}

struct storing {
    const struct taking *taking;
    const char *text; /* redacted */
    bool known;
    long long job;
};

static int message_write(struct db *db, void *argument, struct error *err)
{
    struct storing *storing = argument;
    const struct taking *taking = storing->taking;
    const struct place *place = &taking->input->place;

    if (input_find(db, taking->ask.request_key, &storing->known, &storing->job, err) < 0)
        return -1;
    if (storing->known)
        return 0;
    if (db_run(db, err,
               "INSERT INTO inputs (request_key, kind, chat, channel, thread, user_id, person, "
               "text, created_at) VALUES (?, 'message', ?, ?, ?, ?, ?, ?, ?)",
               VALUES(V(taking->ask.request_key), V(place->chat), V(place->channel),
                      V(place->thread), V(taking->ask.user), V(taking->person),
                      V(storing->text), V(clock_now_ms()))) < 0)
        return -1;
    return change_add(db, "input", db_last_id(db), err);
}

static int take_message(struct taking *taking, struct error *err)
{
    struct storing storing = { .taking = taking };

    storing.text = core_redact(taking->core, taking->arena,
                               utf8_cut(taking->arena, taking->input->text, TEXT_BYTES));
    if (store_write(core_store(taking->core), message_write, &storing, err) < 0)
        return -1;
    *taking->taken = (struct taken){ .job = storing.job, .repeated = storing.known };
    return 0;
}

static int submit(struct taking *taking, struct error *err)
{
    struct submitted submitted;

    if (job_submit(taking->core, &taking->ask, taking->arena, &submitted, err) < 0)
        return -1;
    *taking->taken = (struct taken){ .job = submitted.job, .repeated = submitted.repeated };
    return 0;
}

static int answer(struct taking *taking, long long job, const struct json *values,
                  struct error *err)
{
    if (job_answer(taking->core, job, &taking->ask, values, err) < 0)
        return -1;
    *taking->taken = (struct taken){ .job = job };
    return 0;
}

/* What begins with a command's name is a command, also while something else is asked. */
static bool is_command(const struct taking *taking)
{
    struct parsed parsed = { 0 };
    struct error ignored = { 0 };

    if (parse_name(taking->arena, core_catalog(taking->core, taking->config),
                   taking->input->text != NULL ? taking->input->text : "", &parsed,
                   &ignored) < 0)
        return parsed.entry != NULL;
    return true;
}

static int find_question(const struct taking *taking, long long *job, struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(taking->core), err);

    if (db == NULL)
        return -1;
    *job = job_find_question(db, taking->person, &taking->input->place);
    return 0;
}

static int take_command(struct taking *taking, struct error *err)
{
    long long question = 0;
    struct json text = V(taking->input->text);

    if (is_command(taking))
        return submit(taking, err);
    if (find_question(taking, &question, err) < 0)
        return -1;
    if (question == 0)
        return submit(taking, err);
    return answer(taking, question, &text, err);
}

static int take_form(struct taking *taking, struct error *err)
{
    taking->ask.line = NULL;
    return answer(taking, taking->input->job, taking->input->values, err);
}

/* The button's place in the message's content; NULL: there is no such button. */
static const struct json *find_button(const struct json *content, long long number)
{
    const struct json *blocks = json_get(content, "blocks");

    for (size_t i = 0; i < json_count(blocks); i++) {
        const struct json *buttons = json_get(json_at(blocks, i), "buttons");

        if (!text_is(json_string(json_at(blocks, i), "kind", ""), "buttons"))
            continue;
        if (number < (long long)json_count(buttons))
            return json_at(buttons, (size_t)number);
        number -= (long long)json_count(buttons);
    }
    return NULL;
}

/* Only in the channel it stands in, and only by the person it was said to. */
static int check_pressed(const struct taking *taking, const struct json *row, struct error *err)
{
    const struct place *place = &taking->input->place;
    const char *only_for = json_string(row, "only_for", NULL);

    if (!json_is(row, JSON_OBJECT) || !text_is(json_string(row, "chat", ""), place->chat) ||
        !text_is(json_string(row, "channel", ""), place->channel))
        return error_set(err, ERROR_MISSING, "this message is not there any more");
    if (only_for != NULL && !text_is(only_for, taking->person))
        return error_set(err, ERROR_DENIED, "this message is for %s only", only_for);
    return 0;
}

static const struct json *load_message(const struct taking *taking, struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(taking->core), err);

    if (db == NULL)
        return NULL;
    return db_row(db, taking->arena, err,
                  "SELECT chat, channel, thread, only_for, content FROM messages WHERE id = ?",
                  VALUES(V(taking->input->message)));
}

/* As one quoted word: nothing in it can become another word, a flag or a command. */
static const char *quote(struct arena *arena, const char *text)
{
    struct text out = text_new(arena, TEXT_BYTES);

    text_add_char(&out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            text_add_char(&out, '\\');
        text_add_char(&out, *text == '\n' || *text == '\r' ? ' ' : *text);
    }
    text_add_char(&out, '"');
    return text_string(&out);
}

static const char *pressed_line(const struct taking *taking, const struct json *button)
{
    const char *line = json_string(button, "line", "");
    const char *text = taking->input->text;

    if (json_string(button, "ask", NULL) == NULL || text_is_empty(text))
        return line;
    return arena_printf(taking->arena, "%s %s", line,
                        quote(taking->arena, utf8_cut(taking->arena, text, TEXT_BYTES / 4)));
}

static int take_button(struct taking *taking, struct error *err)
{
    const struct json *row = load_message(taking, err);
    const char *content = json_string(row, "content", "");
    const struct json *button;

    if (row == NULL || check_pressed(taking, row, err) < 0)
        return -1;
    button = find_button(json_parse(taking->arena, content, strlen(content), err),
                         taking->input->button);
    if (button == NULL)
        return error_set(err, ERROR_CONFLICT,
                         "this button is not there any more: look at the message again");
    taking->ask.door = "button";
    taking->ask.line = pressed_line(taking, button);
    taking->ask.place.thread = json_string(row, "thread", NULL);
    return submit(taking, err);
}

static int take(struct taking *taking, struct error *err)
{
    switch (taking->input->kind) {
    case INPUT_MESSAGE:
        return take_message(taking, err);
    case INPUT_COMMAND:
        return take_command(taking, err);
    case INPUT_BUTTON:
        return take_button(taking, err);
    case INPUT_FORM:
        return take_form(taking, err);
    }
    return error_set(err, ERROR_INVALID, "this kind of input is not known");
}

/* Also for an input that was there before. */
static int find_row(const struct taking *taking, struct error *err)
{
    AUTO(db) struct db *db = store_read_start(core_store(taking->core), err);
    const struct json *row;

    if (db == NULL)
        return -1;
    row = db_row(db, taking->arena, err, "SELECT id FROM inputs WHERE request_key = ?",
                 VALUES(V(taking->ask.request_key)));
    taking->taken->input = json_integer(row, "id", 0);
    return row == NULL ? -1 : 0;
}

int chat_deliver(struct core *core, const struct input *input, struct arena *arena,
                 struct taken *taken, struct error *err)
{
    AUTO(config) const struct config *config = core_config(core);
    struct taken result = { 0 };
    struct taking taking = {
        .core = core, .config = config, .input = input, .arena = arena, .taken = &result
    };

    taking_start(&taking);
    if (take(&taking, err) < 0 || find_row(&taking, err) < 0)
        return -1;
    *taken = result;
    return 0;
}
