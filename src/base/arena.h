/* Memory of one unit of work (a request, a job step, a line): allocated piece by piece, freed whole. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/compiler.h"

struct arena;

/* Never NULL: when memory ends the process ends (every job survives that by design). */
struct arena *arena_new(void);

/* Runs what was deferred, newest first, then frees everything.  NULL is accepted. */
void arena_free(struct arena *arena);
DEFINE_AUTO(arena);

/* Zeroed and aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size_bytes);
#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_array((arena), sizeof(type), (count)))
void *arena_array(struct arena *arena, size_t item_bytes, size_t count);

/* Copies of strings; a NULL string stays NULL. */
char *arena_copy(struct arena *arena, const char *string);
char *arena_copy_n(struct arena *arena, const char *bytes, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list values) PRINTF(2, 0);

/* release(object) will be called by arena_free(). */
void arena_defer(struct arena *arena, void (*release)(void *), void *object);

/* Bytes handed out so far; for limits and tests. */
size_t arena_size(const struct arena *arena);

/* malloc, realloc, strdup for the few objects that outlive every arena; they never return NULL.
 * memory_new is zeroed; free() frees. */
void *memory_new(size_t size_bytes);
void *memory_resize(void *memory, size_t size_bytes);
char *memory_copy(const char *string);
