/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What is kept of a clip's own file, as the payload of a SOURCE chunk: how it is coded, then the bytes. */
#ifndef PITH_API_MOTION_SOURCE_H
#define PITH_API_MOTION_SOURCE_H

#include "base/stream.h"

pith_status source_pack(byte_writer *out, const pith_bytes *source, const pith_alloc *alloc, pith_diag *diag)
    PITH_MUST_CHECK;
/* `*source` is freed by mem_free. At most max_bytes. */
pith_status source_unpack(pith_bytes *source, const pith_bytes *payload, uint64_t max_bytes, const pith_alloc *alloc,
                          pith_diag *diag) PITH_MUST_CHECK;

#endif
