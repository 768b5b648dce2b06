/* opsroom init: a commented configuration to start from. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"

static const char starter[] =
    "# The configuration of opsroom.  opsroom check says what is wrong in it; SIGHUP or the command reload reads it again.\n"
    "\n"
    "server:\n"
    "  listen: 127.0.0.1:8080        # HOST:PORT, or a list of them\n"
    "  # tls: { cert: cert.pem, key: key.pem }\n"
    "  # public_url: https://ops.example.com\n"
    "\n"
    "store: sqlite:opsroom.db\n"
    "\n"
    "chats:\n"
    "  web: { type: web, channels: [lobby, ops] }\n"
    "\n"
    "connections:\n"
    "  local: { type: local, directory: . }      # runs executables of this machine\n"
    "\n"
    "# One entry a person; accounts are the platforms' own ids.\n"
    "people:\n"
    "  ana: { name: Ana Silva, accounts: { web: ana }, groups: [operators] }\n"
    "  lea: { name: Lea Brandt, accounts: { web: lea }, groups: [operators, leads] }\n"
    "  # local is whoever may open the socket beside this file: the command line.\n"
    "  local: { name: Command line, groups: [operators] }\n"
    "\n"
    "# Nothing is allowed that no rule allows; a deny wins.  opsroom explain 'COMMAND' --as PERSON names the rule.\n"
    "policy:\n"
    "  - { allow: everyone, commands: [status, jobs, approvals, ping, \"* show\"] }\n"
    "  - { allow: operators, commands: [disk, audit, \"job log\"] }\n"
    "  - { allow: leads, commands: [reload, \"job cancel\", \"token *\"] }\n"
    "\n"
    "# Commands without code: an executable with its arguments, no shell in between.\n"
    "commands:\n"
    "  disk: { help: Show how full the disks are, risk: read, run: [df, -h] }\n"
    "\n"
    "# What is deployed and where:\n"
    "# apps:\n"
    "#   hello:\n"
    "#     repository: ./hello\n"
    "#     environments:\n"
    "#       staging:\n"
    "#         deploy: { connection: local, run: [./deploy, \"{{version}}\", \"{{environment}}\"] }\n"
    "#         health: http://127.0.0.1:8090/health\n";

static int write_file(const char *path, const char *content, struct error *err)
{
    size_t length = strlen(content);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ssize_t written;

    if (file < 0 && errno == EEXIST)
        return error_set(err, ERROR_CONFLICT, "%s is there already and stays as it is", path);
    if (file < 0)
        return error_system(err, errno, "%s cannot be written", path);
    written = write(file, content, length);
    if (close(file) < 0 || written != (ssize_t)length)
        return error_system(err, errno, "%s was not written whole", path);
    return 0;
}

static int init(const struct cli *cli)
{
    struct arena *arena = cli->arena;
    struct strings words;
    struct error err = { 0 };
    const char *directory;
    const char *path;

    if (cli_read_options(cli, NULL, 0, &words) < 0)
        return 2;
    if (words.count > 1)
        return cli_usage(cli, "\"%s\" is one word too many", words.items[1]);
    directory = words.count == 1 ? words.items[0] : ".";
    if (mkdir(directory, 0700) < 0 && errno != EEXIST) {
        error_system(&err, errno, "%s cannot be made", directory);
        return cli_fail(cli, &err);
    }
    path = arena_printf(arena, "%s/opsroom.yaml", directory);
    if (write_file(path, starter, &err) < 0)
        return cli_fail(cli, &err);
    printf("Wrote %s. Next:\n  opsroom check -c %s\n  opsroom serve -c %s\n"
           "  opsroom token create -c %s --person ana --link\n",
           path, path, path, path);
    return 0;
}

const struct cli_command cli_init_command = {
    .name = "init",
    .usage = "opsroom init [DIR]",
    .help =
        "Writes a commented opsroom.yaml to start from. What is there already stays as it is.",
    .run = init,
};
