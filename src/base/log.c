/* The log on stderr.  One of the few process-wide objects: its settings and its lock are static. */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

enum {
    LINE_BYTES_MAX = 16 * 1024
};

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARN] = "warn",
    [LOG_ERROR] = "error",
};

static struct {
    pthread_mutex_t lock;
    bool json;
    enum log_level level;
    const char *(*filter)(void *context, struct arena *arena, const char *line);
    void *context;
} the_log = { .lock = PTHREAD_MUTEX_INITIALIZER, .level = LOG_INFO };

void log_start(const char *format, const char *level)
{
    pthread_mutex_lock(&the_log.lock);
    the_log.json = text_is(format, "json");
    for (size_t i = 0; i < COUNT_OF(level_names); i++) {
        if (text_is(level, level_names[i]))
            the_log.level = (enum log_level)i;
    }
    pthread_mutex_unlock(&the_log.lock);
}

void log_filter(const char *(*filter)(void *context, struct arena *arena, const char *line),
                void *context)
{
    pthread_mutex_lock(&the_log.lock);
    the_log.filter = filter;
    the_log.context = context;
    pthread_mutex_unlock(&the_log.lock);
}

/* Every character that could move a cursor, end the line or hide, as the escape JSON has for it. */
static const char *escape_hidden(struct arena *arena, const char *line)
{
    struct text out = text_new(arena, (size_t)-1);
    size_t length = strlen(line);

    for (size_t at = 0; at < length;) {
        unsigned character = 0;
        size_t n = utf8_read(line + at, length - at, &character);
        if (!utf8_is_hidden(character))
            text_add_n(&out, line + at, n);
        else if (character == '\n')
            text_add(&out, "\\n");
        else if (character == '\t')
            text_add(&out, "\\t");
        else if (character == '\r')
            text_add(&out, "\\r");
        else
            text_addf(&out, "\\u%04x", character);
        at += n;
    }
    return text_string(&out);
}

static const char *print_line(struct arena *arena, enum log_level level, long long job,
                              const char *message)
{
    const char *at = clock_print_iso(arena, clock_now_ms());
    struct json none = { .kind = JSON_ABSENT };

    if (the_log.json)
        return json_print(arena,
                          OBJECT(arena, { "at", V(at) }, { "level", V(level_names[level]) },
                                 { "job", job != 0 ? V(job) : none }, { "text", V(message) }));
    const char *number = job != 0 ? arena_printf(arena, "job=%lld ", job) : "";
    return arena_printf(arena, "%s %-5s %s%s", at, level_names[level], number, message);
}

static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        bytes += written;
        length -= (size_t)written;
    }
}

/* One write for the line and its end: lines of other processes on the same pipe do not tear it. */
static void log_message(struct arena *arena, enum log_level level, long long job,
                        const char *message)
{
    message = utf8_repair(arena, message, strlen(message));
    message = utf8_cut(arena, message, LINE_BYTES_MAX);
    pthread_mutex_lock(&the_log.lock);
    const char *line = escape_hidden(arena, print_line(arena, level, job, message));
    if (the_log.filter != NULL)
        line = the_log.filter(the_log.context, arena, line);
    line = arena_printf(arena, "%s\n", line);
    write_all(line, strlen(line));
    pthread_mutex_unlock(&the_log.lock);
}

void log_line(enum log_level level, long long job, const char *format, ...)
{
    va_list values;

    pthread_mutex_lock(&the_log.lock);
    bool wanted = level >= the_log.level;
    pthread_mutex_unlock(&the_log.lock);
    if (!wanted)
        return;
    AUTO(arena) struct arena *arena = arena_new();
    va_start(values, format);
    const char *message = arena_vprintf(arena, format, values);
    va_end(values);
    log_message(arena, level, job, message);
}
