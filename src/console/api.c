/* What every handler of the API needs: bodies, pages, answers, and things as clients see them. */
#include <string.h>

#include "base/text.h"
#include "console/console_internal.h"

struct page page_read(struct http_request *request)
{
    struct page page = { .limit = PAGE_DEFAULT };
    const char *limit = http_query(request, "limit");
    const char *cursor = http_query(request, "cursor");
    long long number;

    if (limit != NULL && text_to_integer(limit, &number) && number > 0)
        page.limit = number < PAGE_MAX ? number : PAGE_MAX;
    if (cursor != NULL && text_to_integer(cursor, &number) && number > 0)
        page.before = number;
    return page;
}

/* What the value has to be, in words; NULL: it is. */
static const char *wanted_instead(enum body_kind kind, const struct json *value)
{
    long long ignored;

    if (json_is(value, JSON_NULL))
        return NULL;
    switch (kind) {
    case BODY_TEXT:
        return json_is(value, JSON_STRING) ? NULL : "text";
    case BODY_NUMBER:
        return json_is(value, JSON_INTEGER) || json_is(value, JSON_REAL) ? NULL : "a number";
    case BODY_WHOLE:
        return json_is_whole(value, &ignored) ? NULL : "a whole number";
    case BODY_FLAG:
        return json_is(value, JSON_BOOLEAN) ? NULL : "true or false";
    case BODY_OBJECT:
        return json_is(value, JSON_OBJECT) ? NULL : "an object";
    }
    return NULL;
}

static int check_member(const struct json_member *given, const struct body_member *members,
                        struct error *err)
{
    const char *wanted;

    while (members->name != NULL && !text_is(members->name, given->key))
        members++;
    if (members->name == NULL)
        return error_set(err, ERROR_INVALID, "unknown member \"%.60s\"", given->key);
    wanted = wanted_instead(members->kind, &given->value);
    if (wanted != NULL)
        return error_set(err, ERROR_INVALID, "\"%s\" must be %s", given->key, wanted);
    return 0;
}

static const struct json *check_members(const struct json *body,
                                        const struct body_member *members, struct error *err)
{
    if (!json_is(body, JSON_OBJECT)) {
        error_set(err, ERROR_INVALID, "the body must be a JSON object");
        return NULL;
    }
    for (size_t i = 0; i < body->as.object.count; i++)
        if (check_member(&body->as.object.members[i], members, err) < 0)
            return NULL;
    return body;
}

const struct json *body_read(struct http_request *request, const struct body_member *members)
{
    struct error err = { 0 };
    const struct json *body = http_body(request).length == 0
                                  ? json_new_object(http_arena(request), NULL, 0)
                                  : http_body_json(request, &err);

    if (body != NULL)
        body = check_members(body, members, &err);
    if (body == NULL) {
        err.kind = ERROR_INVALID;
        http_answer_error(request, &err);
    }
    return body;
}

long long path_number(struct http_request *request, const char *name)
{
    const char *text = http_parameter(request, name);
    struct error err = { 0 };
    long long number;

    if (text_to_integer(text, &number) && number > 0)
        return number;
    error_set(&err, ERROR_MISSING, "there is no \"%.60s\" here: it must be a number", text);
    http_answer_error(request, &err);
    return 0;
}

void answer(struct http_request *request, const struct json *json, const struct error *err)
{
    if (json == NULL)
        http_answer_error(request, err);
    else
        http_answer_json(request, 200, json);
}

/* The object again, with some members replaced or added. */
static const struct json *with_members(struct arena *arena, const struct json *object,
                                       const struct json_member *members, size_t count)
{
    struct json_builder *out = json_builder_new(arena, JSON_OBJECT);

    for (size_t i = 0; i < json_count(object); i++) {
        const struct json_member *own = &object->as.object.members[i];
        bool replaced = false;

        for (size_t j = 0; j < count; j++)
            replaced = replaced || text_is(members[j].key, own->key);
        if (!replaced)
            json_builder_add(out, own->key, own->value);
    }
    for (size_t j = 0; j < count; j++)
        json_builder_add(out, members[j].key, members[j].value);
    return json_builder_done(out);
}

#define WITH(arena, object, ...)                                                               \
    with_members((arena), (object), (const struct json_member[]){ __VA_ARGS__ },               \
                 sizeof((const struct json_member[]){ __VA_ARGS__ }) /                         \
                     sizeof(struct json_member))

