#include "digest.h"

// OpenSSL 3 calls these deprecated in favour of EVP, which would link all its algorithms and providers, read a
// configuration file, and allocate a state for each file.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <assert.h>
#include <openssl/sha.h>
#include <stdlib.h>

static_assert(sizeof(SHA256_CTX) == sizeof(struct cl_sha256), "the state of libcrypto's SHA-256");
static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct cl_sha256), "the state of libcrypto's SHA-256");
static_assert(SHA256_DIGEST_LENGTH == CL_SHA256_BYTES, "a digest of 256 bits");

// The functions give 1, and nothing else: there is nothing in them that could fail.

struct cl_sha256 cl_sha256_make(void) {
    struct cl_sha256 digest;
    if (SHA256_Init((SHA256_CTX *)&digest) != 1) abort();
    return digest;
}

void cl_sha256_update(struct cl_sha256 *digest, const void *bytes, size_t length) {
    if (SHA256_Update((SHA256_CTX *)digest, bytes, length) != 1) abort();
}

void cl_sha256_finish(struct cl_sha256 *digest, uint8_t *result) {
    if (SHA256_Final(result, (SHA256_CTX *)digest) != 1) abort();
}
