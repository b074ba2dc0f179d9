/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* CLIP's text encoder, used only for the empty prompt. That is a constant sequence of tokens, so no tokenizer is
 * needed. */
#ifndef PITH_MODEL_TEXT_H
#define PITH_MODEL_TEXT_H

#include "model/sd_config.h"
#include "nn/nn.h"

/* The empty prompt's context, which a model may have instead of the text encoder: [n_positions, c] or [1,
 * n_positions, c]. */
#define TEXT_EMPTY_PROMPT_KEY "text.empty_prompt"

/* Input "embeddings" [1, 1, n_positions, c]; output "context" of the same shape. */
pith_status text_plan(nn_plan **out, const text_config *config, const pith_env *env, pith_diag *diag) PITH_MUST_CHECK;

/* Checks the two embedding tables, which are not weights of the plan, and adds them to `to`. */
pith_status text_take_embeddings(tensor_table *to, const text_config *config, const tensor_table *from, pith_diag *diag)
    PITH_MUST_CHECK;

/* PITH_E_MODEL_SHAPE if its context does not fit the U-Net. */
pith_status text_check_context(const text_config *config, uint32_t n_context, uint32_t c_context, pith_diag *diag)
    PITH_MUST_CHECK;

/* Input "embeddings" of the empty prompt, n_positions x c floats: token embeddings plus position embeddings. */
pith_status text_empty_embeddings(float *out, const text_config *config, const tensor_table *weights, pith_diag *diag)
    PITH_MUST_CHECK;

/* The empty prompt's context, n_context x c_context floats: the model's stored constant, or else computed here by its
 * text encoder. */
pith_status text_empty_context(float *out, uint32_t n_context, uint32_t c_context, const tensor_table *weights,
                               nn_backend *backend, const pith_env *env, pith_diag *diag) PITH_MUST_CHECK;

#endif
