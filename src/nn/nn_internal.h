/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What a finished plan looks like to those who run it, and what a backend must
 * provide. For the files of nn and its tests only.
 *
 * Every op makes one value, so a value's id is its op's index; ops are in the
 * order of description, which is an order they may run in. */
#ifndef PITH_NN_NN_INTERNAL_H
#define PITH_NN_NN_INTERNAL_H

#include "base/mem.h"
#include "base/watch.h"
#include "nn/nn.h"

typedef enum nn_op_kind {
    NN_OP_INPUT,
    NN_OP_CONV,
    NN_OP_LINEAR,
    NN_OP_GROUP_NORM,
    NN_OP_LAYER_NORM,
    NN_OP_ACT,
    NN_OP_ADD,
    NN_OP_MUL,
    NN_OP_SCALE,
    NN_OP_CONCAT,
    NN_OP_SLICE_CHANNELS,
    NN_OP_SLICE_FEATURES,
    NN_OP_UPSAMPLE2,
    NN_OP_PIXEL_UNSHUFFLE,
    NN_OP_PIXEL_SHUFFLE,
    NN_OP_TO_SEQUENCE,
    NN_OP_TO_PICTURE,
    NN_OP_ATTENTION,
    NN_OP_CONV_ADJOINT,
    NN_OP_RELU_ADJOINT,
    NN_OP_CALL,
    NN_N_OP_KINDS
} nn_op_kind;

#define NN_MAX_INPUTS 3 /* values an op reads */
#define NN_NO_VALUE (-1)
#define NN_NO_WEIGHT (-1)
#define NN_MAX_KEY_BYTES 192 /* a full key of a weight, terminator included */

typedef struct nn_op {
    nn_op_kind kind;
    nn_shape shape; /* of the value it makes */
    int32_t n_in;
    int32_t in[NN_MAX_INPUTS];
    int32_t weight, bias; /* indices into the plan's weights, or NN_NO_WEIGHT */
    char *key;            /* full key of its weights, or an input's name; NULL where neither; owned */
    union {
        nn_conv_kind conv; /* of the adjoint: the convolution's */
        nn_activation act;
        struct {
            int64_t n_groups; /* group norm only */
            float epsilon;
            size_t first_group; /* group norm only: among all groups of the plan; set by nn_plan_finish */
        } norm;
        struct {
            float multiply, add;
        } scale;
        int64_t first; /* of a slice */
        int64_t r;     /* of the pixel shuffles */
        struct {
            int64_t n_heads;
            bool causal;
        } attention;
    } u;

    /* Set by nn_plan_finish. */
    bool live;        /* some output depends on it; the others are not run and their weights not asked for */
    int32_t n_reads;  /* by live ops and by outputs */
    int32_t last_use; /* index of the last live op that reads it; n_ops when it is an output */
} nn_op;

typedef struct nn_weight {
    char *name; /* owned */
    int32_t op;
    uint32_t rank;
    uint64_t shape[4];
    bool is_matrix; /* a file may have it in rank 2 or as a 1x1 convolution, whatever `rank` says */
} nn_weight;

typedef struct nn_named {
    char *name; /* owned by the op for inputs, by the plan for outputs */
    int32_t value;
} nn_named;

struct nn_plan {
    pith_alloc alloc;
    pith_diag fault; /* sticky */
    bool finished;
    nn_op *ops;
    int32_t n_ops, ops_capacity;
    nn_weight *weights;
    int32_t n_weights, weights_capacity;
    nn_named *inputs, *outputs;
    int32_t n_inputs, n_outputs;
    int32_t call;                 /* the op that is one, or NN_NO_VALUE */
    size_t n_groups;              /* of all live group norms */
    char scope[NN_MAX_KEY_BYTES]; /* "down.2." */
    size_t scope_marks[16];       /* lengths of `scope` before each nn_enter */
    size_t n_scopes;
};

const char *nn_op_name(const nn_op *op); /* "conv3", "group_norm" */

/* Writes "[1, 128, 64, 64]"; returns text. */
#define NN_SHAPE_TEXT_BYTES 96
const char *nn_shape_text(char text[NN_SHAPE_TEXT_BYTES], nn_shape shape);
size_t nn_shape_count(nn_shape shape); /* of a value of a plan: the builder has checked that it fits */
bool nn_shape_same(nn_shape a, nn_shape b);

typedef struct nn_conv_geometry {
    int64_t kernel, stride, pad_before, pad_after; /* the same along H and W */
} nn_conv_geometry;

nn_conv_geometry nn_conv_geometry_of(nn_conv_kind kind);

/* The rows and columns of a part, for a value of this height and width. */
typedef struct nn_window {
    int64_t row, end_row, column, end_column;
} nn_window;

nn_window nn_part_of(const nn_part *part, nn_shape shape);

