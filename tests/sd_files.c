/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The writers. diffusers' names are made here from the original ones, the other
 * way round than src/weights/dialects.c does it. */
#include "sd_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ckpt_file.h"
#include "model/text.h"
#include "networks/model_kind.h"
#include "weights/dialects.h"
#include "weights/quantised.h"
#include "weights/safetensors.h"

#define NAME_BYTES 256
#define PATH_BYTES 4096

static void need(bool is_right, const char *what) {
    if (is_right) return;
    fprintf(stderr, "%s: cannot be made\n", what);
    exit(EXIT_FAILURE);
}

static void write_table(const char *path, const tensor_table *table) {
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    need(safetensors_write(path, table, &env, NULL) == PITH_OK, path);
}

static bool begins(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

void sd_write_original(const char *path, const random_sd *r, const char *const *marks) {
    tensor_table *table = random_sd_as_original(r);
    for (; marks && *marks; marks++) {
        const tensor t = {.name = *marks, .type = TENSOR_F16, .rank = 1};
        need(tensor_table_add(table, &t) == PITH_OK, *marks);
    }
    write_table(path, table);
    tensor_table_free(&table);
}

void sd_write_part(const char *path, const tensor_table *table, const char *prefix) {
    tensor_table *part = NULL;
    need(tensor_table_new(&part, NULL) == PITH_OK, path);
    for (size_t i = 0; i < tensor_table_count(table); i++) {
        tensor t = *tensor_table_at(table, i);
        if (!begins(t.name, prefix)) continue;
        t.name += strlen(prefix);
        need(tensor_table_add(part, &t) == PITH_OK, t.name);
    }
    write_table(path, part);
    tensor_table_free(&part);
}

void sd_write_own(const char *path, random_sd *r) {
    static const uint64_t prompt[] = {77, 768};
    const bool has_unet = tensor_table_has_part(r->table, PART_UNET);
    if (has_unet && !tensor_table_find(r->table, TEXT_EMPTY_PROMPT_KEY))
        need(random_sd_add(r, TEXT_EMPTY_PROMPT_KEY, 2, prompt), path);
    need(tensor_table_set_meta(r->table, "format", MODEL_SD1_FORMAT) == PITH_OK, path);
    need(tensor_table_set_meta(r->table, "format_version", FORMAT_VERSION_PLAIN) == PITH_OK, path);
    need(tensor_table_set_meta(r->table, "name", "sd1") == PITH_OK, path);
    write_table(path, r->table);
}

/* ---- PyTorch ------------------------------------------------------------------------ */

void sd_write_ckpt(const char *path, const random_sd *r, bool deflate) {
    tensor_table *table = random_sd_as_original(r);
    const size_t n = tensor_table_count(table);
    zip_spec *members = calloc(n + 1, sizeof *members);
    char(*names)[NAME_BYTES] = calloc(n, sizeof *names), key[32];
    byte_writer p, file;
    need(members && names, path);
    bw_init(&p, NULL);
    bw_init(&file, NULL);
    pk_start(&p, 2);
    pk_op(&p, '}');
    pk_text(&p, "state_dict");
    pk_op(&p, '}');
    for (size_t i = 0; i < n; i++) {
        const tensor *t = tensor_table_at(table, i);
        snprintf(key, sizeof key, "%zu", i);
        snprintf(names[i], NAME_BYTES, "archive/data/%s", key);
        members[i + 1] = (zip_spec){.name = names[i], .data = t->data, .n_bytes = t->n_bytes, .deflate = deflate};
        pk_tensor v = {.type = t->type == TENSOR_F32 ? "FloatStorage" : "HalfStorage",
                       .key = key,
                       .n_storage = (int64_t)t->n_elements,
                       .rank = (int)t->rank};
        int64_t stride = 1;
        for (int d = v.rank; d-- > 0; stride *= v.shape[d]) {
            v.shape[d] = (int64_t)t->shape[d];
            v.strides[d] = stride;
        }
        pk_text(&p, t->name);
        pk_put_tensor(&p, &v);
        pk_op(&p, 's');
    }
    pk_ops(&p, "s.");
    members[0] = (zip_spec){.name = "archive/data.pkl", .data = p.data, .n_bytes = p.n_bytes, .deflate = deflate};
    zip_put(&file, members, n + 1, ZIP_TORCH);
    FILE *f = fopen(path, "wb");
    need(f && fwrite(file.data, 1, file.n_bytes, f) == file.n_bytes && fclose(f) == 0, path);
    bw_free(&file);
    bw_free(&p);
    free(names);
    free(members);
    tensor_table_free(&table);
}

/* ---- diffusers ------------------------------------------------------------------------ */

typedef struct pair {
    const char *from, *to;
} pair;

/* Puts the new name of what `name` begins with in front of the rest. */
static bool rename_with(char out[NAME_BYTES], const char *block, const char *name, const pair *pairs, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (!begins(name, pairs[i].from)) continue;
        snprintf(out, NAME_BYTES, "%s%s%s", block, pairs[i].to, name + strlen(pairs[i].from));
        return true;
    }
    return false;
}
#define RENAME(out, block, name, pairs) rename_with(out, block, name, pairs, sizeof(pairs) / sizeof *(pairs))

