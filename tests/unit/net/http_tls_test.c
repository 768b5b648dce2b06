/* HTTPS: our client against our server, a change of certificates under an open connection, faulty files. */
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "certificate.h"
#include "fixture.h"
#include "net/http_client.h"
#include "tap.h"

struct files {
    const char *folder, *cert, *key, *second_cert, *second_key;
};

static struct files make_files(struct arena *arena)
{
    struct files files = { .folder = wire_folder(arena) };

    files.cert = arena_printf(arena, "%s/cert.pem", files.folder);
    files.key = arena_printf(arena, "%s/key.pem", files.folder);
    files.second_cert = arena_printf(arena, "%s/second-cert.pem", files.folder);
    files.second_key = arena_printf(arena, "%s/second-key.pem", files.folder);
    certificate_write(files.cert, files.key, "first");
    certificate_write(files.second_cert, files.second_key, "second");
    return files;
}

static void remove_files(const struct files *files)
{
    unlink(files->cert);
    unlink(files->key);
    unlink(files->second_cert);
    unlink(files->second_key);
    rmdir(files->folder);
}

static void handle_feed(struct http_request *request, void *context)
{
    struct http_feed *feed = http_feed_start(request, NULL, NULL);

    (void)context;
    http_feed_send(feed, "1", "e", "first");
    http_feed_send(feed, "2", "e", "second");
    http_feed_close(feed);
}

static void handle_secure(struct http_request *request, void *context)
{
    (void)context;
    http_answer(request, 200, "text/plain",
                span_of(arena_printf(http_arena(request), "secure=%d body=%zu\n",
                                     http_is_secure(request), http_body(request).length)));
}

static const struct http_route routes[] = {
    { .method = "GET", .path = "/", .handle = handle_secure },
    { .method = "POST", .path = "/", .waits = true, .handle = handle_secure },
    { .method = "GET", .path = "/stream", .waits = true, .handle = handle_feed },
};

static struct http_server *start(struct seen *seen, const struct files *files)
{
    struct http_address address = { .host = "127.0.0.1",
                                    .tls_cert = files->cert,
                                    .tls_key = files->key };
    struct http_server_plan plan = site_plan(seen);

    plan.addresses = &address;
    plan.routes = routes;
    plan.route_count = COUNT_OF(routes);
    plan.header_deadline_s = 1;
    return site_start(&plan);
}

static const char *url_of(struct arena *arena, const struct http_server *server,
                          const char *path)
{
    return arena_printf(arena, "https://127.0.0.1:%u%s", http_server_port(server), path);
}

static void test_calls(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct files files = make_files(arena);
    struct seen seen = { 0 };
    struct http_server *server = start(&seen, &files);
    struct http_call call = { .url = url_of(arena, server, "/"), .ca_file = files.cert };
    struct http_reply reply = { 0 };
    struct error err = { 0 };
    char *body = arena_alloc(arena, 1000 * 1000);

    for (int i = 0; i < 20; i++) {
        CHECK_INT(http_send(&call, arena, &reply, &err), 0);
        CHECK_STR(reply.body.start, "secure=1 body=0\n");
    }
    tap_case("a large body");
    memset(body, 'b', 1000 * 1000);
    struct http_call post = call;
    post.method = "POST";
    post.body = (struct span){ body, 1000 * 1000 };
    CHECK_INT(http_send(&post, arena, &reply, &err), 0);
    CHECK_STR(reply.body.start, "secure=1 body=1000000\n");
    tap_case("a feed");
    call.url = url_of(arena, server, "/stream");
    CHECK_INT(http_send(&call, arena, &reply, &err), 0);
    CHECK_STR(reply.body.start,
              "id: 1\nevent: e\ndata: first\n\nid: 2\nevent: e\ndata: second\n\n");
    tap_case("a certificate nobody vouches for");
    call.ca_file = files.second_cert;
    CHECK_INT(http_send(&call, arena, &reply, &err), -1);
    CHECK_INT(err.kind, ERROR_UNREACHABLE);
    CHECK(http_was_not_sent(&err));
    CHECK(text_has(err.text, "certificate is not trusted") && text_has(err.text, "127.0.0.1:"));
    tap_case("plain HTTP on the TLS port, and a handshake that does not come");
    CHECK_INT(
        wire_status(wire_exchange(arena, http_server_port(server), "GET / HTTP/1.0\r\n\r\n")),
        0);
    int fd = wire_connect(http_server_port(server));
    CHECK(wire_is_closed(fd));
    close(fd);
    http_server_free(server);
    remove_files(&files);
}

