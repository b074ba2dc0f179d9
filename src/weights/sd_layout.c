/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The names, as templates: {a,b} stands for each of a and b, and every name
 * gets ".weight" and, where the layer has one, ".bias". */
#include "weights/sd_layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

typedef struct template {
    const char *text;
    uint32_t rank; /* of the weight */
    bool has_bias;
}
template;

/* Blocks of the U-Net with spatial transformers, and those without at one end. */
#define UNET_RES                                                                                                       \
    "unet.{input_blocks.{1,2,4,5,7,8,10,11}.0,middle_block.{0,2},output_blocks.{0,1,2,3,4,5,6,7,8,9,10,11}.0}"
#define UNET_ATTN "unet.{input_blocks.{1,2,4,5,7,8}.1,middle_block.1,output_blocks.{3,4,5,6,7,8,9,10,11}.1}"
#define TEXT_LAYER "text.encoder.layers.{0,1,2,3,4,5,6,7,8,9,10,11}."
#define VAE_RES                                                                                                        \
    "vae.{encoder.{mid.block_{1,2},down.{0,1,2,3}.block.{0,1}},decoder.{mid.block_{1,2},up.{0,1,2,3}.block.{0,1,2}}}."

static const template TEMPLATES[] = {
    {"vae.{encoder,decoder}.{conv_in,conv_out}", 4, true},
    {"vae.{encoder,decoder}.norm_out", 1, true},
    {"vae.{quant_conv,post_quant_conv}", 4, true},
    {VAE_RES "{norm1,norm2}", 1, true},
    {VAE_RES "{conv1,conv2}", 4, true},
    {"vae.{encoder.down.{1,2},decoder.up.{0,1}}.block.0.nin_shortcut", 4, true},
    {"vae.{encoder,decoder}.mid.attn_1.norm", 1, true},
    {"vae.{encoder,decoder}.mid.attn_1.{q,k,v,proj_out}", 4, true},
    {"vae.encoder.down.{0,1,2}.downsample.conv", 4, true},
    {"vae.decoder.up.{1,2,3}.upsample.conv", 4, true},

    {"unet.time_embed.{0,2}", 2, true},
    {"unet.input_blocks.{0.0,3.0.op,6.0.op,9.0.op}", 4, true},
    {UNET_RES ".{in_layers.0,out_layers.0}", 1, true},
    {UNET_RES ".{in_layers.2,out_layers.3}", 4, true},
    {UNET_RES ".emb_layers.1", 2, true},
    {"unet.{input_blocks.{4,7},output_blocks.{0,1,2,3,4,5,6,7,8,9,10,11}}.0.skip_connection", 4, true},
    {UNET_ATTN ".norm", 1, true},
    {UNET_ATTN ".{proj_in,proj_out}", 4, true},
    {UNET_ATTN ".transformer_blocks.0.{norm1,norm2,norm3}", 1, true},
    {UNET_ATTN ".transformer_blocks.0.{attn1,attn2}.{to_q,to_k,to_v}", 2, false},
    {UNET_ATTN ".transformer_blocks.0.{attn1.to_out.0,attn2.to_out.0,ff.net.0.proj,ff.net.2}", 2, true},
    {"unet.output_blocks.{2.1,5.2,8.2}.conv", 4, true},
    {"unet.out.0", 1, true},
    {"unet.out.2", 4, true},

    {"text.embeddings.{token_embedding,position_embedding}", 2, false},
    {TEXT_LAYER "{layer_norm1,layer_norm2}", 1, true},
    {TEXT_LAYER "{self_attn.{q_proj,k_proj,v_proj,out_proj},mlp.{fc1,fc2}}", 2, true},
    {"text.final_layer_norm", 1, true},

    {"taesd_encoder.{0,14}", 4, true},
    {"taesd_encoder.{2,6,10}", 4, false},
    {"taesd_encoder.{1,3,4,5,7,8,9,11,12,13}.conv.{0,2,4}", 4, true},
    {"taesd_decoder.{1,19}", 4, true},
    {"taesd_decoder.{7,12,17}", 4, false},
    {"taesd_decoder.{3,4,5,8,9,10,13,14,15,18}.conv.{0,2,4}", 4, true},
};

#define MAX_NAME_BYTES 128u /* of an expanded name; what is longer would be cut */

struct layout {
    pith_alloc alloc;
    layout_entry *entries; /* sorted by name */
    size_t n_entries, capacity;
    char *text; /* the names */
    size_t n_text, text_capacity;
};