/* A button's line stays here: a client names the message and the button's number. */
static struct json block_for_clients(struct arena *arena, const struct json *block)
{
    const struct json *buttons = json_get(block, "buttons");
    struct json_builder *shown = json_builder_new(arena, JSON_ARRAY);

    if (!text_is(json_string(block, "kind", ""), "buttons"))
        return V(block);
    for (size_t i = 0; i < json_count(buttons); i++) {
        const struct json *button = json_at(buttons, i);

        json_builder_add(shown, NULL,
                         V(OBJECT(arena, { "label", V(json_string(button, "label", "")) },
                                  { "style", V(json_string(button, "style", NULL)) },
                                  { "confirm", V(json_string(button, "confirm", NULL)) },
                                  { "ask", V(json_string(button, "ask", NULL)) })));
    }
    return V(
        OBJECT(arena, { "kind", V("buttons") }, { "buttons", V(json_builder_done(shown)) }));
}

const struct json *message_for_clients(struct arena *arena, const struct json *message)
{
    const struct json *blocks = json_get(message, "blocks");
    struct json_builder *shown = json_builder_new(arena, JSON_ARRAY);

    if (json_count(blocks) == 0)
        return message;
    for (size_t i = 0; i < json_count(blocks); i++)
        json_builder_add(shown, NULL, block_for_clients(arena, json_at(blocks, i)));
    return WITH(arena, message, { "blocks", V(json_builder_done(shown)) });
}

static bool can_vote(const struct caller *caller, const struct json *approval)
{
    const char *requester = json_string(approval, "person", "");
    const struct json *from = json_get(approval, "needs.from");

    if (!text_is(json_string(approval, "state", ""), "pending") || caller->person == NULL ||
        text_is(requester, caller->person->id))
        return false;
    for (size_t i = 0; i < json_count(from); i++) {
        const struct json *group = json_at(from, i);
        bool member = false;

        for (size_t j = 0; j < json_count(group); j++)
            member = member || person_is_in(caller->person, json_at(group, j)->as.string);
        if (!member)
            return false;
    }
    return true;
}

const struct json *approval_for(const struct caller *caller, struct arena *arena,
                                const struct json *approval)
{
    if (!json_is(approval, JSON_OBJECT))
        return approval;
    return WITH(arena, approval, { "can_vote", V(can_vote(caller, approval)) });
}

const struct json *job_for(const struct caller *caller, struct arena *arena,
                           const struct json *job)
{
    bool mine =
        caller->person != NULL && text_is(json_string(job, "person", ""), caller->person->id);
    bool open = json_get(job, "finished_at") == NULL;
    const struct json *approval = json_get(job, "approval");

    return WITH(
        arena, job, { "message", V(message_for_clients(arena, json_get(job, "message"))) },
        { "approval", V(json_is(approval, JSON_OBJECT) ? approval_for(caller, arena, approval)
                                                       : (const struct json *)NULL) },
        { "mine", V(mine) },
        { "can_cancel",
          V((bool)(open && (mine || caller_may(caller, arena, "job cancel", NULL)))) });
}

const struct json *page_for(const struct caller *caller, struct arena *arena,
                            const struct json *page, item_for *shown)
{
    const struct json *items = json_get(page, "items");
    const struct json *next = json_get(page, "next");
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < json_count(items); i++)
        json_builder_add(list, NULL, V(shown(caller, arena, json_at(items, i))));
    return OBJECT(arena, { "items", V(json_builder_done(list)) },
                  { "next", next != NULL ? *next : json_null() });
}

const struct json *entry_for(struct arena *arena, const char *kind, const struct json *item)
{
    const char *id = arena_printf(arena, "%c%lld", kind[0], json_integer(item, "id", 0));

    if (text_is(kind, "input"))
        return WITH(arena, item, { "id", V(id) }, { "kind", V("input") },
                    { "via", V(json_string(item, "kind", "message")) });
    return WITH(arena, item, { "id", V(id) }, { "kind", V("message") },
                { "message", V(message_for_clients(arena, json_get(item, "message"))) },
                { "only_for_you", V((bool)(json_string(item, "only_for", NULL) != NULL)) },
                { "edited", V((bool)!text_is(json_string(item, "at", ""),
                                             json_string(item, "updated_at", ""))) });
}
