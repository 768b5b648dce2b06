/* Looking things up in a snapshot.  One that was put together by hand has no indexes and is searched. */
#include "core/config_internal.h"

const struct person *config_person(const struct config *config, const char *id)
{
    if (config->own != NULL)
        return names_find(config->own->people, id);
    for (size_t i = 0; i < config->person_count; i++)
        if (text_is(config->people[i].id, id))
            return &config->people[i];
    return NULL;
}

static const struct person *search_account(const struct config *config, const char *chat,
                                           const char *user)
{
    for (size_t i = 0; i < config->person_count; i++)
        if (text_is(json_string(json_member(config->people[i].accounts, chat), "", NULL), user))
            return &config->people[i];
    return NULL;
}

const struct person *config_person_of(const struct config *config, const char *chat,
                                      const char *user)
{
    if (chat == NULL || user == NULL)
        return NULL;
    if (config->own == NULL)
        return search_account(config, chat, user);
    struct names *const *users = names_find(config->own->accounts, chat);
    return users != NULL ? names_find(*users, user) : NULL;
}

bool person_is_in(const struct person *person, const char *group_or_person)
{
    if (person == NULL || group_or_person == NULL)
        return false;
    return text_is(group_or_person, "everyone") || text_is(group_or_person, person->id) ||
           strings_has(&person->groups, group_or_person);
}

const struct connection *config_connection(const struct config *config, const char *name)
{
    if (config->own != NULL)
        return names_find(config->own->connections, name);
    for (size_t i = 0; i < config->connection_count; i++)
        if (text_is(config->connections[i].name, name))
            return &config->connections[i];
    return NULL;
}

const struct chat_config *config_chat(const struct config *config, const char *name)
{
    if (config->own != NULL)
        return names_find(config->own->chats, name);
    for (size_t i = 0; i < config->chat_count; i++)
        if (text_is(config->chats[i].name, name))
            return &config->chats[i];
    return NULL;
}

const struct app *config_app(const struct config *config, const char *name)
{
    if (config->own != NULL)
        return names_find(config->own->apps, name);
    for (size_t i = 0; i < config->app_count; i++)
        if (text_is(config->apps[i].name, name))
            return &config->apps[i];
    return NULL;
}

const struct environment *app_environment(const struct app *app, const char *name)
{
    for (size_t i = 0; app != NULL && i < app->environment_count; i++)
        if (text_is(app->environments[i].name, name))
            return &app->environments[i];
    return NULL;
}

bool config_has_environment(const struct config *config, const char *name)
{
    if (config->own != NULL)
        return names_find(config->own->environments, name) != NULL;
    for (size_t i = 0; i < config->app_count; i++)
        if (app_environment(&config->apps[i], name) != NULL)
            return true;
    return false;
}
