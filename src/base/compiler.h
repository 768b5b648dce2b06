/* The few compiler extensions we allow, under readable names. */
#pragma once

#include <stddef.h>

/* The caller must look at the result. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* A printf-like function: the format is argument f, the values start at argument a. */
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

#define NORETURN __attribute__((noreturn))

/*
 * A local that owns an object: AUTO(arena) struct arena *arena = arena_new();
 * The type's header says DEFINE_AUTO(arena), which frees it when the local goes out of scope.
 */
#define AUTO(name) __attribute__((cleanup(name##_auto)))
#define DEFINE_AUTO(name)                                                                      \
    static inline void name##_auto(struct name **object)                                       \
    {                                                                                          \
        name##_free(*object);                                                                  \
    }                                                                                          \
    struct name

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Stays in production.  For our own bugs only: input from outside is never asserted. */
#define ASSERT(condition)                                                                      \
    do {                                                                                       \
        if (!(condition))                                                                      \
            assert_failed(#condition, __FILE__, __LINE__);                                     \
    } while (0)

NORETURN void assert_failed(const char *condition, const char *file, int line);
