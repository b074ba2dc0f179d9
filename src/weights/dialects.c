/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Three tables: which prefixes in a file stand for which part of a model, the layers of each part, and the mapping
 * from diffusers' layer names to the original ones. Depths are not in the tables; they are counted in the file. */
#include "weights/dialects.h"

#include <stdio.h>
#include <string.h>

#include "weights/tensor_table_private.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* ---- prefixes ------------------------------------------------------------------------ */

typedef struct source {
    dialect_hint hint;
    const char *prefix; /* in the file */
    const char *part;   /* its replacement */
} source;

/* The first one that leads to a layer is used. */
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

/* Beginnings of the original names; # is a number. */
static const struct {
    const char *part, *layer;
} ORIGINALS[] = {
    {PART_VAE, "encoder.conv_in."},
    {PART_VAE, "encoder.down.#."},
    {PART_VAE, "encoder.mid."},
    {PART_VAE, "encoder.norm_out."},
    {PART_VAE, "encoder.conv_out."},
    {PART_VAE, "decoder.conv_in."},
    {PART_VAE, "decoder.up.#."},
    {PART_VAE, "decoder.mid."},
    {PART_VAE, "decoder.norm_out."},
    {PART_VAE, "decoder.conv_out."},
    {PART_VAE, "quant_conv."},
    {PART_VAE, "post_quant_conv."},
    {PART_UNET, "time_embed.#."},
    {PART_UNET, "input_blocks.#."},
    {PART_UNET, "middle_block.#."},
    {PART_UNET, "output_blocks.#."},
    {PART_UNET, "out.#."},
    {PART_TEXT, "embeddings."},
    {PART_TEXT, "encoder.layers.#."},
    {PART_TEXT, "final_layer_norm."},
    {PART_TAESD_ENCODER, "#."},
    {PART_TAESD_DECODER, "#."},
};

typedef struct tail {
    const char *from, *to;
} tail;

/* The #s in `from` are numbers a, then b. A # in `to` is the sum of {constant, times a, times b, times depth, times a
 * x depth}. The depth is taken from the file: the number of levels of the autoencoder, or the entries per level in
 * half a U-Net (the residual blocks per level on the way up, which is one more than on the way down). */
