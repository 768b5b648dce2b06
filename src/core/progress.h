/* How far a job is: one line, steps with their times, links, outputs.  Kept in jobs.progress as JSON. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/json.h"

/* What comes after these many is not shown. */
enum {
    PROGRESS_STEPS_MAX = 100,
    PROGRESS_LINKS_MAX = 20,
    PROGRESS_OUTPUTS_MAX = 50
};

struct progress_pair {
    const char *name;
    const char *value;
};

struct progress_step {
    const char *name;
    const char *state;     /* waiting, running, succeeded, failed, skipped */
    long long since_ms;    /* when it began to run; 0: it did not */
    long long duration_ms; /* -1: not known yet */
};

struct progress {
    const char *line;
    struct progress_step steps[PROGRESS_STEPS_MAX];
    size_t step_count;
    struct progress_pair links[PROGRESS_LINKS_MAX]; /* text, url */
    size_t link_count;
    struct progress_pair outputs[PROGRESS_OUTPUTS_MAX];
    size_t output_count;
};

/* Strings are borrowed.  A step, link (by url) or output (by name) that is there already is changed. */
void progress_step(struct progress *progress, const char *name, const char *state,
                   long long now_ms);
void progress_link(struct progress *progress, const char *text, const char *url);
void progress_output(struct progress *progress, const char *name, const char *value);

/* {line, steps: [{name, state, since, duration_ms}], links: [{text, url}], outputs: {name: value}}; copies what it needs. */
const struct json *progress_to_json(struct arena *arena, const struct progress *progress);
void progress_from_json(const struct json *json, struct progress *progress);
