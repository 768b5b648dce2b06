/* What went wrong, in words for a person, and what the caller may decide from it. */
#pragma once

#include <stdarg.h>

#include "base/compiler.h"

/* The decisions a caller can make, not a catalogue of causes. */
enum error_kind {
    ERROR_NONE,
    ERROR_INVALID,     /* the request cannot be understood: tell the person */
    ERROR_DENIED,      /* not allowed */
    ERROR_MISSING,     /* there is no such thing */
    ERROR_CONFLICT,    /* the thing is not in a state for this */
    ERROR_BUSY,        /* try again after retry_after_s */
    ERROR_UNREACHABLE, /* no answer: for an effect nobody knows whether it happened */
    ERROR_INTERNAL,    /* our fault or our machine's (disk, memory) */
};

/*
 * Lives on the caller's stack, always the last parameter.  Written only on failure.
 * Wording: what was asked for, what happened, what to do.  User values in double quotes.
 * No full stop at the end, no function names, no "failed to".
 */
struct error {
    enum error_kind kind;
    int status;        /* the HTTP status or errno behind it, or 0 */
    int retry_after_s; /* ERROR_BUSY: when to try again, or 0 */
    char text[400];
};

/* Returns -1 always, so that "return error_set(...)" is one line. */
int error_set(struct error *err, enum error_kind kind, const char *format, ...) PRINTF(3, 4);
int error_vset(struct error *err, enum error_kind kind, const char *format, va_list values)
    PRINTF(3, 0);

/* As error_set, then ": " and the system's text for error_number (an errno value), which also decides the kind:
 * ENOENT is ERROR_MISSING, EACCES ERROR_DENIED, ECONNREFUSED ERROR_UNREACHABLE, the unforeseen ERROR_INTERNAL. */
int error_system(struct error *err, int error_number, const char *format, ...) PRINTF(3, 4);

/* Puts "prefix: " before the text; returns -1.  Each level that knows more adds its part. */
int error_prefix(struct error *err, const char *format, ...) PRINTF(2, 3);

/* "invalid", "denied", ...: for JSON and metrics. */
const char *error_kind_name(enum error_kind kind);
