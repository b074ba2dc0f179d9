/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* One model for all files of a batch and the threads that code them: it is found and opened once. */
#ifndef PITH_TOOLS_MODELS_MODEL_SHARE_H
#define PITH_TOOLS_MODELS_MODEL_SHARE_H

#include <pthread.h>

#include "cli/cli.h"

typedef struct model_share {
    pthread_mutex_t lock;
    pith_model *model; /* the last one found; NULL before */
} model_share;

#define MODEL_SHARE_NONE                                                                                               \
    { .lock = PTHREAD_MUTEX_INITIALIZER }

/* As model_for_encode and model_for_decode, with the autoencoder that the setup names, if any; each
 * `*out` is the caller's own, and NULL for an exact picture, which has no model. */
cli_exit model_share_encode(pith_model **out, model_share *share, const pith_env *env, const cli_setup *setup);
cli_exit model_share_decode(pith_model **out, model_share *share, const pith_env *env, const cli_setup *setup,
                            const pith_info *info, const char *file);
void model_share_end(model_share *share);

#endif
