/* A map of a configuration -> a struct, by its field table; every fault in it is found, not only the first. */
#include <string.h>

#include "core/config_internal.h"

static bool open_map(const struct section *section, const char *which)
{
    const struct json *value = section->map;

    if (json_is(value, JSON_OBJECT) || json_is(value, JSON_NULL))
        return true;
    fault_add(section->loader, mark_of(value), "%s\"%s\" must be a map of KEY: VALUE, not %s",
              which, section->where, describe(section->loader, value));
    return false;
}

bool section_open(struct section *section, struct loader *loader, const struct json *value,
                  const char *where)
{
    *section = (struct section){ .loader = loader, .map = value, .where = where };
    return open_map(section, "");
}

bool item_open(struct section *section, struct loader *loader, const struct json *value,
               const char *where)
{
    *section = (struct section){ .loader = loader, .map = value, .where = where };
    return open_map(section, "each of ");
}

const struct json_member *section_member(const struct json *map, const char *key)
{
    for (size_t i = 0; json_is(map, JSON_OBJECT) && i < map->as.object.count; i++)
        if (text_is(map->as.object.members[i].key, key))
            return &map->as.object.members[i];
    return NULL;
}

struct mark section_mark(const struct section *section, const char *key)
{
    const struct json_member *member = section_member(section->map, key);

    if (member == NULL)
        return mark_of(section->map);
    return json_is(&member->value, JSON_NULL) ? mark_of_key(member) : mark_of(&member->value);
}

bool name_check(struct loader *loader, const struct json_member *member, const char *what)
{
    const char *name = member->key;
    size_t length = strlen(name);
    bool fits = length > 0 && length <= NAME_BYTES_MAX && name[0] != '-' && name[0] != '.' &&
                strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                             "0123456789_.-") == length;

    if (!fits)
        fault_add(loader, mark_of_key(member),
                  "\"%s\" is no name for %s: use up to %d letters, digits, _ . -", name, what,
                  NAME_BYTES_MAX);
    return fits;
}

const struct json *root_map(struct loader *loader, const char *key)
{
    const struct json *value = json_member(loader->sources[0]->root, key);
    struct section section;

    if (value == NULL || !section_open(&section, loader, value, key))
        return NULL;
    return json_is(value, JSON_OBJECT) ? value : NULL;
}

const char *section_text(const struct section *section, const char *key)
{
    const struct json *value = json_member(section->map, key);

    if (value == NULL || json_is(value, JSON_NULL))
        return NULL;
    return value_text(section->loader, value, key);
}

struct strings value_strings(struct loader *loader, const struct json *value, const char *key)
{
    bool list = json_is(value, JSON_ARRAY);
    size_t count = list ? json_count(value) : 1;
    const char **items = ARENA_ARRAY(loader->arena, const char *, count);
    struct strings strings = { .items = items };

    if (json_is(value, JSON_OBJECT)) {
        fault_add(loader, mark_of(value), "\"%s\" must be text or a list of texts, not a map",
                  key);
        return strings;
    }
    for (size_t i = 0; i < count; i++) {
        const char *text = value_text(loader, list ? json_at(value, i) : value, key);

        if (text != NULL)
            items[strings.count++] = text;
    }
    return strings;
}

bool is_web_address(const char *text)
{
    size_t scheme = text_starts(text, "https://") ? 8 : text_starts(text, "http://") ? 7 : 0;
    const char *host = text + scheme;

    if (scheme == 0 || strchr("/:?#", *host) != NULL)
        return false;
    for (const char *at = host; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7F)
            return false;
    return true;
}

static void *member_of(const struct field *field, void *out)
{
    return (char *)out + field->offset;
}

static void field_fault(const struct section *section, const struct field *field,
                        const struct json *value, const struct error *err)
{
    fault_add(section->loader, mark_of(value), "\"%s\" in %s %s", field->key, section->where,
              err->text);
}

/* One text of a field, checked; a path made absolute by the file it stands in. */
static int set_text(const struct section *section, const struct field *field,
                    const struct json *value, const char *text, void *out)
{
    struct loader *loader = section->loader;
    struct error err = { .kind = ERROR_NONE };

    if (text == NULL)
        return -1;
    if (field->meaning == AS_PATH)
        text = path_in(loader->arena, source_of(loader, value)->directory, text);
    if (field_from_text(field, loader->arena, text, out, &err) == 0)
        return 0;
    field_fault(section, field, value, &err);
    return -1;
}

