/* Which address a request came from: trusted proxies are believed about the hop before them. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "net/http_internal.h"

static bool parse_network(const char *text, struct http_network *network)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchrnul(text, '/');
    size_t length = (size_t)(slash - text);
    long long prefix;

    if (length >= sizeof(address))
        return false;
    memcpy(address, text, length);
    address[length] = '\0';
    network->family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
    if (inet_pton(network->family, address, network->bytes) != 1)
        return false;
    unsigned bits = network->family == AF_INET ? 32 : 128;
    network->prefix = bits;
    if (*slash == '\0')
        return true;
    if (!text_to_integer(slash + 1, &prefix) || prefix < 0 || prefix > bits)
        return false;
    network->prefix = (unsigned)prefix;
    return true;
}

int http_trusted_build(struct http_server *server, const char *const *proxies,
                       struct error *err)
{
    size_t count = 0;

    while (proxies != NULL && proxies[count] != NULL)
        count++;
    server->trusted = ARENA_ARRAY(server->arena, struct http_network, count);
    server->trusted_count = count;
    for (size_t i = 0; i < count; i++)
        if (!parse_network(proxies[i], &server->trusted[i]))
            return error_set(err, ERROR_INVALID,
                             "trusted proxy \"%s\" must be an IP address or a network such as "
                             "10.0.0.0/8",
                             proxies[i]);
    return 0;
}

static bool is_inside(const struct http_network *network, const struct http_network *address)
{
    size_t whole = network->prefix / 8;
    unsigned rest = network->prefix % 8;
    unsigned mask = 0xffU & ~(0xffU >> rest);

    if (network->family != address->family ||
        memcmp(network->bytes, address->bytes, whole) != 0)
        return false;
    return rest == 0 || (network->bytes[whole] & mask) == (address->bytes[whole] & mask);
}

bool http_is_trusted(const struct http_server *server, const char *address)
{
    struct http_network network = { 0 };

    if (server->trusted_count == 0 || !parse_network(address, &network))
        return false;
    for (size_t i = 0; i < server->trusted_count; i++)
        if (is_inside(&server->trusted[i], &network))
            return true;
    return false;
}

/* The last piece of a list and the list without it. */
static struct span take_last(struct span *list)
{
    struct span last = *list;
    const char *comma = list->length > 0 ? memrchr(list->start, ',', list->length) : NULL;

    if (comma != NULL) {
        last.start = comma + 1;
        last.length = (size_t)(list->start + list->length - last.start);
        list->length = (size_t)(comma - list->start);
    } else {
        list->length = 0;
    }
    return span_trim(last);
}

/* An address as proxies write it: 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1]:80.  NULL if it is none. */
static const char *parse_hop(struct arena *arena, struct span hop)
{
    char *address = span_copy(arena, hop);
    char *colon = strchr(address, ':');
    struct http_network network;
    char printed[INET6_ADDRSTRLEN];

    if (*address == '[') {
        address++;
        address[strcspn(address, "]")] = '\0';
    } else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
        *colon = '\0';
    }
    if (strchr(address, '/') != NULL || !parse_network(address, &network) ||
        inet_ntop(network.family, network.bytes, printed, sizeof(printed)) == NULL)
        return NULL;
    return arena_copy(arena, printed);
}

static const char *forwarded_list(struct arena *arena, const struct http_request *request,
                                  const char *name)
{
    struct text list = text_new(arena, 16 * 1024);

    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, name) != 0)
            continue;
        if (list.length > 0)
            text_add_char(&list, ',');
        text_add(&list, request->headers[i].value);
    }
    return text_string(&list);
}

/* From right to left: each trusted hop is believed about the one before it. */
const char *http_client(const struct http_request *request)
{
    const char *client = request->socket->address;
    struct arena *arena = request->arena;

    if (!request->socket->is_trusted)
        return client;
    struct span list = span_of(forwarded_list(arena, request, "X-Forwarded-For"));
    while (list.length > 0) {
        const char *hop = parse_hop(arena, take_last(&list));

        if (hop == NULL)
            return client;
        client = hop;
        if (!http_is_trusted(request->server, hop))
            return client;
    }
    return client;
}

bool http_is_secure(const struct http_request *request)
{
    struct span list;

    if (request->socket->listener->tls != NULL)
        return true;
    if (!request->socket->is_trusted)
        return false;
    list = span_of(http_header(request, "X-Forwarded-Proto"));
    return text_is_nocase(span_copy(request->arena, take_last(&list)), "https");
}
