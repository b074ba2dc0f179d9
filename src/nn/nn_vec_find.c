/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The kernels for this machine. */
#include <string.h>

#include "nn/nn_vec_kernels.h"

extern const nn_vec_kernels nn_vec_kernels_base;
#ifdef NN_VEC_X86
extern const nn_vec_kernels nn_vec_kernels_v2, nn_vec_kernels_v3, nn_vec_kernels_v4;
#endif

static bool runs_here(const nn_vec_kernels *k) {
#ifdef NN_VEC_X86
    __builtin_cpu_init();
    if (k == &nn_vec_kernels_v4)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
    if (k == &nn_vec_kernels_v3)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
               __builtin_cpu_supports("bmi2");
    if (k == &nn_vec_kernels_v2) return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
#endif
    (void)k;
    return true;
}

const nn_vec_kernels *nn_vec_kernels_find(const char *name) {
    static const nn_vec_kernels *const all[] = {
#ifdef NN_VEC_X86
        &nn_vec_kernels_v4, &nn_vec_kernels_v3, &nn_vec_kernels_v2,
#endif
        &nn_vec_kernels_base};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if ((!name || strcmp(all[i]->name, name) == 0) && runs_here(all[i])) return all[i];
    return NULL;
}
