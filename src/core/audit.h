/*
 * The tamper-evident log: append-only records, each with the SHA-256 of its canonical JSON and the previous hash, and
 * signed checkpoints (Ed25519).  docs/audit.md describes the format for auditors.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "store/store.h"

struct audit_record {
    const char *
        kind; /* "asked", "decided", "approval", "started", "called", "finished", "signed in", "reloaded", ... */
    long long job;             /* 0: none */
    const char *person;        /* id, or NULL */
    const char *account;       /* "chat:user id" as the door knew it, "unix:ana" */
    const char *door;          /* chat, button, api, terminal, route, schedule, server */
    const char *place;         /* "acme#ops" */
    const char *command;       /* name */
    const char *line;          /* as typed, redacted */
    const char *result;        /* allowed, refused, approved, denied, succeeded, failed, ... */
    const char *rule;          /* "opsroom.yaml:41" */
    const char *text;          /* why, reason, error, what was called */
    const struct json *detail; /* arguments, pins, digest; redacted */
};

/* Inside a write function: in the same transaction as what it tells of.  Values must be redacted by now. */
MUST_CHECK int audit_append(struct db *db, const struct audit_record *record,
                            struct error *err);

/* A signed checkpoint over the newest record: every 1,000 records by itself, at stop by core. */
void audit_start(const unsigned char seed[32]); /* once, before the first append */
MUST_CHECK int audit_checkpoint(struct db *db, struct error *err);

/* Rows, newest first; filters are exact, person/command/job/result/since/until, text is searched in line and text. */
struct audit_filter {
    const char *person, *command, *result, *kind, *text;
    long long job;
    long long since_ms, until_ms;
    long long before; /* sequence; 0: newest */
    long long limit;
};
const struct json *audit_rows(struct db *db, struct arena *arena,
                              const struct audit_filter *filter, struct error *err);

struct audit_verdict {
    bool good;
    long long records;
    long long checkpoints;
    long long first_bad; /* sequence of the first record that is wrong, 0 */
    const char *
        text; /* "4 512 records, 4 checkpoints: unchanged; head 9f1c…", or which record and how */
    const char *head; /* hash of the newest record, hex */
};

/* Offline.  public_key: hex, or NULL to take the one in the log (then it says that it did); known_head: a hash that must
 * be in the chain, or NULL.  -1: the log cannot be read. */
MUST_CHECK int audit_verify_store(struct store *store, struct arena *arena,
                                  const char *public_key, const char *known_head,
                                  struct audit_verdict *verdict, struct error *err);
MUST_CHECK int audit_verify_export(const char *path, struct arena *arena,
                                   const char *public_key, const char *known_head,
                                   struct audit_verdict *verdict, struct error *err);

/* JSON Lines, oldest first, records and checkpoints, to a stream. */
MUST_CHECK int audit_export(struct store *store, FILE *out, struct error *err);

/* One line of the export, without its line end: a record row {record, previous, hash} or a checkpoint row. */
const char *audit_export_line(struct arena *arena, const struct json *row);
