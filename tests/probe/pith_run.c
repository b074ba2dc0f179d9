/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Runs one network of Stable Diffusion or TAESD on tensors from a file, to
 * compare it with other implementations. For developers; not installed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/schedule.h"
#include "model/taesd.h"
#include "model/text.h"
#include "model/unet.h"
#include "model/vae.h"
#include "networks/sd_weights.h"
#include "weights/safetensors.h"

static const char usage[] =
    "usage: pith-run [--backend exact|onednn|ref] [--threads N] MODEL NETWORK IN.safetensors OUT.safetensors\n"
    "\n"
    "  NETWORK        reads of IN                              writes to OUT\n"
    "  vae-encode     image                                    mean, logvar\n"
    "  vae-decode     latent                                   image\n"
    "  unet           latent, t, context (or the empty prompt) eps\n"
    "  text           nothing (IN is not opened)               context\n"
    "  taesd-encode   image                                    latent\n"
    "  taesd-decode   latent                                   image\n"
    "\n"
    "  image [1, 3, H, W] in [-1, 1]; latent [1, C, h, w] in U-Net units (scaled);\n"
    "  mean, logvar [1, C, h, w], not scaled; t [1], F32; context [1, 77, 768].\n";

enum { EXIT_USAGE = 1, EXIT_INPUT = 2, EXIT_MODEL = 3, EXIT_OUTPUT = 4 };

#define MAX_TENSORS 8 /* that a run reads and writes */

typedef struct run {
    pith_env env;
    pith_diag why;
    tensor_table *model, *in, *out;
    nn_backend *backend;
    float *blocks[MAX_TENSORS]; /* data of what was read and is written */
    size_t n_blocks;
} run;

/* ---- tensors in and out ------------------------------------------------------------ */

static float *new_block(run *r, uint64_t count) {
    float *block = mem_alloc(NULL, count, sizeof *block);
    if (block)
        r->blocks[r->n_blocks++] = block;
    else
        (void)diag_set(&r->why, PITH_E_NOMEM, "out of memory");
    return block;
}

/* An input tensor of that rank, the first dimension 1 where there are several. */
static pith_status read_tensor(run *r, const char *name, uint32_t rank, const uint64_t **shape, float **data) {
    const tensor *t = tensor_table_find(r->in, name);
    if (!t) return diag_set(&r->why, PITH_E_FORMAT, "input lacks the tensor %s", name);
    if (t->rank != rank || (rank > 1 && t->shape[0] != 1) || t->n_elements == 0)
        return diag_set(&r->why, PITH_E_FORMAT, "input tensor %s must have %u dimensions, the first 1", name, rank);
    if (t->fault || !tensor_has_values(t))
        return diag_set(&r->why, PITH_E_FORMAT, "input tensor %s is not F32, F16 or BF16", name);
    for (uint32_t i = 0; i < rank; i++)
        if (t->shape[i] > r->env.max_dimension)
            return diag_set(&r->why, PITH_E_LIMIT, "input tensor %s is too large", name);
    *data = new_block(r, t->n_elements);
    if (!*data) return PITH_E_NOMEM;
    tensor_read_f32(t, 0, t->n_elements, *data);
    *shape = t->shape;
    return PITH_OK;
}

/* Room for an output, which is in the output file from now on. */
static pith_status add_output(run *r, const char *name, uint32_t rank, const uint64_t *shape, float **data) {
    tensor t = {.name = name, .type = TENSOR_F32, .rank = rank, .n_elements = 1};
    for (uint32_t i = 0; i < rank; i++) t.n_elements *= t.shape[i] = shape[i];
    t.n_bytes = t.n_elements * sizeof **data;
    *data = new_block(r, t.n_elements);
    if (!*data) return PITH_E_NOMEM;
    t.data = (const uint8_t *)*data;
    return tensor_table_add(r->out, &t);
}

/* ---- networks ------------------------------------------------------------------------ */

static pith_status run_plan(run *r, nn_plan *plan, const nn_given *in, size_t n_in, const nn_binding *out,
                            size_t n_out) {
    pith_status status = PITH_OK;
    nn_net *net = NULL;
    PITH_TRY(nn_bind(&net, plan, r->model, r->backend, &r->why));
    PITH_TRY(nn_run(net, in, n_in, out, n_out, &r->why));
cleanup:
    nn_net_free(&net);
    return status;
}

/* The latent's size, when the picture is made of whole positions. */
static pith_status latent_of(run *r, const uint64_t *image, uint32_t downscale, uint32_t *h, uint32_t *w) {
    if (image[1] != 3 || image[2] % downscale || image[3] % downscale)
        return diag_set(&r->why, PITH_E_FORMAT, "input image must be [1, 3, H, W], both sides multiples of %u",
                        downscale);
    *h = (uint32_t)image[2] / downscale;
    *w = (uint32_t)image[3] / downscale;
    return PITH_OK;
}

