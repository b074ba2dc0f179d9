/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A decoder from inside. */
#ifndef PITH_API_DECODER_STATE_H
#define PITH_API_DECODER_STATE_H

#include "base/env.h"
#include "base/job.h"
#include "container/ctr_salvage.h"
#include "networks/model.h"

struct pith_decoder {
    pith_env env;
    job job;                /* of the present call */
    model_session *session; /* of the model last used; NULL before */
    ctr_file file;
    bool is_open;
    bool tolerant;         /* opened by pith_decoder_open_damaged */
    ctr_salvaged salvaged; /* what `file` borrows, when the bytes given were damaged */
    bool colours_lost;     /* of a tolerated file: its TINT or CHRM is left out */
    bool *lost;            /* for each slice of a tolerated file, owned; NULL before */
    uint64_t n_file_bytes;
    uint64_t memory; /* bytes that the present call may take */
    pith_diag diag;
    pith_timing timing;
};

pith_status decoder_require_open(pith_decoder *d) PITH_MUST_CHECK;

#endif
