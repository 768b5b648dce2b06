/* What a pipeline's output says to the person who asked: all of it when it is short, else its end. */
#include <fcntl.h>
#include <unistd.h>

#include "connectors/local/lines.h"
#include "connectors/local/local.h"

enum {
    TAIL_BYTES = 32 * 1024,
    WHOLE_LINES = 20,
    LAST_LINES = 8,
    LINE_BYTES = 500
};

/* The newest lines, as a ring. */
struct tail {
    const char *lines[WHOLE_LINES];
    size_t count; /* of all lines, also those that have fallen out */
};

static void read_lines(struct arena *arena, struct span bytes, bool cut, struct tail *tail)
{
    struct line_reader reader = { .rest = bytes, .end = true, .inside = cut };
    struct line line;

    while (line_next(arena, &reader, &line)) {
        if (line.kind != LINE_LOG || cut) {
            cut = false; /* the first one of a cut piece is no whole line */
            continue;
        }
        tail->lines[tail->count++ % WHOLE_LINES] = line_text(arena, line.bytes, LINE_BYTES);
    }
}

/* Of the first size bytes, all that were read into the log. */
static void read_tail(struct arena *arena, const char *path, long long size, struct tail *tail)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    char *bytes = arena_alloc(arena, TAIL_BYTES);
    long long start = size > TAIL_BYTES ? size - TAIL_BYTES : 0;
    ssize_t got;

    if (file < 0)
        return;
    got = pread(file, bytes, (size_t)(size - start), (off_t)start);
    close(file);
    if (got > 0)
        read_lines(arena, (struct span){ bytes, (size_t)got }, start > 0, tail);
    if (start > 0)
        tail->count += WHOLE_LINES; /* it is long, however few lines these are */
}

static const char *last_lines(struct arena *arena, const struct tail *tail, size_t count)
{
    struct text out = text_new(arena, WHOLE_LINES * (LINE_BYTES + 1));

    for (size_t i = tail->count - count; i < tail->count; i++) {
        const char *line = tail->lines[i % WHOLE_LINES];

        if (line != NULL)
            text_addf(&out, "%s\n", line);
    }
    return text_string(&out);
}

int run_answer(struct call *call, const struct run_state *state)
{
    struct arena *arena = call_arena(call);
    struct tail tail = { .count = 0 };
    struct message message = { .tone = TONE_GOOD };
    bool whole;

    read_tail(arena, run_file(arena, run_call_folder(call, state), "output"), state->offset,
              &tail);
    whole = tail.count <= WHOLE_LINES;
    if (tail.count == 0)
        return say(call, TONE_GOOD, "Done");
    if (!whole)
        message.text =
            arena_printf(arena, "The last lines; all of it: `job log %lld`", call_job(call));
    message.blocks = ARRAY(
        arena, block_code(arena, last_lines(arena, &tail, whole ? tail.count : LAST_LINES)));
    return say_message(call, &message);
}