/* Adds what one group norm found in its part: group i's sum and sum of squares of `count` values. */
void nn_gather_sums(const nn_net *net, const nn_op *op, int64_t group, double sum, double square, double count);
/* Tells a group's moments, and corrects them. */
void nn_correct_moments(const nn_net *net, const nn_op *op, int64_t group, double *mean, double *variance);

/* ---- memory planning ------------------------------------------------------- */

/* A block of the arena that is in use from step `first` to step `last`, both
 * included. */
typedef struct nn_span {
    size_t n_bytes;
    int32_t first, last;
    size_t offset; /* set by nn_place_spans; a multiple of NN_SPAN_ALIGN */
} nn_span;

#define NN_SPAN_ALIGN 64

/* Finds offsets such that no two spans in use at the same step overlap. */
pith_status nn_place_spans(nn_span *spans, size_t n_spans, size_t *arena_bytes, const pith_alloc *alloc);

/* ---- backends ----------------------------------------------------------------- */

typedef struct nn_backend_table {
    const char *name;
    /* `variant`: what follows the name and a hyphen; NULL: nothing. Unknown, or not for this machine:
     * PITH_E_UNSUPPORTED. */
    pith_status (*open)(nn_backend **out, const pith_env *env, const char *variant, pith_diag *diag);
    void (*close)(nn_backend *backend);
    /* Plan and weights have been checked. */
    pith_status (*bind)(nn_net **out, const nn_plan *plan, const tensor_table *weights, nn_backend *backend,
                        nn_arena *arena, pith_diag *diag);
    void (*unbind)(nn_net *net);
    void (*trim)(nn_backend *backend); /* NULL: nothing is cached */
    /* The floats of a value; NULL: as many as it has, and a quarter more. */
    size_t (*value_floats)(nn_shape shape);
    /* What a net takes beside its values: scratch, and the weight of an op, which has n_floats; NULL: none, and these.
     */
    uint64_t (*scratch_bytes)(const nn_plan *plan, const nn_backend *backend);
    uint64_t (*weight_bytes)(const nn_plan *plan, const nn_op *op, const nn_backend *backend, uint64_t n_floats);
    /* Data in the order of the plan's inputs and outputs. */
    pith_status (*run)(nn_net *net, const float *const *inputs, float *const *outputs, pith_diag *diag);
} nn_backend_table;

/* First member of every backend's own struct. */
struct nn_backend {
    const nn_backend_table *table;
    pith_alloc alloc;
    int threads;     /* 0 = as many as there are cores */
    bool keeps_int8; /* ops that nn_is_int8 run with 8-bit weights; false: all with floats */
};

struct nn_arena {
    pith_alloc alloc;
    uint8_t *data; /* moves when a larger net is bound */
    size_t n_bytes;
};

/* Makes it at least so large; what was in it is lost. */
pith_status nn_arena_reserve(nn_arena *arena, size_t n_bytes) PITH_MUST_CHECK;

/* First member of every backend's own struct. */
struct nn_net {
    nn_backend *backend;
    const nn_plan *plan;
    nn_arena *arena;
    nn_arena *own_arena; /* the same, or NULL: it is shared */
    size_t arena_bytes;  /* of it in use here */
    nn_shared_norms norms;
    const watch *watch;      /* may be NULL */
    const nn_caller *caller; /* not NULL in a run where the plan's call is live */
    const float **inputs;    /* room for a run's pointers, so that running allocates nothing */
    float **outputs;
};

/* For backends, between layers. */
pith_status nn_look(const nn_net *net, pith_diag *diag) PITH_MUST_CHECK;
/* The value of a call, in plain layout. */
pith_status nn_make_call(const nn_net *net, const float *in, float *out, pith_diag *diag) PITH_MUST_CHECK;

pith_status nn_no_variant(const char *variant, pith_diag *diag); /* for `open` */

extern const nn_backend_table nn_ref_backend, nn_vec_backend_table;
#ifdef PITH_HAVE_ONEDNN
extern const nn_backend_table nn_onednn_backend;
#endif

/* A tensor's values as floats in place, or NULL when they have to be converted
 * with tensor_read_f32 (other type, alignment or byte order). */
const float *nn_weight_in_place(const tensor *t);

/* What is the same for two names of the same values: where they lie, or, where they do not lie in order and so may be
 * two tensors, the tensor. */
const void *nn_weight_key(const tensor *t);

/* A convolution or linear layer that the backend runs with the 8-bit weights of the table: one of so many
 * channels that reading the weights takes longer than the arithmetic, as in the inner half of Stable
 * Diffusion's U-Net. All others gain little, and their errors are seen more. */
bool nn_is_int8(const nn_plan *p, const nn_op *op, const tensor_table *weights, const nn_backend *backend);

#endif
