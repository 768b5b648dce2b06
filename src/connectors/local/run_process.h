/* Processes as /proc tells of them: a pid with its start time is one process for ever. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"

struct process_facts {
    char state; /* 'Z': ended, not yet reaped */
    long long group, session;
    long long start; /* ticks since the machine was started */
};

/* False: there is no such process. */
bool process_find(long long pid, struct process_facts *facts);

long long process_start_time(long long pid); /* 0: there is none */
bool process_is_alive(long long pid, long long start);

/* Bytes in memory that it does not share with files; 0: there is no such process. */
long long process_memory(long long pid);

/* Changes with every start of the machine. */
const char *process_boot(struct arena *arena);
