/*
 * Sealed secrets: a text file with one line for each, NAME and base64 of nonce and box (XChaCha20-Poly1305 with the name
 * as associated data, so that no box can be moved to another name).  Written whole, under a lock on the folder.
 */
#include "core/sealed.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "core/sealed_file.h"

enum {
    KEY_BYTES = 32,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    OTHERS_BITS = 077 /* of a file's mode: what is not the owner's */
};
_Static_assert((int)KEY_BYTES == (int)crypto_kdf_KEYBYTES, "one key for both uses");
_Static_assert((int)KEY_BYTES == (int)crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "one size");

static const char first_line[] = "opsroom secrets 1";

struct entry {
    const char *name;
    const char *box; /* base64 */
};

struct sealed {
    struct arena *arena;
    const char *directory;
    const char *path; /* of opsroom.secrets */
    const char *key_path;
    bool own_key;          /* the key file is ours, not one that $OPSROOM_KEY_FILE names */
    struct entry *entries; /* by name */
    size_t count;
    bool has_key;
    unsigned char key[KEY_BYTES];
};

void sealed_free(struct sealed *sealed)
{
    if (sealed == NULL)
        return;
    struct arena *arena = sealed->arena;
    sodium_memzero(sealed, sizeof(*sealed));
    arena_free(arena);
}

static bool is_name(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= SEALED_NAME_BYTES_MAX &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") ==
               length;
}

