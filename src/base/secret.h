/* A value that must never be seen: it cannot be printed, put into JSON or logged. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct secret;

/* Copies the bytes into memory of its own, wiped by secret_free() (NULL accepted). */
struct secret *secret_new(const char *bytes, size_t length);
void secret_free(struct secret *secret);
DEFINE_AUTO(secret);

/* In constant time, but for the length.  A NULL secret is nothing's equal. */
bool secret_is(const struct secret *secret, const char *bytes, size_t length);

/*
 * The bytes themselves.  Called only by net/ (authorisation headers), core/api.c, base/hash.c (keys) and
 * base/redact.c; tools/check_layers.py holds every other file to it.  secret must not be NULL; a zero byte follows.
 */
const char *secret_open(const struct secret *secret, size_t *length);
