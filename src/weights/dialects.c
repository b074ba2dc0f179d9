/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Two tables: which prefixes of a file stand for which part of a model, and
 * how diffusers' names of layers become the original ones. */
#include "weights/dialects.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "weights/tensor_table_private.h"

/* ---- prefixes ------------------------------------------------------------------------ */

typedef struct source {
    dialect_hint hint;
    const char *prefix; /* in the file */
    const char *part;   /* what it becomes */
} source;

/* The first one that leads to a known name wins. */
static const source SOURCES[] = {
    {DIALECT_ANY, "first_stage_model.", PART_VAE},
    {DIALECT_ANY, "model.diffusion_model.", PART_UNET},
    {DIALECT_ANY, "cond_stage_model.transformer.text_model.", PART_TEXT},
    {DIALECT_ANY, "cond_stage_model.transformer.", PART_TEXT}, /* before transformers 4.0 */
    {DIALECT_ANY, PART_TAESD_ENCODER, PART_TAESD_ENCODER},
    {DIALECT_ANY, PART_TAESD_DECODER, PART_TAESD_DECODER},
    {DIALECT_ANY, PART_VAE, PART_VAE},
    {DIALECT_ANY, "", PART_VAE},
    {DIALECT_ANY, "", "taesd_"},
    {DIALECT_VAE, "", PART_VAE},
    {DIALECT_VAE, "", "taesd_"},
    {DIALECT_UNET, "", PART_UNET},
    {DIALECT_TEXT, "text_model.", PART_TEXT},
    {DIALECT_TEXT, "", PART_TEXT},
};

/* ---- layers --------------------------------------------------------------------------- */

typedef struct tail {
    const char *from, *to;
} tail;

/* A # in `from` is a number a, then b; a # in `to` is the sum of
 * {constant, times a, times b}. */
typedef struct row {
    const char *part;
    const char *from, *to;
    const tail *tails; /* of what follows, up to ".weight"; NULL: it stays */
    int first[3], second[3];
} row;

static const tail VAE_RES[] = {{"conv_shortcut", "nin_shortcut"},
                               {"norm1", "norm1"},
                               {"norm2", "norm2"},
                               {"conv1", "conv1"},
                               {"conv2", "conv2"},
                               {NULL, NULL}};
static const tail VAE_ATTN[] = {{"group_norm", "norm"},    {"to_q", "q"},  {"to_k", "k"}, {"to_v", "v"},
                                {"to_out.0", "proj_out"},  {"query", "q"}, {"key", "k"},  {"value", "v"},
                                {"proj_attn", "proj_out"}, {NULL, NULL}};
static const tail UNET_RES[] = {{"norm1", "in_layers.0"},
                                {"conv1", "in_layers.2"},
                                {"time_emb_proj", "emb_layers.1"},
                                {"norm2", "out_layers.0"},
                                {"conv2", "out_layers.3"},
                                {"conv_shortcut", "skip_connection"},
                                {NULL, NULL}};

