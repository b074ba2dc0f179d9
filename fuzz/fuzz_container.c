/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The structure of .pith files. Whatever is read must hold together, and what
 * the header says must be what a writer would write. */
#include <stdlib.h>
#include <string.h>

#include "container/ctr_read.h"
#include "container/ctr_write.h"
#include "container_file.h"
#include "mend.h"

#define MAX_CHUNKS 1000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int holds) {
    if (!holds) abort();
}

/* One file, one encoding: HEAD written again has the same bytes. */
static void write_again(const ctr_file *file, const uint8_t *data) {
    byte_writer w;
    bw_init(&w, NULL);
    require(ctr_head_fault(&file->head) == NULL);
    require(ctr_write_head(&w, &file->head, NULL) == PITH_OK && w.status == PITH_OK);
    require(w.n_bytes == ctr_head_bytes(&file->head));
    if (file->version_major == CTR_VERSION_MAJOR && file->version_minor == CTR_VERSION_MINOR) {
        require(w.n_bytes == file->chunks[0].offset + file->chunks[0].n_bytes);
        require(memcmp(w.data, data, w.n_bytes) == 0);
    }
    bw_free(&w);
}

static void look_at(const ctr_file *file, const uint8_t *data, size_t n_bytes) {
    size_t at = CTR_MAGIC_BYTES + 1;
    require(file->n_chunks >= 2 && file->n_chunks <= MAX_CHUNKS);
    require(file->n_slices <= file->n_chunks && file->first_slice + file->n_slices <= file->n_chunks);
    for (uint32_t i = 0; i < file->n_chunks; i++) {
        const ctr_chunk *c = &file->chunks[i];
        char name[8];
        require(c->offset == at && c->n_bytes <= n_bytes - at);
        require(c->payload >= data + at && c->payload_bytes <= c->n_bytes);
        at += c->n_bytes;
        ctr_chunk_name(c->type, name);
        require(memchr(name, 0, sizeof name) != NULL);
    }
    require(at == n_bytes);
    for (uint32_t i = 0; i < file->n_slices; i++) {
        ctr_slice slice;
        if (ctr_read_slice(file, i, &slice, NULL) != PITH_OK) continue;
        require(slice.coded_bytes <= n_bytes && slice.coded >= data &&
                slice.coded + slice.coded_bytes <= data + n_bytes);
    }
    write_again(file, data);
}

static void read_file(const uint8_t *data, size_t n_bytes) {
    pith_env env;
    pith_diag diag = {0};
    ctr_file file;
    pith_decoder *decoder = NULL;
    pith_info info = {.struct_size = sizeof info};
    pith_chunk_info chunk = {.struct_size = sizeof chunk};
    pith_env_defaults(&env, sizeof env);
    env.max_chunks = MAX_CHUNKS;
    pith_status status = ctr_read(&file, data, n_bytes, &env, &diag);
    require((status == PITH_OK) == (diag.message[0] == '\0'));
    require(status != PITH_E_INTERNAL && status != PITH_E_ARG && status != PITH_E_NOMEM);
    if (status != PITH_OK) return;
    look_at(&file, data, n_bytes);
    require(pith_decoder_new(&decoder, &env, NULL) == PITH_OK);
    require(pith_decoder_open(decoder, data, n_bytes) == PITH_OK);
    require(pith_decoder_info(decoder, &info) == PITH_OK);
    require(info.n_chunks == file.n_chunks && info.format.width == file.head.width);
    for (uint32_t i = 0; i < info.n_chunks; i++) require(pith_decoder_chunk(decoder, i, &chunk) == PITH_OK);
    require(pith_decoder_chunk(decoder, info.n_chunks, &chunk) == PITH_E_ARG);
    pith_decoder_free(&decoder);
    ctr_file_free(&file, &env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    read_file(data, n_bytes);
    uint8_t *mended = mend_copy(data, n_bytes);
    container_mend_crcs(mended, n_bytes);
    read_file(mended, n_bytes);
    free(mended);
    return 0;
}
