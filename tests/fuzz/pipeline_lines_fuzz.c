/* A pipeline's output in two pieces, cut where the first byte says.  No byte may be lost, no link lead elsewhere. */
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "connectors/local/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct line *line)
{
    if (line->kind == LINE_LOG)
        return;
    ASSERT(line->name != NULL && utf8_is_valid(line->name, strlen(line->name)));
    ASSERT(line->kind == LINE_LINK || line->kind == LINE_OUTPUT || line->name[0] != '\0');
    ASSERT(strpbrk(line->name, "\x1b\r\n") == NULL);
    if (line->kind == LINE_LINK)
        ASSERT(text_starts(line->value, "http://") || text_starts(line->value, "https://"));
}

/* How many bytes were given out as whole lines. */
static size_t read_lines(struct arena *arena, struct span bytes, bool end, bool *inside)
{
    struct line_reader reader = { .rest = bytes, .end = end, .inside = *inside };
    const char *at = bytes.start;
    struct line line;

    while (line_next(arena, &reader, &line)) {
        ASSERT(line.bytes.start == at && line.bytes.length > 0);
        at += line.bytes.length;
        check(&line);
    }
    ASSERT(reader.rest.start == at && (!end || reader.rest.length == 0));
    *inside = reader.inside;
    return (size_t)(at - bytes.start);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *bytes = (const char *)data + 1;
    size_t cut, read;
    bool inside = false;

    if (size == 0)
        return 0;
    size--;
    cut = size * data[0] / 255;
    read = read_lines(arena, (struct span){ bytes, cut }, false, &inside);
    ASSERT(read <= cut);
    read_lines(arena, (struct span){ bytes + read, size - read }, true, &inside);
    ASSERT(!inside);
    return 0;
}
