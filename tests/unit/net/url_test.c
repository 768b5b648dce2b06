/* URLs: parts, what is refused, what counts as this machine. */
#include "net/url.h"

#include <string.h>

#include "tap.h"

static const struct {
    const char *text;
    const char *scheme; /* NULL: refused */
    const char *host;
    unsigned port;
    const char *target;
    bool is_loopback;
} urls[] = {
    { "https://ci.example.org/job/x?a=1", "https", "ci.example.org", 443, "/job/x?a=1", false },
    { "https://ci.example.org", "https", "ci.example.org", 443, "/", false },
    { "HTTPS://ci.example.org:8443/", "https", "ci.example.org", 8443, "/", false },
    { "http://127.0.0.1:8080/x", "http", "127.0.0.1", 8080, "/x", true },
    { "http://127.1.2.3/", "http", "127.1.2.3", 80, "/", true },
    { "http://[::1]:90/", "http", "::1", 90, "/", true },
    { "http://localhost/", "http", "localhost", 80, "/", true },
    { "http://LOCALHOST/", "http", "LOCALHOST", 80, "/", true },
    { "http://localhost.example.org/", "http", "localhost.example.org", 80, "/", false },
    { "http://127.0.0.1.example.org/", "http", "127.0.0.1.example.org", 80, "/", false },
    { "http://128.0.0.1/", "http", "128.0.0.1", 80, "/", false },
    { "http://0.0.0.0/", "http", "0.0.0.0", 80, "/", false },
    { "http://[::ffff:127.0.0.1]/", "http", "::ffff:127.0.0.1", 80, "/", false },
    { "wss://slack.example.org/link?ticket=1", "wss", "slack.example.org", 443,
      "/link?ticket=1", false },
    { "ws://127.0.0.1:1/", "ws", "127.0.0.1", 1, "/", true },
    { "ftp://host/", NULL, NULL, 0, NULL, false },
    { "file:///etc/passwd", NULL, NULL, 0, NULL, false },
    { "https://ana:sesame@host/", NULL, NULL, 0, NULL, false },
    { "https://token@host/", NULL, NULL, 0, NULL, false },
    { "https:///x", "https", "x", 443, "/", false }, /* libcurl forgives a third slash */
    { "https://host:port/", NULL, NULL, 0, NULL, false },
    { "https://host:70000/", NULL, NULL, 0, NULL, false },
    { "https://ho st/", NULL, NULL, 0, NULL, false },
    { "host/path", NULL, NULL, 0, NULL, false },
    { "", NULL, NULL, 0, NULL, false },
};

int main(void)
{
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct url url = { 0 };
        struct error err = { 0 };
        int result = url_parse(arena, urls[i].text, &url, &err);

        tap_case("%s", urls[i].text);
        CHECK_INT(result, urls[i].scheme != NULL ? 0 : -1);
        CHECK(strstr(err.text, "sesame") == NULL && strstr(err.text, "token") == NULL);
        if (result < 0 || urls[i].scheme == NULL)
            continue;
        CHECK_STR(url.scheme, urls[i].scheme);
        CHECK_STR(url.host, urls[i].host);
        CHECK_INT(url.port, urls[i].port);
        CHECK_STR(url.target, urls[i].target);
        CHECK_INT(url_is_loopback(&url), urls[i].is_loopback);
    }
    return tap_done();
}