static const pair same[] = {{"", ""}};

/* Levels of the autoencoder, and entries a level of the U-Net's halves: what the indices of the two depend on. */
typedef struct depths {
    int n_levels, n_entries;
} depths;

static depths depths_of(const random_sd *r) {
    char name[NAME_BYTES];
    depths d = {1, 1};
    while (snprintf(name, sizeof name, "vae.decoder.up.%d.", d.n_levels), tensor_table_has_part(r->table, name))
        d.n_levels++;
    while (snprintf(name, sizeof name, "unet.input_blocks.%d.0.in_layers.", d.n_entries),
           tensor_table_has_part(r->table, name))
        d.n_entries++;
    return d;
}

static void vae_name(char out[NAME_BYTES], const char *name, int n_levels, bool new_attention) {
    static const pair res[] = {{"nin_shortcut.", "conv_shortcut."}, {"", ""}};
    static const pair whole[] = {
        {"encoder.norm_out.", "encoder.conv_norm_out."}, {"decoder.norm_out.", "decoder.conv_norm_out."}, {"", ""}};
    static const pair old_attn[] = {
        {"norm.", "group_norm."}, {"q.", "query."}, {"k.", "key."}, {"v.", "value."}, {"proj_out.", "proj_attn."}};
    static const pair new_attn[] = {
        {"norm.", "group_norm."}, {"q.", "to_q."}, {"k.", "to_k."}, {"v.", "to_v."}, {"proj_out.", "to_out.0."}};
    char side[16], way[8], block[128];
    int level, index, n = 0;
    bool done = false;
    if (sscanf(name, "%15[a-z].mid.block_%d.%n", side, &index, &n) == 2 && n > 0) {
        snprintf(block, sizeof block, "%s.mid_block.resnets.%d.", side, index - 1);
        done = RENAME(out, block, name + n, res);
    } else if (n = 0, sscanf(name, "%15[a-z].mid.attn_1.%n", side, &n) == 1 && n > 0) {
        snprintf(block, sizeof block, "%s.mid_block.attentions.0.", side);
        done = new_attention ? RENAME(out, block, name + n, new_attn) : RENAME(out, block, name + n, old_attn);
    } else if (n = 0, sscanf(name, "%15[a-z].%7[a-z].%d.block.%d.%n", side, way, &level, &index, &n) == 4 && n > 0) {
        snprintf(block, sizeof block, "%s.%s_blocks.%d.resnets.%d.", side, way,
                 way[0] == 'u' ? n_levels - 1 - level : level, index);
        done = RENAME(out, block, name + n, res);
    } else if (n = 0, sscanf(name, "%15[a-z].%7[a-z].%d.%*[a-z].%n", side, way, &level, &n) == 3 && n > 0) {
        snprintf(block, sizeof block, "%s.%s_blocks.%d.%ssamplers.0.", side, way,
                 way[0] == 'u' ? n_levels - 1 - level : level, way);
        done = RENAME(out, block, name + n, same);
    } else {
        done = RENAME(out, "", name, whole);
    }
    need(done, name);
}

