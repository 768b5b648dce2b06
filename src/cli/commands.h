/* The subcommands, each in the file of its name. */
#pragma once

#include "cli/cli.h"

extern const struct cli_command cli_audit_command;
extern const struct cli_command cli_backup_command;
extern const struct cli_command cli_chat_command;
extern const struct cli_command cli_check_command;
extern const struct cli_command cli_explain_command;
extern const struct cli_command cli_init_command;
extern const struct cli_command cli_notify_command;
extern const struct cli_command cli_route_command;
extern const struct cli_command cli_run_command;
extern const struct cli_command cli_secret_command;
extern const struct cli_command cli_token_command;
