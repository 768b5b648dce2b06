/* Digests and signatures against the vectors of FIPS 180-2, RFC 4231 and RFC 8032. */
#include "base/hash.h"

#include "tap.h"

static void test_sha256(void)
{
    /* FIPS 180-2, appendix B, and the empty message. */
    static const struct {
        const char *message, *digest;
    } rows[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    };
    AUTO(arena) struct arena *arena = arena_new();
    char hex[SHA256_HEX];
    char *many = arena_alloc(arena, 1000 * 1000);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("sha256 of \"%s\"", rows[i].message);
        sha256_hex(rows[i].message, strlen(rows[i].message), hex);
        CHECK_STR(hex, rows[i].digest);
    }
    tap_case("a million times a");
    memset(many, 'a', 1000 * 1000);
    sha256_hex(many, 1000 * 1000, hex);
    CHECK_STR(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static char *repeat(struct arena *arena, int byte, size_t count)
{
    char *bytes = arena_alloc(arena, count + 1);

    memset(bytes, byte, count);
    return bytes;
}

static void test_hmac(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    /* RFC 4231, test cases 1 to 4, 6 and 7 (5 is the first one's truncation). */
    const struct {
        const char *key;
        const char *data;
        const char *digest;
    } rows[] = {
        { repeat(arena, 0x0b, 20), "Hi There",
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
        { "Jefe", "what do ya want for nothing?",
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
        { repeat(arena, 0xaa, 20), repeat(arena, 0xdd, 50),
          "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
        { "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15"
          "\x16\x17\x18\x19",
          repeat(arena, 0xcd, 50),
          "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
        { repeat(arena, 0xaa, 131), "Test Using Larger Than Block-Size Key - Hash Key First",
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
        { repeat(arena, 0xaa, 131),
          "This is a test using a larger than block-size key and a larger than block-size data. "
          "The key needs to be hashed before being used by the HMAC algorithm.",
          "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(secret) struct secret *key = secret_new(rows[i].key, strlen(rows[i].key));
        unsigned char digest[SHA256_BYTES];

        tap_case("RFC 4231, row %zu", i);
        hmac_sha256(key, span_of(rows[i].data), digest);
        CHECK_STR(hex_print(arena, digest, sizeof(digest)), rows[i].digest);
        CHECK(hmac_sha256_is(key, span_of(rows[i].data), rows[i].digest));
    }
}

static void test_hmac_is(void)
{
    static const struct {
        const char *shown;
        bool valid;
    } rows[] = {
        { "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", true },
        { "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843", true },
        { "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", true },
        { "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3844", false },
        { "sha1=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec38", false },
        { "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec384", false },
        { "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec38433", false },
        { " bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", false },
        { "sha256=", false },
        { "", false },
        { NULL, false },
    };
    AUTO(secret) struct secret *key = secret_new("Jefe", 4);
    AUTO(secret) struct secret *empty = secret_new("", 0);
    struct span data = span_of("what do ya want for nothing?");

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        tap_case("shown %s", rows[i].shown != NULL ? rows[i].shown : "nothing");
        CHECK(hmac_sha256_is(key, data, rows[i].shown) == rows[i].valid);
    }
    tap_case("no key");
    /* HMAC-SHA256 of the empty message with the empty key. */
    CHECK(!hmac_sha256_is(empty, span_of(""),
                          "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"));
    CHECK(!hmac_sha256_is(NULL, data, rows[0].shown));
}

static void test_signatures(void)
{
    /* RFC 8032, section 7.1, tests 1 to 3. */
    static const struct {
        const char *seed, *public_key, *message, *signature;
    } rows[] = {
        { "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
          "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
          "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
          "f9b46bd25bf5f0595bbe24655141438e7a100b" },
        { "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
          "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
          "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
          "f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
        { "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
          "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
          "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76098"
          "4dc6594a7c15e9716ed28dc027beceea1ec40a" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        unsigned char public_key[SIGN_PUBLIC_BYTES];
        unsigned char signature[SIGN_BYTES];
        size_t length;
        const unsigned char *seed = hex_parse(arena, rows[i].seed, &length);
        const unsigned char *bytes = hex_parse(arena, rows[i].message, &length);
        struct span message = { .start = (const char *)bytes, .length = length };

        tap_case("RFC 8032, test %zu", i + 1);
        sign_public_key(seed, public_key);
        CHECK_STR(hex_print(arena, public_key, sizeof(public_key)), rows[i].public_key);
        sign_message(seed, message, signature);
        CHECK_STR(hex_print(arena, signature, sizeof(signature)), rows[i].signature);
        CHECK(sign_is_valid(public_key, message, signature));
        CHECK(!sign_is_valid(public_key, span_of("other"), signature));
        signature[10] ^= 1;
        CHECK(!sign_is_valid(public_key, message, signature));
    }
}

static void test_random(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    unsigned char bytes[1000] = { 0 };
    size_t zeros = 0;

    tap_case("random");
    random_bytes(bytes, sizeof(bytes));
    for (size_t i = 700; i < sizeof(bytes); i++)
        zeros += bytes[i] == 0;
    CHECK(zeros < 50);
    CHECK_INT(strlen(random_token(arena, 32)), 43);
    CHECK(!text_is(random_token(arena, 16), random_token(arena, 16)));
    CHECK(constant_time_is("ab", "ab", 2));
    CHECK(!constant_time_is("ab", "ac", 2));
    CHECK(constant_time_is(NULL, NULL, 0));
}

int main(void)
{
    test_sha256();
    test_hmac();
    test_hmac_is();
    test_signatures();
    test_random();
    return tap_done();
}
