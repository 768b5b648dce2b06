/* References in values: ${env:X} anywhere, ${file:PATH} and ${secret:NAME} in the place of a secret only. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config_internal.h"

enum reference_kind {
    REFERENCE_NONE, /* the text holds none */
    REFERENCE_ENV,
    REFERENCE_FILE,
    REFERENCE_SEALED,
    REFERENCE_DOLLAR, /* $${ stands for ${ itself */
    REFERENCE_WRONG,
};

struct reference {
    enum reference_kind kind;
    struct span whole; /* "${env:X}" */
    struct span name;  /* "X" */
};

static bool take_prefix(struct span *span, const char *prefix)
{
    size_t length = strlen(prefix);

    if (span->length < length || memcmp(span->start, prefix, length) != 0)
        return false;
    span->start += length;
    span->length -= length;
    return true;
}

/* The next reference at or after text. */
static struct reference find_reference(const char *text)
{
    const char *start = strstr(text, "${");

    if (start == NULL)
        return (struct reference){ .kind = REFERENCE_NONE };
    if (start > text && start[-1] == '$')
        return (struct reference){ .kind = REFERENCE_DOLLAR, .whole = { start - 1, 3 } };
    const char *end = strchr(start, '}');
    if (end == NULL)
        return (struct reference){ .kind = REFERENCE_WRONG, .whole = span_of(start) };
    struct reference found = { .kind = REFERENCE_WRONG,
                               .whole = { start, (size_t)(end - start) + 1 },
                               .name = { start + 2, (size_t)(end - start) - 2 } };
    if (take_prefix(&found.name, "env:"))
        found.kind = REFERENCE_ENV;
    else if (take_prefix(&found.name, "file:"))
        found.kind = REFERENCE_FILE;
    else if (take_prefix(&found.name, "secret:"))
        found.kind = REFERENCE_SEALED;
    if (found.name.length == 0)
        found.kind = REFERENCE_WRONG;
    return found;
}

/* NULL with a fault when it is not set. */
static const char *environment_value(struct loader *loader, const struct json *value,
                                     struct span name)
{
    const char *found = getenv(span_copy(loader->arena, name));

    if (found == NULL)
        fault_add(loader, mark_of(value),
                  "the environment variable \"%.*s\" is not set: set it where opsroom is "
                  "started",
                  (int)name.length, name.start);
    else if (!utf8_is_valid(found, strlen(found))) {
        fault_add(loader, mark_of(value), "the environment variable \"%.*s\" is not UTF-8",
                  (int)name.length, name.start);
        found = NULL;
    }
    return found;
}

/* Adds what the reference stands for.  False: a fault was added. */
static bool put_in(struct loader *loader, const struct json *value, const char *key,
                   const struct reference *reference, struct text *text)
{
    const char *found = NULL;

    switch (reference->kind) {
    case REFERENCE_NONE:
        return true;
    case REFERENCE_DOLLAR:
        text_add(text, "${");
        return true;
    case REFERENCE_ENV:
        found = environment_value(loader, value, reference->name);
        text_add(text, found);
        return found != NULL;
    case REFERENCE_FILE:
    case REFERENCE_SEALED:
        fault_add(loader, mark_of(value),
                  "a secret cannot go into \"%s\": %.*s belongs in a key that is made for one, "
                  "such as token",
                  key, (int)reference->whole.length, reference->whole.start);
        return false;
    case REFERENCE_WRONG:
        fault_add(loader, mark_of(value),
                  "\"%.*s\" is no reference: write ${env:NAME}, or $${ for the characters ${",
                  (int)reference->whole.length, reference->whole.start);
        return false;
    }
    return false;
}

const char *value_text(struct loader *loader, const struct json *value, const char *key)
{
    if (!json_is(value, JSON_STRING)) {
        fault_add(loader, mark_of(value), "\"%s\" must be text, not %s", key,
                  describe(loader, value));
        return NULL;
    }
    const char *rest = value->as.string;
    struct reference next = find_reference(rest);
    if (next.kind == REFERENCE_NONE)
        return rest;
    struct text text = text_new(loader->arena, VALUE_BYTES_MAX);
    bool whole = true;
    for (; next.kind != REFERENCE_NONE; next = find_reference(rest)) {
        text_add_n(&text, rest, (size_t)(next.whole.start - rest));
        whole = put_in(loader, value, key, &next, &text) && whole;
        rest = next.whole.start + next.whole.length;
    }
    text_add(&text, rest);
    if (text.truncated) {
        fault_add(loader, mark_of(value), "\"%s\" is longer than %d bytes", key,
                  VALUE_BYTES_MAX);
        return NULL;
    }
    return whole ? text_string(&text) : NULL;
}

static struct json text_in_tree(struct loader *loader, const struct json *value,
                                const char *key)
{
    struct json copy = *value;
    const char *text = value_text(loader, value, key);

    if (text != NULL)
        copy.as.string = text;
    return copy;
}

/* Children first; a tree is at most NESTING_MAX deep. */
static struct json tree(struct loader *loader, const struct json *value, const char *key)
{
    struct json copy = *value;

    if (value->kind == JSON_STRING)
        return text_in_tree(loader, value, key);
    if (value->kind == JSON_ARRAY) {
        struct json *items = ARENA_ARRAY(loader->arena, struct json, value->as.array.count);

        for (size_t i = 0; i < value->as.array.count; i++)
            items[i] = tree(loader, &value->as.array.items[i], key);
        copy.as.array.items = items;
    }
    if (value->kind == JSON_OBJECT) {
        size_t count = value->as.object.count;
        struct json_member *members = ARENA_ARRAY(loader->arena, struct json_member, count);

        for (size_t i = 0; i < count; i++) {
            members[i] = value->as.object.members[i];
            members[i].value = tree(loader, &members[i].value, members[i].key);
        }
        copy.as.object.members = members;
    }
    return copy;
}

