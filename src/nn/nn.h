/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The network engine: model code describes a network as a plan, a backend runs
 * it. Stages: plan -> check (against a table of weights) -> bind (primitives
 * made, weights reordered, arena taken) -> run (allocates nothing).
 *
 * Values are float tensors of logical dimensions N, C, H, W (row-major where
 * the caller sees them; a backend keeps what layout it likes in between).
 * Sequences for linear layers, layer norm and attention are N = batch, C = 1,
 * H = positions, W = features; nn_to_sequence and nn_to_picture go between.
 *
 * The builder carries a sticky error: a fault in a definition (shapes that do
 * not fit, out of memory) makes every later call a no-op, and nn_plan_finish
 * reports the first one with its full key. */
#ifndef PITH_NN_NN_H
#define PITH_NN_NN_H

#include "base/watch.h"
#include "weights/tensor_table.h"

typedef struct nn_plan nn_plan;       /* what to compute; immutable once finished */
typedef struct nn_backend nn_backend; /* who computes: engine, threads, cached weights; shared between threads */
typedef struct nn_net nn_net;         /* a plan bound to weights on a backend; one thread at a time */

/* A value inside a plan. */
typedef struct nn_val {
    int32_t id;
} nn_val;

typedef struct nn_shape {
    int64_t n, c, h, w;
} nn_shape;

/* ---- describing ------------------------------------------------------------ */

typedef enum nn_conv_kind {
    NN_CONV1,               /* 1x1 */
    NN_CONV3,               /* 3x3, zero padding 1 on every side */
    NN_CONV3_STRIDE2,       /* 3x3, stride 2, zero padding 1 on every side (PyTorch padding=1) */
    NN_CONV3_STRIDE2_PAD_RB /* 3x3, stride 2, zero padding 1 right and below only (Stable Diffusion's) */
} nn_conv_kind;

typedef enum nn_activation {
    NN_RELU,
    NN_SILU,       /* x * sigmoid(x) */
    NN_GELU,       /* exact: x/2 * (1 + erf(x / sqrt 2)) */
    NN_QUICK_GELU, /* x * sigmoid(1.702 x), CLIP's */
    NN_TANH
} nn_activation;

nn_plan *nn_plan_new(const pith_env *env); /* NULL when out of memory */
void nn_plan_free(nn_plan **plan);

nn_val nn_input(nn_plan *p, const char *name, nn_shape shape);
void nn_output(nn_plan *p, const char *name, nn_val x);
nn_shape nn_shape_of(const nn_plan *p, nn_val x);

/* Keys of weights are relative to the scope: nn_enter(p, "down.%d", 2) makes
 * "conv" mean "down.2.conv". nn_leave undoes the innermost nn_enter. */