static pith_status check_latent(run *r, const uint64_t *latent, uint32_t n_latent) {
    if (latent[1] == n_latent) return PITH_OK;
    return diag_set(&r->why, PITH_E_FORMAT, "input latent has %llu channels, the model %u",
                    (unsigned long long)latent[1], n_latent);
}

static pith_status vae_encode(run *r) {
    pith_status status = PITH_OK;
    const uint64_t *image_shape = NULL;
    uint32_t h = 0, w = 0;
    float *image, *mean, *logvar;
    vae_config c;
    nn_plan *plan = NULL;
    PITH_TRY(vae_config_read(&c, r->model, &r->why));
    PITH_TRY(read_tensor(r, "image", 4, &image_shape, &image));
    PITH_TRY(latent_of(r, image_shape, vae_downscale(&c), &h, &w));
    const uint64_t shape[] = {1, c.n_latent, h, w};
    PITH_TRY(add_output(r, "mean", 4, shape, &mean));
    PITH_TRY(add_output(r, "logvar", 4, shape, &logvar));
    PITH_TRY(vae_encoder_plan(&plan, &c, &r->env, h, w, &r->why));
    const nn_given in = {"image", image};
    const nn_binding out[] = {{"mean", mean}, {"logvar", logvar}};
    PITH_TRY(run_plan(r, plan, &in, 1, out, 2));
cleanup:
    nn_plan_free(&plan);
    return status;
}

static pith_status vae_decode(run *r) {
    pith_status status = PITH_OK;
    const uint64_t *from = NULL;
    float *latent, *image;
    vae_config c;
    nn_plan *plan = NULL;
    PITH_TRY(vae_config_read(&c, r->model, &r->why));
    PITH_TRY(read_tensor(r, "latent", 4, &from, &latent));
    PITH_TRY(check_latent(r, from, c.n_latent));
    const uint64_t shape[] = {1, 3, from[2] * vae_downscale(&c), from[3] * vae_downscale(&c)};
    PITH_TRY(add_output(r, "image", 4, shape, &image));
    PITH_TRY(vae_decoder_plan(&plan, &c, &r->env, (uint32_t)from[2], (uint32_t)from[3], &r->why));
    const nn_given in = {"latent", latent};
    const nn_binding out = {"image", image};
    PITH_TRY(run_plan(r, plan, &in, 1, &out, 1));
cleanup:
    nn_plan_free(&plan);
    return status;
}

/* The input's context, or the empty prompt's. */
static pith_status read_context(run *r, const unet_config *c, float **context) {
    pith_status status = PITH_OK;
    const uint64_t *shape = NULL;
    if (!tensor_table_find(r->in, "context")) {
        *context = new_block(r, (uint64_t)c->n_context * c->c_context);
        if (!*context) return PITH_E_NOMEM;
        return text_empty_context(*context, c->n_context, c->c_context, r->model, r->backend, &r->env, &r->why);
    }
    PITH_TRY(read_tensor(r, "context", 3, &shape, context));
    if (shape[1] != c->n_context || shape[2] != c->c_context)
        status = diag_set(&r->why, PITH_E_FORMAT, "input context must be [1, %u, %u]", c->n_context, c->c_context);
cleanup:
    return status;
}

static pith_status unet(run *r) {
    pith_status status = PITH_OK;
    const uint64_t *shape = NULL, *t_shape;
    float *latent, *t = NULL, *context = NULL, *eps, *timestep;
    unet_config c;
    nn_plan *plan = NULL;
    PITH_TRY(unet_config_read(&c, r->model, &r->why));
    PITH_TRY(read_tensor(r, "latent", 4, &shape, &latent));
    PITH_TRY(check_latent(r, shape, c.n_latent));
    PITH_TRY(read_tensor(r, "t", 1, &t_shape, &t));
    PITH_TRY(read_context(r, &c, &context));
    PITH_TRY(add_output(r, "eps", 4, shape, &eps));
    timestep = new_block(r, c.c_base);
    if (!timestep) PITH_TRY(PITH_E_NOMEM);
    schedule_timestep_embedding(timestep, c.c_base, t[0]);
    PITH_TRY(unet_plan(&plan, &c, &r->env, (uint32_t)shape[2], (uint32_t)shape[3], &r->why));
    const nn_given in[] = {{"latent", latent}, {"timestep", timestep}, {"context", context}};
    const nn_binding out = {"eps", eps};
    PITH_TRY(run_plan(r, plan, in, 3, &out, 1));
cleanup:
    nn_plan_free(&plan);
    return status;
}

static pith_status text(run *r) {
    pith_status status = PITH_OK;
    float *context;
    text_config c;
    PITH_TRY(text_config_read(&c, r->model, &r->why));
    const uint64_t shape[] = {1, c.n_positions, c.c};
    PITH_TRY(add_output(r, "context", 3, shape, &context));
    PITH_TRY(text_empty_context(context, c.n_positions, c.c, r->model, r->backend, &r->env, &r->why));
cleanup:
    return status;
}

