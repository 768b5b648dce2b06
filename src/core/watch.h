/* Threads for connections that watch something and for chats that are dialled. */
#pragma once

#include "base/error.h"
#include "core/core.h"

struct watches;
/* One thread for each connection whose connector has watch(), one for each chat whose platform has listen(). */
struct watches *watches_start(struct core *core, struct error *err);
void watches_stop(struct watches *watches); /* NULL is accepted */
