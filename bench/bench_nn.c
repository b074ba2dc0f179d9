/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Times the op cases of the tests, and the networks of the built-in model at
 * 512x512, on one backend:
 *
 *     bench_nn [--backend NAME] [--threads N] [PART OF A NAME]
 *
 * For each: median and lowest time of a run, processor time of a run (above
 * threads x median something waited spinning, below it other work took the
 * cores), GFLOP/s at the median, time to bind, working memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/mini.h"
#include "nn_cases.h"

#define MAX_RUNS 200
#define SECONDS_EACH 0.5

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorted times of runs, and the processor time of one, all threads together. */
static pith_status time_runs(nn_net *net, nn_case_data *d, double *times, size_t *n_runs, double *cpu, pith_diag *why) {
    pith_status status = nn_run(net, d->inputs, d->n_inputs, d->outputs, d->n_outputs, why); /* warm up */
    const double end = now(CLOCK_MONOTONIC) + SECONDS_EACH;
    const double cpu_start = now(CLOCK_PROCESS_CPUTIME_ID);
    *n_runs = 0;
    while (status == PITH_OK && *n_runs < MAX_RUNS && (*n_runs < 5 || now(CLOCK_MONOTONIC) < end)) {
        const double start = now(CLOCK_MONOTONIC);
        status = nn_run(net, d->inputs, d->n_inputs, d->outputs, d->n_outputs, why);
        times[(*n_runs)++] = now(CLOCK_MONOTONIC) - start;
    }
    *cpu = (now(CLOCK_PROCESS_CPUTIME_ID) - cpu_start) / (double)*n_runs;
    qsort(times, *n_runs, sizeof *times, by_value);
    return status;
}

static pith_status bench_plan(const char *name, const nn_plan *plan, const pith_env *env) {
    pith_status status = PITH_E_NOMEM;
    pith_diag why = {0};
    nn_case_weights weights = {0};
    nn_case_data data = {0};
    nn_backend *backend = NULL;
    nn_net *net = NULL;
    double times[MAX_RUNS], cpu = 0;
    size_t n_runs = 0;
    if (!nn_case_make_weights(&weights, plan, false) || !nn_case_make_data(&data, plan)) goto cleanup;
    PITH_TRY(nn_backend_new(&backend, env, env->backend, &why));
    const double start = now(CLOCK_MONOTONIC);
    PITH_TRY(nn_bind(&net, plan, weights.table, backend, &why));
    const double bind = now(CLOCK_MONOTONIC) - start;
    PITH_TRY(time_runs(net, &data, times, &n_runs, &cpu, &why));
    const double median = times[n_runs / 2];
    const double work = 1e-9 * (double)nn_plan_flops(plan);
    printf("%-32s %9.3f ms %9.3f ms %9.3f ms %7.1f GFLOP/s %7.2f ms %7.2f MB\n", name, 1e3 * median, 1e3 * times[0],
           1e3 * cpu, work / median, 1e3 * bind, 1e-6 * (double)nn_net_arena_bytes(net));
cleanup:
    if (status != PITH_OK) fprintf(stderr, "%s: %s %s\n", name, pith_status_name(status), why.message);
    nn_net_free(&net);
    nn_backend_free(&backend);
    nn_case_free_data(&data);
    nn_case_free_weights(&weights);
    return status;
}

typedef pith_status make_plan(nn_plan **out, const mini_config *config, const pith_env *env, uint32_t h, uint32_t w,
                              pith_diag *diag);

static pith_status bench_mini(const char *name, make_plan *make, const pith_env *env, const char *part) {
    const mini_config config = {.name = "bench",
                                .n_latent = 24,
                                .width_h = 64,
                                .width_w = 128,
                                .n_enc_high = 2,
                                .n_enc_low = 2,
                                .n_dec_low = 6,
                                .n_dec_high = 4};
    nn_plan *plan = NULL;
    pith_diag why = {0};
    if (part && !strstr(name, part)) return PITH_OK;
    pith_status status = make(&plan, &config, env, 64, 64, &why);
    if (status == PITH_OK) status = bench_plan(name, plan, env);
    nn_plan_free(&plan);
    return status;
}

int main(int argc, char **argv) {
    const char *part = NULL;
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--backend") == 0 && i + 1 < argc)
            env.backend = argv[++i];
        else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            env.threads = atoi(argv[++i]);
        else
            part = argv[i];
    }
    printf("%s, %d threads (0 = one a core)\n", env.backend ? env.backend : nn_backend_list()[0], env.threads);
    printf("%-32s %12s %12s %12s %15s %10s %10s\n", "", "median", "lowest", "processor", "", "bind", "memory");
    pith_status status = bench_mini("mini encoder 512x512", mini_encoder_plan, &env, part);
    if (status == PITH_OK) status = bench_mini("mini decoder 512x512", mini_decoder_plan, &env, part);
    for (size_t i = 0; i < n_nn_cases && status == PITH_OK; i++) {
        if (part && !strstr(nn_cases[i].name, part)) continue;
        nn_plan *plan = nn_case_plan(&nn_cases[i], &env, false);
        status = plan ? bench_plan(nn_cases[i].name, plan, &env) : PITH_E_NOMEM;
        nn_plan_free(&plan);
    }
    return status == PITH_OK ? 0 : 1;
}
