/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Public checkpoints known by the SHA-256 of the whole file. */
#ifndef PITH_TOOLS_MODELS_KNOWN_CHECKPOINTS_H
#define PITH_TOOLS_MODELS_KNOWN_CHECKPOINTS_H

#include <stdint.h>

typedef struct known_checkpoint {
    const char *file, *repository; /* on Hugging Face's hub */
    uint64_t n_bytes;              /* 0: not known */
    const char *sha256;            /* lower-case hex */
} known_checkpoint;

#define SHA256_HEX_BYTES 65

/* NULL when none has that digest. */
const known_checkpoint *known_checkpoint_by_digest(const char sha256[SHA256_HEX_BYTES]);
/* NULL when none has that size. */
const known_checkpoint *known_checkpoint_by_size(uint64_t n_bytes);

#endif
