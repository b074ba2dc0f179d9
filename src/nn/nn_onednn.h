/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Between the files of the oneDNN backend. Binding turns every op into steps:
 * a oneDNN primitive, or a kernel of ours where oneDNN has none. Steps work
 * on spans of one arena; a value keeps the layout its maker liked (blocks of
 * channels, after a convolution), and nn_dnn_want reorders it where a reader
 * needs another. */
#ifndef PITH_NN_NN_ONEDNN_H
#define PITH_NN_NN_ONEDNN_H

#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>

#include "nn/nn_internal.h"

typedef struct nn_dnn_weight nn_dnn_weight;
typedef struct nn_dnn_bystanders nn_dnn_bystanders;

#define ALL_CHANNELS 0 /* channels last: one block */

typedef struct nn_dnn_backend {
    nn_backend base;
    dnnl_engine_t engine;
    int64_t block;        /* channels in a block of the layout that convolutions like here: 16, 8, or ALL_CHANNELS */
    pthread_mutex_t lock; /* of the cache that follows */
    bool has_lock;
    nn_dnn_weight **cached;
    size_t n_cached, cached_capacity;
    nn_dnn_bystanders *bystanders; /* NULL: none */
} nn_dnn_backend;

#define NN_NO_SPAN (-1)

/* Where a value is, and in which layout. */
typedef struct nn_dnn_value {
    int32_t span;
    dnnl_memory_desc_t md;
} nn_dnn_value;

/* What a kernel of ours is given. Data are in blocks of `block` channels,
 * [N][C / block][H][W][block]: a block of 1 is the plain layout, one of C has
 * the channels last. A plane is the part of one picture and one block. */
typedef struct nn_dnn_call {
    const nn_op *op;
    const nn_net *net; /* group norm's */
    nn_shape in_shape[NN_MAX_INPUTS];
    int64_t in_block, out_block;
    const float *in[NN_MAX_INPUTS];
    float *out;
    const float *weight, *bias;
    int64_t channel_from, channel_to, n_channels; /* of the copies of channels */
    int64_t n_floats;                             /* of the whole value, as laid out: relu_adjoint's */
    float *scratch;                               /* attention's */
    void *state;                                  /* attention's; owned by the step */
} nn_dnn_call;

/* Does items [first, end) of a kernel's work; any split gives the same bits. */
typedef void nn_dnn_part(const void *call, int64_t first, int64_t end);

typedef struct nn_dnn_net nn_dnn_net;

#define NN_DNN_MAX_ARGS 8

typedef struct nn_dnn_step {
    const nn_op *op; /* for messages */

    /* A primitive, or ... */
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t args[NN_DNN_MAX_ARGS];
    int32_t arg_spans[NN_DNN_MAX_ARGS]; /* NN_NO_SPAN: fixed memory, such as weights */
    int n_args;

    /* ... a kernel run by all threads (of the op nn_call: the caller's function), or ... */
    nn_dnn_part *part;
    int64_t n_items;
    nn_dnn_call call;
    int32_t in_spans[NN_MAX_INPUTS], out_span, scratch_span;

    /* ... something of its own. */
    dnnl_status_t (*run)(const nn_dnn_call *call, dnnl_stream_t stream);
    void (*free_state)(const pith_alloc *alloc, void *state);
} nn_dnn_step;

struct nn_dnn_net {
    nn_net base;
    dnnl_stream_t stream;
    nn_dnn_step *steps;
    int32_t n_steps, steps_capacity;
    nn_span *spans;
    int32_t n_spans, spans_capacity;
    int32_t *input_spans, *output_spans; /* plain layout, in the plan's order */
    nn_dnn_weight **weights;             /* in use here, once each time they were asked for */
    size_t n_weights, weights_capacity;
    uint8_t *placed_at; /* where the arena lay when the steps were told where their data are */
};

/* Convolution or linear layer, with what is computed in the same pass. */
typedef struct nn_dnn_fusion {
    int32_t root;  /* the op that starts the group this op belongs to: itself when it stands alone */
    int32_t tail;  /* of a root: the last op of its group, whose value the group makes */
    int32_t other; /* of a root: the value added to its own, or NN_NO_VALUE */
    int32_t act;   /* of a root: the activation or scale that ends the group, or NN_NO_VALUE */
} nn_dnn_fusion;

/* Lives during nn_bind only. */
typedef struct nn_dnn_binder {
    nn_dnn_backend *backend;
    nn_dnn_net *net;
    const nn_plan *plan;
    const tensor_table *table;
    pith_diag *diag;
    nn_dnn_fusion *fusions; /* one an op */
    int32_t *last_use;      /* one an op: the tail of the last group that reads it */
    nn_dnn_value *values;   /* one an op */
    struct nn_dnn_copy {
        int32_t id;
        nn_dnn_value value;
    } * copies; /* values that some reader wanted in another layout */
    int32_t n_copies, copies_capacity;
    const nn_op *op;          /* being bound, for messages */
    int32_t now;              /* the tail of the group being bound */
    uint64_t n_bytes_touched; /* of the table's mapped pages, since they were last dropped */
    float *widened;           /* a weight on its way, and the room there is for it */
    uint64_t n_widened;
} nn_dnn_binder;

/* ---- faults (nn_onednn.c) ------------------------------------------------------ */

/* Records what oneDNN said with the op's name and shapes. */
pith_status nn_dnn_fault(pith_diag *diag, const nn_plan *plan, const nn_op *op, dnnl_status_t said, const char *call);

