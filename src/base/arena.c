/* Arenas: bump allocation in blocks that double in size, and releases deferred to the end. */
#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, size)   ((void)(start), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#endif

enum {
    ALIGNMENT = 16,
    FIRST_BLOCK_BYTES = 2 * 1024,
    LAST_BLOCK_BYTES = 64 * 1024,
    LARGE_BYTES = 16 * 1024, /* from here on a request has a block of its own */
#ifdef ARENA_POISONS
    GAP_BYTES = ALIGNMENT /* stays poisoned, so that running over an allocation is seen */
#else
    GAP_BYTES = 0
#endif
};

struct block {
    struct block *next;
    size_t size_bytes, used_bytes;
    _Alignas(ALIGNMENT) char bytes[];
};

struct deferred {
    struct deferred *next;
    void (*release)(void *);
    void *object;
};

struct arena {
    struct block *blocks; /* the first one is being filled */
    size_t next_block_bytes;
    size_t size_bytes;
    struct deferred *deferred;
};

static NORETURN void out_of_memory(size_t size_bytes)
{
    fprintf(stderr, "opsroom: out of memory (%zu bytes asked for)\n", size_bytes);
    abort();
}

void *memory_new(size_t size_bytes)
{
    void *memory = calloc(1, size_bytes > 0 ? size_bytes : 1);

    if (memory == NULL)
        out_of_memory(size_bytes);
    return memory;
}

void *memory_resize(void *memory, size_t size_bytes)
{
    void *resized = realloc(memory, size_bytes > 0 ? size_bytes : 1);

    if (resized == NULL)
        out_of_memory(size_bytes);
    return resized;
}

char *memory_copy(const char *string)
{
    if (string == NULL)
        return NULL;
    size_t size = strlen(string) + 1;
    return memcpy(memory_new(size), string, size);
}

struct arena *arena_new(void)
{
    struct arena *arena = memory_new(sizeof(*arena));

    arena->next_block_bytes = FIRST_BLOCK_BYTES;
    return arena;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    while (arena->deferred != NULL) {
        struct deferred *newest = arena->deferred;
        arena->deferred = newest->next;
        newest->release(newest->object);
    }
    while (arena->blocks != NULL) {
        struct block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
    free(arena);
}

static struct block *block_new(size_t size_bytes)
{
    struct block *block = malloc(sizeof(*block) + size_bytes);

    if (block == NULL)
        out_of_memory(size_bytes);
    block->next = NULL;
    block->size_bytes = size_bytes;
    block->used_bytes = 0;
    ASAN_POISON_MEMORY_REGION(block->bytes, size_bytes);
    return block;
}

/* A block with room for room_bytes: the one being filled, a new one, or one for this request alone. */
static struct block *find_block(struct arena *arena, size_t room_bytes)
{
    struct block *current = arena->blocks;

    if (current != NULL && current->size_bytes - current->used_bytes >= room_bytes)
        return current;
    if (room_bytes >= LARGE_BYTES && current != NULL) {
        struct block *own = block_new(room_bytes);
        own->next = current->next;
        current->next = own;
        return own;
    }
    while (arena->next_block_bytes < room_bytes && arena->next_block_bytes < LAST_BLOCK_BYTES)
        arena->next_block_bytes *= 2;
    struct block *block =
        block_new(arena->next_block_bytes < room_bytes ? room_bytes : arena->next_block_bytes);
    if (arena->next_block_bytes < LAST_BLOCK_BYTES)
        arena->next_block_bytes *= 2;
    block->next = current;
    arena->blocks = block;
    return block;
}

/* Aligned memory whose content is not set. */
static void *take(struct arena *arena, size_t size_bytes)
{
    if (size_bytes > SIZE_MAX / 2)
        out_of_memory(size_bytes);
    size_t room = (size_bytes + GAP_BYTES + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (room == 0)
        room = ALIGNMENT;
    struct block *block = find_block(arena, room);
    char *memory = block->bytes + block->used_bytes;
    block->used_bytes += room;
    arena->size_bytes += size_bytes;
    ASAN_UNPOISON_MEMORY_REGION(memory, size_bytes);
    return memory;
}

void *arena_alloc(struct arena *arena, size_t size_bytes)
{
    return memset(take(arena, size_bytes), 0, size_bytes);
}

void *arena_array(struct arena *arena, size_t item_bytes, size_t count)
{
    if (item_bytes != 0 && count > SIZE_MAX / item_bytes)
        out_of_memory(SIZE_MAX);
    return arena_alloc(arena, item_bytes * count);
}

char *arena_copy_n(struct arena *arena, const char *bytes, size_t length)
{
    if (bytes == NULL)
        return NULL;
    char *copy = take(arena, length + 1);
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

char *arena_copy(struct arena *arena, const char *string)
{
    return string != NULL ? arena_copy_n(arena, string, strlen(string)) : NULL;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list values)
{
    char small[256];
    va_list again;

    va_copy(again, values);
    int length = vsnprintf(small, sizeof(small), format, values);
    ASSERT(length >= 0);
    char *string = NULL;
    if ((size_t)length < sizeof(small)) {
        string = arena_copy_n(arena, small, (size_t)length);
    } else {
        string = take(arena, (size_t)length + 1);
        vsnprintf(string, (size_t)length + 1, format, again);
    }
    va_end(again);
    return string;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    char *string = arena_vprintf(arena, format, values);
    va_end(values);
    return string;
}

void arena_defer(struct arena *arena, void (*release)(void *), void *object)
{
    struct deferred *deferred = ARENA_NEW(arena, struct deferred);

    deferred->next = arena->deferred;
    deferred->release = release;
    deferred->object = object;
    arena->deferred = deferred;
}

size_t arena_size(const struct arena *arena)
{
    return arena->size_bytes;
}
