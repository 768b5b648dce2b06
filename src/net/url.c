/* Takes URLs apart with libcurl's own parser, so that what we check is what it will connect to. */
#include "net/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>

#include "base/text.h"

struct scheme {
    const char *name;
    unsigned port;
    bool has_tls;
};

static const struct scheme schemes[] = {
    { "https", 443, true },
    { "http", 80, false },
    { "wss", 443, true },
    { "ws", 80, false },
};

static const struct scheme *find_scheme(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(schemes); i++)
        if (text_is(schemes[i].name, name))
            return &schemes[i];
    return NULL;
}

/* NULL when the URL has no such part. */
static char *get_part(struct arena *arena, CURLU *parsed, CURLUPart part)
{
    char *value = NULL;

    if (curl_url_get(parsed, part, &value, 0) != CURLUE_OK)
        return NULL;
    char *copy = arena_copy(arena, value);
    curl_free(value);
    return copy;
}

static const char *without_brackets(struct arena *arena, const char *host)
{
    size_t length = strlen(host);

    return host[0] == '[' && length > 2 ? arena_copy_n(arena, host + 1, length - 2) : host;
}

static const char *join_target(struct arena *arena, CURLU *parsed)
{
    const char *path = get_part(arena, parsed, CURLUPART_PATH);
    const char *query = get_part(arena, parsed, CURLUPART_QUERY);

    if (text_is_empty(path))
        path = "/";
    return query != NULL ? arena_printf(arena, "%s?%s", path, query) : path;
}

static int fill(struct arena *arena, CURLU *parsed, struct url *url, struct error *err)
{
    const char *name = get_part(arena, parsed, CURLUPART_SCHEME);
    const struct scheme *scheme = find_scheme(name);
    const char *host = get_part(arena, parsed, CURLUPART_HOST);
    const char *port = get_part(arena, parsed, CURLUPART_PORT);
    long long number = scheme != NULL ? scheme->port : 0;

    if (scheme == NULL)
        return error_set(err, ERROR_INVALID, "a URL must start with https:// or http://");
    if (host == NULL || *host == '\0')
        return error_set(err, ERROR_INVALID, "a URL must name a host");
    if (get_part(arena, parsed, CURLUPART_USER) != NULL ||
        get_part(arena, parsed, CURLUPART_PASSWORD) != NULL)
        return error_set(err, ERROR_INVALID,
                         "a URL must not hold a user name or a password (host %s)", host);
    if (port != NULL && !text_to_integer(port, &number))
        return error_set(err, ERROR_INVALID, "the port \"%s\" is not a number", port);
    *url = (struct url){ .scheme = scheme->name,
                         .host = without_brackets(arena, host),
                         .port = (unsigned)number,
                         .target = join_target(arena, parsed) };
    return 0;
}

int url_parse(struct arena *arena, const char *text, struct url *url, struct error *err)
{
    CURLU *parsed = curl_url();
    int result;

    ASSERT(parsed != NULL);
    CURLUcode failed = text != NULL
                           ? curl_url_set(parsed, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME)
                           : CURLUE_MALFORMED_INPUT;
    if (failed != CURLUE_OK)
        result =
            error_set(err, ERROR_INVALID, "this is not a URL: %s", curl_url_strerror(failed));
    else
        result = fill(arena, parsed, url, err);
    curl_url_cleanup(parsed);
    return result;
}

bool url_has_tls(const struct url *url)
{
    const struct scheme *scheme = find_scheme(url->scheme);

    return scheme != NULL && scheme->has_tls;
}

bool url_is_loopback(const struct url *url)
{
    struct in_addr four;
    struct in6_addr six;

    if (inet_pton(AF_INET, url->host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, url->host, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six);
    return text_is_nocase(url->host, "localhost");
}
