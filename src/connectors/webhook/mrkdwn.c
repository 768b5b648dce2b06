/*
 * Slack's mrkdwn -> our markup, and from that plain text.  Tokens stand in angle brackets; outside them only &amp; &lt; &gt; are
 * encoded: https://docs.slack.dev/messaging/formatting-message-text
 */
#include <string.h>

#include "connectors/webhook/webhook.h"

enum {
    TEXT_BYTES = 16 * 1024
};

static void add_entity(struct text *out, const char **at)
{
    static const struct {
        const char *name;
        char sign;
    } entities[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' } };

    for (size_t i = 0; i < COUNT_OF(entities); i++) {
        if (!text_starts(*at, entities[i].name))
            continue;
        text_add_char(out, entities[i].sign);
        *at += strlen(entities[i].name);
        return;
    }
    text_add_char(out, *(*at)++);
}

static const char *decode(struct arena *arena, struct span piece)
{
    struct text out = text_new(arena, TEXT_BYTES);
    const char *text = span_copy(arena, piece);

    while (*text != '\0')
        add_entity(&out, &text);
    return text_string(&out);
}

/* *bold* and `code` are the same as ours, everything else that would mean something is escaped. */
static void add_words(struct text *out, struct span piece)
{
    for (const char *words = decode(out->arena, piece); *words != '\0'; words++) {
        if (strchr("\\[]()", *words) != NULL)
            text_add_char(out, '\\');
        text_add_char(out, *words);
    }
}

static void add_link(struct text *out, struct span url, struct span label)
{
    const char *address = decode(out->arena, url);
    const char *words = label.length > 0 ? decode(out->arena, label) : address;
    bool is_web = text_starts(address, "https://") || text_starts(address, "http://");

    if (text_starts(address, "mailto:") && label.length == 0)
        words = address + strlen("mailto:");
    if (is_web && strpbrk(address, "()[]\\ \n") == NULL)
        text_addf(out, "[%s](%s)", message_escape(out->arena, words), address);
    else
        text_add(out, message_escape(out->arena, words));
}

/* <@U1|ana> <#C1|ops> <!here> <!subteam^S1|@team> <!date^1392734382^{date}|18 Feb> */
static void add_name(struct text *out, struct span name, struct span label)
{
    char sign = name.start[0];
    struct span shown =
        label.length > 0 ? label : (struct span){ name.start + 1, name.length - 1 };
    const char *words = decode(out->arena, shown);

    if (sign == '!')
        sign = label.length > 0 ? '\0' : '@';
    if (sign != '\0' && words[0] != sign)
        words = arena_printf(out->arena, "%c%s", sign, words);
    text_add(out, message_escape(out->arena, words));
}

static void add_token(struct text *out, struct span token)
{
    struct span label = token;
    struct span name;

    if (!span_split(&label, '|', &name))
        return;
    if (name.length > 1 && strchr("@#!", name.start[0]) != NULL)
        add_name(out, name, label);
    else
        add_link(out, name, label);
}

const char *mrkdwn_markup(struct arena *arena, const char *text)
{
    struct text out = text_new(arena, TEXT_BYTES);

    if (text == NULL)
        return NULL;
    while (*text != '\0') {
        size_t words = strcspn(text, "<");
        const char *end = text[words] == '<' ? strchr(text + words, '>') : NULL;

        /* A bracket that is never closed is a bracket. */
        if (end == NULL)
            words = strlen(text);
        add_words(&out, (struct span){ text, words });
        text += words;
        if (end == NULL)
            continue;
        add_token(&out, (struct span){ text + 1, (size_t)(end - text) - 1 });
        text = end + 1;
    }
    return text_string(&out);
}

const char *mrkdwn_plain(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : markup_plain(arena, mrkdwn_markup(arena, text));
}
