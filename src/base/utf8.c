/* UTF-8 (RFC 3629): reading a character, checking, repairing and cutting text. */
#include <string.h>

#include "base/text.h"

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */
static const char ellipsis[] = "\xE2\x80\xA6";    /* … */

/* How many bytes the first byte announces; 0 for one that cannot be first. */
static size_t announced_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return 2;
    if (first >= 0xE0 && first <= 0xEF)
        return 3;
    if (first >= 0xF0 && first <= 0xF4)
        return 4;
    return 0;
}

/* The second byte has narrower bounds after E0, ED, F0, F4: no overlong forms, surrogates, or > U+10FFFF. */
static bool may_follow(unsigned char first, size_t position, unsigned char byte)
{
    unsigned char low = 0x80, high = 0xBF;

    if (position == 1 && first == 0xE0)
        low = 0xA0;
    else if (position == 1 && first == 0xED)
        high = 0x9F;
    else if (position == 1 && first == 0xF0)
        low = 0x90;
    else if (position == 1 && first == 0xF4)
        high = 0x8F;
    return byte >= low && byte <= high;
}

size_t utf8_read(const char *bytes, size_t length, unsigned *character)
{
    static const unsigned char first_mask[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };

    if (length == 0)
        return 0;
    unsigned char first = (unsigned char)bytes[0];
    size_t wanted = announced_length(first);
    if (wanted == 0 || wanted > length)
        return 0;
    unsigned value = (unsigned)first & first_mask[wanted];
    for (size_t i = 1; i < wanted; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (!may_follow(first, i, byte))
            return 0;
        value = value << 6 | (byte & 0x3Fu);
    }
    if (character != NULL)
        *character = value;
    return wanted;
}

/* Bytes that one U+FFFD stands for: the longest start of a character, at least one byte. */
static size_t broken_length(const char *bytes, size_t length)
{
    unsigned char first = (unsigned char)bytes[0];
    size_t wanted = announced_length(first);
    size_t n = 1;

    while (n < wanted && n < length && may_follow(first, n, (unsigned char)bytes[n]))
        n++;
    return n;
}

static size_t ascii_length(const char *bytes, size_t length)
{
    const unsigned long long high_bits = 0x8080808080808080ull;
    unsigned long long word = 0;
    size_t n = 0;

    while (length - n >= sizeof(word)) {
        memcpy(&word, bytes + n, sizeof(word));
        if ((word & high_bits) != 0)
            break;
        n += sizeof(word);
    }
    while (n < length && (unsigned char)bytes[n] < 0x80)
        n++;
    return n;
}

/* How many bytes from the start are valid. */
static size_t valid_length(const char *bytes, size_t length)
{
    size_t at = 0;

    while (at < length) {
        at += ascii_length(bytes + at, length - at);
        size_t n = utf8_read(bytes + at, length - at, NULL);
        if (n == 0)
            break;
        at += n;
    }
    return at;
}

bool utf8_is_valid(const char *bytes, size_t length)
{
    return valid_length(bytes, length) == length;
}

char *utf8_repair(struct arena *arena, const char *bytes, size_t length)
{
    if (bytes == NULL)
        length = 0;
    if (length == 0)
        return arena_copy(arena, "");
    if (memchr(bytes, '\0', length) == NULL && utf8_is_valid(bytes, length))
        return arena_copy_n(arena, bytes, length);
    char *repaired = arena_alloc(arena, length * (sizeof(replacement) - 1) + 1);
    size_t written = 0;
    for (size_t at = 0; at < length;) {
        size_t n = bytes[at] == '\0' ? 0 : utf8_read(bytes + at, length - at, NULL);
        if (n > 0) {
            memcpy(repaired + written, bytes + at, n);
            written += n;
            at += n;
            continue;
        }
        memcpy(repaired + written, replacement, sizeof(replacement) - 1);
        written += sizeof(replacement) - 1;
        at += broken_length(bytes + at, length - at);
    }
    repaired[written] = '\0';
    return repaired;
}

size_t utf8_cut_length(const char *bytes, size_t length, size_t limit_bytes)
{
    if (length <= limit_bytes)
        return length;
    size_t cut = limit_bytes;
    while (cut > 0 && limit_bytes - cut < 3 && ((unsigned char)bytes[cut] & 0xC0) == 0x80)
        cut--;
    return ((unsigned char)bytes[cut] & 0xC0) == 0x80 ? limit_bytes : cut;
}

char *utf8_cut(struct arena *arena, const char *string, size_t limit_bytes)
{
    size_t mark = sizeof(ellipsis) - 1;

    if (string == NULL)
        return arena_copy(arena, "");
    size_t length = strlen(string);
    if (length <= limit_bytes)
        return arena_copy_n(arena, string, length);
    if (limit_bytes < mark)
        return arena_copy_n(arena, string, utf8_cut_length(string, length, limit_bytes));
    size_t kept = utf8_cut_length(string, length, limit_bytes - mark);
    char *cut = arena_alloc(arena, kept + mark + 1);
    memcpy(cut, string, kept);
    memcpy(cut + kept, ellipsis, mark);
    return cut;
}

bool utf8_is_hidden(unsigned character)
{
    return character < 0x20 || (character >= 0x7F && character <= 0x9F) ||
           (character >= 0x202A && character <= 0x202E) ||
           (character >= 0x2066 && character <= 0x2069);
}

char *text_printable(struct arena *arena, const char *string)
{
    size_t length = string != NULL ? strlen(string) : 0;
    struct text out = text_new(arena, (size_t)-1);

    for (size_t at = 0; at < length;) {
        unsigned character = 0;
        size_t n = utf8_read(string + at, length - at, &character);
        if (n == 0) {
            text_add(&out, replacement);
            at += broken_length(string + at, length - at);
            continue;
        }
        if (character == '\r' || character == '\v' || character == '\f')
            text_add_char(&out, ' ');
        else if (utf8_is_hidden(character) && character != '\n' && character != '\t')
            text_add(&out, replacement);
        else
            text_add_n(&out, string + at, n);
        at += n;
    }
    return out.start != NULL ? out.start : arena_copy(arena, "");
}
