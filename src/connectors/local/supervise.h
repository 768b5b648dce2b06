/*
 * The supervisor of one pipeline: this binary, started as "opsroom SUPERVISE_WORD FOLDER".  It lives in a session of its
 * own, apart from the server, so that a pipeline outlives the server and its exit status is never lost.
 */
#pragma once

#define SUPERVISE_WORD "--supervise"

/* words: the run's folder (local/run.h).  Returns once the pipeline has begun; 1 with a reason on stderr: it has not. */
int supervise(int count, char **words);
