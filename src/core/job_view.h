/* Parts of a job's live message.  For core/job_view.c. */
#pragma once

#include "base/arena.h"
#include "base/json.h"
#include "core/job_row.h"

/* What may be done with it now, as one block of buttons, if there is anything (core/job_buttons.c). */
void job_buttons(struct arena *arena, const struct job_row *row, struct json_builder *blocks);
