/* All processes of a session: a pipeline leads one, and what it starts stays in it unless it makes its own. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Sends the signal to each, the leader too. */
void session_signal(pid_t session, int signal);

/* Is anything left of it beside its leader? */
bool session_has_others(pid_t session);

/* Bytes of memory that its processes hold and do not share with files. */
long long session_memory(pid_t session);
