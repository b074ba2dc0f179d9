/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* CLIP's text encoder, one line per layer, and the empty prompt. */
#include "model/text.h"

#include "base/mem.h"
#include "model/blocks.h"

static nn_val self_attention(nn_plan *p, const text_config *c, nn_val x) {
    static const block_attention_style style = {
        .q = "q_proj", .k = "k_proj", .v = "v_proj", .out = "out_proj", .qkv_has_bias = true, .causal = true};
    nn_enter(p, "self_attn");
    x = block_attention(p, x, x, &style, c->n_heads);
    nn_leave(p);
    return x;
}

static nn_val feed_forward(nn_plan *p, const text_config *c, nn_val x) {
    nn_enter(p, "mlp");
    x = nn_act(p, nn_linear(p, x, "fc1", c->c_mlp, true), NN_QUICK_GELU);
    x = nn_linear(p, x, "fc2", c->c, true);
    nn_leave(p);
    return x;
}

static void describe(nn_plan *p, const text_config *c) {
    nn_val x = nn_input(p, "embeddings", (nn_shape){1, 1, c->n_positions, c->c});
    nn_enter(p, "text");
    for (uint32_t i = 0; i < c->n_layers; i++) {
        nn_enter(p, "encoder.layers.%u", i);
        x = nn_add(p, self_attention(p, c, nn_layer_norm(p, x, "layer_norm1", c->layer_epsilon)), x);
        x = nn_add(p, feed_forward(p, c, nn_layer_norm(p, x, "layer_norm2", c->layer_epsilon)), x);
        nn_leave(p);
    }
    x = nn_layer_norm(p, x, "final_layer_norm", c->layer_epsilon);
    nn_leave(p);
    nn_output(p, "context", x);
}

pith_status text_plan(nn_plan **out, const text_config *config, const pith_env *env, pith_diag *diag) {
    nn_plan *p = nn_plan_new(env);
    if (p) describe(p, config);
    return block_finish(out, p, diag);
}

/* ---- the empty prompt ---------------------------------------------------------------- */

/* Checks that the tensor has n_rows rows of `c` values in a readable type. */
static pith_status check_rows(const tensor *t, const char *name, uint32_t n_rows, uint32_t c, pith_diag *diag) {
    if (!t) return diag_set(diag, PITH_E_MODEL_SHAPE, "model has no tensor %s [%u, %u]", name, n_rows, c);
    const uint64_t *dims = t->shape + (t->rank == 3 && t->shape[0] == 1 ? 1 : 0);
    if ((t->rank != 2 && t->rank != 3) || dims[0] != n_rows || dims[1] != c || t->n_elements != (uint64_t)n_rows * c)
        return diag_set(diag, PITH_E_MODEL_SHAPE, "tensor %s must be [%u, %u]", name, n_rows, c);
    if (t->fault) return diag_set(diag, PITH_E_UNSUPPORTED, "tensor %s: %s", name, t->fault);
    if (!tensor_has_values(t)) return diag_set(diag, PITH_E_MODEL_SHAPE, "tensor %s is not F32, F16, BF16 or F8", name);
    return PITH_OK;
}

static const char token_key[] = "text.embeddings.token_embedding.weight";
static const char position_key[] = "text.embeddings.position_embedding.weight";

static pith_status check_embeddings(const text_config *c, const tensor *tokens, const tensor *positions,
                                    pith_diag *diag) {
    pith_status status = check_rows(tokens, token_key, c->n_tokens, c->c, diag);
    return status == PITH_OK ? check_rows(positions, position_key, c->n_positions, c->c, diag) : status;
}

pith_status text_take_embeddings(tensor_table *to, const text_config *c, const tensor_table *from, pith_diag *diag) {
    pith_status status = PITH_OK;
    const tensor *tokens = tensor_table_find(from, token_key), *positions = tensor_table_find(from, position_key);
    PITH_TRY(check_embeddings(c, tokens, positions, diag));
    PITH_TRY(tensor_table_add(to, tokens));
    PITH_TRY(tensor_table_add(to, positions));
cleanup:
    return status;
}

pith_status text_empty_embeddings(float *out, const text_config *c, const tensor_table *weights, pith_diag *diag) {
    pith_status status = PITH_OK;
    const tensor *tokens = tensor_table_find(weights, token_key);
    const tensor *positions = tensor_table_find(weights, position_key);
    PITH_TRY(check_embeddings(c, tokens, positions, diag));
    const uint32_t start = c->n_tokens - 2, end = c->n_tokens - 1;
    for (uint32_t i = 0; i < c->n_positions; i++) {
        const uint32_t token = i == 0 ? start : end;
        for (uint32_t k = 0; k < c->c; k++) {
            float of_token, of_position;
            tensor_read_f32(tokens, (uint64_t)token * c->c + k, 1, &of_token);
            tensor_read_f32(positions, (uint64_t)i * c->c + k, 1, &of_position);
            out[(size_t)i * c->c + k] = of_token + of_position;
        }
    }
    if (!floats_are_finite(out, (size_t)c->n_positions * c->c)) {
        PITH_TRY(tensor_check_finite(tokens, diag));
        PITH_TRY(tensor_check_finite(positions, diag));
    }
cleanup:
    return status;
}

pith_status text_check_context(const text_config *c, uint32_t n_context, uint32_t c_context, pith_diag *diag) {
    if (c->n_positions == n_context && c->c == c_context) return PITH_OK;
    return diag_set(diag, PITH_E_MODEL_SHAPE, "text encoder makes %u positions of %u features, U-Net takes %u of %u",
                    c->n_positions, c->c, n_context, c_context);
}

pith_status text_empty_context(float *out, uint32_t n_context, uint32_t c_context, const tensor_table *weights,
                               nn_backend *backend, const pith_env *env, pith_diag *diag) {
    pith_status status = PITH_OK;
    const tensor *constant = tensor_table_find(weights, TEXT_EMPTY_PROMPT_KEY);
    text_config c;
    nn_plan *plan = NULL;
    nn_net *net = NULL;
    float *embeddings = NULL;
    if (constant) {
        PITH_TRY(check_rows(constant, TEXT_EMPTY_PROMPT_KEY, n_context, c_context, diag));
        PITH_TRY(tensor_check_finite(constant, diag));
        tensor_read_f32(constant, 0, constant->n_elements, out);
        return PITH_OK;
    }
    if (!text_recognise(weights))
        return diag_set(diag, PITH_E_MODEL_SHAPE, "model has neither a text encoder nor the tensor %s",
                        TEXT_EMPTY_PROMPT_KEY);
    PITH_TRY(text_config_read(&c, weights, diag));
    PITH_TRY(text_check_context(&c, n_context, c_context, diag));
    embeddings = mem_alloc(env ? &env->alloc : NULL, (size_t)n_context * c_context, sizeof *embeddings);
    if (!embeddings) return diag_set(diag, PITH_E_NOMEM, "out of memory");
    PITH_TRY(text_empty_embeddings(embeddings, &c, weights, diag));
    PITH_TRY(text_plan(&plan, &c, env, diag));
    PITH_TRY(nn_bind(&net, plan, weights, backend, diag));
    const nn_given in = {"embeddings", embeddings};
    const nn_binding result = {"context", out};
    PITH_TRY(nn_run(net, &in, 1, &result, 1, diag));
cleanup:
    nn_net_free(&net);
    nn_plan_free(&plan);
    mem_free(env ? &env->alloc : NULL, embeddings);
    return status;
}
