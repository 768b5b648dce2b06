/* A job's log: pieces of text by their byte position. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "core/feed.h"
#include "core/job.h"
#include "core/job_row.h"

static const char left_out[] = "\n... the rest of the log was left out: it is over 16 MiB\n";

static int log_insert(struct db *db, long long job, long long position, const char *text,
                      struct error *err)
{
    if (db_run(db, err, "INSERT INTO job_log (job, position, text, at) VALUES (?, ?, ?, ?)",
               VALUES(V(job), V(position), V(text), V(clock_now_ms()))) < 0 ||
        db_run(db, err, "UPDATE jobs SET log_bytes = ? WHERE id = ?",
               VALUES(V(position + (long long)strlen(text)), V(job))) < 0)
        return -1;
    return change_add(db, "log", job, err);
}

int job_log_add(struct db *db, long long job, const char *text, struct error *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct json *row =
        db_row(db, arena, err, "SELECT log_bytes FROM jobs WHERE id = ?", VALUES(V(job)));
    long long position = json_integer(row, "log_bytes", 0);
    size_t length = text == NULL ? 0 : strlen(text);

    if (row == NULL)
        return -1;
    if (json_is(row, JSON_NULL))
        return error_set(err, ERROR_MISSING, "there is no job #%lld", job);
    if (length == 0 || position >= JOB_LOG_LIMIT)
        return 0;
    if (position + (long long)length > JOB_LOG_LIMIT) {
        length = utf8_cut_length(text, length, (size_t)(JOB_LOG_LIMIT - position));
        text = arena_printf(arena, "%.*s%s", (int)length, text, left_out);
    }
    return log_insert(db, job, position, text, err);
}

/* The pieces from the one that holds `position` on. */
static const struct json *pieces_from(struct db *db, struct arena *arena, long long job,
                                      long long position, struct error *err)
{
    return db_rows(
        db, arena, err,
        "SELECT position, text FROM job_log WHERE job = ? AND position >= "
        "coalesce((SELECT max(position) FROM job_log WHERE job = ? AND position <= ?), "
        "0) ORDER BY position LIMIT 64",
        VALUES(V(job), V(job), V(position)));
}

/* Adds what of the piece lies at or behind `position`; where to go on. */
static long long piece_add(struct text *out, const struct json *piece, long long position)
{
    long long start = json_integer(piece, "position", 0);
    const char *text = json_string(piece, "text", "");
    long long skip = position > start ? position - start : 0;
    size_t length = strlen(text);
    size_t before = out->length;

    if ((size_t)skip >= length)
        return start + (long long)length > position ? start + (long long)length : position;
    text_add_n(out, text + skip, length - (size_t)skip);
    return start + skip + (long long)(out->length - before);
}

const char *job_log_text(struct db *db, struct arena *arena, long long job, long long *position,
                         size_t limit_bytes, struct error *err)
{
    struct text out = text_new(arena, limit_bytes);
    long long at = *position;
    long long from;

    do {
        const struct json *pieces = pieces_from(db, arena, job, at, err);

        if (pieces == NULL)
            return NULL;
        from = at;
        for (size_t i = 0; i < json_count(pieces) && !out.truncated; i++)
            at = piece_add(&out, json_at(pieces, i), at);
    } while (at > from && !out.truncated);
    *position = at;
    return text_string(&out);
}

/* Where the last `lines` lines start; the whole text when there are not so many. */
static const char *last_lines(const char *text, size_t lines)
{
    const char *at = text + strlen(text);

    while (at > text && at[-1] == '\n')
        at--;
    while (at > text) {
        if (at[-1] == '\n' && --lines == 0)
            return at;
        at--;
    }
    return text;
}

const char *job_log_tail(struct db *db, struct arena *arena, long long job, size_t lines,
                         struct error *err)
{
    enum {
        TAIL_BYTES = 16 * 1024,
        PIECES = 32
    };
    const struct json *rows =
        db_rows(db, arena, err,
                "SELECT substr(text, -16384) AS text FROM job_log WHERE job = ? "
                "ORDER BY position DESC LIMIT ?",
                VALUES(V(job), V((int)PIECES)));
    struct text out = text_new(arena, (size_t)PIECES * TAIL_BYTES * 4);
    const char *text;
    size_t length;

    if (rows == NULL)
        return NULL;
    for (size_t i = json_count(rows); i > 0; i--)
        text_add(&out, json_string(json_at(rows, i - 1), "text", ""));
    text = lines == 0 ? "" : last_lines(text_string(&out), lines);
    length = strlen(text);
    if (length <= TAIL_BYTES)
        return text;
    text += length - TAIL_BYTES;
    while (((unsigned char)*text & 0xc0) == 0x80)
        text++;
    return text;
}
