/* "routes": from events to channels, of the configuration and its packs, compiled. */
#include <string.h>

#include "core/config_internal.h"
#include "core/parse.h"
#include "core/route.h"

enum {
    BUTTONS_MAX = 10,
    GROUP_MAX_S = 24 * 3600,
};

struct route_section {
    struct strings from, match, to, quiet;
    const char *template, *title, *text;
    bool goes_on, thread;
    const char *only, *update;
    long long group_s;
    const struct json *mute, *buttons;
};

static const struct field route_fields[] = {
    FIELD(struct route_section, from, .key = "from", .help = "the event's source"),
    FIELD(struct route_section, match, .key = "match",
          .help = "matchers over the event's fields and labels"),
    FIELD(struct route_section, to, .key = "to", .help = "channels, as chat#channel",
          .need = true),
    FIELD(struct route_section, template, .key = "template",
          .help = "the whole message, its first line the title"),
    FIELD(struct route_section, title, .key = "title", .help = "the title's template"),
    FIELD(struct route_section, text, .key = "text", .help = "the text's template"),
    FIELD(struct route_section, goes_on, .key = "continue",
          .help = "look at the routes after it too"),
    FIELD(struct route_section, only, .key = "only", .choices = "failures|changes",
          .help = "what of it is said"),
    FIELD(struct route_section, group_s, .key = "group", .meaning = AS_DURATION, .min = 1,
          .max = GROUP_MAX_S, .help = "collect for so long, then say it in one message"),
    FIELD(struct route_section, thread, .key = "thread", .help = "the same as update: thread"),
    FIELD(struct route_section, update, .key = "update", .choices = "in-place|thread|new",
          .fallback = "in-place", .help = "how news of a known subject is said"),
    FIELD(struct route_section, quiet, .key = "quiet",
          .help = "hours in which only what is critical is said at once"),
    FIELD(struct route_section, mute, .key = "mute", .help = "what of it is never said"),
    FIELD(struct route_section, buttons, .key = "buttons",
          .help = "what one may do about it: LABEL: COMMAND"),
};
static const struct fields route_table = FIELDS(struct route_section, route_fields);

/* One route being read. */
struct reading {
    struct loader *loader;
    const struct section *section;
    const struct route_section *read;
    struct route *route;
};

static const char *string_of(const struct json *value)
{
    return json_is(value, JSON_STRING) ? value->as.string : NULL;
}

static struct mark mark_in(const struct reading *reading, const char *key, size_t position)
{
    const struct json_member *member = section_member(reading->section->map, key);

    if (member != NULL && position < json_count(&member->value))
        return mark_of(json_at(&member->value, position));
    return section_mark(reading->section, key);
}

static struct mark mark_at(const struct reading *reading, const char *key)
{
    return section_mark(reading->section, key);
}

static const struct matchers *read_matchers(const struct reading *reading, const char *key,
                                            size_t position, const char *source)
{
    struct error err = { 0 };
    const struct matchers *matchers = matchers_parse(reading->loader->arena, source, &err);

    if (matchers == NULL)
        fault_add(reading->loader, mark_in(reading, key, position),
                  "\"%s\" in a route, %s: write it as severity=\"critical\", "
                  "branch=~\"main|release-.*\"",
                  key, err.text);
    return matchers;
}

/* A list means all of them. */
static void read_match(const struct reading *reading)
{
    const struct strings *match = &reading->read->match;
    struct text all = text_new(reading->loader->arena, MATCHERS_SOURCE_MAX_BYTES + 1);
    const struct matchers *last = NULL;

    for (size_t i = 0; i < match->count; i++) {
        last = read_matchers(reading, "match", i, match->items[i]);
        if (last == NULL)
            return;
        text_addf(&all, "%s%s", i > 0 ? "," : "", match->items[i]);
    }
    if (match->count > 1)
        last = read_matchers(reading, "match", 0, text_string(&all));
    reading->route->matchers = last;
}

static bool is_source_of_its_own(const char *name)
{
    return text_is(name, "notify") || text_is(name, "opsroom");
}

static void check_from(const struct reading *reading)
{
    struct loader *loader = reading->loader;
    const struct config *config = loader->config;
    const char **names = ARENA_ARRAY(loader->arena, const char *, config->connection_count + 2);
    struct strings known = { .items = names };

    for (size_t i = 0; i < config->connection_count; i++)
        names[known.count++] = config->connections[i].name;
    names[known.count++] = "notify";
    names[known.count++] = "opsroom";
    for (size_t i = 0; i < reading->read->from.count; i++) {
        const char *name = reading->read->from.items[i];

        if (names_find(loader->own->connections, name) == NULL && !is_source_of_its_own(name))
            warning_add(loader, mark_in(reading, "from", i),
                        "\"%s\" is no connection: only POST /api/v1/events can bring events of "
                        "that source%s",
                        name, near_name(loader, name, &known));
    }
}

