/* A line of chat -> words: what chat clients do to text is repaired, quotes are taken off. */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "core/parse.h"

/* What chat clients and phones put in place of what was typed. */
static const struct {
    const char *typed; /* UTF-8 */
    const char *meant;
} repairs[] = {
    { "\u201c", "\"" }, { "\u201d", "\"" },  { "\u201e", "\"" }, { "\u201f", "\"" },
    { "\u00ab", "\"" }, { "\u00bb", "\"" },  { "\u2018", "'" },  { "\u2019", "'" },
    { "\u201a", "'" },  { "\u201b", "'" },   { "\u2014", "--" }, { "\u2013", "--" },
    { "\u2011", "-" },  { "\u2010", "-" },   { "\u2212", "-" },  { "\u00a0", " " },
    { "\u202f", " " },  { "\u2007", " " },   { "\u2009", " " },  { "\u3000", " " },
    { "\u200b", "" },   { "\u200c", "" },    { "\u200d", "" },   { "\ufeff", "" },
    { "\u2060", "" },   { "\u2026", "..." }, { "\u00ad", "" },
};

/* A line on its way through the repair. */
struct repair {
    struct text out;
    char quote;   /* the quote that is open, 0: none */
    bool curly;   /* it was opened by a typographic one, and may be closed by one */
    bool escaped; /* a backslash in quotes came just before */
};

static bool begins_word(const struct text *out)
{
    return out->length == 0 || out->start[out->length - 1] == ' ';
}

static bool may_open_quote(const struct text *out)
{
    return begins_word(out) || out->start[out->length - 1] == '=';
}

/* A long dash is "--" only where a flag could begin; inside a word, in quotes or alone it stays what it is. */
static bool dash_begins_flag(const struct repair *repair, const char *after)
{
    return repair->quote == 0 && begins_word(&repair->out) && *after != ' ' && *after != '\0';
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

/* Plain quotes hold typographic ones as they are: they were put in by a program, or typed so on purpose. */
static bool repair_quote(struct repair *repair, char quote)
{
    if (repair->quote == 0) {
        if (may_open_quote(&repair->out)) {
            repair->quote = quote;
            repair->curly = true;
        }
        return true;
    }
    if (repair->quote == quote && repair->curly && !repair->escaped)
        repair->quote = 0;
    return repair->curly;
}

static size_t repair_at(struct repair *repair, const char *at)
{
    for (size_t i = 0; i < COUNT_OF(repairs); i++) {
        size_t length = strlen(repairs[i].typed);

        if (strncmp(at, repairs[i].typed, length) != 0)
            continue;
        if (text_is(repairs[i].meant, "--") && !dash_begins_flag(repair, at + length))
            return 0;
        if (is_quote(repairs[i].meant[0]) && !repair_quote(repair, repairs[i].meant[0]))
            return 0;
        text_add(&repair->out, repairs[i].meant);
        return length;
    }
    return 0;
}

/* Quotes as read_word() will see them. */
static void follow_quote(struct repair *repair, char c)
{
    if (repair->escaped)
        return;
    if (repair->quote == c) {
        repair->quote = 0;
    } else if (repair->quote == 0 && is_quote(c) && may_open_quote(&repair->out)) {
        repair->quote = c;
        repair->curly = false;
    }
}

static size_t copy_at(struct repair *repair, const char *at)
{
    follow_quote(repair, *at);
    repair->escaped = *at == '\\' && repair->quote == '"' && !repair->escaped;
    text_add_char(&repair->out, *at == '\n' || *at == '\t' ? ' ' : *at);
    return 1;
}

/* Longer than a line may be, so that what was too long still is. */
const char *line_repair(struct arena *arena, const char *line)
{
    const char *clean = text_printable(arena, utf8_repair(arena, line, strlen(line)));
    struct repair repair = { .out = text_new(arena, LINE_LIMIT * 2) };
    size_t taken;

    for (; *clean != '\0'; clean += taken) {
        taken = (*clean & 0x80) != 0 ? repair_at(&repair, clean) : 0;
        if (taken == 0)
            taken = copy_at(&repair, clean);
        else
            repair.escaped = false;
    }
    return span_copy(arena,
                     span_trim((struct span){ text_string(&repair.out), repair.out.length }));
}

static bool is_key_start(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

static bool is_key_char(char c)
{
    return is_key_start(c) || isdigit((unsigned char)c) || c == '-' || c == '.';
}

/* KEY= at the start of a word: how long KEY is, 0 if it is not one. */
static size_t key_length(const char *word)
{
    size_t length = 0;

    if (!is_key_start(word[0]))
        return 0;
    while (is_key_char(word[length]))
        length++;
    return word[length] == '=' && word[length + 1] != '=' && word[length + 1] != '~' ? length
                                                                                     : 0;
}

/* A quote opens at the start of a word or after "=", so that an apostrophe inside a word is only that. */
static bool opens_quote(const char *line, size_t at, size_t word_start)
{
    return is_quote(line[at]) && (at == word_start || line[at - 1] == '=');
}

static int read_quoted(const char *line, size_t *at, struct text *out, struct error *err)
{
    size_t start = *at;
    char quote = line[(*at)++];

    while (line[*at] != '\0' && line[*at] != quote) {
        if (line[*at] == '\\' && quote == '"' &&
            (line[*at + 1] == '"' || line[*at + 1] == '\\'))
            (*at)++;
        text_add_char(out, line[(*at)++]);
    }
    if (line[*at] == '\0')
        return error_set(
            err, ERROR_INVALID,
            "the quote %c at character %zu is never closed: add %c, or leave both out", quote,
            start + 1, quote);
    (*at)++;
    return 0;
}

static int read_word(struct arena *arena, const char *line, size_t *at, struct word *word,
                     struct error *err)
{
    struct text out = text_new(arena, LINE_LIMIT);
    size_t key = key_length(line + *at);

    word->start = *at;
    if (key > 0) {
        word->key = arena_copy_n(arena, line + *at, key);
        *at += key + 1;
    }
    while (line[*at] != '\0' && line[*at] != ' ') {
        if (opens_quote(line, *at, word->start)) {
            bool first = *at == word->start;

            word->quoted = word->quoted || !text_starts(text_string(&out), "--");
            if (read_quoted(line, at, &out, err) < 0)
                return -1;
            word->whole = first && (line[*at] == '\0' || line[*at] == ' ');
        } else {
            text_add_char(&out, line[(*at)++]);
        }
    }
    word->text = text_string(&out);
    word->end = *at;
    return 0;
}

int line_words(struct arena *arena, const char *line, const struct word **words, size_t *count,
               struct error *err)
{
    size_t at_most = strlen(line) / 2 + 1; /* each has a character and a space after it */
    struct word *list =
        ARENA_ARRAY(arena, struct word, at_most < WORDS_LIMIT ? at_most : WORDS_LIMIT);
    size_t found = 0;
    size_t at = 0;

    for (;;) {
        while (line[at] == ' ')
            at++;
        if (line[at] == '\0')
            break;
        if (found == WORDS_LIMIT)
            return error_set(err, ERROR_INVALID, "the line has more than %d words",
                             WORDS_LIMIT);
        if (read_word(arena, line, &at, &list[found], err) < 0)
            return -1;
        found++;
    }
    *words = list;
    *count = found;
    return 0;
}
