/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Zip directories, as PyTorch's checkpoints have them. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "weights/zip_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int holds) {
    if (!holds) abort();
}

/* Either nothing is left, or all of it. */
static void unpack(const zip_file *zip, const zip_member *m) {
    uint8_t *out = NULL;
    pith_diag diag = {0};
    pith_status status = zip_unpack(&out, zip, m, 1u << 20, &diag);
    require((status == PITH_OK) == (out != NULL));
    require(status == PITH_OK || status == PITH_E_LIMIT || status == PITH_E_FORMAT || status == PITH_E_CHECKSUM);
    for (uint64_t i = 0; out && i < m->n_bytes; i++) (void)((volatile uint8_t *)out)[i];
    mem_free_aligned(NULL, out);
}

/* Every member lies inside, overlaps none, and is found by its name. */
static void look_at(const zip_file *zip, const uint8_t *data, size_t n_bytes) {
    uint64_t sum = 0;
    for (size_t i = 0; i < zip_count(zip); i++) {
        const zip_member *m = zip_at(zip, i);
        require(m->data >= data && m->data <= data + n_bytes &&
                m->packed_bytes <= (uint64_t)(data + n_bytes - m->data));
        require(zip_find(zip, m->name, m->name_bytes) == m);
        require(m->is_deflated || m->n_bytes == m->packed_bytes);
        sum += m->packed_bytes;
        if (m->is_deflated) unpack(zip, m);
    }
    require(sum <= n_bytes);
    require(zip_find(zip, "no such member", 14) == NULL || zip_count(zip) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    zip_file *zip = NULL;
    pith_diag diag = {0};
    pith_status status = zip_open(&zip, NULL, data, n_bytes, &diag);
    require((status == PITH_OK) == (zip != NULL) && (status == PITH_OK) == (diag.message[0] == '\0'));
    if (zip) look_at(zip, data, n_bytes);
    zip_close(&zip);
    return 0;
}