static pith_status taesd_encode(run *r) {
    pith_status status = PITH_OK;
    const uint64_t *image_shape = NULL;
    uint32_t h = 0, w = 0;
    float *image, *latent;
    taesd_config c;
    nn_plan *plan = NULL;
    PITH_TRY(taesd_config_read(&c, r->model, &r->why));
    PITH_TRY(read_tensor(r, "image", 4, &image_shape, &image));
    PITH_TRY(latent_of(r, image_shape, TAESD_DOWNSCALE, &h, &w));
    const uint64_t shape[] = {1, c.n_latent, h, w};
    PITH_TRY(add_output(r, "latent", 4, shape, &latent));
    PITH_TRY(taesd_encoder_plan(&plan, &c, &r->env, h, w, &r->why));
    const nn_given in = {"image", image};
    const nn_binding out = {"latent", latent};
    PITH_TRY(run_plan(r, plan, &in, 1, &out, 1));
cleanup:
    nn_plan_free(&plan);
    return status;
}

static pith_status taesd_decode(run *r) {
    pith_status status = PITH_OK;
    const uint64_t *from = NULL;
    float *latent, *image;
    taesd_config c;
    nn_plan *plan = NULL;
    PITH_TRY(taesd_config_read(&c, r->model, &r->why));
    PITH_TRY(read_tensor(r, "latent", 4, &from, &latent));
    PITH_TRY(check_latent(r, from, c.n_latent));
    const uint64_t shape[] = {1, 3, from[2] * TAESD_DOWNSCALE, from[3] * TAESD_DOWNSCALE};
    PITH_TRY(add_output(r, "image", 4, shape, &image));
    PITH_TRY(taesd_decoder_plan(&plan, &c, &r->env, (uint32_t)from[2], (uint32_t)from[3], &r->why));
    const nn_given in = {"latent", latent};
    const nn_binding out = {"image", image};
    PITH_TRY(run_plan(r, plan, &in, 1, &out, 1));
cleanup:
    nn_plan_free(&plan);
    return status;
}

/* ---- the command line -------------------------------------------------------------------- */

typedef struct network {
    const char *name;
    pith_status (*run)(run *r);
    bool reads_input;
} network;

static const network networks[] = {{"vae-encode", vae_encode, true},
                                   {"vae-decode", vae_decode, true},
                                   {"unet", unet, true},
                                   {"text", text, false},
                                   {"taesd-encode", taesd_encode, true},
                                   {"taesd-decode", taesd_decode, true}};

static const network *find_network(const char *name) {
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        if (strcmp(networks[i].name, name) == 0) return &networks[i];
    return NULL;
}

static int failed(const run *r, const char *file, int exit_status) {
    fprintf(stderr, "pith-run: %s: %s\n", file, r->why.message[0] ? r->why.message : "out of memory");
    return exit_status;
}

static int whole_run(run *r, const network *n, const char *model, const char *in, const char *out) {
    if (nn_backend_new(&r->backend, &r->env, r->env.backend, &r->why) != PITH_OK)
        return failed(r, r->env.backend, EXIT_USAGE);
    if (sd_weights_open(&r->model, &r->env, model, &r->why) != PITH_OK) return failed(r, model, EXIT_MODEL);
    if (n->reads_input && safetensors_open(&r->in, &r->env, in, &r->why) != PITH_OK) return failed(r, in, EXIT_INPUT);
    if (tensor_table_new(&r->out, &r->env) != PITH_OK) return failed(r, out, EXIT_OUTPUT);
    const pith_status status = n->run(r);
    const bool is_input = status == PITH_E_FORMAT || status == PITH_E_ARG || status == PITH_E_LIMIT;
    if (status != PITH_OK) return is_input ? failed(r, in, EXIT_INPUT) : failed(r, model, EXIT_MODEL);
    if (safetensors_write(out, r->out, &r->env, &r->why) != PITH_OK) return failed(r, out, EXIT_OUTPUT);
    return 0;
}

int main(int argc, char **argv) {
    run r = {0};
    const char *names[4];
    int n_names = 0;
    pith_env_defaults(&r.env, sizeof r.env);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--backend") == 0 && i + 1 < argc)
            r.env.backend = argv[++i];
        else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            r.env.threads = atoi(argv[++i]);
        else if (n_names < 4 && strncmp(argv[i], "--", 2) != 0)
            names[n_names++] = argv[i];
        else
            n_names = 5;
    }
    const network *n = n_names == 4 ? find_network(names[1]) : NULL;
    if (!n) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    const int exit_status = whole_run(&r, n, names[0], names[2], names[3]);
    nn_backend_free(&r.backend);
    tensor_table_free(&r.out);
    tensor_table_free(&r.in);
    tensor_table_free(&r.model);
    for (size_t i = 0; i < r.n_blocks; i++) mem_free(NULL, r.blocks[i]);
    return exit_status;
}
