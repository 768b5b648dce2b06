/* How the chain is computed: shared by writing and verifying.  For core/audit*.c. */
#pragma once

#include "base/arena.h"
#include "base/hash.h"
#include "base/json.h"

/* What the first record of a chain has as its previous hash. */
#define AUDIT_FIRST_PREVIOUS "0000000000000000000000000000000000000000000000000000000000000000"

/* SHA-256 of: previous (hex), a line feed, the record's canonical JSON. */
void audit_hash(struct arena *arena, const char *previous, const char *record,
                char hash[SHA256_HEX]);

/* What a checkpoint's signature is over: canonical {at, chain, hash, sequence}. */
const char *audit_checkpoint_text(struct arena *arena, const struct json *row);
