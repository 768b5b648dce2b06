/* Apps and environments: the vendor-neutral deploy verbs over whatever connection the environment names. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "core/command.h"
#include "core/core.h"

extern const struct command deploy_command;
extern const struct command promote_command;
extern const struct command rollback_command;
extern const struct command status_command;
extern const struct command releases_command;

/* What runs where: {app, environment, version, commit, since, by, job, health, state}, every configured pair. */
const struct json *app_status_rows(struct db *db, struct arena *arena,
                                   const struct config *config, const char *app,
                                   struct error *err);
