/* The list of core's own commands: each lives in the file of its noun. */
#include "core/commands.h"

#include "core/app.h"
#include "core/catalog.h"

const struct command *const core_commands[] = {
    &again_command,      &approvals_command,   &approve_command,  &audit_command,
    &can_command,        &connections_command, &deny_command,     &deploy_command,
    &events_command,     &freeze_command,      &help_command,     &job_cancel_command,
    &job_log_command,    &job_resolve_command, &job_show_command, &jobs_command,
    &lock_command,       &mute_command,        &mutes_command,    &ping_command,
    &promote_command,    &releases_command,    &reload_command,   &rollback_command,
    &route_test_command, &status_command,      &unfreeze_command, &unlock_command,
    &unmute_command,     &whoami_command,
};
const size_t core_command_count = COUNT_OF(core_commands);
