/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Short texts and tables to fewer bytes: each bit is predicted from the bytes before it, in contexts of 0 to 3 bytes
 * that are mixed; doc/motion-format.md, "Coded bytes". */
#ifndef PITH_MOTION_BYTE_CODER_H
#define PITH_MOTION_BYTE_CODER_H

#include "base/mem.h"
#include "base/stream.h"

/* Appends the number of bytes, then the coded bytes. */
pith_status bc_encode(byte_writer *out, const uint8_t *data, size_t n_bytes, const pith_alloc *alloc, pith_diag *diag)
    PITH_MUST_CHECK;

/* `*data` is freed by mem_free. PITH_E_LIMIT if there are more than `max_bytes`. */
pith_status bc_decode(uint8_t **data, size_t *n_bytes, size_t max_bytes, const uint8_t *coded, size_t coded_bytes,
                      const pith_alloc *alloc, pith_diag *diag) PITH_MUST_CHECK;

#endif
