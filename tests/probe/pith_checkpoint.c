/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith-checkpoint: narrow Stable Diffusions of random weights as files, for
 * tests/cli/checkpoint.bash.
 *   pith-checkpoint [--parts all|vae|unet|whole] [--dtype f32|f16] [--vae-ch N] [--unet-ch N]
 *                   [--format safetensors|ckpt|packed|diffusers|own] [--mark NAME]... -o OUT
 *   pith-checkpoint autoencoders FOLDER
 * All: autoencoder and U-Net; whole: and the text encoder.
 * The last writes what may lie beside a checkpoint of --parts vae: one with the same encoder and another decoder, one
 * whose encoder differs in a single value, both without prefix; TAESD as one file, as two, and for 16 channels. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sd_case.h"
#include "sd_files.h"

#define SEED 1
#define MAX_MARKS 8

typedef struct wish {
    const char *parts, *dtype, *format, *out, *marks[MAX_MARKS + 1];
    uint32_t vae_width, unet_width;
    size_t n_marks;
} wish;

static _Noreturn void usage(void) {
    fprintf(stderr, "usage: pith-checkpoint [OPTION...] -o OUT | autoencoders FOLDER\n");
    exit(EXIT_FAILURE);
}

static wish read_wish(int argc, char **argv) {
    wish w = {.parts = "all", .dtype = "f32", .format = "safetensors", .vae_width = 32, .unet_width = 64};
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!value) usage();
        if (strcmp(argv[i], "--parts") == 0)
            w.parts = value;
        else if (strcmp(argv[i], "--dtype") == 0)
            w.dtype = value;
        else if (strcmp(argv[i], "--format") == 0)
            w.format = value;
        else if (strcmp(argv[i], "--vae-ch") == 0)
            w.vae_width = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--unet-ch") == 0)
            w.unet_width = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--mark") == 0 && w.n_marks < MAX_MARKS)
            w.marks[w.n_marks++] = value;
        else if (strcmp(argv[i], "-o") == 0)
            w.out = value;
        else
            usage();
    }
    if (!w.out) usage();
    return w;
}

static void make(random_sd *r, const wish *w) {
    const vae_config vae = sd_case_vae(w->vae_width);
    const unet_config unet = sd_case_unet(w->unet_width);
    if (!random_sd_new(r, SEED, strcmp(w->dtype, "f16") == 0 ? TENSOR_F16 : TENSOR_F32)) exit(EXIT_FAILURE);
    if (strcmp(w->parts, "unet") != 0) sd_case_add_vae(r, &vae);
    if (strcmp(w->parts, "vae") != 0) sd_case_add_unet(r, &unet);
    const text_config text = sd_case_text();
    if (strcmp(w->parts, "whole") == 0) sd_case_add_text(r, &text);
}

static int write_checkpoint(const wish *w) {
    random_sd r;
    make(&r, w);
    if (strcmp(w->format, "safetensors") == 0)
        sd_write_original(w->out, &r, w->marks);
    else if (strcmp(w->format, "ckpt") == 0 || strcmp(w->format, "packed") == 0)
        sd_write_ckpt(w->out, &r, w->format[0] == 'p');
    else if (strcmp(w->format, "diffusers") == 0)
        sd_write_diffusers(w->out, &r, false);
    else if (strcmp(w->format, "own") == 0)
        sd_write_own(w->out, &r);
    else
        usage();
    random_sd_free(&r);
    return EXIT_SUCCESS;
}

/* ---- autoencoders --------------------------------------------------------------------- */

/* Adds to the first values of a tensor while it is written under `name`. */
static void write_changed(const char *folder, const char *name, const random_sd *r, const char *changed, size_t n,
                          float more) {
    char path[4096];
    const tensor *t = tensor_table_find(r->table, changed);
    float *values = (float *)(void *)(uintptr_t)t->data;
    for (size_t i = 0; i < n; i++) values[i] += more;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    sd_write_part(path, r->table, "vae.");
    for (size_t i = 0; i < n; i++) values[i] -= more;
}

static void write_tiny(const char *folder, const char *name, const char *prefix, uint32_t n_latent) {
    char path[4096];
    random_sd r;
    taesd_config config = sd_case_taesd();
    config.n_latent = n_latent;
    if (!random_sd_new(&r, SEED, TENSOR_F32)) exit(EXIT_FAILURE);
    sd_case_add_taesd(&r, &config);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    sd_write_part(path, r.table, prefix);
    random_sd_free(&r);
}

static int write_autoencoders(const char *folder) {
    const wish w = {.parts = "vae", .dtype = "f32", .vae_width = 32, .unet_width = 64};
    random_sd r;
    make(&r, &w);
    (void)mkdir(folder, 0777);
    write_changed(folder, "decoder.safetensors", &r, "vae.decoder.conv_out.bias", 3, 0.25f);
    write_changed(folder, "encoder.safetensors", &r, "vae.encoder.conv_in.bias", 1, 1);
    random_sd_free(&r);
    write_tiny(folder, "tiny.safetensors", "", 4);
    write_tiny(folder, "tiny16.safetensors", "", 16);
    write_tiny(folder, "taesd_encoder.safetensors", "taesd_encoder.", 4);
    write_tiny(folder, "taesd_decoder.safetensors", "taesd_decoder.", 4);
    write_tiny(folder, "lonely_e_encoder.safetensors", "taesd_encoder.", 4); /* no name has the other for a sibling */
    write_tiny(folder, "lonely_d_decoder.safetensors", "taesd_decoder.", 4);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "autoencoders") == 0) return write_autoencoders(argv[2]);
    const wish w = read_wish(argc, argv);
    return write_checkpoint(&w);
}
