/* Encodings of base/hash.h: hexadecimal, base64 (RFC 4648) and percent-encoding (RFC 3986). */
#include <sodium.h>
#include <string.h>

#include "base/hash.h"

char *hex_print(struct arena *arena, const void *bytes, size_t length)
{
    char *hex = arena_alloc(arena, length * 2 + 1);

    sodium_bin2hex(hex, length * 2 + 1, bytes, length);
    return hex;
}

unsigned char *hex_parse(struct arena *arena, const char *hex, size_t *length)
{
    size_t digits = strlen(hex);
    unsigned char *bytes = arena_alloc(arena, digits / 2 + 1);
    size_t written;

    if (sodium_hex2bin(bytes, digits / 2, hex, digits, NULL, &written, NULL) != 0)
        return NULL;
    *length = written;
    return bytes;
}

static char *base64_write(struct arena *arena, const void *bytes, size_t length, int variant)
{
    size_t size = sodium_base64_encoded_len(length, variant);
    char *text = arena_alloc(arena, size);

    sodium_bin2base64(text, size, bytes, length, variant);
    return text;
}

static unsigned char *base64_read(struct arena *arena, const char *text, int variant,
                                  size_t *length)
{
    size_t characters = strlen(text);
    size_t limit = characters / 4 * 3 + 3;
    unsigned char *bytes = arena_alloc(arena, limit);
    size_t written;

    if (sodium_base642bin(bytes, limit, text, characters, NULL, &written, NULL, variant) != 0)
        return NULL;
    *length = written;
    return bytes;
}

char *base64_print(struct arena *arena, const void *bytes, size_t length)
{
    return base64_write(arena, bytes, length, sodium_base64_VARIANT_ORIGINAL);
}

char *base64url_print(struct arena *arena, const void *bytes, size_t length)
{
    return base64_write(arena, bytes, length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

unsigned char *base64_parse(struct arena *arena, const char *text, size_t *length)
{
    return base64_read(arena, text, sodium_base64_VARIANT_ORIGINAL, length);
}

unsigned char *base64url_parse(struct arena *arena, const char *text, size_t *length)
{
    return base64_read(arena, text, sodium_base64_VARIANT_URLSAFE_NO_PADDING, length);
}

static bool url_is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

char *url_encode(struct arena *arena, const char *string)
{
    static const char digits[] = "0123456789ABCDEF";
    char *encoded = arena_alloc(arena, strlen(string) * 3 + 1);
    char *next = encoded;

    for (const char *at = string; *at != '\0'; at++) {
        unsigned byte = (unsigned char)*at;

        if (url_is_unreserved(*at)) {
            *next++ = *at;
            continue;
        }
        *next++ = '%';
        *next++ = digits[byte >> 4];
        *next++ = digits[byte & 15];
    }
    *next = '\0';
    return encoded;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The byte of a %XX at position; -1 if it is none, and for %00, which no C string can hold. */
static int url_escape_at(struct span encoded, size_t position)
{
    int high, low;

    if (encoded.length - position < 3)
        return -1;
    high = hex_digit(encoded.start[position + 1]);
    low = hex_digit(encoded.start[position + 2]);
    if (high < 0 || low < 0 || high + low == 0)
        return -1;
    return high * 16 + low;
}

char *url_decode(struct arena *arena, struct span encoded, bool plus_is_space)
{
    char *decoded = arena_alloc(arena, encoded.length + 1);
    char *next = decoded;

    for (size_t i = 0; i < encoded.length; i++) {
        char c = encoded.start[i];

        if (c == '\0')
            return NULL;
        if (c == '+' && plus_is_space)
            c = ' ';
        if (c == '%') {
            int byte = url_escape_at(encoded, i);

            if (byte < 0)
                return NULL;
            c = (char)byte;
            i += 2;
        }
        *next++ = c;
    }
    *next = '\0';
    return decoded;
}
