/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Writes a .pith file: magic, version and header, then chunks in order. */
#ifndef PITH_CONTAINER_CTR_WRITE_H
#define PITH_CONTAINER_CTR_WRITE_H

#include "base/stream.h"
#include "container/ctr_read.h"

/* Writes magic, version and HEAD. PITH_E_ARG if a field of the header is invalid. */
pith_status ctr_write_head(byte_writer *out, const ctr_head *head, pith_diag *diag) PITH_MUST_CHECK;
void ctr_write_chunk(byte_writer *out, uint8_t type, const void *payload, size_t n_bytes);
void ctr_write_slice(byte_writer *out, uint16_t checksum, const void *coded, size_t coded_bytes);
void ctr_write_exact(byte_writer *out, uint16_t checksum, const void *coded,
                     size_t coded_bytes); /* of an exact picture */

/* Residual slices follow the latent slices. The first one has the recipe; for the others it is NULL. */
void ctr_write_residual(byte_writer *out, const ctr_recipe *recipe, const void *coded, size_t coded_bytes);
void ctr_write_tint(byte_writer *out, const ctr_tint *tint);
void ctr_write_bound(byte_writer *out, const ctr_bound *bound);

/* Sizes in bytes of the parts of a file: magic, version and HEAD chunk; any other chunk; a slice chunk with
 * `coded_bytes` of coded symbols. */
size_t ctr_head_bytes(const ctr_head *head);
size_t ctr_chunk_bytes(size_t payload_bytes);
size_t ctr_slice_bytes(size_t coded_bytes);

#endif
