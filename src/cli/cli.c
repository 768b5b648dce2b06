/* The list of subcommands. */
#include "cli/cli.h"

#include <stdio.h>

#include "base/compiler.h"
#include "cli/commands.h"
#include "cli/options.h"

static int version(const struct cli *cli)
{
    if (cli_read_options(cli, NULL, 0, NULL) < 0)
        return 2;
    printf("opsroom %s\n", OPSROOM_VERSION);
    return 0;
}

static const struct cli_command version_command = {
    .name = "version",
    .usage = "opsroom version",
    .help = "Prints the version.",
    .run = version,
};

const struct cli_command *const cli_commands[] = {
    &cli_init_command,   &cli_check_command,   &cli_run_command,   &cli_chat_command,
    &cli_audit_command,  &cli_backup_command,  &cli_token_command, &cli_secret_command,
    &cli_notify_command, &cli_explain_command, &cli_route_command, &version_command,
};
const size_t cli_command_count = COUNT_OF(cli_commands);

void cli_print_help(void)
{
    for (size_t i = 0; i < cli_command_count; i++)
        printf("%s\n", cli_commands[i]->usage);
    printf(
        "\nopsroom SUBCOMMAND --help says more of each. Exit status: 0, 1 it failed, 2 usage.\n");
}
