/* What the store's tests share: a folder of their own, a small store in it, waiting with a bound, children. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "store/store_internal.h"

struct fixture {
    struct arena *arena;
    const char *folder; /* removed with the fixture */
    const char *path;   /* of the database, not made yet */
    const char *url;
};

struct fixture *fixture_new(void);
void fixture_free(struct fixture *fixture);
DEFINE_AUTO(fixture);
const char *fixture_path(struct fixture *fixture, const char *name);

/* With the table notes (id, text unique and not 'bad', size, parent: a note, checked at COMMIT).  Ends the test when it
 * cannot be opened. */
struct store *fixture_store(struct fixture *fixture);
extern const struct embedded_file fixture_migrations[];

/* Write function: one note with the text of the argument. */
int note_add(struct db *db, void *text, struct error *err);
long long note_count(struct store *store, const char *pattern);

/* Holds the writer until it is opened, so that all that is asked meanwhile becomes one group. */
struct gate {
    struct store_write write;
    atomic_bool is_entered, is_open;
};
void gate_close(struct gate *gate, struct store *store);
void gate_open(struct gate *gate);

/* True as soon as the question says yes, false after ten seconds. */
bool wait_until(bool (*question)(void *context), void *context);
bool is_set(void *flag); /* an atomic_bool */

/* Runs this test program again as "PROGRAM role argument"; its wait status. */
int run_again(const char *role, const char *argument, const char *const *environment);

const char *file_text(struct fixture *fixture, const char *path);