const struct json *value_tree(struct loader *loader, const struct json *value, const char *key)
{
    struct json *copy = ARENA_NEW(loader->arena, struct json);

    *copy = tree(loader, value, key);
    return copy;
}

const struct json *value_effective(struct loader *loader, const struct json *value)
{
    bool quiet = loader->quiet;

    loader->quiet = true;
    const struct json *copy = value_tree(loader, value, "");
    loader->quiet = quiet;
    return copy;
}

static void secret_release(void *secret)
{
    secret_free(secret);
}

/* Into the snapshot, which wipes it at its end, and among what is redacted. */
static struct secret *adopt(struct loader *loader, const struct json *value,
                            struct secret *secret, size_t length)
{
    arena_defer(loader->arena, secret_release, secret);
    if (length < REDACT_MIN_BYTES)
        warning_add(loader, mark_of(value),
                    "this secret has under %d bytes, so it cannot be taken out of logs and "
                    "messages: use a longer one",
                    REDACT_MIN_BYTES);
    redactor_add(loader->redactor, secret);
    return secret;
}

static struct secret *environment_secret(struct loader *loader, const struct json *value,
                                         struct span name)
{
    const char *found = environment_value(loader, value, name);

    if (found == NULL)
        return NULL;
    if (found[0] == '\0') {
        fault_add(loader, mark_of(value), "the environment variable \"%.*s\" is empty",
                  (int)name.length, name.start);
        return NULL;
    }
    return adopt(loader, value, secret_new(found, strlen(found)), strlen(found));
}

/* Into a buffer that the caller wipes; -1 with errno. */
static ssize_t read_secret(int file, char *buffer, size_t size)
{
    struct stat status;
    size_t length = 0;

    if (fstat(file, &status) < 0)
        return -1;
    if (!S_ISREG(status.st_mode)) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        return -1;
    }
    while (length < size) {
        ssize_t got = read(file, buffer + length, size - length);

        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return -1;
        length += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)length;
}

static size_t without_newline(const char *bytes, size_t length)
{
    if (length > 0 && bytes[length - 1] == '\n')
        length -= length > 1 && bytes[length - 2] == '\r' ? 2 : 1;
    return length;
}

static struct secret *secret_from_file(struct loader *loader, const struct json *value,
                                       const char *path)
{
    char buffer[VALUE_BYTES_MAX + 1];
    struct secret *secret = NULL;
    struct error err;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = file >= 0 ? read_secret(file, buffer, sizeof(buffer)) : -1;
    int reason = errno;

    if (file >= 0)
        close(file);
    size_t length = got > 0 ? without_newline(buffer, (size_t)got) : 0;
    if (got < 0) {
        error_system(&err, reason, "the secret's file \"%.200s\" cannot be read", path);
        fault_add(loader, mark_of(value), "%s", err.text);
    } else if (length == 0 || got > VALUE_BYTES_MAX) {
        fault_add(loader, mark_of(value), "the secret's file \"%s\" %s", path,
                  length == 0 ? "is empty" : "is larger than 64 KiB");
    } else {
        secret = adopt(loader, value, secret_new(buffer, length), length);
    }
    explicit_bzero(buffer, sizeof(buffer));
    return secret;
}

static struct secret *file_secret(struct loader *loader, const struct json *value,
                                  struct span name)
{
    const char *path = path_in(loader->arena, source_of(loader, value)->directory,
                               span_copy(loader->arena, name));

    return secret_from_file(loader, value, path);
}

static struct secret *sealed_secret(struct loader *loader, const struct json *value,
                                    struct span name)
{
    struct error err;
    size_t length = 0;

    if (loader->sealed == NULL && loader->sealed_error.kind == ERROR_NONE)
        loader->sealed = sealed_open(loader->config->directory, &loader->sealed_error);
    if (loader->sealed == NULL) {
        fault_add(loader, mark_of(value), "%s", loader->sealed_error.text);
        return NULL;
    }
    struct secret *secret =
        sealed_find(loader->sealed, span_copy(loader->arena, name), &length, &err);
    if (secret == NULL) {
        fault_add(loader, mark_of(value), "%s", err.text);
        return NULL;
    }
    return adopt(loader, value, secret, length);
}

struct secret *value_secret(struct loader *loader, const struct json *value, const char *key)
{
    struct reference reference = { .kind = REFERENCE_NONE };

    if (json_is(value, JSON_STRING))
        reference = find_reference(value->as.string);
    bool alone = reference.kind != REFERENCE_NONE && span_is(reference.whole, value->as.string);
    if (alone && reference.kind == REFERENCE_ENV)
        return environment_secret(loader, value, reference.name);
    if (alone && reference.kind == REFERENCE_FILE)
        return file_secret(loader, value, reference.name);
    if (alone && reference.kind == REFERENCE_SEALED)
        return sealed_secret(loader, value, reference.name);
    cover(loader, value);
    fault_add(loader, mark_of(value),
              "\"%s\" is a secret and does not stand in the file itself: write ${env:NAME}, "
              "${file:PATH} or ${secret:NAME} and nothing else",
              key);
    return NULL;
}
