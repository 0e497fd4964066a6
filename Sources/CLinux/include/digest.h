// SHA-256 of OpenSSL's libcrypto, whose code uses the processor's instructions for it where there are some.

#ifndef CUTOVER_DIGEST_H
#define CUTOVER_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define CL_SHA256_BYTES 32

/// The state of one digest: plain memory, which may be copied. What is in it is libcrypto's (SHA256_CTX).
struct cl_sha256 {
    uint32_t words[28];
};

/// A digest of nothing yet.
struct cl_sha256 cl_sha256_make(void);

/// Takes in `length` bytes.
void cl_sha256_update(struct cl_sha256 *digest, const void *bytes, size_t length);

/// Writes CL_SHA256_BYTES bytes: the digest of all that was taken in. The state cannot be used any more.
void cl_sha256_finish(struct cl_sha256 *digest, uint8_t *result);

#endif
