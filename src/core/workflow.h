/* Commands of the configuration whose "steps:" are lines: each line is run as a job of its own, one after the other. */
#pragma once

#include <stddef.h>

#include "core/command.h"

/* What a custom command with "steps:" gets as its steps and state. */
extern const struct command_step workflow_steps[];
extern const size_t workflow_step_count;
extern const struct fields workflow_state;
int workflow_cancel(struct call *call, struct error *err);
