/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Tables of names and shapes that identify other model families. */
#include "weights/recognise.h"

#include <string.h>

#include "weights/dialects.h"

/* ---- other families --------------------------------------------------------------------- */

typedef enum match {
    ENDS = 0,     /* the name equals the key, or ends with it after a dot */
    IS = 1,       /* the name equals the key */
    CONTAINS = 2, /* the name contains the key */
} match;

typedef struct family_rule {
    match match;
    const char *key;
    int dimension; /* -1: its presence is enough */
    uint64_t value;
    const char *what, *why;
} family_rule;

#define ONLY_1X "Pith runs Stable Diffusion 1.x"
#define ADD_ON "it only changes another model and has no autoencoder"
#define OTHER_INPUT "its U-Net takes more than a latent"
#define OTHER_LATENT "its latent has 16 channels, Stable Diffusion 1.x has 4"
#define ATTN2 "transformer_blocks.0.attn2.to_k.weight"

/* The order matters, because families share many names. */
static const family_rule FAMILIES[] = {
    {ENDS, "control_model.input_blocks.0.0.weight", -1, 0, "a ControlNet", OTHER_INPUT},
    {ENDS, "controlnet_cond_embedding.conv_in.weight", -1, 0, "a ControlNet", OTHER_INPUT},
    {ENDS, "input_hint_block.0.weight", -1, 0, "a ControlNet", OTHER_INPUT},
    {ENDS, "img_attn.norm.key_norm.scale", -1, 0, "a Flux model", ONLY_1X},
    {ENDS, "single_transformer_blocks.0.attn.norm_q.weight", -1, 0, "a Flux model", ONLY_1X},
    {ENDS, "joint_blocks.0.context_block.adaLN_modulation.1.weight", -1, 0, "a Stable Diffusion 3.x model", ONLY_1X},
    {ENDS, "transformer_blocks.0.norm1_context.linear.weight", -1, 0, "a Stable Diffusion 3.x model", ONLY_1X},
    {ENDS, "input_blocks.1.0.time_stack.in_layers.0.weight", -1, 0, "a Stable Video Diffusion model", ONLY_1X},
    {CONTAINS, "motion_modules.", -1, 0, "an AnimateDiff motion module", ONLY_1X},
    {ENDS, "input_blocks.1.1." ATTN2, 1, 1024, "a Stable Diffusion 2.x model", ONLY_1X},
    {ENDS, "down_blocks.0.attentions.0." ATTN2, 1, 1024, "a Stable Diffusion 2.x model", ONLY_1X},
    {CONTAINS, "cond_stage_model.model.", -1, 0, "a Stable Diffusion 2.x model", ONLY_1X},
    {ENDS, "label_emb.0.0.weight", -1, 0, "an SDXL model", ONLY_1X},
    {ENDS, "add_embedding.linear_1.weight", -1, 0, "an SDXL model", ONLY_1X},
    {CONTAINS, "conditioner.embedders.", -1, 0, "an SDXL model", ONLY_1X},
    {ENDS, "diffusion_model.input_blocks.0.0.weight", 1, 9, "a Stable Diffusion inpainting model", OTHER_INPUT},
    {ENDS, "diffusion_model.input_blocks.0.0.weight", 1, 8, "an instruct-pix2pix model", OTHER_INPUT},
    {IS, "conv_in.weight", 1, 9, "the U-Net of a Stable Diffusion inpainting model", OTHER_INPUT},
    {IS, "conv_in.weight", 1, 8, "the U-Net of an instruct-pix2pix model", OTHER_INPUT},
    {ENDS, "encoder.conv_out.weight", 0, 32, "the autoencoder of Stable Diffusion 3.x or Flux", OTHER_LATENT},
    {ENDS, "quantize.embedding.weight", -1, 0, "an autoencoder with a codebook (VQGAN)", ONLY_1X},
};