/* Every call of oneDNN in a function with `status`, `cleanup:` and a binder `b`. */
#define NN_DNN_TRY(call)                                                                                               \
    do {                                                                                                               \
        dnnl_status_t said_ = (call);                                                                                  \
        if (said_ != dnnl_success) {                                                                                   \
            status = nn_dnn_fault(b->diag, b->plan, b->op, said_, #call);                                              \
            goto cleanup;                                                                                              \
        }                                                                                                              \
    } while (0)

/* ---- binding (nn_onednn_bind.c) -------------------------------------------------- */

pith_status nn_dnn_no_memory(const nn_dnn_binder *b);

/* The layout of [N, C, H, W] in blocks of `block` channels: 1, 8, 16 or C. */
dnnl_memory_desc_t nn_dnn_layout(nn_shape shape, int64_t block);
dnnl_memory_desc_t nn_dnn_matrix(int64_t rows, int64_t columns); /* plain */

/* The block our kernels use for so many channels: what convolutions like if it
 * divides them, 1 if not or if they are few. */
int64_t nn_dnn_block_for(const nn_dnn_binder *b, int64_t c);

pith_status nn_dnn_new_span(nn_dnn_binder *b, size_t n_bytes, int32_t *span);

/* Value `id` in layout md, to be read. */
pith_status nn_dnn_want(nn_dnn_binder *b, int32_t id, const dnnl_memory_desc_t *md, nn_dnn_value *value);

/* The same, to be overwritten: its own place when it may be reused and this
 * group is its last reader, else a copy. */
pith_status nn_dnn_take(nn_dnn_binder *b, int32_t id, const dnnl_memory_desc_t *md, bool may_reuse,
                        nn_dnn_value *value);

/* True when nothing reads the value after the group being bound. */
bool nn_dnn_dies(const nn_dnn_binder *b, int32_t id);

typedef struct nn_dnn_arg {
    int id; /* of a primitive: DNNL_ARG_SRC, ... */
    const dnnl_memory_desc_t *md;
    int32_t span;      /* or NN_NO_SPAN and ... */
    const float *data; /* ... this */
} nn_dnn_arg;

/* A step of `op` with no data yet. */
nn_dnn_step nn_dnn_step_of(const nn_op *op);

/* Append a step; that of a primitive gets its scratchpad here. */
pith_status nn_dnn_add_primitive(nn_dnn_binder *b, const_dnnl_primitive_desc_t pd, const nn_dnn_arg *args, int n_args);
pith_status nn_dnn_add_kernel(nn_dnn_binder *b, const nn_dnn_step *step);

/* ---- weights (nn_onednn_weights.c) ------------------------------------------------- */

/* Weight `index` of the plan in layout `wanted`, given its layout in the file:
 * floats, or the integers of an 8-bit weight where both layouts are dnnl_s8.
 * Made once for all nets of the backend, whoever asks first. */
pith_status nn_dnn_get_weight(nn_dnn_binder *b, int32_t index, const dnnl_memory_desc_t *in_file,
                              const dnnl_memory_desc_t *wanted, const float **data);
pith_status nn_dnn_get_vector(nn_dnn_binder *b, int32_t index, const float **data); /* rank 1 */
pith_status nn_dnn_get_scales(nn_dnn_binder *b, int32_t index, const float **data); /* of an 8-bit weight */
/* A net that ends no longer uses its weights. */
void nn_dnn_release_weights(nn_dnn_net *net);
/* Frees those that no net uses. */
void nn_dnn_trim_weights(nn_dnn_backend *backend);

/* ---- ops: each binds b->op ------------------------------------------------------------ */

void nn_dnn_find_fusions(nn_dnn_binder *b); /* nn_onednn_fuse.c */

pith_status nn_dnn_bind_conv(nn_dnn_binder *b); /* nn_onednn_layers.c */
pith_status nn_dnn_bind_linear(nn_dnn_binder *b);
pith_status nn_dnn_bind_eltwise(nn_dnn_binder *b); /* act and scale */
pith_status nn_dnn_bind_binary(nn_dnn_binder *b);  /* add and mul */
pith_status nn_dnn_bind_layer_norm(nn_dnn_binder *b);
pith_status nn_dnn_bind_group_norm(nn_dnn_binder *b); /* nn_onednn_norm.c */
pith_status nn_dnn_bind_spread(nn_dnn_binder *b);     /* add and mul of one value a channel */
pith_status nn_dnn_bind_move(nn_dnn_binder *b);       /* nn_onednn_move.c: all that moves elements */
pith_status nn_dnn_bind_attention(nn_dnn_binder *b);  /* nn_onednn_attention.c */
pith_status nn_dnn_bind_int8(nn_dnn_binder *b);       /* nn_onednn_int8.c: conv and linear that nn_is_int8 */

pith_status nn_dnn_bind_conv_adjoint(nn_dnn_binder *b); /* nn_onednn_adjoint.c */
pith_status nn_dnn_bind_relu_adjoint(nn_dnn_binder *b);
pith_status nn_dnn_bind_call(nn_dnn_binder *b);

/* oneDNN's name of an activation or scale, and its parameters. */
dnnl_alg_kind_t nn_dnn_eltwise_of(const nn_op *op, float *alpha, float *beta);

/* ---- threads (nn_onednn_threads.c) ------------------------------------------------------ */

/* Sets how many threads oneDNN and nn_dnn_parallel use when called from this
 * thread; 0 = one a core. Returns what it was, to be set again afterwards. */
int nn_dnn_set_threads(int threads);
void nn_dnn_parallel(int64_t n_items, nn_dnn_part *part, const void *call);

/* Threads that sleep, by whose number those at work wait without spinning; `threads` as above. NULL where they are
 * not needed, and where there are none to be had: all works then too, if slowly on busy cores. */
nn_dnn_bystanders *nn_dnn_bystanders_new(const pith_alloc *alloc, int threads);
void nn_dnn_bystanders_free(nn_dnn_bystanders **bystanders);

#endif
