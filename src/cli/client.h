/* The way to a running server: over its local socket, or over HTTP with a token. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "core/config.h"

struct client {
    const char *base;        /* "http://opsroom" over the socket */
    const char *socket_path; /* NULL: over the network */
    struct secret *token;    /* NULL over the socket */
    struct arena *arena;
};

/*
 * server: --server, or NULL; config_path: -c, or NULL.  In this order: --server, -c FILE, ./opsroom.yaml,
 * $OPSROOM_URL; the token is $OPSROOM_TOKEN.
 */
MUST_CHECK int client_open(struct client *client, const char *server, const char *config_path,
                           const struct registry *registry, struct arena *arena,
                           struct error *err);
void client_close(struct client *client);

/* One call under /api/v1.  NULL: not reached, or the server said no; err tells. */
const struct json *client_call(const struct client *client, const char *method,
                               const char *path, const struct json *body, int limit_s,
                               struct error *err);

/* The configuration as the command line needs it (server and store only); faults go to stderr. */
const struct config *cli_config(const char *path, const struct registry *registry,
                                enum config_mode mode, struct arena *arena);
