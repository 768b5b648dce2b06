/* Reads /proc/PID/stat (proc(5)) and the id of this start of the machine. */
#include "connectors/local/run_process.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum {
    STAT_BYTES = 1024,
    /* Fields after the name in parentheses, from 0. */
    STATE = 0,
    GROUP = 2,
    SESSION = 3,
    START = 19,
    /* Of statm, in pages. */
    RESIDENT = 1,
    SHARED = 2
};

/* "" when it cannot be read. */
static void read_small(const char *path, char out[STAT_BYTES])
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? -1 : read(file, out, STAT_BYTES - 1);

    if (file >= 0)
        close(file);
    out[got > 0 ? got : 0] = '\0';
}

static long long number_of(struct span span)
{
    long long number = 0;

    for (size_t i = 0; i < span.length && span.start[i] >= '0' && span.start[i] <= '9'; i++)
        number = number * 10 + (span.start[i] - '0');
    return number;
}

long long process_memory(long long pid)
{
    char path[64], text[STAT_BYTES];
    struct span rest, piece;
    long long pages[3] = { 0 };

    snprintf(path, sizeof(path), "/proc/%lld/statm", pid);
    read_small(path, text);
    rest = span_of(text);
    for (size_t i = 0; i < COUNT_OF(pages) && span_split(&rest, ' ', &piece); i++)
        pages[i] = number_of(piece);
    return (pages[RESIDENT] - pages[SHARED]) * sysconf(_SC_PAGESIZE);
}

bool process_find(long long pid, struct process_facts *facts)
{
    char path[64], text[STAT_BYTES];
    struct span rest, piece;
    const char *name_end;

    snprintf(path, sizeof(path), "/proc/%lld/stat", pid);
    read_small(path, text);
    /* The name may hold anything, parentheses too. */
    name_end = strrchr(text, ')');
    if (name_end == NULL || name_end[1] == '\0')
        return false;
    *facts = (struct process_facts){ .state = '?' };
    rest = span_of(name_end + 2);
    for (int i = 0; i <= START && span_split(&rest, ' ', &piece); i++) {
        if (i == STATE && piece.length == 1)
            facts->state = piece.start[0];
        if (i == GROUP)
            facts->group = number_of(piece);
        if (i == SESSION)
            facts->session = number_of(piece);
        if (i == START)
            facts->start = number_of(piece);
    }
    return true;
}

long long process_start_time(long long pid)
{
    struct process_facts facts;

    return process_find(pid, &facts) ? facts.start : 0;
}

bool process_is_alive(long long pid, long long start)
{
    struct process_facts facts;

    return process_find(pid, &facts) && facts.start == start && facts.state != 'Z' &&
           facts.state != 'X';
}

const char *process_boot(struct arena *arena)
{
    char text[STAT_BYTES];

    read_small("/proc/sys/kernel/random/boot_id", text);
    return span_copy(arena, span_trim(span_of(text)));
}