/* These may also be found next to a whole model; then they are ignored. */
static const family_rule ADD_ONS[] = {
    {ENDS, "lora_down.weight", -1, 0, "a LoRA", ADD_ON},
    {ENDS, "lora_up.weight", -1, 0, "a LoRA", ADD_ON},
    {CONTAINS, ".lora_A.", -1, 0, "a LoRA", ADD_ON},
    {CONTAINS, ".lora_B.", -1, 0, "a LoRA", ADD_ON},
    {CONTAINS, "_lora.down.", -1, 0, "a LoRA", ADD_ON},
    {CONTAINS, ".hada_w1_a", -1, 0, "a LoRA of the LyCORIS kind", ADD_ON},
    {CONTAINS, ".lokr_w1", -1, 0, "a LoRA of the LyCORIS kind", ADD_ON},
    {ENDS, "emb_params", -1, 0, "a textual inversion", ADD_ON},
    {CONTAINS, "string_to_param", -1, 0, "a textual inversion", ADD_ON},
    {ENDS, "down_blocks.0.attentions.0." ATTN2, -1, 0, "a U-Net alone", "its autoencoder (vae/) is missing"},
    {ENDS, "diffusion_model.input_blocks.0.0.weight", -1, 0, "a U-Net alone",
     "its autoencoder (first_stage_model.*) is missing"},
    {ENDS, "embeddings.token_embedding.weight", -1, 0, "a text encoder alone", "it has no autoencoder"},
};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static bool name_matches(const char *name, const family_rule *r) {
    if (r->match == CONTAINS) return strstr(name, r->key) != NULL;
    size_t n = strlen(name), k = strlen(r->key);
    if (n < k || strcmp(name + (n - k), r->key) != 0) return false;
    return n == k || (r->match == ENDS && name[n - k - 1] == '.');
}

static const tensor *find_telling(const tensor_table *raw, const family_rule *r) {
    for (size_t i = 0; i < tensor_table_count(raw); i++) {
        const tensor *t = tensor_table_at(raw, i);
        if (!name_matches(t->name, r)) continue;
        if (r->dimension < 0 || ((uint32_t)r->dimension < t->rank && t->shape[r->dimension] == r->value)) return t;
    }
    return NULL;
}

static pith_status refuse(const tensor_table *raw, const family_rule *rules, size_t n_rules, pith_diag *diag) {
    for (size_t i = 0; i < n_rules; i++) {
        const family_rule *r = &rules[i];
        const tensor *t = find_telling(raw, r);
        if (t) return diag_set(diag, PITH_E_UNSUPPORTED, "is %s: %s (told by tensor %.100s)", r->what, r->why, t->name);
    }
    return PITH_OK;
}

pith_status recognise_names(const tensor_table *raw, pith_diag *diag) {
    return refuse(raw, FAMILIES, COUNT_OF(FAMILIES), diag);
}

/* ---- unknown files --------------------------------------------------------------------------- */

static pith_status refuse_unknown(const tensor_table *raw, pith_diag *diag) {
    if (!raw || tensor_table_count(raw) == 0) return diag_set(diag, PITH_E_UNSUPPORTED, "holds no tensors");
    pith_status status = refuse(raw, ADD_ONS, COUNT_OF(ADD_ONS), diag);
    if (status != PITH_OK) return status;
    return diag_set(diag, PITH_E_UNSUPPORTED,
                    "is no model that Pith knows: none of its %zu tensors belongs to Stable Diffusion 1.x or TAESD "
                    "(the first is %.80s)",
                    tensor_table_count(raw), tensor_table_at(raw, 0)->name);
}

pith_status recognise_autoencoder(const tensor_table *canonical, const tensor_table *raw, pith_diag *diag) {
    if (tensor_table_count(canonical) == 0) return refuse_unknown(raw, diag);
    if (tensor_table_has_part(canonical, PART_VAE) || tensor_table_has_part(canonical, PART_TAESD_ENCODER) ||
        tensor_table_has_part(canonical, PART_TAESD_DECODER))
        return PITH_OK;
    pith_status status = raw ? refuse(raw, ADD_ONS, COUNT_OF(ADD_ONS), diag) : PITH_OK;
    return status == PITH_OK ? diag_set(diag, PITH_E_UNSUPPORTED, "has no autoencoder (vae/)") : status;
}
