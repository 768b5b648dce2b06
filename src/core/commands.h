/* Core's own commands, one line each.  For core/command_*.c and the list. */
#pragma once

#include "core/command.h"

extern const struct command again_command;
extern const struct command approvals_command;
extern const struct command approve_command;
extern const struct command audit_command;
extern const struct command can_command;
extern const struct command connections_command;
extern const struct command deny_command;
extern const struct command events_command;
extern const struct command freeze_command;
extern const struct command help_command;
extern const struct command job_cancel_command;
extern const struct command job_log_command;
extern const struct command job_resolve_command;
extern const struct command job_show_command;
extern const struct command jobs_command;
extern const struct command lock_command;
extern const struct command mute_command;
extern const struct command mutes_command;
extern const struct command ping_command;
extern const struct command reload_command;
extern const struct command route_test_command;
extern const struct command unfreeze_command;
extern const struct command unlock_command;
extern const struct command unmute_command;
extern const struct command whoami_command;