/* ---- expansion --------------------------------------------------------------------- */

/* The number of strings that the text stands for, up to a comma or brace that
 * is not its own; moves there. */
static size_t count_sequence(const char **at);

/* The number of strings that "{...}" stands for; moves past it. */
static size_t count_options(const char **at) {
    size_t n = 0;
    do {
        (*at)++; /* the brace or the comma */
        n += count_sequence(at);
    } while (**at == ',');
    (*at)++;
    return n;
}

static size_t count_sequence(const char **at) {
    size_t n = 1;
    while (**at && **at != ',' && **at != '}') {
        if (**at == '{')
            n *= count_options(at);
        else
            (*at)++;
    }
    return n;
}

typedef struct cursor {
    const char *at;
    char *out;
    size_t n_out;
} cursor;

static void emit_sequence(cursor *c, size_t index);

/* Emits the string of that index among those that "{...}" stands for. */
static void emit_options(cursor *c, size_t index) {
    bool done = false;
    do {
        c->at++;
        const char *end = c->at;
        size_t n = count_sequence(&end);
        if (!done && index < n) {
            emit_sequence(c, index);
            done = true;
        }
        index -= done ? 0 : n;
        c->at = end;
    } while (*c->at == ',');
    c->at++;
}

static void emit_sequence(cursor *c, size_t index) {
    while (*c->at && *c->at != ',' && *c->at != '}') {
        if (*c->at == '{') {
            const char *end = c->at;
            size_t n = count_options(&end);
            emit_options(c, index % n);
            index /= n;
        } else if (c->n_out < MAX_NAME_BYTES) {
            c->out[c->n_out++] = *c->at++;
        } else {
            c->at++;
        }
    }
}

/* Adds one name; in the first pass (no blocks yet) only counts. */
static void add_name(layout *l, const char *stem, size_t n_stem, const char *leaf, uint32_t rank) {
    size_t n = n_stem + strlen(leaf) + 1;
    if (l->entries) {
        char *name = l->text + l->n_text;
        memcpy(name, stem, n_stem);
        memcpy(name + n_stem, leaf, n - n_stem);
        l->entries[l->n_entries] = (layout_entry){name, rank};
    }
    l->n_entries++;
    l->n_text += n;
}

static void expand(layout *l) {
    l->n_entries = l->n_text = 0;
    for (size_t i = 0; i < sizeof TEMPLATES / sizeof TEMPLATES[0]; i++) {
        const template *t = &TEMPLATES[i];
        const char *end = t->text;
        size_t n = count_sequence(&end);
        for (size_t k = 0; k < n; k++) {
            char stem[MAX_NAME_BYTES];
            cursor c = {t->text, stem, 0};
            emit_sequence(&c, k);
            add_name(l, stem, c.n_out, ".weight", t->rank);
            if (t->has_bias) add_name(l, stem, c.n_out, ".bias", 1);
        }
    }
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const layout_entry *)a)->name, ((const layout_entry *)b)->name);
}

/* ---- use ---------------------------------------------------------------------------- */

pith_status layout_new(layout **out, const pith_alloc *alloc) {
    *out = NULL;
    layout *l = mem_alloc(alloc, 1, sizeof *l);
    if (!l) return PITH_E_NOMEM;
    if (alloc) l->alloc = *alloc;
    expand(l);
    l->text = mem_alloc(alloc, l->n_text, 1);
    l->entries = l->text ? mem_alloc(alloc, l->n_entries, sizeof l->entries[0]) : NULL;
    if (!l->entries) {
        layout_free(&l);
        return PITH_E_NOMEM;
    }
    expand(l);
    qsort(l->entries, l->n_entries, sizeof l->entries[0], by_name);
    *out = l;
    return PITH_OK;
}

void layout_free(layout **l) {
    if (!l || !*l) return;
    pith_alloc alloc = (*l)->alloc;
    mem_free(&alloc, (*l)->entries);
    mem_free(&alloc, (*l)->text);
    mem_free(&alloc, *l);
    *l = NULL;
}

size_t layout_count(const layout *l) { return l->n_entries; }

const layout_entry *layout_at(const layout *l, size_t index) {
    return index < l->n_entries ? &l->entries[index] : NULL;
}

const layout_entry *layout_find(const layout *l, const char *name) {
    layout_entry key = {name, 0};
    return bsearch(&key, l->entries, l->n_entries, sizeof l->entries[0], by_name);
}
