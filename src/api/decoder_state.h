/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The inside of a decoder. */
#ifndef PITH_API_DECODER_STATE_H
#define PITH_API_DECODER_STATE_H

#include "base/env.h"
#include "base/job.h"
#include "container/ctr_salvage.h"
#include "networks/model.h"
#include "picture/picture_hash.h"

struct pith_decoder {
    pith_env env;
    job job;                /* of the current call */
    model_session *session; /* of the model last used; NULL at first */
    ctr_file file;
    bool is_open;
    bool tolerant;         /* opened by pith_decoder_open_damaged */
    ctr_salvaged salvaged; /* what `file` borrows from if the given bytes were damaged */
    bool colours_lost;     /* with `tolerant`: the file's TINT or CHRM is left out */
    bool *lost;            /* with `tolerant`, one for each slice; owned; NULL otherwise */
    uint64_t n_file_bytes;
    uint64_t memory; /* bytes that the current call may use */
    pith_diag diag;
    pith_timing timing;
    picture_hash hashing;      /* of the rows that the current call delivers, if they are hashed */
    bool is_hashing, compares; /* in the current call; whether with the file's hash */
    pith_sink sink;            /* the caller's, to which the hashed rows go */
    pith_hash hash;            /* of the last call */
};

pith_status decoder_require_open(pith_decoder *d) PITH_MUST_CHECK;

/* Before anything is decoded: whether the file's hash can be compared. If a hash is wanted, `sink` becomes one that
 * hashes rows and hands them on to the caller's. */
pith_status decoder_hash_start(pith_decoder *d, const pith_model *model, const pith_decode_options *o, pith_sink *sink)
    PITH_MUST_CHECK;
/* After the last row. */
pith_status decoder_hash_end(pith_decoder *d, const pith_decode_options *o) PITH_MUST_CHECK;

void decoder_warn(const pith_decoder *d, const char *text);

#endif