typedef struct row {
    const char *part;
    const char *from, *to;
    const tail *tails; /* for what follows, up to ".weight"; NULL: unchanged */
    int first[5], second[5];
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
    {PART_VAE, "encoder.mid_block.resnets.#.", "encoder.mid.block_#.", VAE_RES, {1, 1}, {0}},
    {PART_VAE, "encoder.mid_block.attentions.0.", "encoder.mid.attn_1.", VAE_ATTN, {0}, {0}},
    {PART_VAE, "encoder.down_blocks.#.resnets.#.", "encoder.down.#.block.#.", VAE_RES, {0, 1}, {0, 0, 1}},
    {PART_VAE, "encoder.down_blocks.#.downsamplers.0.conv.", "encoder.down.#.downsample.conv.", NULL, {0, 1}, {0}},
    {PART_VAE, "decoder.conv_norm_out.", "decoder.norm_out.", NULL, {0}, {0}},
    {PART_VAE, "decoder.mid_block.resnets.#.", "decoder.mid.block_#.", VAE_RES, {1, 1}, {0}},
    {PART_VAE, "decoder.mid_block.attentions.0.", "decoder.mid.attn_1.", VAE_ATTN, {0}, {0}},
    {PART_VAE, "decoder.up_blocks.#.resnets.#.", "decoder.up.#.block.#.", VAE_RES, {-1, -1, 0, 1}, {0, 0, 1}},
    {PART_VAE, "decoder.up_blocks.#.upsamplers.0.conv.", "decoder.up.#.upsample.conv.", NULL, {-1, -1, 0, 1}, {0}},

    {PART_UNET, "time_embedding.linear_#.", "time_embed.#.", NULL, {-2, 2}, {0}},
    {PART_UNET, "conv_in.", "input_blocks.0.0.", NULL, {0}, {0}},
    {PART_UNET, "conv_norm_out.", "out.0.", NULL, {0}, {0}},
    {PART_UNET, "conv_out.", "out.2.", NULL, {0}, {0}},
    {PART_UNET, "down_blocks.#.resnets.#.", "input_blocks.#.0.", UNET_RES, {1, 0, 1, 0, 1}, {0}},
    {PART_UNET, "down_blocks.#.attentions.#.", "input_blocks.#.1.", NULL, {1, 0, 1, 0, 1}, {0}},
    {PART_UNET, "down_blocks.#.downsamplers.0.conv.", "input_blocks.#.0.op.", NULL, {0, 0, 0, 1, 1}, {0}},
    {PART_UNET, "mid_block.resnets.#.", "middle_block.#.", UNET_RES, {0, 2}, {0}},
    {PART_UNET, "mid_block.attentions.0.", "middle_block.1.", NULL, {0}, {0}},
    {PART_UNET, "up_blocks.#.resnets.#.", "output_blocks.#.0.", UNET_RES, {0, 0, 1, 0, 1}, {0}},
    {PART_UNET, "up_blocks.#.attentions.#.", "output_blocks.#.1.", NULL, {0, 0, 1, 0, 1}, {0}},
    /* b: 1 if attention precedes it */
    {PART_UNET, "up_blocks.#.upsamplers.0.conv.", "output_blocks.#.#.conv.", NULL, {-1, 0, 0, 1, 1}, {1, 0, 1}},

    {"taesd_", "encoder.layers.#.", "encoder.#.", NULL, {0, 1}, {0}},
    {"taesd_", "decoder.layers.#.", "decoder.#.", NULL, {1, 1}, {0}}, /* the clamp does not count as a layer there */
};
/* clang-format on */

/* Reads a decimal number of at most two digits, without a leading zero; -1 if there is none. */
static int read_number(const char **at) {
    const char *p = *at;
    int value = 0, n = 0;
    for (; n < 2 && p[n] >= '0' && p[n] <= '9'; n++) value = 10 * value + (p[n] - '0');
    if (n == 0 || (n == 2 && p[0] == '0')) return -1;
    *at = p + n;
    return value;
}

/* Matches the start of `name`; returns the rest, or NULL if it differs. */
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

/* The tail's new name; *end is what follows the old tail. */
static const char *match_tail(const tail *tails, const char *name, const char **end) {
    for (; tails->from; tails++) {
        size_t n = strlen(tails->from);
        if (strncmp(name, tails->from, n) != 0 || name[n] != '.') continue;
        *end = name + n;
        return tails->to;
    }
    return NULL;
}

static int sum(const int terms[5], const int numbers[2], int depth) {
    return terms[0] + terms[1] * numbers[0] + terms[2] * numbers[1] + (terms[3] + terms[4] * numbers[0]) * depth;
}

/* What the file says about one source, for example prefix "first_stage_model.". */
typedef struct reader {
    const tensor_table *from;
    const source *source;
    int depth; /* as defined for rows */
} reader;

static bool has(const reader *r, const char *list, int number, const char *more) {
    char name[TENSOR_MAX_NAME_BYTES];
    snprintf(name, sizeof name, "%s%s%d%s", r->source->prefix, list, number, more);
    return tensor_table_has_part(r->from, name);
}

static reader reader_of(const tensor_table *from, const source *s) {
    reader r = {from, s, 0};
    const char *list = strcmp(s->part, PART_UNET) == 0 ? "up_blocks.0.resnets." : "decoder.up_blocks.";
    while (r.depth < 100 && has(&r, list, r.depth, ".")) r.depth++;
    return r;
}