static void set_list(const struct section *section, const struct field *field,
                     const struct json *value, struct strings *out)
{
    struct strings texts = value_strings(section->loader, value, field->key);
    const char **items = ARENA_ARRAY(section->loader->arena, const char *, texts.count);
    struct field single = *field;

    single.type = FIELD_STRING;
    single.offset = 0;
    *out = (struct strings){ .items = items };
    for (size_t i = 0; i < texts.count; i++) {
        const struct json *place =
            json_is(value, JSON_ARRAY) && json_count(value) > i ? json_at(value, i) : value;

        if (set_text(section, &single, place, texts.items[i], &items[out->count]) == 0)
            out->count++;
    }
}

static void set_json(const struct section *section, const struct field *field,
                     const struct json *value, const struct json **out)
{
    struct loader *loader = section->loader;

    if (field->meaning == AS_PAIRS && !json_is(value, JSON_OBJECT)) {
        fault_add(loader, mark_of(value), "\"%s\" in %s must be a map of KEY: VALUE, not %s",
                  field->key, section->where, describe(loader, value));
        return;
    }
    *out = value_tree(loader, value, field->key);
}

static void set_field(const struct section *section, const struct field *field,
                      const struct json *value, void *out)
{
    struct loader *loader = section->loader;

    switch (field->type) {
    case FIELD_STRING:
    case FIELD_INTEGER:
    case FIELD_NUMBER:
    case FIELD_BOOLEAN:
        (void)set_text(section, field, value, value_text(loader, value, field->key), out);
        return;
    case FIELD_STRINGS:
        set_list(section, field, value, member_of(field, out));
        return;
    case FIELD_JSON:
        set_json(section, field, value, member_of(field, out));
        return;
    case FIELD_SECRET:
        *(struct secret **)member_of(field, out) = value_secret(loader, value, field->key);
        return;
    }
}

static struct strings known_keys(const struct section *section, const struct fields *fields,
                                 const struct strings *also)
{
    size_t more = also != NULL ? also->count : 0;
    const char **keys = ARENA_ARRAY(section->loader->arena, const char *, fields->count + more);

    for (size_t i = 0; i < fields->count; i++)
        keys[i] = fields->list[i].key;
    for (size_t i = 0; i < more; i++)
        keys[fields->count + i] = also->items[i];
    return (struct strings){ .items = keys, .count = fields->count + more };
}

static bool has_secret(const struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        if (fields->list[i].type == FIELD_SECRET)
            return true;
    return false;
}

static void find_unknown(const struct section *section, const struct fields *fields,
                         const struct strings *also)
{
    struct loader *loader = section->loader;
    struct strings keys = known_keys(section, fields, also);

    for (size_t i = 0; i < json_count(section->map); i++) {
        const struct json_member *member = &section->map->as.object.members[i];

        if (strings_has(&keys, member->key))
            continue;
        /* It may be the misspelt key of a secret. */
        if (has_secret(fields) && json_is(&member->value, JSON_STRING))
            cover(loader, &member->value);
        fault_add(loader, mark_of_key(member), "unknown key \"%s\" in %s%s", member->key,
                  section->where, near_name(loader, member->key, &keys));
    }
}

/* fields_defaults() knows no file: a path's fallback is made absolute here. */
static void set_defaults(const struct section *section, const struct fields *fields, void *out)
{
    struct loader *loader = section->loader;

    memset(out, 0, fields->size_bytes);
    fields_defaults(fields, loader->arena, out);
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];

        if (field->meaning == AS_PATH && field->type == FIELD_STRING && field->fallback != NULL)
            *(const char **)member_of(field, out) = path_in(
                loader->arena, source_of(loader, section->map)->directory, field->fallback);
    }
}

void section_read(const struct section *section, const struct fields *fields, void *out,
                  const struct strings *also)
{
    set_defaults(section, fields, out);
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];
        const struct json_member *member = section_member(section->map, field->key);

        if (member != NULL && !json_is(&member->value, JSON_NULL))
            set_field(section, field, &member->value, out);
        else if (field->need)
            fault_add(section->loader, section_mark(section, field->key),
                      "\"%s\" is missing in %s%s%s", field->key, section->where,
                      field->help != NULL ? ": " : "", field->help != NULL ? field->help : "");
    }
    find_unknown(section, fields, also);
}

const struct json *section_effective(const struct section *section, const struct fields *fields)
{
    struct arena *arena = section->loader->arena;
    size_t count = json_count(section->map);
    struct json_member *members = ARENA_ARRAY(arena, struct json_member, count);

    for (size_t i = 0; i < count; i++) {
        const struct field *field;

        members[i] = section->map->as.object.members[i];
        field = fields_find(fields, members[i].key);
        if (field != NULL && field->type != FIELD_SECRET)
            members[i].value = *value_effective(section->loader, &members[i].value);
    }
    return json_new_object(arena, members, count);
}
