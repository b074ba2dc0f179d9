/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "api/finished_file.h"

static int ask_job(void *user, const char *stage, double done) {
    pith_diag unused = {0};
    (void)stage, (void)done;
    return job_look(user, &unused) != PITH_OK;
}

pith_status finished_file_decode(const finished_file *f, const pith_sink *sink, pith_hash *hash, pith_diag *diag) {
    pith_status status = PITH_OK;
    pith_decoder *decoder = NULL;
    pith_decode_options o;
    pith_env env = *f->env;
    env.progress = (pith_progress){ask_job, f->job};
    env.max_seconds = 0; /* the job already keeps the time */
    PITH_TRY(pith_decode_options_defaults(&o, sizeof o));
    if (f->memory != UINT64_MAX) o.max_memory_bytes = f->memory;
    o.hash = hash != NULL;
    PITH_TRY(pith_decoder_new(&decoder, &env, diag));
    status = pith_decoder_open(decoder, f->file->data, f->file->n_bytes);
    if (status == PITH_OK) status = pith_decode(decoder, f->model, &o, sink);
    if (status != PITH_OK) diag_set(diag, status, "%s", pith_decoder_message(decoder));
    if (status == PITH_OK && hash) status = pith_decoder_hash(decoder, hash);
cleanup:
    pith_decoder_free(&decoder);
    return status;
}

static pith_status ignore_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    (void)user, (void)y, (void)n_rows, (void)rows, (void)stride_bytes;
    return PITH_OK;
}

pith_status finished_file_hash(const finished_file *f, uint8_t bit_depth, pith_hash *hash, pith_diag *diag) {
    const pith_sink nowhere = {.struct_size = sizeof nowhere, .bit_depth = bit_depth, .write_rows = ignore_rows};
    return finished_file_decode(f, &nowhere, hash, diag);
}
