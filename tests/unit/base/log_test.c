/* The log: both formats, levels, escaping, the filter, and lines of several threads that stay whole. */
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "tap.h"

/* What was logged since the last call; standard error is a file while the test runs. */
static const char *logged(struct arena *arena)
{
    static off_t read_so_far;
    off_t end = lseek(STDERR_FILENO, 0, SEEK_END);
    size_t length = (size_t)(end - read_so_far);
    char *text = arena_alloc(arena, length + 1);

    if (pread(STDERR_FILENO, text, length, read_so_far) != (ssize_t)length)
        return "could not read the log";
    read_so_far = end;
    return text;
}

/* The line without its time. */
static const char *after_time(const char *line)
{
    return strlen(line) > 25 ? line + 25 : line;
}

static void test_text(struct arena *arena)
{
    long long at_ms = 0;

    log_start("text", "info");
    log_info(412, "claimed by %s", "ana");
    const char *line = logged(arena);
    CHECK(clock_parse_iso(arena_copy_n(arena, line, 24), &at_ms));
    CHECK(llabs(clock_now_ms() - at_ms) < 10000);
    CHECK_STR(after_time(line), "info  job=412 claimed by ana\n");
    log_error(0, "two\nlines\t\x1B[31m \xC2\x9B \xE2\x80\xAE \xFF end\r");
    CHECK_STR(after_time(logged(arena)),
              "error two\\nlines\\t\\u001b[31m \\u009b \\u202e \xEF\xBF\xBD end\\r\n");
    log_debug(0, "not seen");
    CHECK_STR(logged(arena), "");
    log_start("text", "debug");
    log_debug(0, "seen");
    CHECK_STR(after_time(logged(arena)), "debug seen\n");
    log_start("text", "error");
    log_warn(0, "not seen");
    CHECK_STR(logged(arena), "");
}

static void test_json(struct arena *arena)
{
    log_start("json", "info");
    log_warn(7, "say \"hi\"\n\x7F");
    const char *line = logged(arena);
    const struct json *json = json_parse(arena, line, strlen(line), NULL);
    CHECK_STR(json_string(json, "level", NULL), "warn");
    CHECK_INT(json_integer(json, "job", 0), 7);
    CHECK_STR(json_string(json, "text", NULL), "say \"hi\"\n\x7F");
    CHECK(!text_has(line, "\x7F"));
    CHECK_INT(strlen(json_string(json, "at", "")), 24);
    CHECK(text_ends(line, "}\n"));
    log_info(0, "no job");
    line = logged(arena);
    CHECK(!text_has(line, "\"job\""));
    log_info(0, "%20000s", "x");
    line = logged(arena);
    CHECK(strlen(line) < 17000);
    CHECK(json_parse(arena, line, strlen(line), NULL) != NULL);
}

static const char *hide(void *context, struct arena *arena, const char *line)
{
    const char *secret = context;
    const char *found = strstr(line, secret);

    if (found == NULL)
        return line;
    return arena_printf(arena, "%.*s[secret]%s", (int)(found - line), line,
                        found + strlen(secret));
}

static void test_filter(struct arena *arena)
{
    char secret[] = "hunter2";

    log_start("text", "info");
    log_filter(hide, secret);
    log_info(0, "the token is hunter2, hidden");
    CHECK_STR(after_time(logged(arena)), "info  the token is [secret], hidden\n");
    log_filter(NULL, NULL);
}

enum {
    THREADS = 4,
    LINES = 200
};

static void *log_many(void *name)
{
    for (int i = 0; i < LINES; i++)
        log_info(i + 1, "%s", (const char *)name);
    return NULL;
}

static void test_threads(struct arena *arena)
{
    char name[] = "a line that must arrive in one piece";
    pthread_t threads[THREADS];
    struct span rest, line;
    int whole = 0;

    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, log_many, name);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    rest = span_of(logged(arena));
    while (span_split(&rest, '\n', &line))
        whole += text_ends(span_copy(arena, line), name);
    CHECK_INT(whole, THREADS * LINES);
}

int main(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    char path[] = "/tmp/opsroom-log-XXXXXX";
    int file = mkstemp(path);
    int real_stderr = dup(STDERR_FILENO);

    if (file < 0 || real_stderr < 0 || dup2(file, STDERR_FILENO) < 0)
        return 1;
    unlink(path);
    test_text(arena);
    test_json(arena);
    test_filter(arena);
    test_threads(arena);
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    close(file);
    return tap_done();
}
