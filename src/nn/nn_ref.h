/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Between the two files of the reference backend: what a kernel is given. */
#ifndef PITH_NN_NN_REF_H
#define PITH_NN_NN_REF_H

#include "nn/nn_internal.h"

/* One op of a run. All data are plain row-major N, C, H, W. */
typedef struct nn_ref_call {
    const nn_op *op;
    const nn_net *net;
    const float *in[NN_MAX_INPUTS];
    nn_shape in_shape[NN_MAX_INPUTS];
    float *out;
    const float *weight, *bias; /* NULL where the op has none */
    double *scratch;            /* nn_ref_scratch_count doubles */
} nn_ref_call;

typedef void nn_ref_kernel(const nn_ref_call *c);

nn_ref_kernel *nn_ref_kernel_of(nn_op_kind kind);

/* Doubles of scratch that the op's kernel uses. */
size_t nn_ref_scratch_count(const nn_plan *plan, const nn_op *op);

#endif