/* clang-format off */
static const row ROWS[] = {
    {PART_VAE, "encoder.conv_norm_out.", "encoder.norm_out.", NULL, {0}, {0}},
    {PART_VAE, "encoder.mid_block.resnets.#.", "encoder.mid.block_#.", VAE_RES, {1, 1, 0}, {0}},
    {PART_VAE, "encoder.mid_block.attentions.0.", "encoder.mid.attn_1.", VAE_ATTN, {0}, {0}},
    {PART_VAE, "encoder.down_blocks.#.resnets.#.", "encoder.down.#.block.#.", VAE_RES, {0, 1, 0}, {0, 0, 1}},
    {PART_VAE, "encoder.down_blocks.#.downsamplers.0.conv.", "encoder.down.#.downsample.conv.", NULL, {0, 1, 0}, {0}},
    {PART_VAE, "decoder.conv_norm_out.", "decoder.norm_out.", NULL, {0}, {0}},
    {PART_VAE, "decoder.mid_block.resnets.#.", "decoder.mid.block_#.", VAE_RES, {1, 1, 0}, {0}},
    {PART_VAE, "decoder.mid_block.attentions.0.", "decoder.mid.attn_1.", VAE_ATTN, {0}, {0}},
    {PART_VAE, "decoder.up_blocks.#.resnets.#.", "decoder.up.#.block.#.", VAE_RES, {3, -1, 0}, {0, 0, 1}},
    {PART_VAE, "decoder.up_blocks.#.upsamplers.0.conv.", "decoder.up.#.upsample.conv.", NULL, {3, -1, 0}, {0}},

    {PART_UNET, "time_embedding.linear_#.", "time_embed.#.", NULL, {-2, 2, 0}, {0}},
    {PART_UNET, "conv_in.", "input_blocks.0.0.", NULL, {0}, {0}},
    {PART_UNET, "conv_norm_out.", "out.0.", NULL, {0}, {0}},
    {PART_UNET, "conv_out.", "out.2.", NULL, {0}, {0}},
    {PART_UNET, "down_blocks.#.resnets.#.", "input_blocks.#.0.", UNET_RES, {1, 3, 1}, {0}},
    {PART_UNET, "down_blocks.#.attentions.#.", "input_blocks.#.1.", NULL, {1, 3, 1}, {0}},
    {PART_UNET, "down_blocks.#.downsamplers.0.conv.", "input_blocks.#.0.op.", NULL, {3, 3, 0}, {0}},
    {PART_UNET, "mid_block.resnets.#.", "middle_block.#.", UNET_RES, {0, 2, 0}, {0}},
    {PART_UNET, "mid_block.attentions.0.", "middle_block.1.", NULL, {0}, {0}},
    {PART_UNET, "up_blocks.#.resnets.#.", "output_blocks.#.0.", UNET_RES, {0, 3, 1}, {0}},
    {PART_UNET, "up_blocks.#.attentions.#.", "output_blocks.#.1.", NULL, {0, 3, 1}, {0}},
    {PART_UNET, "up_blocks.0.upsamplers.0.conv.", "output_blocks.2.1.conv.", NULL, {0}, {0}}, /* no attention before it */
    {PART_UNET, "up_blocks.#.upsamplers.0.conv.", "output_blocks.#.2.conv.", NULL, {2, 3, 0}, {0}},

    {"taesd_", "encoder.layers.#.", "encoder.#.", NULL, {0, 1, 0}, {0}},
    {"taesd_", "decoder.layers.#.", "decoder.#.", NULL, {1, 1, 0}, {0}}, /* the clamp is no layer there */
};
/* clang-format on */

/* A decimal number of at most two digits, without a leading zero; -1 if none. */
static int read_number(const char **at) {
    const char *p = *at;
    int value = 0, n = 0;
    for (; n < 2 && p[n] >= '0' && p[n] <= '9'; n++) value = 10 * value + (p[n] - '0');
    if (n == 0 || (n == 2 && p[0] == '0')) return -1;
    *at = p + n;
    return value;
}

/* Matches the start of `name`; returns what follows, NULL if it differs. */
static const char *match_head(const char *pattern, const char *name, int numbers[2]) {
    size_t n = 0;
    for (; *pattern; pattern++) {
        if (*pattern != '#') {
            if (*name++ != *pattern) return NULL;
        } else {
            int value = read_number(&name);
            if (value < 0) return NULL;
            numbers[n++] = value;
        }
    }
    return name;
}

/* The tail's new name; *end is what follows the old one. */
static const char *match_tail(const tail *tails, const char *name, const char **end) {
    for (; tails->from; tails++) {
        size_t n = strlen(tails->from);
        if (strncmp(name, tails->from, n) != 0 || name[n] != '.') continue;
        *end = name + n;
        return tails->to;
    }
    return NULL;
}

static int sum(const int terms[3], const int numbers[2]) {
    return terms[0] + terms[1] * numbers[0] + terms[2] * numbers[1];
}

/* Writes the canonical name of `name` under the row; false if it is not one. */
static bool translate(const row *r, const char *name, char out[TENSOR_MAX_NAME_BYTES]) {
    int numbers[2] = {0, 0};
    bool is_second = false;
    const char *rest = match_head(r->from, name, numbers), *middle = "";
    if (rest && r->tails) middle = match_tail(r->tails, rest, &rest);
    if (!rest || !middle) return false;

    size_t n = strlen(r->part);
    memcpy(out, r->part, n);
    for (const char *p = r->to; *p && n < TENSOR_MAX_NAME_BYTES - 8; p++) {
        if (*p != '#') {
            out[n++] = *p;
            continue;
        }
        n += (size_t)snprintf(out + n, 8, "%d", sum(is_second ? r->second : r->first, numbers));
        is_second = true;
    }
    int length = snprintf(out + n, TENSOR_MAX_NAME_BYTES - n, "%s%s", middle, rest);
    return length >= 0 && (size_t)length < TENSOR_MAX_NAME_BYTES - n;
}

