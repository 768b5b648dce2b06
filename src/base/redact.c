/* One Aho-Corasick automaton over every form in which a known secret could stand in a text. */
#include "base/redact.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/redact_forms.h"

enum {
    ROOT = 0, /* also "no node", for the root is nobody's child or sibling */
    PAIR_COUNT = 256 * 256,
};

struct node {
    unsigned child;
    unsigned sibling;
    unsigned
        fallback; /* the node of the longest proper ending of this one that is in the tree */
    unsigned match_bytes; /* the longest form that ends here, or 0 */
    unsigned char byte;
};

struct redactor {
    struct node *nodes;
    size_t count;
    size_t capacity;
    size_t longest_bytes;
    bool ready;
    unsigned root_children[256];
    /*
     * Most bytes of a text begin no form.  The first two bytes of every form, one bit each, let the search pass
     * over them without entering the tree.
     */
    unsigned char pairs[PAIR_COUNT / 8];
};

struct range {
    size_t start, end;
};

/* In order, none overlapping another. */
struct ranges {
    struct arena *arena;
    struct range *items;
    size_t count;
    size_t capacity;
};

static unsigned node_new(struct redactor *redactor, unsigned char byte)
{
    if (redactor->count == redactor->capacity) {
        redactor->capacity = redactor->capacity > 0 ? redactor->capacity * 2 : 256;
        redactor->nodes =
            memory_resize(redactor->nodes, redactor->capacity * sizeof(struct node));
    }
    ASSERT(redactor->count < UINT_MAX);
    redactor->nodes[redactor->count] = (struct node){ .byte = byte };
    return (unsigned)redactor->count++;
}

struct redactor *redactor_new(void)
{
    struct redactor *redactor = memory_new(sizeof(*redactor));

    node_new(redactor, 0);
    return redactor;
}

/* The nodes spell the secrets, so they are wiped. */
void redactor_free(struct redactor *redactor)
{
    if (redactor == NULL)
        return;
    explicit_bzero(redactor->nodes, redactor->capacity * sizeof(struct node));
    free(redactor->nodes);
    free(redactor);
}

static unsigned child_find(const struct redactor *redactor, unsigned parent, unsigned char byte)
{
    unsigned child = redactor->nodes[parent].child;

    while (child != ROOT && redactor->nodes[child].byte != byte)
        child = redactor->nodes[child].sibling;
    return child;
}

static unsigned child_get(struct redactor *redactor, unsigned parent, unsigned char byte)
{
    unsigned child = child_find(redactor, parent, byte);

    if (child != ROOT)
        return child;
    child = node_new(redactor, byte);
    redactor->nodes[child].sibling = redactor->nodes[parent].child;
    redactor->nodes[parent].child = child;
    return child;
}

static void pair_mark(struct redactor *redactor, const char *two)
{
    unsigned pair = (unsigned)(unsigned char)two[0] << 8 | (unsigned char)two[1];

    redactor->pairs[pair / 8] |= (unsigned char)(1u << pair % 8);
}

static bool pair_is_marked(const struct redactor *redactor, const char *two)
{
    unsigned pair = (unsigned)(unsigned char)two[0] << 8 | (unsigned char)two[1];

    return (redactor->pairs[pair / 8] >> pair % 8 & 1) != 0;
}

static void form_add(void *context, struct span form)
{
    struct redactor *redactor = context;
    unsigned node = ROOT;

    if (form.length < REDACT_MIN_BYTES)
        return;
    for (size_t i = 0; i < form.length; i++)
        node = child_get(redactor, node, (unsigned char)form.start[i]);
    redactor->nodes[node].match_bytes = (unsigned)form.length;
    pair_mark(redactor, form.start);
    if (form.length > redactor->longest_bytes)
        redactor->longest_bytes = form.length;
}

void redactor_add(struct redactor *redactor, const struct secret *secret)
{
    struct span value;

    ASSERT(!redactor->ready);
    value.start = secret_open(secret, &value.length);
    redact_forms(value, form_add, redactor);
}

static unsigned node_after(const struct redactor *redactor, unsigned node, unsigned char byte)
{
    while (node != ROOT) {
        unsigned child = child_find(redactor, node, byte);

        if (child != ROOT)
            return child;
        node = redactor->nodes[node].fallback;
    }
    return redactor->root_children[byte];
}

/* The fallback of a node is shorter than the node itself, so parents come before children. */
static void children_link(struct redactor *redactor, unsigned parent)
{
    struct node *nodes = redactor->nodes;

    for (unsigned child = nodes[parent].child; child != ROOT; child = nodes[child].sibling) {
        if (parent != ROOT)
            nodes[child].fallback =
                node_after(redactor, nodes[parent].fallback, nodes[child].byte);
        if (nodes[child].match_bytes == 0)
            nodes[child].match_bytes = nodes[nodes[child].fallback].match_bytes;
    }
}

void redactor_ready(struct redactor *redactor)
{
    unsigned *queue = memory_new(redactor->count * sizeof(unsigned));
    size_t queued = 1; /* the root */
    struct node *nodes = redactor->nodes;

    for (unsigned child = nodes[ROOT].child; child != ROOT; child = nodes[child].sibling)
        redactor->root_children[nodes[child].byte] = child;
    for (size_t i = 0; i < queued; i++) {
        children_link(redactor, queue[i]);
        for (unsigned child = nodes[queue[i]].child; child != ROOT;
             child = nodes[child].sibling)
            queue[queued++] = child;
    }
    free(queue);
    redactor->ready = true;
}

/* Ranges that overlap become one: of two secrets that share bytes, no rest of the second is left over. */
static void range_add(struct ranges *ranges, size_t start, size_t end)
{
    while (ranges->count > 0 && ranges->items[ranges->count - 1].end > start) {
        ranges->count--;
        if (ranges->items[ranges->count].start < start)
            start = ranges->items[ranges->count].start;
    }
    if (ranges->count == ranges->capacity) {
        size_t capacity = ranges->capacity > 0 ? ranges->capacity * 2 : 8;
        struct range *items = ARENA_ARRAY(ranges->arena, struct range, capacity);

        if (ranges->count > 0)
            memcpy(items, ranges->items, ranges->count * sizeof(struct range));
        ranges->items = items;
        ranges->capacity = capacity;
    }
    ranges->items[ranges->count++] = (struct range){ .start = start, .end = end };
}

static void find_forms(const struct redactor *redactor, const char *text, struct ranges *ranges)
{
    unsigned node = ROOT;

    for (size_t i = 0; text[i] != '\0'; i++) {
        if (node == ROOT && !pair_is_marked(redactor, text + i))
            continue;
        node = node_after(redactor, node, (unsigned char)text[i]);
        if (redactor->nodes[node].match_bytes > 0)
            range_add(ranges, i + 1 - redactor->nodes[node].match_bytes, i + 1);
    }
}

const char *redact(const struct redactor *redactor, struct arena *arena, const char *text)
{
    struct ranges ranges = { .arena = arena };
    size_t copied = 0;
    struct text out;

    ASSERT(redactor->ready);
    if (text != NULL)
        find_forms(redactor, text, &ranges);
    if (ranges.count == 0)
        return text;
    out = text_new(arena, SIZE_MAX);
    for (size_t i = 0; i < ranges.count; i++) {
        text_add_n(&out, text + copied, ranges.items[i].start - copied);
        text_add(&out, "[secret]");
        copied = ranges.items[i].end;
    }
    text_add(&out, text + copied);
    return text_string(&out);
}

size_t redactor_longest(const struct redactor *redactor)
{
    return redactor->longest_bytes;
}
