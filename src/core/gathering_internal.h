/* What a gathering's row holds.  For core/gathering*.c. */
#pragma once

#include "core/gathering.h"

/*
 * {statuses: {firing: 120, ...}, newest: [{event, subject, title, status, severity, url, since, begun, lasted, episode,
 * previous}]}: of each subject the newest only, at most GATHERING_TITLES, newest first.
 */
const struct json *content_add(struct arena *arena, const struct json *content,
                               const struct gathered *gathered);

/* What the event of an entry meant for its subject. */
struct turn content_turn(const struct json *entry, long long now_ms);
