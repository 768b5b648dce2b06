/* Chats as their platforms see them, and messages in the form that each platform can show. */
#include <string.h>

#include "core/chat_internal.h"

const char *chat_name(const struct chat_account *account)
{
    return account->chat->name;
}

const void *chat_settings(const struct chat_account *account)
{
    return account->chat->settings;
}

struct core *chat_core(struct chat_account *account)
{
    return account->core;
}

bool chat_is_closing(const struct chat_account *account)
{
    if (account->closing != NULL)
        return atomic_load(account->closing);
    return core_is_closing(account->core);
}

const char *chat_user_of(const struct config *config, const char *chat, const char *person)
{
    const struct person *found = person == NULL ? NULL : config_person(config, person);

    if (found == NULL)
        return person;
    return json_string(json_member(found->accounts, chat), "", person);
}

/* "reply: approve 412" in place of the buttons. */
static const struct json *without_buttons(struct arena *arena, const struct json *blocks)
{
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);
    const char *lines = message_plain_buttons(arena, blocks);

    for (size_t i = 0; i < json_count(blocks); i++)
        if (!text_is(json_string(json_at(blocks, i), "kind", NULL), "buttons"))
            json_builder_add(list, NULL, *json_at(blocks, i));
    if (lines != NULL)
        json_builder_add(list, NULL, block_text(arena, message_escape(arena, lines)));
    return json_builder_done(list);
}

static const struct json *only_buttons(struct arena *arena, const struct json *blocks)
{
    struct json_builder *list = json_builder_new(arena, JSON_ARRAY);

    for (size_t i = 0; i < json_count(blocks); i++)
        if (text_is(json_string(json_at(blocks, i), "kind", NULL), "buttons"))
            json_builder_add(list, NULL, *json_at(blocks, i));
    return json_builder_done(list);
}

/* Whole when it fits; else as plain text, cut, under its title and over its buttons. */
static struct message cut_to(struct arena *arena, const struct message *message, size_t limit)
{
    struct message cut = *message;
    struct message body = *message;
    size_t title = message->title == NULL ? 0 : strlen(message->title);

    if (strlen(message_plain(arena, message)) <= limit || limit <= title)
        return cut;
    body.title = NULL;
    body.blocks = without_buttons(arena, message->blocks);
    cut.text =
        utf8_cut(arena, message_escape(arena, message_plain(arena, &body)), limit - title);
    cut.blocks = only_buttons(arena, message->blocks);
    return cut;
}

struct message chat_adapt(struct arena *arena, const struct chat_platform *platform,
                          const struct message *message)
{
    struct message adapted = *message;

    if ((platform->abilities & CHAT_BUTTONS) == 0 && message->blocks != NULL)
        adapted.blocks = without_buttons(arena, message->blocks);
    return platform->text_limit == 0 ? adapted : cut_to(arena, &adapted, platform->text_limit);
}
