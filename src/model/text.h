/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* CLIP's text encoder, for one text only: the empty prompt. It is a constant
 * sequence of tokens, so no tokenizer is needed. */
#ifndef PITH_MODEL_TEXT_H
#define PITH_MODEL_TEXT_H

#include "model/sd_config.h"
#include "nn/nn.h"

/* The empty prompt's context, where a model carries it in place of the text
 * encoder: [n_positions, c] or [1, n_positions, c]. */
#define TEXT_EMPTY_PROMPT_KEY "text.empty_prompt"

/* Input "embeddings" [1, 1, n_positions, c]; output "context", the same shape. */
pith_status text_plan(nn_plan **out, const text_config *config, const pith_env *env, pith_diag *diag) PITH_MUST_CHECK;

/* Checks the two tables of embeddings, which are no weights of the plan, and adds them to `to`. */
pith_status text_take_embeddings(tensor_table *to, const text_config *config, const tensor_table *from, pith_diag *diag)
    PITH_MUST_CHECK;

/* PITH_E_MODEL_SHAPE when it makes other contexts than a U-Net takes. */
pith_status text_check_context(const text_config *config, uint32_t n_context, uint32_t c_context, pith_diag *diag)
    PITH_MUST_CHECK;

/* The empty prompt's "embeddings": those of its tokens plus those of their
 * positions. n_positions x c floats. */
pith_status text_empty_embeddings(float *out, const text_config *config, const tensor_table *weights, pith_diag *diag)
    PITH_MUST_CHECK;

/* The empty prompt's context, n_context x c_context floats: the model's own
 * constant, or else what its text encoder makes of it (run once, here). */
pith_status text_empty_context(float *out, uint32_t n_context, uint32_t c_context, const tensor_table *weights,
                               nn_backend *backend, const pith_env *env, pith_diag *diag) PITH_MUST_CHECK;

#endif
