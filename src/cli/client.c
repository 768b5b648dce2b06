/* Finding and calling the server. */
#include "cli/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "net/http_client.h"

static const char default_config[] = "opsroom.yaml";

const struct config *cli_config(const char *path, const struct registry *registry,
                                enum config_mode mode, struct arena *arena)
{
    struct faults faults = { .arena = arena };
    const struct config *config =
        config_read(path != NULL ? path : default_config, mode, registry, arena, &faults);

    if (faults.count > 0 && (mode == CONFIG_WHOLE || config == NULL))
        fputs(faults_print(arena, &faults), stderr);
    return config;
}

static const char *without_slash(struct arena *arena, const char *url)
{
    size_t length = strlen(url);

    while (length > 0 && url[length - 1] == '/')
        length--;
    return arena_copy_n(arena, url, length);
}

static int open_network(struct client *client, const char *server, struct error *err)
{
    const char *token = getenv("OPSROOM_TOKEN");

    if (token == NULL || token[0] == '\0')
        return error_set(
            err, ERROR_DENIED,
            "$OPSROOM_TOKEN is not set: make a token with opsroom token create --person YOU");
    client->base = without_slash(client->arena, server);
    client->token = secret_new(token, strlen(token));
    return 0;
}

static int fail_not_running(const struct client *client, const char *how, struct error *err)
{
    return error_set(err, ERROR_UNREACHABLE,
                     "no opsroom is running for this configuration (its socket is %s, and %s): "
                     "start it with opsroom serve, or name another one with --server URL",
                     client->socket_path, how);
}

static int open_socket(struct client *client, const char *config_path,
                       const struct registry *registry, struct error *err)
{
    AUTO(config)
    const struct config *config =
        cli_config(config_path, registry, CONFIG_CLIENT, client->arena);

    if (config == NULL)
        return error_set(err, ERROR_INVALID, "the configuration cannot be read");
    client->base = "http://localhost";
    client->socket_path = arena_copy(client->arena, config->server.socket);
    if (access(client->socket_path, F_OK) < 0)
        return fail_not_running(client, "it is not there", err);
    return 0;
}

int client_open(struct client *client, const char *server, const char *config_path,
                const struct registry *registry, struct arena *arena, struct error *err)
{
    const char *url = getenv("OPSROOM_URL");

    *client = (struct client){ .arena = arena };
    http_client_start();
    if (server != NULL)
        return open_network(client, server, err);
    if (config_path != NULL || access(default_config, F_OK) == 0)
        return open_socket(client, config_path, registry, err);
    if (url != NULL && url[0] != '\0')
        return open_network(client, url, err);
    return error_set(
        err, ERROR_MISSING,
        "which server? There is no ./opsroom.yaml: name one with -c FILE or --server URL, or "
        "set $OPSROOM_URL and $OPSROOM_TOKEN");
}

void client_close(struct client *client)
{
    secret_free(client->token);
    http_client_stop();
}

static enum error_kind kind_of(int status)
{
    switch (status) {
    case 401:
    case 403:
        return ERROR_DENIED;
    case 404:
    case 410:
        return ERROR_MISSING;
    case 409:
        return ERROR_CONFLICT;
    case 429:
    case 503:
        return ERROR_BUSY;
    default:
        return status >= 500 ? ERROR_INTERNAL : ERROR_INVALID;
    }
}

static const struct json *read_reply(const struct client *client,
                                     const struct http_reply *reply, struct error *err)
{
    struct error ignored = { 0 };
    const struct json *json =
        json_parse(client->arena, reply->body.start, reply->body.length, &ignored);

    if (reply->status / 100 == 2 && json != NULL)
        return json;
    error_set(err, kind_of(reply->status), "%s",
              json_string(json, "error.text",
                          arena_printf(client->arena, "the server answers %d", reply->status)));
    err->status = reply->status;
    return NULL;
}

const struct json *client_call(const struct client *client, const char *method,
                               const char *path, const struct json *body, int limit_s,
                               struct error *err)
{
    static const struct http_header json_type = { "Content-Type", "application/json" };
    struct http_reply reply;
    struct http_call call = {
        .method = method,
        .url = arena_printf(client->arena, "%s/api/v1%s", client->base, path),
        .socket_path = client->socket_path,
        .headers = &json_type,
        .header_count = 1,
        .bearer = client->token,
        .limit_s = limit_s,
        .reply_limit = 64 * 1024 * 1024,
    };

    if (body != NULL)
        call.body = span_of(json_print(client->arena, body));
    if (http_send(&call, client->arena, &reply, err) < 0) {
        if (client->socket_path != NULL && http_was_not_sent(err))
            (void)fail_not_running(client, "nobody listens there", err);
        return NULL;
    }
    return read_reply(client, &reply, err);
}