/* The web chat's channels are all known; other chats' are looked up by the chat itself. */
bool config_has_channel(const struct config *config, const char *chat, const char *channel)
{
    const struct chat_config *found = config_chat(config, chat);
    const struct json *channels;

    if (found == NULL || !chat_is_web(found))
        return found != NULL;
    if (channel[0] == '@')
        return config_person(config, channel + 1) != NULL;
    channels = json_get(found->node, "channels");
    if (text_is(channel, "lobby") || text_is(string_of(channels), channel))
        return true;
    for (size_t i = 0; json_is(channels, JSON_ARRAY) && i < json_count(channels); i++)
        if (text_is(string_of(json_at(channels, i)), channel))
            return true;
    return false;
}

static struct strings chat_names(const struct loader *loader)
{
    const struct config *config = loader->config;
    const char **names = ARENA_ARRAY(loader->arena, const char *, config->chat_count);

    for (size_t i = 0; i < config->chat_count; i++)
        names[i] = config->chats[i].name;
    return (struct strings){ .items = names, .count = config->chat_count };
}

static void check_place(const struct reading *reading, size_t position, struct place *place)
{
    struct loader *loader = reading->loader;
    const char *text = reading->read->to.items[position];
    struct mark mark = mark_in(reading, "to", position);

    if (!place_parse(loader->arena, text, place)) {
        fault_add(loader, mark, "\"%s\" is no channel: write it as chat#channel", text);
        return;
    }
    if (config_chat(loader->config, place->chat) == NULL) {
        struct strings known = chat_names(loader);

        fault_add(loader, mark, "there is no chat \"%s\" for \"%s\"%s", place->chat, text,
                  near_name(loader, place->chat, &known));
    } else if (!config_has_channel(loader->config, place->chat, place->channel)) {
        fault_add(loader, mark,
                  "the web chat \"%s\" has no channel \"%s\": add it to chats.%s.channels",
                  place->chat, place->channel, place->chat);
    }
}

static void read_places(const struct reading *reading)
{
    size_t count = reading->read->to.count;
    struct place *places = ARENA_ARRAY(reading->loader->arena, struct place, count);

    if (count == 0 && json_is(json_member(reading->section->map, "to"), JSON_ARRAY))
        fault_add(reading->loader, mark_at(reading, "to"),
                  "\"to\" in a route names no channel");
    for (size_t i = 0; i < count; i++)
        check_place(reading, i, &places[i]);
    reading->route->to = reading->read->to;
    reading->route->places = places;
}

/* Leaves *out alone when there is none. */
static void read_template(const struct reading *reading, const char *key, const char *source,
                          const struct template **out)
{
    struct error err = { 0 };

    if (source == NULL)
        return;
    *out = template_parse(reading->loader->arena, source, &err);
    if (*out == NULL)
        fault_add(reading->loader, mark_at(reading, key), "\"%s\" in a route, %s", key,
                  err.text);
}

/* "template": its first line is the title, what follows the text. */
static void read_whole(const struct reading *reading)
{
    const char *whole = reading->read->template;
    size_t length = strcspn(whole, "\n");
    const char *rest = whole + length + strspn(whole + length, "\n");

    if (reading->read->title != NULL || reading->read->text != NULL)
        fault_add(reading->loader, mark_at(reading, "template"),
                  "a route has a template, or a title and a text, not both");
    reading->route->is_whole = true;
    read_template(reading, "template", arena_copy_n(reading->loader->arena, whole, length),
                  &reading->route->title);
    if (rest[0] != '\0')
        read_template(reading, "template", rest, &reading->route->text);
}

static void read_words(const struct reading *reading)
{
    if (reading->read->template != NULL) {
        read_whole(reading);
        return;
    }
    read_template(reading, "title", reading->read->title, &reading->route->title);
    read_template(reading, "text", reading->read->text, &reading->route->text);
}

static void read_quiet(const struct reading *reading)
{
    struct loader *loader = reading->loader;
    const struct strings *quiet = &reading->read->quiet;
    struct hours *hours = ARENA_ARRAY(loader->arena, struct hours, quiet->count);

    for (size_t i = 0; i < quiet->count; i++) {
        struct error err = { 0 };

        if (hours_parse(loader->arena, quiet->items[i], loader->config->server.zone, &hours[i],
                        &err) < 0)
            fault_add(loader, mark_in(reading, "quiet", i), "\"quiet\" in a route: %s",
                      err.text);
    }
    reading->route->quiet = hours;
    reading->route->quiet_count = quiet->count;
}

/* mute: MATCHERS, or {match: MATCHERS, until: TIME}. */
static void read_mute(const struct reading *reading)
{
    const struct json *mute = reading->read->mute;
    const char *match =
        json_is(mute, JSON_OBJECT) ? json_string(mute, "match", NULL) : string_of(mute);
    const char *until = json_is(mute, JSON_OBJECT) ? json_string(mute, "until", NULL) : NULL;

    if (mute == NULL)
        return;
    if (match == NULL) {
        fault_add(reading->loader, mark_at(reading, "mute"),
                  "\"mute\" in a route must be matchers, or a map of match and until");
        return;
    }
    reading->route->mute = read_matchers(reading, "mute", 0, match);
    if (until != NULL && strlen(until) == strlen("2026-11-24"))
        until = arena_printf(reading->loader->arena, "%sT00:00:00Z", until);
    if (until != NULL && !clock_parse_iso(until, &reading->route->mute_until_ms))
        fault_add(reading->loader, mark_at(reading, "mute"),
                  "\"until\" of a mute must be a day such as 2026-11-24 or a time such as "
                  "2026-11-24T13:42:50Z");
}

