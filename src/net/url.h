/* URLs as the HTTP client understands them, and which of them may go without TLS. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"

struct url {
    const char *scheme; /* https, http, wss or ws */
    const char *host;   /* without brackets */
    unsigned port;      /* the scheme's own when the URL has none */
    const char *target; /* path and query, at least "/" */
};

/* Refuses other schemes and user names in the URL; the error never repeats a password or a query. */
MUST_CHECK int url_parse(struct arena *arena, const char *text, struct url *url,
                         struct error *err);

/* https and wss. */
bool url_has_tls(const struct url *url);

/* 127.0.0.0/8, ::1 or localhost: the only hosts that plain text may be sent to. */
bool url_is_loopback(const struct url *url);
