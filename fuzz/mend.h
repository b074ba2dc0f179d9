/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What lies behind a checksum is reached by making the checksum right: each
 * target tries its input as it is and mended. That serves every fuzzer alike
 * (a custom mutator is libFuzzer's alone), and what they find replays. */
#ifndef PITH_FUZZ_MEND_H
#define PITH_FUZZ_MEND_H

#include <stddef.h>
#include <stdint.h>

#include "residual/residual_coder.h"

/* Makes every chunk's CRC right (container_mend_crcs), and the checksums of the latent, exact and residual slices that
 * can be decoded. */
void mend_all(uint8_t *data, size_t n_bytes);

/* Makes a residual slice's checksum right, if it can be decoded; the picture may be changed. */
void mend_residual(uint8_t *coded, size_t n_bytes, const res_view *picture);

/* A copy of the exact size, so that a sanitizer sees a read past the end. */
uint8_t *mend_copy(const uint8_t *data, size_t n_bytes);

/* A read-only path to bytes in memory, for what opens files; ended by
 * mend_path_close. One at a time. */
const char *mend_path_open(const uint8_t *data, size_t n_bytes);
void mend_path_close(void);

#endif
