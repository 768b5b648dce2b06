/* Secrets: copied, compared, opened. */
#include "base/secret.h"

#include "tap.h"

int main(void)
{
    char typed[] = "hunter2 and more";
    AUTO(secret) struct secret *secret = secret_new(typed, 7);
    AUTO(secret) struct secret *empty = secret_new(NULL, 0);
    AUTO(secret) struct secret *binary = secret_new("a\0b", 3);
    size_t length = 0;

    typed[0] = '?';
    CHECK_STR(secret_open(secret, &length), "hunter2");
    CHECK_INT(length, 7);
    CHECK(secret_is(secret, "hunter2", 7));
    CHECK(!secret_is(secret, "hunter2", 6));
    CHECK(!secret_is(secret, "hunter3", 7));
    CHECK(!secret_is(secret, "hunter22", 8));
    CHECK(!secret_is(NULL, "", 0));
    CHECK(secret_is(empty, NULL, 0));
    CHECK(!secret_is(empty, "x", 1));
    CHECK_STR(secret_open(empty, &length), "");
    CHECK_INT(length, 0);
    CHECK(secret_is(binary, "a\0b", 3));
    CHECK(!secret_is(binary, "a\0c", 3));
    secret_free(NULL);
    return tap_done();
}