void nn_enter(nn_plan *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void nn_leave(nn_plan *p);

/* Weights KEY.weight [c_out, c_in, k, k] and KEY.bias [c_out]. */
nn_val nn_conv(nn_plan *p, nn_val x, const char *key, nn_conv_kind kind, int64_t c_out);
nn_val nn_conv_no_bias(nn_plan *p, nn_val x, const char *key, nn_conv_kind kind, int64_t c_out);
/* Over W. Weights KEY.weight [out, in] (or [out, in, 1, 1]) and, if has_bias, KEY.bias [out]. */
nn_val nn_linear(nn_plan *p, nn_val x, const char *key, int64_t out, bool has_bias);
/* The same with a bias, where files usually have a 1x1 convolution: KEY.weight [out, in, 1, 1] (or [out, in]). */
nn_val nn_linear_1x1(nn_plan *p, nn_val x, const char *key, int64_t out);
/* Over groups of C / n_groups channels. KEY.weight, KEY.bias [C]. */
nn_val nn_group_norm(nn_plan *p, nn_val x, const char *key, int64_t n_groups, float epsilon);
/* Over W. KEY.weight, KEY.bias [W]. */
nn_val nn_layer_norm(nn_plan *p, nn_val x, const char *key, float epsilon);
nn_val nn_act(nn_plan *p, nn_val x, nn_activation kind);
/* Shapes equal, or b is [N or 1, C, 1, 1] and is spread over H and W. */
nn_val nn_add(nn_plan *p, nn_val a, nn_val b);
nn_val nn_mul(nn_plan *p, nn_val a, nn_val b);                    /* as nn_add; for GEGLU's gate */
nn_val nn_scale(nn_plan *p, nn_val x, float multiply, float add); /* x * multiply + add */
nn_val nn_concat(nn_plan *p, nn_val a, nn_val b);                 /* along C */
nn_val nn_slice_channels(nn_plan *p, nn_val x, int64_t first, int64_t count);
nn_val nn_slice_features(nn_plan *p, nn_val x, int64_t first, int64_t count); /* along W, of a sequence */
nn_val nn_upsample2(nn_plan *p, nn_val x);                                    /* nearest, twice the height and width */
/* PyTorch's PixelUnshuffle / PixelShuffle: [C, H, W] <-> [C r r, H / r, W / r]. */
nn_val nn_pixel_unshuffle(nn_plan *p, nn_val x, int64_t r);
nn_val nn_pixel_shuffle(nn_plan *p, nn_val x, int64_t r);
nn_val nn_to_sequence(nn_plan *p, nn_val x);                      /* [N,C,H,W] -> [N,1,HW,C] */
nn_val nn_to_picture(nn_plan *p, nn_val x, int64_t h, int64_t w); /* the way back */
/* softmax(q k^T / sqrt(features / n_heads)) v, in blocks of queries so that no
 * score matrix passes 16 MB a head. q [N,1,Lq,F]; k, v [N,1,Lk,F]. `causal`
 * hides keys after the query's own position (Lq == Lk). */
nn_val nn_attention(nn_plan *p, nn_val q, nn_val k, nn_val v, int64_t n_heads, bool causal);

/* The way back through a network: of the gradient that nn_call makes of a value in the middle. The adjoint
 * (transpose) of nn_conv_no_bias with the same KEY.weight [c_out, c_in, k, k]: y [N, c_out, H, W] ->
 * [N, c_in, H, W]. NN_CONV1 and NN_CONV3 only. */
nn_val nn_conv_adjoint(nn_plan *p, nn_val y, const char *key, nn_conv_kind kind, int64_t c_in);
nn_val nn_relu_adjoint(nn_plan *p, nn_val g, nn_val y); /* g where y > 0, 0 elsewhere; y: the relu's value, or input */
nn_val nn_call(nn_plan *p, nn_val x);                   /* what nn_net_call's function makes of x; at most one a plan */

/* Ends the description. The first fault of any call above is reported here. */
pith_status nn_plan_finish(nn_plan *p, pith_diag *diag) PITH_MUST_CHECK;

/* ---- looking at a finished plan ---------------------------------------------- */

/* Every weight the plan needs is in the table with the right shape. The first
 * one that is not is reported with its full key and both shapes:
 * PITH_E_MODEL_SHAPE. One whose values cannot be used (tensor.fault):
 * PITH_E_UNSUPPORTED. */
pith_status nn_plan_check(const nn_plan *p, const tensor_table *weights, pith_diag *diag) PITH_MUST_CHECK;

/* Checks, and adds to `to` the weights that the plan needs, each in the rank it usually has: of whatever else
 * `from` holds nothing. */
pith_status nn_plan_take(const nn_plan *p, tensor_table *to, const tensor_table *from, pith_diag *diag) PITH_MUST_CHECK;

/* One line an op: output shape, op, key. For tests. */
void nn_plan_dump(const nn_plan *p, void (*line)(void *user, const char *text), void *user);
/* What a net of a finished plan takes at most: its weights as the backend keeps them, the values that
 * are needed at the same time, and what the engine's layouts add. PITH_E_NOMEM
 * also when that is no number. */
pith_status nn_plan_memory(const nn_plan *p, const tensor_table *weights, const nn_backend *backend, uint64_t *n_bytes)
    PITH_MUST_CHECK;
/* The same without the weights: what nets that share an arena share. */
pith_status nn_plan_arena_bytes(const nn_plan *p, const nn_backend *backend, uint64_t *n_bytes) PITH_MUST_CHECK;
uint64_t nn_plan_flops(const nn_plan *p); /* 2 x multiply-adds of convolutions and adjoints, products, attention */

size_t nn_plan_n_outputs(const nn_plan *p);
/* The name and shape of an output, in the order of their description. */
const char *nn_plan_output(const nn_plan *p, size_t index, nn_shape *shape);

/* Groups of all group norms that run, the same number for every size. */
size_t nn_plan_n_groups(const nn_plan *p);

/* ---- running ------------------------------------------------------------------ */

/* "onednn"; "exact", whose results are the same bits on every machine; or "ref", the plain definition of the same.
 * NULL = the fastest built in for any network. "exact-v2", "exact-base" ...: with the kernels of that instruction
 * set only. Unknown, not built in or not for this machine: PITH_E_UNSUPPORTED. env->threads threads. A backend caches
 * reordered weights by (tensor, layout), so that nets of several sizes share them; the tables it was bound with must
 * outlive it. */
pith_status nn_backend_new(nn_backend **out, const pith_env *env, const char *name, pith_diag *diag) PITH_MUST_CHECK;
void nn_backend_free(nn_backend **backend);
/* Frees the cached weights that no net uses at present. */
void nn_backend_trim(nn_backend *backend);
const char *nn_backend_name(const nn_backend *backend);
const char *const *nn_backend_list(void); /* NULL-terminated; best first */

/* Binds a finished, checked plan. Plan, table and backend must outlive the net. */
pith_status nn_bind(nn_net **out, const nn_plan *plan, const tensor_table *weights, nn_backend *backend,
                    pith_diag *diag) PITH_MUST_CHECK;
void nn_net_free(nn_net **net);

/* Room for the values of nets that never run at the same time, as large as the largest of them needs. */
typedef struct nn_arena nn_arena;
nn_arena *nn_arena_new(const pith_alloc *alloc); /* NULL when out of memory */
void nn_arena_free(nn_arena **arena);            /* after its nets */
/* nn_bind for a net whose values are in `arena`, which outlives it. NULL: in its own. */
pith_status nn_bind_in(nn_net **out, const nn_plan *plan, const tensor_table *weights, nn_backend *backend,
                       nn_arena *arena, pith_diag *diag) PITH_MUST_CHECK;
size_t nn_net_arena_bytes(const nn_net *net);

/* Group norms of a picture that is run in windows, for batches of 1. A run may tell the mean and
 * variance of its window, and add the sums of a part of it to those of the others; and it may
 * correct its mean and variance to those of the whole picture, as its window was found to differ before.
 * All in the order of the plan, nn_plan_n_groups of them. */
typedef struct nn_sums {
    double sum, square; /* of the values, and of their squares */
    double count;
} nn_sums;

typedef struct nn_moments {
    double mean, variance;
} nn_moments;

/* The mean becomes mean + shift * deviation, the variance scale * variance. */
typedef struct nn_correction {
    double shift, scale;
} nn_correction;

nn_correction nn_correction_of(const nn_moments *own, const nn_moments *whole);

/* Rows and columns out of a height and width, scaled to each norm's own. */
typedef struct nn_part {
    int64_t row, n_rows, column, n_columns, height, width;
} nn_part;

typedef struct nn_shared_norms {
    const nn_moments *taken;          /* in the place of the window's own; NULL: not */
    const nn_correction *corrections; /* of the window's own; NULL: none */
    nn_moments *own;                  /* written: the window's, before correction; NULL: not */
    nn_sums *gathered;                /* added to; NULL: not */
    nn_part part;                     /* of a run that gathers: what is added */
} nn_shared_norms;

/* For the runs that follow; the arrays are borrowed. NULL: as at first, each run by itself. */
void nn_net_share_norms(nn_net *net, const nn_shared_norms *shared);

/* Input and output by name; plain row-major N, C, H, W floats of the plan's
 * shape. Inputs are copied in by nn_run, outputs copied out. */
typedef struct nn_given {
    const char *name;
    const float *data;
} nn_given;

typedef struct nn_binding {
    const char *name;
    float *data;
} nn_binding;

/* Asked between the layers of every run. Borrowed for as long as the net lives; NULL: nobody is asked. */
void nn_net_watch(nn_net *net, const watch *watch);

/* Makes the value of the plan's nn_call: from `in` to `out`, both plain row-major N, C, H, W and never
 * the same memory. What it returns other than PITH_OK ends the run. Borrowed for as long as the net lives.
 * A run whose outputs depend on the call, and that has no caller, is PITH_E_ARG. */
typedef struct nn_caller {
    pith_status (*call)(void *user, const float *in, float *out, pith_diag *diag);
    void *user;
} nn_caller;
void nn_net_call(nn_net *net, const nn_caller *caller);

pith_status nn_run(nn_net *net, const nn_given *inputs, size_t n_inputs, const nn_binding *outputs, size_t n_outputs,
                   pith_diag *diag) PITH_MUST_CHECK;

#endif
