/* For tests of the steps of "run:" commands. */
#pragma once

#include "connectors/local/local.h"
#include "local_fixture.h"

/* A job of a "run:" command whose executable is the script. */
struct job {
    struct arena *arena;
    struct call call;
    struct run_state state;
    struct local_settings settings;
    struct bell bell;
};

/* What its executable, ./pipeline, is given: "one" and "two words". */
extern const char *const job_words[];

/* The script stands in a folder of its own, which is the working directory and the data directory too. */
struct job *job_new(struct arena *arena, const char *script);
enum step job_step(struct job *job, size_t number, struct error *err);
void job_start(struct job *job);
/* Follows to the end, waiting for the supervisor where the job would wait. */
enum step job_follow(struct job *job, struct error *err);
const char *job_run(struct job *job); /* its folder */
const char *job_log(const struct job *job);
const char *job_shown(const struct job *job);
