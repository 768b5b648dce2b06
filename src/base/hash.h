/* Digests, signatures and encodings. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/text.h"

enum {
    SHA256_BYTES = 32,
    SHA256_HEX = 65
};

void sha256(const void *bytes, size_t length, unsigned char out[SHA256_BYTES]);
void sha256_hex(const void *bytes, size_t length, char out[SHA256_HEX]);

/* HMAC-SHA256 (RFC 2104). */
void hmac_sha256(const struct secret *key, struct span data, unsigned char out[SHA256_BYTES]);

/* hex is the lower or upper case hex digest a sender showed, with or without a "sha256=" prefix. Constant time.
 * An absent or empty key and a NULL digest prove nothing: false. */
bool hmac_sha256_is(const struct secret *key, struct span data, const char *hex);

bool constant_time_is(const void *a, const void *b, size_t length);

/* Encodings; decode returns NULL when the input is not canonical.  url_decode refuses %00. */
char *hex_print(struct arena *arena, const void *bytes, size_t length);
unsigned char *hex_parse(struct arena *arena, const char *hex, size_t *length);
char *base64_print(struct arena *arena, const void *bytes, size_t length);
char *base64url_print(struct arena *arena, const void *bytes, size_t length);
/* base64_parse wants the standard alphabet with padding, base64url_parse the URL alphabet without (JWT). */
unsigned char *base64_parse(struct arena *arena, const char *text, size_t *length);
unsigned char *base64url_parse(struct arena *arena, const char *text, size_t *length);
char *url_encode(struct arena *arena, const char *string); /* RFC 3986 unreserved stay */
char *url_decode(struct arena *arena, struct span encoded, bool plus_is_space);

/* Random bytes of the system; a token is length_bytes of them in base64url. */
void random_bytes(void *out, size_t length);
char *random_token(struct arena *arena, size_t length_bytes);

/* Ed25519 (libsodium): seed is 32 bytes, signature 64, public key 32. */
enum {
    SIGN_SEED_BYTES = 32,
    SIGN_PUBLIC_BYTES = 32,
    SIGN_BYTES = 64
};
void sign_public_key(const unsigned char seed[SIGN_SEED_BYTES],
                     unsigned char public_key[SIGN_PUBLIC_BYTES]);
void sign_message(const unsigned char seed[SIGN_SEED_BYTES], struct span message,
                  unsigned char out[SIGN_BYTES]);
bool sign_is_valid(const unsigned char public_key[SIGN_PUBLIC_BYTES], struct span message,
                   const unsigned char signature[SIGN_BYTES]);
