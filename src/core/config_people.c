/* "people": who is who in which chat, and in which groups. */
#include <string.h>

#include "core/config_internal.h"

struct person_section {
    const char *name, *email;
    const struct json *accounts;
    struct strings groups;
};
static const struct field person_fields[] = {
    FIELD(struct person_section, name, .key = "name", .help = "as people know them"),
    FIELD(struct person_section, accounts, .key = "accounts",
          .help = "chat -> the id there; local -> a Unix user"),
    FIELD(struct person_section, groups, .key = "groups", .help = "a group, or a list of them"),
    FIELD(struct person_section, email, .key = "email", .help = "email address"),
};
static const struct fields person_table = FIELDS(struct person_section, person_fields);

/* Where an account stands: for the fault when it stands there twice. */
struct account {
    const struct person *person;
    struct mark mark;
};

struct people {
    struct loader *loader;
    struct names *persons;  /* id -> person */
    struct names *accounts; /* chat -> struct names *: user -> person */
    struct names *places;   /* chat -> struct names *: user -> struct account */
    struct strings chats;   /* names that accounts may have */
};

static struct strings chat_names(struct loader *loader)
{
    size_t count = loader->config->chat_count;
    const char **names = ARENA_ARRAY(loader->arena, const char *, count + 1);

    for (size_t i = 0; i < count; i++)
        names[i] = loader->config->chats[i].name;
    names[count] = "local";
    return (struct strings){ .items = names, .count = count + 1 };
}

/* The table of one chat within a table of chats. */
static struct names *names_of(struct arena *arena, struct names *chats, const char *chat)
{
    struct names *const *slot = names_find(chats, chat);
    struct names **made;

    if (slot != NULL)
        return *slot;
    made = ARENA_NEW(arena, struct names *);
    *made = names_new(arena);
    names_add(chats, chat, made);
    return *made;
}

static void add_account(struct people *people, const struct person *person, const char *chat,
                        const char *user, struct mark mark)
{
    struct arena *arena = people->loader->arena;
    struct account *account = ARENA_NEW(arena, struct account);

    *account = (struct account){ .person = person, .mark = mark };
    const struct account *first =
        names_add(names_of(arena, people->places, chat), user, account);
    if (first != NULL) {
        fault_add(people->loader, mark,
                  "the account \"%s\" in \"%s\" is %s's already (line %u): one account is one "
                  "person's",
                  user, chat, first->person->id, first->mark.line);
        return;
    }
    names_add(names_of(arena, people->accounts, chat), user, person);
}

static void read_account(struct people *people, const struct person *person,
                         const struct json_member *member)
{
    struct loader *loader = people->loader;
    const char *chat = member->key;

    if (!strings_has(&people->chats, chat)) {
        fault_add(loader, mark_of_key(member),
                  "\"%s\" in the accounts of %s is no chat of this configuration%s", chat,
                  person->id, near_name(loader, chat, &people->chats));
        return;
    }
    if (!json_is(&member->value, JSON_STRING) || member->value.as.string[0] == '\0') {
        fault_add(loader, mark_of(&member->value),
                  "the account of %s in \"%s\" must be the id there, not %s", person->id, chat,
                  describe(loader, &member->value));
        return;
    }
    add_account(people, person, chat, member->value.as.string, mark_of(&member->value));
}

static void read_accounts(struct people *people, const struct person *person)
{
    struct section section;

    if (person->accounts == NULL ||
        !section_open(&section, people->loader, person->accounts, "accounts"))
        return;
    for (size_t i = 0; i < json_count(person->accounts); i++)
        read_account(people, person, &person->accounts->as.object.members[i]);
}

static void read_person(struct people *people, const struct json_member *member,
                        struct person *person)
{
    struct loader *loader = people->loader;
    struct person_section read;
    struct section section;

    *person = (struct person){ .id = member->key, .name = member->key };
    name_check(loader, member, "a person");
    if (text_is(member->key, "everyone"))
        fault_add(loader, mark_of_key(member),
                  "a person cannot be called \"everyone\": in rules that is every person");
    if (!section_open(&section, loader, &member->value,
                      arena_printf(loader->arena, "people.%s", member->key)))
        return;
    section_read(&section, &person_table, &read, NULL);
    person->name = read.name != NULL ? read.name : person->id;
    person->email = read.email;
    person->groups = read.groups;
    if (json_is(read.accounts, JSON_OBJECT))
        person->accounts = read.accounts;
    else if (read.accounts != NULL)
        section_open(&section, loader, read.accounts,
                     arena_printf(loader->arena, "people.%s.accounts", member->key));
}

