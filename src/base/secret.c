/* Secret values: copied into memory of their own, wiped when freed, compared in constant time. */
#include "base/secret.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/*
 * Plain memory, not sodium_malloc(): that costs four pages and five system calls a secret, and a request signed
 * for AWS makes four of them.  Keeping secrets out of core dumps is a matter for the process as a whole
 * (PR_SET_DUMPABLE), because they also stand in the buffers of TLS and of HTTP.
 */
struct secret {
    size_t length;
    char bytes[]; /* and a zero byte */
};

struct secret *secret_new(const char *bytes, size_t length)
{
    struct secret *secret = memory_new(sizeof(struct secret) + length + 1);

    secret->length = length;
    if (length > 0)
        memcpy(secret->bytes, bytes, length);
    secret->bytes[length] = '\0';
    return secret;
}

void secret_free(struct secret *secret)
{
    if (secret == NULL)
        return;
    sodium_memzero(secret, sizeof(struct secret) + secret->length);
    free(secret);
}

bool secret_is(const struct secret *secret, const char *bytes, size_t length)
{
    if (secret == NULL || secret->length != length)
        return false;
    return length == 0 || sodium_memcmp(secret->bytes, bytes, length) == 0;
}

const char *secret_open(const struct secret *secret, size_t *length)
{
    ASSERT(secret != NULL);
    *length = secret->length;
    return secret->bytes;
}
