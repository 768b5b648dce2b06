/* Input: a secret, a zero byte, a second secret, a zero byte, a text.  No secret may be left in the text. */
#include <stdint.h>
#include <string.h>

#include "base/redact.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(struct redactor *redactor, const char *value)
{
    AUTO(secret) struct secret *secret = secret_new(value, strlen(value));

    redactor_add(redactor, secret);
}

/* "[secret]" itself may complete one ("secret" does). */
static bool is_left(const char *redacted, const char *value)
{
    return strlen(value) >= REDACT_MIN_BYTES && strpbrk(value, "secrt[]") == NULL &&
           text_has(redacted, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(redactor) struct redactor *redactor = redactor_new();
    struct span rest = { .start = (const char *)data, .length = size };
    struct span piece = { .length = 0 };
    const char *pieces[3] = { "", "", "" };
    const char *redacted;

    for (size_t i = 0; i < COUNT_OF(pieces) && span_split(&rest, '\0', &piece); i++)
        pieces[i] = span_copy(arena, piece);
    add(redactor, pieces[0]);
    add(redactor, pieces[1]);
    redactor_ready(redactor);
    redacted = redact(redactor, arena, pieces[2]);
    ASSERT(!is_left(redacted, pieces[0]) && !is_left(redacted, pieces[1]));
    return 0;
}
