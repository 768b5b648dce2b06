/*
 * What we say, independent of the platform: a title that says it all, text, blocks, buttons last.
 * Blocks are JSON from end to end (made here, stored in the messages table, sent to the console, rendered by each
 * platform); docs/messages.md is their reference.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/json.h"

/* Where something was, or should be, said. */
struct place {
    const char *
        chat; /* the chat's name in the configuration ("acme", "web"); "local": a terminal; NULL: nowhere */
    const char *
        channel; /* its name as people write it, without chat and # ("ops", "@ana" for a direct message) */
    const char *thread; /* the platform's id of the message that starts the thread, or NULL */
};

/* "web#lobby", or "-" for nowhere; and back (false: it has no #). */
const char *place_print(struct arena *arena, const struct place *place);
bool place_parse(struct arena *arena, const char *text, struct place *place);

/* Shown as a sign and a word, never as a colour alone. */
enum tone {
    TONE_PLAIN,
    TONE_GOOD,
    TONE_WARN,
    TONE_BAD,
};

struct message {
    const char *title; /* one line; also the notification.  NULL: the text's first line is */
    const char *
        text; /* our small markup: *bold*, `code`, [text](url); foreign text goes through message_escape() */
    enum tone tone;
    long long job;             /* shown as #412; 0: none */
    bool only_for_user;        /* shown to the person who asked only */
    const struct json *blocks; /* an array, or NULL */
};

/* Blocks.  Each is an object {"kind": ...}. */
struct json block_text(struct arena *arena, const char *text);
struct json block_code(struct arena *arena, const char *text); /* fixed width, as it is */
struct fact {
    const char *name;
    const char *value;
};
struct json block_facts(struct arena *arena, const struct fact *facts, size_t count);
/* columns: names; rows: an array of arrays or of objects whose keys are the columns. */
struct json block_table(struct arena *arena, const char *const *columns, size_t count,
                        const struct json *rows);
/* Progress of a job: state is one of "waiting", "running", "succeeded", "failed", "skipped". */
struct step_progress {
    const char *name;
    const char *state;
    long long duration_ms; /* -1: not known */
};
struct json block_steps(struct arena *arena, const struct step_progress *steps, size_t count);
struct json block_link(struct arena *arena, const char *text, const char *url);
struct json block_image(struct arena *arena, const char *url, const char *alt);

/* A button runs a line under the rights of whoever presses it.  The line stays here: clients only name the message and
 * the button's number. */
struct button {
    const char *label;
    const char *line;    /* "approve 412" */
    const char *style;   /* "primary", "danger" or NULL */
    const char *confirm; /* asked before it is sent, or NULL */
    const char
        *ask; /* a free text is asked for first and added to the line ("reason"), or NULL */
};
struct json block_buttons(struct arena *arena, const struct button *buttons, size_t count);

/* What is missing for a command: fields is an array of {key, help, type, choices[], need, value}; filling it in answers
 * the job's question. */
struct json block_form(struct arena *arena, long long job, const struct json *fields);

/* A message as stored, and back.  message_from_json never fails: what it does not know it leaves out. */
const struct json *message_to_json(struct arena *arena, const struct message *message);
struct message message_from_json(struct arena *arena, const struct json *json);

/* Plain text for terminals, logs, the API's "text" and platforms without blocks.  Markup is taken out, tables are aligned,
 * buttons become "reply: approve 412". */
const char *message_plain(struct arena *arena, const struct message *message);
/* The buttons as that line, for platforms that show blocks but no buttons.  NULL: there are none. */
const char *message_plain_buttons(struct arena *arena, const struct json *blocks);

/* Foreign text as markup that shows exactly that text. */
const char *message_escape(struct arena *arena, const char *text);

/*
 * Our markup, piece by piece, for whoever renders it; a message's text and text blocks are markup, everything else (titles,
 * facts, cells, labels) is plain.  *bold* and `code` stand within one line and between word borders, the url of
 * [text](url) is http or https, \ before one of \ * ` [ ] ( ) shows that character; what is nothing of this is text.
 */
enum markup_kind {
    MARKUP_TEXT,
    MARKUP_BOLD,
    MARKUP_CODE,
    MARKUP_LINK,
};
struct markup_piece {
    enum markup_kind kind;
    const char *text; /* without backslashes */
    const char *url;  /* MARKUP_LINK */
};
/* Takes the next piece off the front of *rest; false at the end. */
bool markup_next(struct arena *arena, const char **rest, struct markup_piece *piece);
const char *markup_plain(struct arena *arena, const char *markup); /* links as "text (url)" */

const char *tone_name(enum tone tone);
