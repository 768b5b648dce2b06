/* opsroom backup: a copy of the whole database while the server goes on. */
#include <stdio.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "store/store.h"

static int backup(const struct cli *cli)
{
    const char *path = NULL;
    const struct cli_option options[] = { { .name = "c", .value = &path } };
    AUTO(config) const struct config *config = NULL;
    AUTO(store) struct store *store = NULL;
    struct strings words;
    struct error err = { 0 };

    if (cli_read_options(cli, options, COUNT_OF(options), &words) < 0)
        return 2;
    if (words.count != 1)
        return cli_usage(cli, "where to? Give the name of a file that does not exist yet");
    config = cli_config(path, cli->registry, CONFIG_CLIENT, cli->arena);
    if (config == NULL)
        return 1;
    store = store_open_read_only(config->store_url, &err);
    if (store == NULL || store_backup(store, words.items[0], &err) < 0)
        return cli_fail(cli, &err);
    printf("Wrote %s\n", words.items[0]);
    return 0;
}

const struct cli_command cli_backup_command = {
    .name = "backup",
    .usage = "opsroom backup [-c FILE] FILE",
    .help =
        "Copies the whole database into a new file, while the server runs or not. Keep it together with "
        "opsroom.secrets and opsroom.key.",
    .run = backup,
};
