/*
 * Where a test build kills itself, to see what a crash leaves behind.
 *     OPSROOM_KILL_AT="N:before"   at the Nth write function, when it has run, before its COMMIT
 *     OPSROOM_KILL_AT="N:after"    right after that COMMIT, before anyone is told
 *     OPSROOM_KILL_LOG=FILE        gets a line "N NAME" for each write function
 * Without OPSROOM_TEST_HOOKS nothing of this is compiled.
 */
#pragma once

#include <stddef.h>

#include "base/compiler.h"

#ifdef OPSROOM_TEST_HOOKS
struct kill_point *kill_point_new(void);
void kill_point_free(struct kill_point *point);
void kill_point_ran(struct kill_point *point, const char *name);
void kill_point_before_commit(struct kill_point *point);
void kill_point_after_commit(struct kill_point *point);
#else
static inline struct kill_point *kill_point_new(void)
{
    return NULL;
}
static inline void kill_point_free(struct kill_point *point)
{
    (void)point;
}
static inline void kill_point_ran(struct kill_point *point, const char *name)
{
    (void)point;
    (void)name;
}
static inline void kill_point_before_commit(struct kill_point *point)
{
    (void)point;
}
static inline void kill_point_after_commit(struct kill_point *point)
{
    (void)point;
}
#endif
