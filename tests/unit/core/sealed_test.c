/* Sealed secrets: kept, listed, replaced, removed; wrong keys, damaged files and open modes are told. */
#include "core/sealed.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static const char *folder;

static struct span span(const char *string)
{
    return span_of(string);
}

static void write_file(struct arena *arena, const char *name, const char *bytes, size_t length)
{
    FILE *file = fopen(arena_printf(arena, "%s/%s", folder, name), "w");

    CHECK(file != NULL && fwrite(bytes, 1, length, file) == length);
    if (file != NULL)
        fclose(file);
}

static mode_t mode_of(struct arena *arena, const char *name)
{
    struct stat status = { .st_mode = 0 };

    if (stat(arena_printf(arena, "%s/%s", folder, name), &status) < 0)
        return 0;
    return status.st_mode & 07777U;
}

static void new_folder(struct arena *arena)
{
    folder = mkdtemp(arena_printf(arena, "%s/opsroom-sealed-XXXXXX", P_tmpdir));
    CHECK(folder != NULL);
}

static void remove_folder(struct arena *arena)
{
    static const char *const names[] = { "opsroom.secrets", "opsroom.key", "other.key" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(arena_printf(arena, "%s/%s", folder, names[i]));
    CHECK_INT(rmdir(folder), 0);
}

static bool value_is(const char *name, const char *value)
{
    struct error err = { .kind = ERROR_NONE };
    AUTO(secret) struct secret *secret = sealed_get(folder, name, &err);

    return secret != NULL && secret_is(secret, value, span(value).length);
}

static void test_life(struct arena *arena)
{
    struct error err = { .kind = ERROR_NONE };
    struct strings names = { .count = 9 };

    CHECK_INT(sealed_list(folder, arena, &names, &err), 0);
    CHECK_INT(names.count, 0);
    CHECK_INT(sealed_set(folder, "jenkins", span("s3cret one"), &err), 0);
    CHECK_INT(sealed_set(folder, "aws.prod-1_x", span("second\nline"), &err), 0);
    CHECK(value_is("jenkins", "s3cret one"));
    CHECK(value_is("aws.prod-1_x", "second\nline"));
    CHECK_INT(sealed_set(folder, "jenkins", span("replaced"), &err), 0);
    CHECK(value_is("jenkins", "replaced"));
    CHECK_INT(sealed_list(folder, arena, &names, &err), 0);
    CHECK_INT(names.count, 2);
    CHECK_STR(names.items[0], "aws.prod-1_x");
    CHECK_STR(names.items[1], "jenkins");
    CHECK_INT(mode_of(arena, "opsroom.secrets"), 0600);
    CHECK_INT(mode_of(arena, "opsroom.key"), 0600);
    CHECK_INT(sealed_remove(folder, "aws.prod-1_x", &err), 0);
    CHECK(!value_is("aws.prod-1_x", "second\nline"));
    CHECK_INT(sealed_list(folder, arena, &names, &err), 0);
    CHECK_INT(names.count, 1);
}

static void test_many(struct arena *arena)
{
    struct error err = { .kind = ERROR_NONE };
    AUTO(sealed) struct sealed *sealed = NULL;
    size_t length = 0;

    for (int i = 20; i > 0; i--)
        CHECK_INT(sealed_set(folder, arena_printf(arena, "name%d", i),
                             span(arena_printf(arena, "value %d", i)), &err),
                  0);
    sealed = sealed_open(folder, &err);
    CHECK(sealed != NULL);
    for (int i = 1; i <= 20; i++) {
        const char *value = arena_printf(arena, "value %d", i);
        AUTO(secret)
        struct secret *secret =
            sealed_find(sealed, arena_printf(arena, "name%d", i), &length, &err);

        CHECK(secret_is(secret, value, span(value).length));
        CHECK_INT(length, span(value).length);
    }
}

static void test_refusals(struct arena *arena)
{
    static const char *const bad_names[] = { "", "a b", "a/b", "ä", "a\nb" };
    struct error err = { .kind = ERROR_NONE };
    char *large = arena_alloc(arena, SEALED_VALUE_BYTES_MAX + 2);
    char name[SEALED_NAME_BYTES_MAX + 2] = "";

    for (size_t i = 0; i < COUNT_OF(bad_names); i++) {
        tap_case("name \"%s\"", bad_names[i]);
        CHECK_INT(sealed_set(folder, bad_names[i], span("value"), &err), -1);
        CHECK_INT(err.kind, ERROR_INVALID);
        CHECK(sealed_get(folder, bad_names[i], &err) == NULL);
        CHECK_INT(sealed_remove(folder, bad_names[i], &err), -1);
    }
    memset(name, 'n', SEALED_NAME_BYTES_MAX);
    CHECK_INT(sealed_set(folder, name, span("longest name"), &err), 0);
    name[SEALED_NAME_BYTES_MAX] = 'n';
    CHECK_INT(sealed_set(folder, name, span("too long"), &err), -1);
    CHECK_INT(sealed_set(folder, "empty", span(""), &err), -1);
    memset(large, 'x', SEALED_VALUE_BYTES_MAX + 1);
    CHECK_INT(sealed_set(folder, "large", span(large), &err), -1);
    CHECK_STR(err.text, "the value of \"large\" is larger than 64 KiB");
    large[SEALED_VALUE_BYTES_MAX] = '\0';
    CHECK_INT(sealed_set(folder, "large", span(large), &err), 0);
    CHECK(value_is("large", large));
}

static void test_missing(struct arena *arena)
{
    struct error err = { .kind = ERROR_NONE };

    (void)arena;
    CHECK(sealed_get(folder, "jenkins", &err) == NULL);
    CHECK_INT(err.kind, ERROR_MISSING);
    CHECK_STR(err.text, "there is no sealed secret \"jenkins\"; set it: opsroom secret set "
                        "jenkins");
    CHECK_INT(sealed_set(folder, "jenkins", span("value 1"), &err), 0);
    CHECK(sealed_get(folder, "jenkis", &err) == NULL);
    CHECK_STR(err.text, "there is no sealed secret \"jenkis\"; did you mean \"jenkins\"? "
                        "Otherwise set it: opsroom secret set jenkis");
    CHECK_INT(sealed_remove(folder, "other", &err), -1);
    CHECK_INT(err.kind, ERROR_MISSING);
    CHECK_INT(sealed_set("/nonexistent/folder", "a", span("value"), &err), -1);
    CHECK_INT(err.kind, ERROR_MISSING);
}

static void test_keys(struct arena *arena)
{
    struct error err = { .kind = ERROR_NONE };
    const char *key = arena_printf(arena, "%s/opsroom.key", folder);
    const char *other = arena_printf(arena, "%s/other.key", folder);

    CHECK_INT(sealed_set(folder, "jenkins", span("value 1"), &err), 0);
    tap_case("another key");
    CHECK_INT(rename(key, other), 0);
    write_file(arena, "opsroom.key", "0123456789abcdef0123456789abcdef", 32);
    CHECK_INT(chmod(key, 0644), 0);
    CHECK(sealed_get(folder, "jenkins", &err) == NULL);
    CHECK_INT(err.kind, ERROR_DENIED);
    CHECK(text_has(err.text, "chmod 600"));
    CHECK_INT(chmod(key, 0600), 0);
    CHECK(sealed_get(folder, "jenkins", &err) == NULL);
    CHECK(text_has(err.text, "cannot be opened with the key"));
    CHECK_INT(sealed_set(folder, "other", span("value 2"), &err), -1);
    tap_case("no key any more");
    CHECK_INT(unlink(key), 0);
    CHECK_INT(sealed_set(folder, "other", span("value 2"), &err), -1);
    CHECK(text_has(err.text, "put the key back"));
    CHECK(sealed_get(folder, "jenkins", &err) == NULL);
    CHECK_INT(err.kind, ERROR_MISSING);
    tap_case("a key that is too short");
    write_file(arena, "opsroom.key", "short", 5);
    CHECK(sealed_get(folder, "jenkins", &err) == NULL);
    CHECK(text_has(err.text, "must hold 32 bytes"));
    tap_case("a key elsewhere");
    CHECK_INT(setenv("OPSROOM_KEY_FILE", other, 1), 0);
    CHECK_INT(chmod(other, 0440), 0);
    CHECK(value_is("jenkins", "value 1"));
    CHECK_INT(unsetenv("OPSROOM_KEY_FILE"), 0);
}

static void test_damage(struct arena *arena)
{
    struct error err = { .kind = ERROR_NONE };
    struct strings names;
    static const struct {
        const char *text, *fault;
    } rows[] = {
        { "", "is no file of sealed secrets" },
        { "something else\n", "is no file of sealed secrets" },
        { "opsroom secrets 1\njenkins\n", "line 2 is damaged" },
        { "opsroom secrets 1\n\n", "line 2 is damaged" },
        { "opsroom secrets 1\n a\n", "line 2 is damaged" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("\"%s\"", rows[i].text);
        write_file(arena, "opsroom.secrets", rows[i].text, span(rows[i].text).length);
        CHECK_INT(sealed_list(folder, arena, &names, &err), -1);
        CHECK(text_has(err.text, rows[i].fault));
    }
    tap_case("boxes that are none");
    write_file(arena, "opsroom.key", "0123456789abcdef0123456789abcdef", 32);
    CHECK_INT(chmod(arena_printf(arena, "%s/opsroom.key", folder), 0600), 0);
    write_file(arena, "opsroom.secrets", "opsroom secrets 1\na !!\nb AAAA\n", 30);
    CHECK(sealed_get(folder, "a", &err) == NULL);
    CHECK(sealed_get(folder, "b", &err) == NULL);
    CHECK(text_has(err.text, "\"b\" cannot be opened"));
}

/* A box belongs to its name: moved to another one it does not open. */
static void test_moved_box(struct arena *arena)
{
    struct error err = { .kind = ERROR_NONE };
    const char *path = arena_printf(arena, "%s/opsroom.secrets", folder);
    char text[1000];
    FILE *file;

    CHECK_INT(sealed_set(folder, "a", span("value 1"), &err), 0);
    file = fopen(path, "r");
    size_t length = file != NULL ? fread(text, 1, sizeof(text), file) : 0;
    CHECK(length > 20);
    if (file != NULL)
        fclose(file);
    char *name = memchr(text, '\n', length);
    name[1] = 'b';
    write_file(arena, "opsroom.secrets", text, length);
    CHECK(sealed_get(folder, "b", &err) == NULL);
    CHECK_INT(err.kind, ERROR_INVALID);
}

static void test_seeds(struct arena *arena)
{
    struct error err = { .kind = ERROR_NONE };
    unsigned char one[32], again[32], other[32];

    CHECK_INT(sealed_seed(folder, "audit", one, &err), 0);
    CHECK_INT(mode_of(arena, "opsroom.key"), 0600);
    CHECK_INT(sealed_seed(folder, "audit", again, &err), 0);
    CHECK_INT(sealed_seed(folder, "audit2", other, &err), 0);
    CHECK(memcmp(one, again, sizeof(one)) == 0);
    CHECK(memcmp(one, other, sizeof(one)) != 0);
    CHECK_INT(sealed_set(folder, "a", span("value 1"), &err), 0);
    CHECK_INT(sealed_seed(folder, "audit", again, &err), 0);
    CHECK(memcmp(one, again, sizeof(one)) == 0);
}

int main(void)
{
    static void (*const tests[])(struct arena * arena) = {
        test_life, test_many,   test_refusals,  test_missing,
        test_keys, test_damage, test_moved_box, test_seeds,
    };

    unsetenv("OPSROOM_KEY_FILE");
    for (size_t i = 0; i < COUNT_OF(tests); i++) {
        AUTO(arena) struct arena *arena = arena_new();

        new_folder(arena);
        tests[i](arena);
        remove_folder(arena);
    }
    return tap_done();
}