/* A bare TLS client whose connection stays open. */
struct link {
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t session;
    int fd;
};

static struct link link_open(unsigned port)
{
    struct link link = { .fd = wire_connect(port) };

    gnutls_certificate_allocate_credentials(&link.credentials);
    gnutls_init(&link.session, GNUTLS_CLIENT);
    gnutls_set_default_priority(link.session);
    gnutls_credentials_set(link.session, GNUTLS_CRD_CERTIFICATE, link.credentials);
    gnutls_transport_set_int(link.session, link.fd);
    gnutls_handshake_set_timeout(link.session, WIRE_WAIT_MS);
    CHECK_INT(gnutls_handshake(link.session), 0);
    return link;
}

static void link_close(struct link *link)
{
    gnutls_deinit(link->session);
    gnutls_certificate_free_credentials(link->credentials);
    close(link->fd);
}

static bool link_works(struct link *link)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    char answer[2000] = { 0 };
    ssize_t got = 0;

    if (gnutls_record_send(link->session, request, sizeof(request) - 1) < 0)
        return false;
    for (size_t length = 0; length < sizeof(answer) - 1; length += (size_t)got) {
        got = gnutls_record_recv(link->session, answer + length, sizeof(answer) - 1 - length);
        if (got <= 0)
            return false;
        if (text_has(answer, "secure=1"))
            return true;
    }
    return false;
}

static void rename_over(const struct files *files)
{
    CHECK(rename(files->second_cert, files->cert) == 0);
    CHECK(rename(files->second_key, files->key) == 0);
}

static void test_reload(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct files files = make_files(arena);
    struct seen seen = { 0 };
    struct http_server *server = start(&seen, &files);
    struct error err = { 0 };
    struct link link = link_open(http_server_port(server));

    CHECK(link_works(&link));
    tap_case("the same files");
    CHECK_INT(http_server_reload_tls(server, &err), 0);
    tap_case("a key that does not belong to the certificate changes nothing");
    CHECK(rename(files.cert, arena_printf(arena, "%s.old", files.cert)) == 0);
    CHECK(rename(files.second_cert, files.cert) == 0);
    CHECK_INT(http_server_reload_tls(server, &err), -1);
    CHECK(text_has(err.text, "does not belong to the certificate"));
    CHECK(rename(files.cert, files.second_cert) == 0);
    CHECK(rename(arena_printf(arena, "%s.old", files.cert), files.cert) == 0);
    tap_case("new files: new connections see them, the open one goes on");
    struct http_call call = { .url = url_of(arena, server, "/"), .ca_file = files.second_cert };
    struct http_reply reply = { 0 };
    CHECK_INT(http_send(&call, arena, &reply, &err), -1);
    rename_over(&files);
    CHECK_INT(http_server_reload_tls(server, &err), 0);
    call.ca_file = files.cert;
    CHECK_INT(http_send(&call, arena, &reply, &err), 0);
    CHECK(link_works(&link));
    link_close(&link);
    http_server_free(server);
    remove_files(&files);
}

static void test_faulty_files(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct files files = make_files(arena);
    struct http_address address = { .host = "127.0.0.1", .tls_cert = files.cert };
    struct seen seen = { 0 };
    struct http_server_plan plan = site_plan(&seen);
    struct error err = { 0 };

    plan.addresses = &address;
    tap_case("no key");
    CHECK(http_server_start(&plan, &err) == NULL);
    tap_case("no such file");
    address.tls_key = "/nonexistent/key.pem";
    CHECK(http_server_start(&plan, &err) == NULL);
    CHECK(text_has(err.text, "\"/nonexistent/key.pem\""));
    tap_case("no key in the file");
    address.tls_key = files.cert;
    CHECK(http_server_start(&plan, &err) == NULL);
    CHECK(text_has(err.text, "TLS key \""));
    tap_case("no certificate in the file");
    address.tls_cert = files.key;
    CHECK(http_server_start(&plan, &err) == NULL);
    CHECK(text_has(err.text, "TLS certificate \""));
    remove_files(&files);
}

int main(void)
{
    http_client_start();
    test_calls();
    test_reload();
    test_faulty_files();
    http_client_stop();
    return tap_done();
}
