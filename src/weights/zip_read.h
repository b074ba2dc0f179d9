/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The members of a zip file, in place: only stored ones, as PyTorch writes
 * them, so that tensors can be mapped and nothing is ever unpacked. Knows
 * zip64. Checksums are not compared: that would read every weight, and PyTorch
 * itself can be told to write none. */
#ifndef PITH_WEIGHTS_ZIP_READ_H
#define PITH_WEIGHTS_ZIP_READ_H

#include "base/status.h"

#define ZIP_MAX_MEMBERS 65536u
#define ZIP_MAX_NAME_BYTES 512u

typedef struct zip_member {
    const char *name; /* not terminated */
    size_t name_bytes;
    const uint8_t *data;
    uint64_t n_bytes;
} zip_member;

typedef struct zip_file zip_file;

/* Lists the members of the zip file that fills `data`, which must outlive it.
 * Checked: every member lies inside the file, before the directory, and
 * overlaps no other; its own header agrees with the directory; no name occurs
 * twice; none is compressed or encrypted. */
pith_status zip_open(zip_file **out, const pith_alloc *alloc, const uint8_t *data, size_t n_bytes, pith_diag *diag)
    PITH_MUST_CHECK;
void zip_close(zip_file **zip);

size_t zip_count(const zip_file *zip);
const zip_member *zip_at(const zip_file *zip, size_t index);                          /* sorted by name (byte order) */
const zip_member *zip_find(const zip_file *zip, const char *name, size_t name_bytes); /* NULL when absent */

#endif