/* In the web chat a person without an account of their own there goes by the id: nobody else may have that one. */
static void add_web_accounts(struct people *people, const struct json *map)
{
    struct config *config = people->loader->config;

    for (size_t i = 0; i < config->chat_count; i++) {
        const struct chat_config *chat = &config->chats[i];

        for (size_t j = 0; chat_is_web(chat) && j < json_count(map); j++) {
            const struct person *person = &config->people[j];

            if (json_member(person->accounts, chat->name) == NULL)
                add_account(people, person, chat->name, person->id,
                            mark_of_key(&map->as.object.members[j]));
        }
    }
}

/* A rule that allows a person must not allow a group of that name as well. */
static void check_groups(struct people *people, const struct json *map)
{
    struct loader *loader = people->loader;

    for (size_t i = 0; i < json_count(map); i++) {
        const struct person *person = &loader->config->people[i];

        for (size_t j = 0; j < person->groups.count; j++) {
            const char *group = person->groups.items[j];
            struct mark mark = mark_of_key(&map->as.object.members[i]);

            if (text_is(group, "everyone"))
                fault_add(loader, mark,
                          "%s: a group cannot be called \"everyone\": in rules that is every "
                          "person",
                          person->id);
            else if (names_find(people->persons, group) != NULL)
                warning_add(loader, mark,
                            "%s is in a group \"%s\", and a person is called so too: a rule "
                            "for one is a rule for both",
                            person->id, group);
        }
    }
}

static void count_in(struct arena *arena, struct names *sizes, const char *name)
{
    size_t *const *known = names_find(sizes, name);
    size_t **size;

    if (known != NULL) {
        **known += 1;
        return;
    }
    size = ARENA_NEW(arena, size_t *);
    *size = ARENA_NEW(arena, size_t);
    **size = 1;
    names_add(sizes, name, size);
}

static void count_members(struct loader *loader)
{
    struct names *sizes = names_new(loader->arena);

    for (size_t i = 0; i < loader->config->person_count; i++) {
        const struct person *person = &loader->config->people[i];

        count_in(loader->arena, sizes, person->id);
        for (size_t j = 0; j < person->groups.count; j++)
            if (!text_is(person->groups.items[j], person->id))
                count_in(loader->arena, sizes, person->groups.items[j]);
    }
    loader->group_sizes = sizes;
}

size_t member_count(const struct loader *loader, const struct strings *from)
{
    const struct config *config = loader->config;
    size_t count = 0;

    if (strings_has(from, "everyone"))
        return config->person_count;
    if (from->count == 1) {
        size_t *const *size = names_find(loader->group_sizes, from->items[0]);

        return size != NULL ? **size : 0;
    }
    for (size_t i = 0; i < config->person_count; i++) {
        bool is_member = false;

        for (size_t j = 0; j < from->count && !is_member; j++)
            is_member = person_is_in(&config->people[i], from->items[j]);
        count += is_member ? 1 : 0;
    }
    return count;
}

/* The person behind the local socket, whom rules can name, is there even if nobody wrote it down. */
static void add_local(struct people *people, struct person *local)
{
    struct config *config = people->loader->config;
    struct arena *arena = people->loader->arena;

    if (names_find(people->persons, "local") != NULL)
        return;
    *local = (struct person){ .id = "local", .name = "local" };
    names_add(people->persons, "local", local);
    config->person_count++;
    for (size_t i = 0; i < config->chat_count; i++)
        if (chat_is_web(&config->chats[i]))
            names_add(names_of(arena, people->accounts, config->chats[i].name), "local", local);
}

void people_read(struct loader *loader)
{
    const struct json *map = root_map(loader, "people");
    size_t count = json_count(map);
    struct person *persons = ARENA_ARRAY(loader->arena, struct person, count + 1);
    struct people people = { .loader = loader,
                             .persons = names_new(loader->arena),
                             .accounts = names_new(loader->arena),
                             .places = names_new(loader->arena),
                             .chats = chat_names(loader) };

    for (size_t i = 0; i < count; i++) {
        read_person(&people, &map->as.object.members[i], &persons[i]);
        names_add(people.persons, persons[i].id, &persons[i]);
    }
    loader->config->people = persons;
    loader->config->person_count = count;
    for (size_t i = 0; i < count; i++)
        read_accounts(&people, &persons[i]);
    add_web_accounts(&people, map);
    check_groups(&people, map);
    add_local(&people, &persons[count]);
    count_members(loader);
    loader->own->people = people.persons;
    loader->own->accounts = people.accounts;
}