static bool check_button(const struct reading *reading, struct mark mark, const char *label,
                         const char *line)
{
    AUTO(arena) struct arena *scratch = arena_new();
    struct error err = { 0 };

    if (text_is_empty(label) || text_is_empty(line)) {
        fault_add(reading->loader, mark,
                  "a button needs a label and a command: buttons: { Ack: 'ack {{subject}}' }");
        return false;
    }
    if (line_fill(scratch, line, json_new_object(scratch, NULL, 0), &err) == NULL) {
        fault_add(reading->loader, mark, "the button \"%s\": %s", label, err.text);
        return false;
    }
    return true;
}

/* {label, run, style, confirm} */
static struct route_button listed_button(const struct json *item)
{
    return (struct route_button){ .label = json_string(item, "label", NULL),
                                  .line = json_string(item, "run", NULL),
                                  .style = json_string(item, "style", NULL),
                                  .confirm = json_string(item, "confirm", NULL) };
}

/* A map of LABEL: COMMAND, or a list of maps. */
static void read_buttons(const struct reading *reading)
{
    const struct json *all = reading->read->buttons;
    bool is_map = json_is(all, JSON_OBJECT);
    size_t count = json_count(all);
    struct route_button *buttons;

    if (all == NULL)
        return;
    if ((!is_map && !json_is(all, JSON_ARRAY)) || count > BUTTONS_MAX) {
        fault_add(reading->loader, mark_at(reading, "buttons"),
                  "\"buttons\" in a route must be a map of LABEL: COMMAND, at most %d",
                  BUTTONS_MAX);
        return;
    }
    buttons = ARENA_ARRAY(reading->loader->arena, struct route_button, count);
    for (size_t i = 0; i < count; i++) {
        const struct json *item = json_at(all, i);
        struct route_button button = listed_button(item);

        if (is_map && json_is(item, JSON_STRING))
            button = (struct route_button){ .label = all->as.object.members[i].key,
                                            .line = item->as.string };
        if (check_button(reading, mark_in(reading, "buttons", i), button.label, button.line))
            buttons[reading->route->button_count++] = button;
    }
    reading->route->buttons = buttons;
}

static enum route_only read_only_what(const char *only)
{
    if (text_is(only, "failures"))
        return ROUTE_FAILURES;
    return text_is(only, "changes") ? ROUTE_CHANGES : ROUTE_ALL;
}

static enum route_update read_update(const struct route_section *read)
{
    if (text_is(read->update, "new"))
        return ROUTE_NEW;
    return read->thread || text_is(read->update, "thread") ? ROUTE_THREAD : ROUTE_IN_PLACE;
}

static void read_route(struct loader *loader, const struct source *source,
                       const struct json *map, struct route *route)
{
    struct section section;
    struct route_section read;
    struct reading reading = {
        .loader = loader, .section = &section, .read = &read, .route = route
    };

    if (!item_open(&section, loader, map, "routes"))
        return;
    section_read(&section, &route_table, &read, NULL);
    route->line = map->line;
    route->name = arena_printf(loader->arena, "%s:%u", source->short_name, map->line);
    route->from = read.from;
    route->goes_on = read.goes_on;
    route->only = read_only_what(read.only);
    route->update = read_update(&read);
    route->group_s = read.group_s;
    check_from(&reading);
    read_match(&reading);
    read_places(&reading);
    read_words(&reading);
    read_quiet(&reading);
    read_mute(&reading);
    read_buttons(&reading);
}

/* The "routes" of a file; NULL: it has none. */
static const struct json *find_list(struct loader *loader, const struct source *source)
{
    const struct json *list = json_member(source->root, "routes");

    if (list == NULL || json_is(list, JSON_NULL))
        return NULL;
    if (json_is(list, JSON_ARRAY))
        return list;
    fault_add(loader, mark_of(list), "\"routes\" must be a list of maps, not %s",
              describe(loader, list));
    return NULL;
}

static size_t count_routes(const struct loader *loader)
{
    size_t count = 0;

    for (size_t i = 0; i < loader->source_count; i++)
        count += json_count(json_member(loader->sources[i]->root, "routes"));
    return count;
}

void routes_read(struct loader *loader)
{
    struct json_builder *all = json_builder_new(loader->arena, JSON_ARRAY);
    struct route *routes = ARENA_ARRAY(loader->arena, struct route, count_routes(loader));
    size_t count = 0;

    for (size_t i = 0; i < loader->source_count; i++) {
        const struct json *list = find_list(loader, loader->sources[i]);

        for (size_t j = 0; j < json_count(list); j++) {
            read_route(loader, loader->sources[i], json_at(list, j), &routes[count++]);
            json_builder_add(all, NULL, *value_effective(loader, json_at(list, j)));
        }
    }
    loader->config->routes = json_builder_done(all);
    loader->config->route_table = routes_new(loader->arena, routes, count);
}
