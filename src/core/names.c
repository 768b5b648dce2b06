/* Names to things: open addressing, never more than half full, nothing is ever taken out. */
#include "core/names.h"

#include <stdint.h>

#include "base/text.h"

enum {
    FIRST_SLOTS = 16 /* a power of two */
};

struct slot {
    const char *key; /* NULL: free */
    const void *value;
};

struct names {
    struct arena *arena;
    struct slot *slots;
    size_t slot_count; /* a power of two */
    size_t used;
};

struct names *names_new(struct arena *arena)
{
    struct names *names = ARENA_NEW(arena, struct names);

    names->arena = arena;
    names->slots = ARENA_ARRAY(arena, struct slot, FIRST_SLOTS);
    names->slot_count = FIRST_SLOTS;
    return names;
}

/* FNV-1a (draft-eastlake-fnv): the names come from a configuration file, not from strangers. */
static size_t hash(const char *key)
{
    uint64_t value = 0xcbf29ce484222325U;

    for (; *key != '\0'; key++)
        value = (value ^ (unsigned char)*key) * 0x100000001b3U;
    return (size_t)(value ^ (value >> 32));
}

static struct slot *find_slot(struct slot *slots, size_t slot_count, const char *key)
{
    size_t at = hash(key) & (slot_count - 1);

    while (slots[at].key != NULL && !text_is(slots[at].key, key))
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

static void grow(struct names *names)
{
    size_t slot_count = names->slot_count * 2;
    struct slot *slots = ARENA_ARRAY(names->arena, struct slot, slot_count);

    for (size_t i = 0; i < names->slot_count; i++)
        if (names->slots[i].key != NULL)
            *find_slot(slots, slot_count, names->slots[i].key) = names->slots[i];
    names->slots = slots;
    names->slot_count = slot_count;
}

const void *names_add(struct names *names, const char *key, const void *value)
{
    struct slot *slot = find_slot(names->slots, names->slot_count, key);

    if (slot->key != NULL)
        return slot->value;
    *slot = (struct slot){ .key = key, .value = value };
    names->used++;
    if (names->used * 2 > names->slot_count)
        grow(names);
    return NULL;
}

const void *names_find(const struct names *names, const char *key)
{
    if (names == NULL || key == NULL)
        return NULL;
    return find_slot(names->slots, names->slot_count, key)->value;
}
