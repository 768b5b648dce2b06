/* opsroom serve: everything started in order, signals waited for, everything stopped in order. */
#pragma once

#include "core/registry.h"

/* Runs until SIGTERM or SIGINT.  Returns the exit status. */
int serve(const char *config_path, const struct registry *registry);
