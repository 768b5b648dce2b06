/* The engine as one object: what every part of core needs to reach the others.  Made by server/, given by parameter. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "core/config.h"
#include "core/registry.h"
#include "store/store.h"

struct core;
struct catalog;

/* Opens the store, takes over the snapshot (one reference), builds the catalog.  No threads yet. */
struct core *core_new(const struct config *config, const struct registry *registry,
                      struct error *err);
/* Starts workers, senders, feed, timers, chats' links, watches. */
int core_start(struct core *core, struct error *err);
/* No new work; steps under way are waited for up to limit_s, the rest is handed back. */
void core_stop(struct core *core, int limit_s);
void core_free(struct core *core);
bool core_is_closing(const struct core *core);

struct store *core_store(struct core *core);
const struct registry *core_registry(const struct core *core);

/* The current snapshot and the catalog that belongs to it: hold it for one unit of work, release it. */
const struct config *core_config(struct core *core);
const struct catalog *core_catalog(struct core *core, const struct config *config);

/* Reads the file again and swaps the snapshot, or leaves the old one: then err says how many faults, and faults all of
 * them.  What cannot be changed without a restart (store, listen, socket) is said in note. */
int core_reload(struct core *core, struct arena *arena, struct faults *faults,
                const char **note, struct error *err);

/* Removes secrets of the last snapshots. */
const char *core_redact(struct core *core, struct arena *arena, const char *text);

/* Longest a secret can be in any form, for streams. */
size_t core_redact_longest(struct core *core);
