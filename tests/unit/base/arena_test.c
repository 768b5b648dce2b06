/* Arenas: zeroed, aligned, separate memory; deferred releases in reverse order. */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

static bool is_filled(const unsigned char *bytes, size_t size, unsigned char value)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != value)
            return false;
    }
    return true;
}

static void test_allocations_are_separate(void)
{
    static const size_t sizes[] = {
        1, 0, 15, 16, 17, 100, 2047, 2048, 4096, 16383, 16384, 70000
    };
    AUTO(arena) struct arena *arena = arena_new();
    unsigned char *blocks[COUNT_OF(sizes) * 8];
    bool zeroed = true, aligned = true, kept = true;
    size_t sum = 0;

    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        size_t size = sizes[i % COUNT_OF(sizes)];
        blocks[i] = arena_alloc(arena, size);
        zeroed = zeroed && is_filled(blocks[i], size, 0);
        aligned = aligned && (uintptr_t)blocks[i] % 16 == 0;
        memset(blocks[i], (int)(i + 1), size);
        sum += size;
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++)
        kept = kept && is_filled(blocks[i], sizes[i % COUNT_OF(sizes)], (unsigned char)(i + 1));
    CHECK(zeroed);
    CHECK(aligned);
    CHECK(kept);
    CHECK_INT(arena_size(arena), sum);
}

static void test_strings(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    char long_text[1000];

    CHECK_STR(arena_copy(arena, "deploy"), "deploy");
    CHECK_STR(arena_copy(arena, ""), "");
    CHECK(arena_copy(arena, NULL) == NULL);
    CHECK_STR(arena_copy_n(arena, "deploy", 3), "dep");
    CHECK(arena_copy_n(arena, NULL, 3) == NULL);
    CHECK_STR(arena_printf(arena, "%s %d", "job", 412), "job 412");
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    CHECK_STR(arena_printf(arena, "%s", long_text), long_text);
    CHECK(strlen(arena_printf(arena, "%255s", "a")) == 255);
    CHECK(strlen(arena_printf(arena, "%256s", "a")) == 256);
}

struct release {
    char *order;
    char name;
    struct arena *arena;
};

static void release(void *object)
{
    struct release *released = object;
    size_t length = strlen(released->order);

    released->order[length] = released->name;
    /* A release may still use the arena. */
    arena_printf(released->arena, "%c", released->name);
}

static void test_deferred(void)
{
    char order[8] = "";
    struct arena *arena = arena_new();
    struct release first = { order, '1', arena }, second = { order, '2', arena },
                   third = { order, '3', arena };

    arena_defer(arena, release, &first);
    arena_defer(arena, release, &second);
    arena_defer(arena, release, &third);
    CHECK_STR(order, "");
    arena_free(arena);
    CHECK_STR(order, "321");
    arena_free(NULL);
}

static void test_memory(void)
{
    char *copy = memory_copy("kept");
    unsigned char *zeroed = memory_new(100);

    CHECK_STR(copy, "kept");
    CHECK(memory_copy(NULL) == NULL);
    CHECK(is_filled(zeroed, 100, 0));
    copy = memory_resize(copy, 100);
    CHECK_STR(copy, "kept");
    free(copy);
    free(zeroed);
}

int main(void)
{
    test_allocations_are_separate();
    test_strings();
    test_deferred();
    test_memory();
    return tap_done();
}