/* Writes the canonical name of `name` according to the row; false if the row does not apply. */
static bool translate(const reader *from, const row *r, const char *name, char out[TENSOR_MAX_NAME_BYTES]) {
    int numbers[2] = {0, -1};
    bool is_second = false;
    const char *rest = match_head(r->from, name, numbers), *middle = "";
    if (rest && r->tails) middle = match_tail(r->tails, rest, &rest);
    if (!rest || !middle) return false;
    if (numbers[1] < 0) numbers[1] = has(from, "up_blocks.", numbers[0], ".attentions.");

    size_t n = strlen(r->part);
    memcpy(out, r->part, n);
    for (const char *p = r->to; *p && n < TENSOR_MAX_NAME_BYTES - 12; p++) {
        if (*p != '#') {
            out[n++] = *p;
            continue;
        }
        n += (size_t)snprintf(out + n, 12, "%d", sum(is_second ? r->second : r->first, numbers, from->depth));
        is_second = true;
    }
    int length = snprintf(out + n, TENSOR_MAX_NAME_BYTES - n, "%s%s", middle, rest);
    return length >= 0 && (size_t)length < TENSOR_MAX_NAME_BYTES - n;
}

/* ---- one tensor -------------------------------------------------------------------------- */

/* Writes the canonical name of a part's tensor; false if it belongs to no layer. */
static bool name_in_part(const reader *from, const char *part, const char *rest, char out[TENSOR_MAX_NAME_BYTES]) {
    int numbers[2];
    for (size_t i = 0; i < COUNT_OF(ORIGINALS); i++) {
        if (strcmp(ORIGINALS[i].part, part) != 0 || !match_head(ORIGINALS[i].layer, rest, numbers)) continue;
        int n = snprintf(out, TENSOR_MAX_NAME_BYTES, "%s%s", part, rest);
        return n >= 0 && (size_t)n < TENSOR_MAX_NAME_BYTES;
    }
    for (size_t i = 0; i < COUNT_OF(ROWS); i++)
        if (!strcmp(ROWS[i].part, part) && translate(from, &ROWS[i], rest, out)) return true;
    return false;
}

static bool is_of_layer(const char *name) {
    const char *last = strrchr(name, '.');
    return last && (strcmp(last, ".weight") == 0 || strcmp(last, ".bias") == 0);
}

static bool find_canonical(const reader readers[], dialect_hint hint, const char *name,
                           char out[TENSOR_MAX_NAME_BYTES]) {
    for (size_t i = 0; i < COUNT_OF(SOURCES); i++) {
        const source *s = &SOURCES[i];
        const size_t n = strlen(s->prefix);
        if (s->hint == hint && !strncmp(name, s->prefix, n) && name_in_part(&readers[i], s->part, name + n, out))
            return true;
    }
    /* Names in TAESD's two original files start with a number; those of the decoder start at 1. */
    if (tensor_table_has_part(readers->from, "0.")) return name_in_part(readers, PART_TAESD_ENCODER, name, out);
    return tensor_table_has_part(readers->from, "1.") && name_in_part(readers, PART_TAESD_DECODER, name, out);
}

pith_status dialects_apply(tensor_table *to, tensor_table *from, dialect_hint hint, pith_diag *diag) {
    pith_status status = PITH_OK;
    char name[TENSOR_MAX_NAME_BYTES];
    reader readers[COUNT_OF(SOURCES)];
    for (size_t i = 0; i < COUNT_OF(SOURCES); i++) readers[i] = reader_of(from, &SOURCES[i]);
    for (size_t i = 0; i < tensor_table_count(from); i++) {
        tensor t = *tensor_table_at(from, i);
        if (!is_of_layer(t.name) || !find_canonical(readers, hint, t.name, name)) continue;
        if (tensor_table_find(to, name))
            return diag_set(diag, PITH_E_FORMAT, "tensor %.100s: there is another for the same place (%.60s)", t.name,
                            name);
        t.name = name;
        PITH_TRY(tensor_table_add(to, &t));
    }
    PITH_TRY(tensor_table_take_maps(to, from));

cleanup:
    return status;
}
