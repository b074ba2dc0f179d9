/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The members of a zip file. Stored members, as written by PyTorch, are used in place, so that tensors can be mapped.
 * Deflated members, from repacked checkpoints, are inflated on request. Supports zip64. Checksums of stored members
 * are not checked: that would read every weight, and PyTorch can be told not to write them. */
#ifndef PITH_WEIGHTS_ZIP_READ_H
#define PITH_WEIGHTS_ZIP_READ_H

#include <stdbool.h>

#include "base/status.h"

#define ZIP_MAX_MEMBERS 65536u
#define ZIP_MAX_NAME_BYTES 512u

typedef struct zip_member {
    const char *name; /* not terminated */
    size_t name_bytes;
    const uint8_t *data; /* packed_bytes in the file */
    uint64_t packed_bytes, n_bytes;
    uint32_t crc;
    bool is_deflated;
} zip_member;

typedef struct zip_file zip_file;

/* Lists the members of the zip file in `data`, which must outlive it. Less than 64 KiB of other data after the zip is
 * ignored, as in PyTorch. Checked: every member lies inside the file, before the directory, and overlaps no other;
 * its own header agrees with the directory; no name occurs twice; none is encrypted or compressed by a method other
 * than deflate. */
pith_status zip_open(zip_file **out, const pith_alloc *alloc, const uint8_t *data, size_t n_bytes, pith_diag *diag)
    PITH_MUST_CHECK;
/* Inflates a deflated member to n_bytes and checks its checksum; the caller frees the result (mem_free_aligned).
 * PITH_E_LIMIT, before any allocation, if it is larger than `most_bytes`. */
pith_status zip_unpack(uint8_t **out, const zip_file *zip, const zip_member *m, uint64_t most_bytes, pith_diag *diag)
    PITH_MUST_CHECK;
void zip_close(zip_file **zip);

const pith_alloc *zip_alloc(const zip_file *zip);
size_t zip_count(const zip_file *zip);
const zip_member *zip_at(const zip_file *zip, size_t index);                          /* sorted by name (byte order) */
const zip_member *zip_find(const zip_file *zip, const char *name, size_t name_bytes); /* NULL if absent */

#endif
