/* The HTTP client: blocking, with a deadline for everything and a limit on what comes back.  Knows libcurl. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/text.h"

struct http_header {
    const char *name;
    const char *value;
};

struct http_call {
    const char *method; /* "GET" when NULL */
    const char *url;    /* https, or http towards loopback only (ERROR_INVALID otherwise) */
    const char *socket_path; /* a Unix socket to connect to instead of the URL's host */
    const struct http_header *headers;
    size_t header_count;
    struct span body;
    const struct secret *bearer; /* Authorization: Bearer … */
    const char *user;            /* with password: HTTP basic */
    const struct secret *password;
    /* PEM file of the authorities that are trusted; NULL: $SSL_CERT_FILE, else the system's. */
    const char *ca_file;
    int limit_s;        /* whole call; 0: 30 */
    size_t reply_limit; /* bytes of body; 0: 8 MiB */
    /* Asked about once a second from inside the call; true cuts it off (cancel). */
    bool (*is_cancelled)(void *context);
    /* Streams the body instead of collecting it: called for each piece; false ends the call quietly. */
    bool (*receive)(void *context, const char *bytes, size_t length);
    void *context;
};

struct http_reply {
    int status;
    const struct http_header *headers;
    size_t header_count;
    struct span body; /* terminated too */
};

/* Once per process, before and after all threads. */
void http_client_start(void);
void http_client_stop(void);

/*
 * 0 whenever an HTTP answer came, whatever its status.  -1: ERROR_UNREACHABLE (no answer; for a request with an
 * effect nobody knows whether it happened, unless http_was_not_sent()), ERROR_INVALID (bad URL, answer over the
 * limit).  Redirects are not followed.  Connections are kept per thread.  POST and PATCH are never sent twice.
 */
MUST_CHECK int http_send(const struct http_call *call, struct arena *arena,
                         struct http_reply *reply, struct error *err);

/* Of an ERROR_UNREACHABLE: true when no connection was made, so that the request had no effect for certain. */
bool http_was_not_sent(const struct error *err);

const char *http_reply_header(const struct http_reply *reply, const char *name);