/* ---- one tensor -------------------------------------------------------------------------- */

static const layout_entry *find_in_part(const layout *names, const char *part, const char *rest) {
    char name[TENSOR_MAX_NAME_BYTES];
    int n = snprintf(name, sizeof name, "%s%s", part, rest);
    if (n < 0 || (size_t)n >= sizeof name) return NULL;
    const layout_entry *found = layout_find(names, name); /* the original's own name */
    for (size_t i = 0; !found && i < sizeof ROWS / sizeof ROWS[0]; i++)
        if (!strcmp(ROWS[i].part, part) && translate(&ROWS[i], rest, name)) found = layout_find(names, name);
    return found;
}

/* `bare` is the part that names without any prefix, "1.weight", belong to. */
static const layout_entry *find_canonical(const layout *names, const char *name, dialect_hint hint, const char *bare) {
    const layout_entry *found = NULL;
    for (size_t i = 0; !found && i < sizeof SOURCES / sizeof SOURCES[0]; i++) {
        const source *s = &SOURCES[i];
        size_t n = strlen(s->prefix);
        if (s->hint == hint && !strncmp(name, s->prefix, n)) found = find_in_part(names, s->part, name + n);
    }
    if (!found && name[0] >= '0' && name[0] <= '9') found = find_in_part(names, bare, name);
    return found;
}

/* [a, b] and [a, b, 1, 1] are the same values: 1x1 convolution or linear layer. */
static pith_status set_rank(tensor *t, uint32_t rank, pith_diag *diag) {
    if (t->rank == 2 && rank == 4) {
        t->shape[2] = t->shape[3] = 1;
        t->strides[2] = t->strides[3] = 1;
        t->rank = 4;
    } else if (t->rank == 4 && rank == 2 && t->shape[2] == 1 && t->shape[3] == 1) {
        t->shape[2] = t->shape[3] = 0;
        t->rank = 2;
    }
    if (t->rank == rank) return PITH_OK;
    return diag_set(diag, PITH_E_MODEL_SHAPE, "tensor %.100s: has %u dimensions, Stable Diffusion 1.x has %u there",
                    t->name, t->rank, rank);
}

static pith_status add_canonical(tensor_table *to, const tensor *from, const layout_entry *e, pith_diag *diag) {
    tensor t = *from;
    if (t.fault) return diag_set(diag, PITH_E_UNSUPPORTED, "tensor %.100s: %s", t.name, t.fault);
    if (!tensor_has_values(&t))
        return diag_set(diag, PITH_E_UNSUPPORTED, "tensor %.100s: its values are not F32, F16, BF16 or F8", t.name);
    if (tensor_table_find(to, e->name))
        return diag_set(diag, PITH_E_FORMAT, "tensor %.100s: there is another for the same place (%.60s)", t.name,
                        e->name);
    pith_status status = set_rank(&t, e->rank, diag);
    t.name = e->name;
    return status == PITH_OK ? tensor_table_add(to, &t) : status;
}

/* TAESD's own two files have numbers for names: the decoder's start at 1. */
static const char *bare_part(const tensor_table *from) {
    return tensor_table_find(from, "0.weight") ? PART_TAESD_ENCODER : PART_TAESD_DECODER;
}

pith_status dialects_apply(tensor_table *to, tensor_table *from, dialect_hint hint, const layout *names,
                           pith_diag *diag) {
    pith_status status = PITH_OK;
    const char *bare = bare_part(from);
    for (size_t i = 0; i < tensor_table_count(from); i++) {
        const tensor *t = tensor_table_at(from, i);
        const layout_entry *e = find_canonical(names, t->name, hint, bare);
        if (e) PITH_TRY(add_canonical(to, t, e, diag));
    }
    PITH_TRY(tensor_table_take_maps(to, from));

cleanup:
    return status;
}