static int check_name(const char *name, struct error *err)
{
    if (is_name(name))
        return 0;
    return error_set(err, ERROR_INVALID,
                     "\"%.80s\" is no name for a secret: use up to %d letters, digits, _ . -",
                     name, SEALED_NAME_BYTES_MAX);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static int parse_entries(struct sealed *sealed, struct span text, struct error *err)
{
    struct span line;
    size_t lines = 0, number = 1;

    for (size_t i = 0; i < text.length; i++)
        lines += text.start[i] == '\n' ? 1 : 0;
    sealed->entries = ARENA_ARRAY(sealed->arena, struct entry, lines + 1);
    if (!span_split(&text, '\n', &line) || !span_is(line, first_line))
        return error_set(err, ERROR_INVALID, "%s is no file of sealed secrets", sealed->path);
    while (span_split(&text, '\n', &line)) {
        struct entry *entry = &sealed->entries[sealed->count++];
        struct span name = { .length = 0 };

        number++;
        (void)span_split(&line, ' ', &name);
        entry->name = span_copy(sealed->arena, name);
        entry->box = span_copy(sealed->arena, line);
        if (!is_name(entry->name) || entry->box[0] == '\0')
            return error_set(err, ERROR_INVALID,
                             "%s: line %zu is damaged: take it out and set that secret again",
                             sealed->path, number);
    }
    qsort(sealed->entries, sealed->count, sizeof(*sealed->entries), by_name);
    return 0;
}

static int read_entries(struct sealed *sealed, struct error *err)
{
    struct stat status;
    struct span text = { .length = 0 };
    char *buffer;
    ssize_t got;

    if (stat(sealed->path, &status) < 0)
        return errno == ENOENT ? 0 : error_system(err, errno, "%s", sealed->path);
    size_t limit = (size_t)status.st_size < SEALED_FILE_BYTES_MAX ? (size_t)status.st_size
                                                                  : SEALED_FILE_BYTES_MAX;
    buffer = arena_alloc(sealed->arena, limit + 1);
    got = sealed_read_file(sealed->path, buffer, limit, &status);
    if (got < 0)
        return error_system(err, errno, "%s", sealed->path);
    text = (struct span){ .start = buffer, .length = (size_t)got };
    return parse_entries(sealed, text, err);
}

struct sealed *sealed_open(const char *directory, struct error *err)
{
    struct arena *arena = arena_new();
    struct sealed *sealed = ARENA_NEW(arena, struct sealed);
    const char *key_path = getenv("OPSROOM_KEY_FILE");

    ASSERT(sodium_init() >= 0);
    sealed->arena = arena;
    sealed->directory = arena_copy(arena, directory);
    sealed->path = arena_printf(arena, "%s/opsroom.secrets", directory);
    sealed->own_key = text_is_empty(key_path);
    sealed->key_path = sealed->own_key ? arena_printf(arena, "%s/opsroom.key", directory)
                                       : arena_copy(arena, key_path);
    if (read_entries(sealed, err) == 0)
        return sealed;
    sealed_free(sealed);
    return NULL;
}

/* ERROR_MISSING: there is no key file. */
static int load_key(struct sealed *sealed, struct error *err)
{
    char bytes[KEY_BYTES + 1];
    struct stat status;

    if (sealed->has_key)
        return 0;
    ssize_t got = sealed_read_file(sealed->key_path, bytes, KEY_BYTES, &status);
    if (got < 0 && errno != EFBIG)
        return error_system(err, errno, "the key of the sealed secrets, %s", sealed->key_path);
    if (got != KEY_BYTES)
        return error_set(err, ERROR_INVALID,
                         "%s is no key of sealed secrets: it must hold %d bytes",
                         sealed->key_path, KEY_BYTES);
    memcpy(sealed->key, bytes, KEY_BYTES);
    sodium_memzero(bytes, sizeof(bytes));
    if (sealed->own_key && (status.st_mode & OTHERS_BITS) != 0)
        return error_set(err, ERROR_DENIED,
                         "the key of the sealed secrets is open to others: chmod 600 %s",
                         sealed->key_path);
    sealed->has_key = true;
    return 0;
}

/* The key, made now if there is none: not if there are secrets already, which a new one could not open. */
static int need_key(struct sealed *sealed, struct error *err)
{
    struct error missing = { .kind = ERROR_NONE };

    if (load_key(sealed, &missing) == 0)
        return 0;
    if (missing.kind != ERROR_MISSING || sealed->count > 0) {
        *err = missing;
        return missing.kind != ERROR_MISSING
                   ? -1
                   : error_set(err, ERROR_MISSING,
                               "the key %s is missing, and %s was sealed with it: put the key "
                               "back, or remove that file and set its secrets again",
                               sealed->key_path, sealed->path);
    }
    randombytes_buf(sealed->key, KEY_BYTES);
    sealed->has_key = true;
    struct span bytes = { .start = (const char *)sealed->key, .length = KEY_BYTES };
    return sealed_write_file(sealed->arena, sealed->key_path, bytes, err);
}

/* For one purpose each, so that no two uses share key material. */
static void derive(const struct sealed *sealed, const char *purpose,
                   unsigned char out[KEY_BYTES])
{
    struct {
        char context[crypto_kdf_CONTEXTBYTES];
        uint64_t number;
    } parts;
    unsigned char digest[crypto_generichash_BYTES];

    crypto_generichash(digest, sizeof(digest), (const unsigned char *)purpose, strlen(purpose),
                       NULL, 0);
    memcpy(parts.context, digest, sizeof(parts.context));
    memcpy(&parts.number, digest + sizeof(parts.context), sizeof(parts.number));
    ASSERT(crypto_kdf_derive_from_key(out, KEY_BYTES, parts.number, parts.context,
                                      sealed->key) == 0);
}

static const char *seal(const struct sealed *sealed, const char *name, struct span value)
{
    size_t size = NONCE_BYTES + value.length + TAG_BYTES;
    unsigned char *box = arena_alloc(sealed->arena, size);
    unsigned char key[KEY_BYTES];

    derive(sealed, "secrets", key);
    randombytes_buf(box, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        box + NONCE_BYTES, NULL, (const unsigned char *)value.start, value.length,
        (const unsigned char *)name, strlen(name), NULL, box, key);
    sodium_memzero(key, sizeof(key));
    return base64_print(sealed->arena, box, size);
}

static struct secret *unseal(struct sealed *sealed, const struct entry *entry, size_t *length,
                             struct error *err)
{
    size_t size = 0;
    unsigned char *box = base64_parse(sealed->arena, entry->box, &size);
    unsigned char key[KEY_BYTES];
    struct secret *secret = NULL;

    if (box != NULL && size >= NONCE_BYTES + TAG_BYTES) {
        size_t value_size = size - NONCE_BYTES - TAG_BYTES;
        unsigned char *value = arena_alloc(sealed->arena, value_size + 1);

        derive(sealed, "secrets", key);
        if (crypto_aead_xchacha20poly1305_ietf_decrypt(
                value, NULL, NULL, box + NONCE_BYTES, size - NONCE_BYTES,
                (const unsigned char *)entry->name, strlen(entry->name), box, key) == 0) {
            secret = secret_new((const char *)value, value_size);
            if (length != NULL)
                *length = value_size;
        }
        sodium_memzero(value, value_size);
        sodium_memzero(key, sizeof(key));
    }
    if (secret == NULL)
        error_set(
            err, ERROR_INVALID,
            "the sealed secret \"%s\" cannot be opened with the key %s: put the right key "
            "back, or set it again with: opsroom secret set %s",
            entry->name, sealed->key_path, entry->name);
    return secret;
}

/* Where the name is, or where it would be. */
static size_t entry_position(const struct sealed *sealed, const char *name, bool *found)
{
    size_t low = 0, high = sealed->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(sealed->entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low < sealed->count && text_is(sealed->entries[low].name, name);
    return low;
}

static struct strings entry_names(struct arena *arena, const struct sealed *sealed)
{
    const char **names = ARENA_ARRAY(arena, const char *, sealed->count);

    for (size_t i = 0; i < sealed->count; i++)
        names[i] = arena_copy(arena, sealed->entries[i].name);
    return (struct strings){ .items = names, .count = sealed->count };
}

static int no_such_name(struct sealed *sealed, const char *name, struct error *err)
{
    struct strings names = entry_names(sealed->arena, sealed);
    const char *near = text_nearest(name, names.items, names.count);

    return error_set(err, ERROR_MISSING,
                     "there is no sealed secret \"%.64s\"%s%s%s: opsroom secret set %.64s",
                     name, near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                     near != NULL ? "\"? Otherwise set it" : "; set it", name);
}

struct secret *sealed_find(struct sealed *sealed, const char *name, size_t *length,
                           struct error *err)
{
    bool found = false;
    size_t position = entry_position(sealed, name, &found);

    if (check_name(name, err) < 0)
        return NULL;
    if (!found) {
        (void)no_such_name(sealed, name, err);
        return NULL;
    }
    if (load_key(sealed, err) < 0)
        return NULL;
    return unseal(sealed, &sealed->entries[position], length, err);
}

struct secret *sealed_get(const char *directory, const char *name, struct error *err)
{
    AUTO(sealed) struct sealed *sealed = sealed_open(directory, err);

    return sealed != NULL ? sealed_find(sealed, name, NULL, err) : NULL;
}

int sealed_list(const char *directory, struct arena *arena, struct strings *names,
                struct error *err)
{
    AUTO(sealed) struct sealed *sealed = sealed_open(directory, err);

    if (sealed == NULL)
        return -1;
    *names = entry_names(arena, sealed);
    return 0;
}

static int write_entries(struct sealed *sealed, struct error *err)
{
    struct text text = text_new(sealed->arena, SEALED_FILE_BYTES_MAX);

    text_addf(&text, "%s\n", first_line);
    for (size_t i = 0; i < sealed->count; i++) {
        text_add(&text, sealed->entries[i].name);
        text_add_char(&text, ' ');
        text_add(&text, sealed->entries[i].box);
        text_add_char(&text, '\n');
    }
    if (text.truncated)
        return error_set(err, ERROR_INVALID, "%s would become larger than 16 MiB",
                         sealed->path);
    return sealed_write_file(sealed->arena, sealed->path, span_of(text_string(&text)), err);
}

/* A mix of two keys in one file would be opened by neither. */
static int check_key(struct sealed *sealed, const char *name, struct error *err)
{
    AUTO(secret) struct secret *secret = NULL;

    if (need_key(sealed, err) < 0)
        return -1;
    if (sealed->count == 0 || (sealed->count == 1 && text_is(sealed->entries[0].name, name)))
        return 0;
    size_t other = text_is(sealed->entries[0].name, name) ? 1 : 0;
    secret = unseal(sealed, &sealed->entries[other], NULL, err);
    return secret != NULL ? 0 : -1;
}

static int set_locked(const char *directory, const char *name, struct span value,
                      struct error *err)
{
    AUTO(sealed) struct sealed *sealed = sealed_open(directory, err);
    bool found = false;

    if (sealed == NULL || check_key(sealed, name, err) < 0)
        return -1;
    size_t position = entry_position(sealed, name, &found);
    struct entry *entries = ARENA_ARRAY(sealed->arena, struct entry, sealed->count + 1);
    size_t after = position + (found ? 1 : 0);
    for (size_t i = 0; i < position; i++)
        entries[i] = sealed->entries[i];
    for (size_t i = after; i < sealed->count; i++)
        entries[position + 1 + i - after] = sealed->entries[i];
    entries[position] = (struct entry){ .name = name, .box = seal(sealed, name, value) };
    sealed->entries = entries;
    sealed->count += found ? 0 : 1;
    return write_entries(sealed, err);
}

int sealed_set(const char *directory, const char *name, struct span value, struct error *err)
{
    if (check_name(name, err) < 0)
        return -1;
    if (value.length == 0 || value.length > SEALED_VALUE_BYTES_MAX)
        return error_set(err, ERROR_INVALID, "the value of \"%s\" %s", name,
                         value.length == 0 ? "is empty" : "is larger than 64 KiB");
    int folder = sealed_lock(directory, err);
    if (folder < 0)
        return -1;
    int result = set_locked(directory, name, value, err);
    close(folder);
    return result;
}

static int remove_locked(const char *directory, const char *name, struct error *err)
{
    AUTO(sealed) struct sealed *sealed = sealed_open(directory, err);
    bool found = false;

    if (sealed == NULL)
        return -1;
    size_t position = entry_position(sealed, name, &found);
    if (!found)
        return no_such_name(sealed, name, err);
    sealed->count--;
    for (size_t i = position; i < sealed->count; i++)
        sealed->entries[i] = sealed->entries[i + 1];
    return write_entries(sealed, err);
}

int sealed_remove(const char *directory, const char *name, struct error *err)
{
    if (check_name(name, err) < 0)
        return -1;
    int folder = sealed_lock(directory, err);
    if (folder < 0)
        return -1;
    int result = remove_locked(directory, name, err);
    close(folder);
    return result;
}

static int seed_locked(const char *directory, const char *purpose, unsigned char seed[32],
                       struct error *err)
{
    AUTO(sealed) struct sealed *sealed = sealed_open(directory, err);

    if (sealed == NULL || need_key(sealed, err) < 0)
        return -1;
    derive(sealed, arena_printf(sealed->arena, "seed %s", purpose), seed);
    return 0;
}

int sealed_seed(const char *directory, const char *purpose, unsigned char seed[32],
                struct error *err)
{
    int folder = sealed_lock(directory, err);

    if (folder < 0)
        return -1;
    int result = seed_locked(directory, purpose, seed, err);
    close(folder);
    return result;
}
