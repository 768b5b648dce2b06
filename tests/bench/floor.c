/* The bar for script/bench: the same HTTP library, one thread with epoll, answering every request without any work. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

static const char answer[] =
    "{\"job\": 123456, \"state\": \"queued\", \"ok\": false, \"text\": \"\", \"rows\": []}";

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *body,
                              size_t *body_length, void **request)
{
    static char seen;
    struct MHD_Response *response = context;

    (void)url;
    (void)method;
    (void)version;
    (void)body;
    if (*request == NULL) {
        *request = &seen;
        return MHD_YES;
    }
    if (*body_length > 0) {
        *body_length = 0;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

int main(int argument_count, char **arguments)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct MHD_Response *response = MHD_create_response_from_buffer(
        sizeof(answer) - 1, (void *)(size_t)answer, MHD_RESPMEM_PERSISTENT);
    struct MHD_Daemon *server;

    (void)arguments;
    if (response == NULL || argument_count != 1)
        return 2;
    MHD_add_response_header(response, "Content-Type", "application/json");
    server = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, handle, response,
                              MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
    if (server == NULL)
        return 1;
    printf("%u\n", MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    getchar(); /* until standard input is closed */
    MHD_stop_daemon(server);
    MHD_destroy_response(response);
    return 0;
}
