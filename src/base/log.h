/* The log on stderr: one line per thing, text or JSON, with the job's number where there is one. */
#pragma once

#include "base/arena.h"
#include "base/compiler.h"

enum log_level {
    LOG_DEBUG,
    LOG_INFO,
    LOG_WARN,
    LOG_ERROR
};

/* Before the first thread starts.  format is "text" or "json"; level "debug", "info", "warn" or "error". */
void log_start(const char *format, const char *level);

/* Every line passes this (the redactor), one at a time; it must not log.  Once log_filter() returns, the filter
 * before is not running any more.  NULL: none. */
void log_filter(const char *(*filter)(void *context, struct arena *arena, const char *line),
                void *context);

/* job 0: none.  Control characters are escaped. */
void log_line(enum log_level level, long long job, const char *format, ...) PRINTF(3, 4);
#define log_debug(job, ...) log_line(LOG_DEBUG, (job), __VA_ARGS__)
#define log_info(job, ...)  log_line(LOG_INFO, (job), __VA_ARGS__)
#define log_warn(job, ...)  log_line(LOG_WARN, (job), __VA_ARGS__)
#define log_error(job, ...) log_line(LOG_ERROR, (job), __VA_ARGS__)