static void unet_name(char out[NAME_BYTES], const char *name, int n_entries) {
    static const pair ends[] = {{"time_embed.0.", "time_embedding.linear_1."},
                                {"time_embed.2.", "time_embedding.linear_2."},
                                {"input_blocks.0.0.", "conv_in."},
                                {"out.0.", "conv_norm_out."},
                                {"out.2.", "conv_out."},
                                {"middle_block.1.", "mid_block.attentions.0."}};
    static const pair res[] = {{"in_layers.0.", "norm1."},          {"in_layers.2.", "conv1."},
                               {"emb_layers.1.", "time_emb_proj."}, {"out_layers.0.", "norm2."},
                               {"out_layers.3.", "conv2."},         {"skip_connection.", "conv_shortcut."}};
    char side[16], block[128];
    int i, j, n = 0;
    bool done = RENAME(out, "", name, ends);
    if (done) return;
    if (sscanf(name, "middle_block.%d.%n", &i, &n) == 1 && n > 0) {
        snprintf(block, sizeof block, "mid_block.resnets.%d.", i / 2);
        done = RENAME(out, block, name + n, res);
    } else if (sscanf(name, "%15[a-z]_blocks.%d.%d.%n", side, &i, &j, &n) == 3 && n > 0) {
        const bool is_down = strcmp(side, "input") == 0;
        const char *rest = name + n, *way = is_down ? "down" : "up";
        const int at = is_down ? i - 1 : i, level = at / n_entries, index = at % n_entries;
        const bool is_res = j == 0 && !begins(rest, "op.");
        if (begins(rest, "op.") || begins(rest, "conv."))
            snprintf(block, sizeof block, "%s_blocks.%d.%ssamplers.0.conv.", way, level, way);
        else
            snprintf(block, sizeof block, "%s_blocks.%d.%s.%d.", way, level, is_res ? "resnets" : "attentions", index);
        if (begins(rest, "op.") || begins(rest, "conv.")) rest = strchr(rest, '.') + 1;
        done = is_res ? RENAME(out, block, rest, res) : RENAME(out, block, rest, same);
    }
    need(done, name);
}

static void make_folder(const char *path) { (void)mkdir(path, 0777); }

static void write_text(const char *folder, const char *name, const char *text) {
    char path[PATH_BYTES + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    need(f && fputs(text, f) >= 0 && fclose(f) == 0, path);
}

/* One part of the model; nothing where there is none. */
static void write_component(const char *folder, const char *part, const random_sd *r, bool new_attention) {
    char path[PATH_BYTES], name[NAME_BYTES];
    const bool is_vae = strcmp(part, PART_VAE) == 0;
    const depths d = depths_of(r);
    tensor_table *table = NULL;
    if (!tensor_table_has_part(r->table, part)) return;
    need(tensor_table_new(&table, NULL) == PITH_OK, folder);
    for (size_t i = 0; i < tensor_table_count(r->table); i++) {
        tensor t = *tensor_table_at(r->table, i);
        if (!begins(t.name, part)) continue;
        if (is_vae)
            vae_name(name, t.name + strlen(part), d.n_levels, new_attention);
        else
            unet_name(name, t.name + strlen(part), d.n_entries);
        t.name = name;
        if (is_vae && strstr(name, ".attentions.") && t.rank == 4) t.rank = 2; /* they are matrices there */
        need(tensor_table_add(table, &t) == PITH_OK, name);
    }
    snprintf(path, sizeof path, "%s/%s", folder, is_vae ? "vae" : "unet");
    make_folder(path);
    write_text(path, "config.json",
               is_vae ? "{\"_class_name\": \"AutoencoderKL\", \"scaling_factor\": 0.18215}"
                      : "{\"_class_name\": \"UNet2DConditionModel\"}");
    strncat(path, "/diffusion_pytorch_model.safetensors", sizeof path - strlen(path) - 1);
    write_table(path, table);
    tensor_table_free(&table);
}

void sd_write_diffusers(const char *folder, const random_sd *r, bool new_attention) {
    make_folder(folder);
    write_text(folder, "model_index.json", "{\"_class_name\": \"StableDiffusionPipeline\"}");
    write_component(folder, PART_VAE, r, new_attention);
    write_component(folder, PART_UNET, r, new_attention);
}
