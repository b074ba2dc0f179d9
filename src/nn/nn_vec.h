/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Between the files of the portable engine. A value of NN_VEC_DEEP channels or more is kept deep (nn_vec_kernels.h),
 * any other plain, N, C, H, W. */
#ifndef PITH_NN_NN_VEC_H
#define PITH_NN_NN_VEC_H

#include <pthread.h>

#include "base/team.h"
#include "nn/nn_internal.h"
#include "nn/nn_vec_kernels.h"

#define NN_VEC_DEEP 8

static inline bool nn_vec_is_deep(nn_shape s) { return s.c >= NN_VEC_DEEP; }
static inline int64_t nn_vec_padded(int64_t n) { return (n + NN_VEC_PANEL - 1) / NN_VEC_PANEL * NN_VEC_PANEL; }
static inline int64_t nn_vec_channels(nn_shape s) { return nn_vec_is_deep(s) ? nn_vec_padded(s.c) : s.c; }

/* ---- weights ------------------------------------------------------------------------------ */

typedef enum nn_vec_form {
    NN_VEC_PLAIN,   /* as in the file */
    NN_VEC_VECTOR,  /* padded with zeros to a panel */
    NN_VEC_DIRECT,  /* [panel][tap][c_in][NN_VEC_PANEL] */
    NN_VEC_SQUARES, /* [16][panel][c_in][NN_VEC_PANEL], transformed */
    NN_VEC_LATE     /* the same, made anew in every run: no bytes until then */
} nn_vec_form;

/* What a net wants of a tensor. */
typedef struct nn_vec_wish {
    nn_vec_form form;
    bool adjoint; /* inputs and outputs exchanged, the kernel turned round */
    int64_t c_in, c_out, kernel;
} nn_vec_wish;

typedef struct nn_vec_weight {
    const void *tensor;
    nn_vec_wish wish;
    float *data; /* owned */
    size_t n_users;
} nn_vec_weight;

size_t nn_vec_wish_floats(const nn_vec_wish *wish, uint64_t n_elements);

/* ---- engine and nets ------------------------------------------------------------------------ */

typedef struct nn_vec_backend {
    nn_backend base;
    const nn_vec_kernels *kernels;
    team *team;
    pthread_mutex_t lock; /* of what follows */
    nn_vec_weight **cached;
    size_t n_cached, cached_capacity;
} nn_vec_backend;

/* What is run at an op. Made with it are the relu before a convolution, an addition and a relu after it or after a
 * linear layer, and the activation after a group norm. */
typedef struct nn_vec_step {
    int32_t root;              /* the op whose kind is run; NN_NO_VALUE: none, it is made with another */
    int32_t in[NN_MAX_INPUTS]; /* values */
    int32_t added;             /* a value, or NN_NO_VALUE */
    bool relu_before, relu_after;
    const float *weight, *bias; /* NULL where it has none */
    const tensor *late;         /* the weight, if it is packed in every run; else NULL */
} nn_vec_step;

typedef struct nn_vec_net {
    nn_net base;
    const nn_vec_kernels *kernels;
    team *team;
    nn_vec_step *steps; /* one an op */
    nn_span *spans;     /* one an op; unused by those that are not made */
    nn_span scratch;    /* what an op shares between workers, then each worker's own */
    size_t shared_floats, worker_floats;
    float *zeros;            /* a position outside a picture */
    float *plain;            /* room for an op that only the reference engine has: its inputs and output */
    double *sums;            /* and its scratch; both NULL when there is none */
    nn_vec_weight **weights; /* in use; one for each of the plan at most */
    size_t n_weights;
} nn_vec_net;

static inline float *nn_vec_value(const nn_vec_net *net, int32_t id) {
    return (float *)(void *)(net->base.arena->data + net->spans[id].offset);
}

/* Scratch of an op, in floats. */
typedef struct nn_vec_room {
    size_t shared, worker; /* of all workers together, and of each */
} nn_vec_room;

static inline float *nn_vec_shared(const nn_vec_net *net) {
    return (float *)(void *)(net->base.arena->data + net->scratch.offset);
}

static inline float *nn_vec_own(const nn_vec_net *net, int worker) {
    return nn_vec_shared(net) + net->shared_floats + (size_t)worker * net->worker_floats;
}

/* Gets `wish` of weight `index` of the plan, from the cache or made now. */
pith_status nn_vec_get_weight(nn_vec_net *net, const tensor_table *table, int32_t index, const nn_vec_wish *wish,
                              const float **data, pith_diag *diag) PITH_MUST_CHECK;
/* Whether the weight is packed in every run, for little more than a hundredth of its time: else the weights would take
 * twice the memory. Those of gradients, which run hundreds of times on small windows, are kept. */
bool nn_vec_packs_late(const nn_plan *p, const nn_op *op);
/* Packs a late weight by squares to `out`, nn_vec_late_floats of them. */
size_t nn_vec_late_floats(const nn_plan *p, const nn_op *op);
void nn_vec_pack_late(const nn_vec_net *net, int32_t id, float *out);
void nn_vec_release_weights(nn_vec_net *net);
void nn_vec_trim_weights(nn_vec_backend *backend);

/* An op that has a kernel here; any other is run by the reference engine's. */
bool nn_vec_has(const nn_plan *p, const nn_op *op);

/* Fills in the steps: what is run at which op, and what is made with another. */
void nn_vec_fuse(nn_vec_net *net);

nn_vec_room nn_vec_conv_room(const nn_plan *p, const nn_op *op);
void nn_vec_conv(const nn_vec_net *net, int32_t id);
void nn_vec_linear(const nn_vec_net *net, int32_t id);
void nn_vec_layer_norm(const nn_vec_net *net, int32_t id);
nn_vec_room nn_vec_group_norm_room(const nn_op *op);
void nn_vec_group_norm(const nn_vec_net *net, int32_t id);
void nn_vec_spread(const nn_vec_net *net, int32_t id);
nn_vec_room nn_vec_attention_room(const nn_plan *p, const nn_op *op);
void nn_vec_attention(const nn_vec_net *net, int32_t id);

/* ---- moving elements --------------------------------------------------------------------- */

/* A value in memory, and how far apart neighbours are. */
typedef struct nn_vec_place {
    float *at;
    nn_shape shape;
    int64_t n, c, y, x;
} nn_vec_place;

nn_vec_place nn_vec_place_of(float *at, nn_shape shape, bool is_deep);
void nn_vec_move(const nn_vec_net *net, const nn_op *op, const nn_vec_place *out, const nn_vec_place *in);
void nn_vec_copy(const nn_vec_net *net, const nn_vec_place *out, const nn_vec_place *in);

#endif
