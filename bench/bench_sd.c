/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Times Stable Diffusion's networks at full width on random weights:
 *
 *     bench_sd [--backend NAME] [--threads N] [--size PIXELS] [--runs N] [--int8] [STAGE...]
 *
 * STAGE is vae-encode, vae-decode or unet; none stands for all. For each, in a process of its own: work, time to bind,
 * the median of the runs, work per second, also in per cent of plain convolutions (320 to 320 channels, 3x3, 64x64) in
 * the same minute; processor time, and the per cent by it, which holds where other work takes the cores (set
 * OMP_WAIT_POLICY=passive then); working memory and the peak of the process.
 * --int8 runs each stage with the int8 file of the same weights too, and says how far its output is from the other's:
 * the error's rms over the output's.
 * Fastest where oneDNN is built in (scripts/build onednn -DPITH_BENCH=ON).
 * The weights are files in TMPDIR (F16: 2 GB, int8: 1 GB), unlinked as soon as they are open. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "nn/nn_internal.h"
#include "nn_cases.h"
#include "sd_case.h"
#include "weights/quantised.h"
#include "weights/safetensors.h"

#define MAX_RUNS 100
#define MAX_BINDINGS 4
#define SEED 1
#define VAE_WIDTH 128
#define UNET_WIDTH 320
#define N_PEAK_CONVS 8 /* in a row, so that copying in and out counts for little */

typedef struct options {
    pith_env env;
    uint32_t side; /* of the latent */
    int n_runs;
    bool int8;
} options;

typedef struct result {
    double gflop, bind, seconds, cpu; /* of a run: median and mean */
    double arena_mb, peak_mb;
} result;

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void need(bool is_right, const char *what, const pith_diag *why) {
    if (is_right) return;
    fprintf(stderr, "bench_sd: %s: %s\n", what, why->message[0] ? why->message : "failed");
    exit(1);
}

/* ---- weights -------------------------------------------------------------------------- */

/* Runs in a process of its own: the peak of the others is theirs. */
static void write_weights(const char *path, bool has_unet, safetensors_precision precision) {
    const vae_config vae = sd_case_vae(VAE_WIDTH);
    const unet_config unet = sd_case_unet(UNET_WIDTH);
    pith_diag why = {0};
    random_sd r;
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    need(random_sd_new(&r, SEED, TENSOR_F16), "weights", &why);
    sd_case_add_vae(&r, &vae);
    if (has_unet) sd_case_add_unet(&r, &unet);
    if (precision == SAFETENSORS_INT8)
        need(tensor_table_set_meta(r.table, QUANTISED_KEY, QUANTISED_VERSION) == PITH_OK, "weights", &why);
    need(safetensors_write_as(precision, path, r.table, &env, NULL, NULL, &why) == PITH_OK, path, &why);
}

/* ---- stages ---------------------------------------------------------------------------- */

static nn_plan *peak_plan(const options *o) {
    nn_plan *p = nn_plan_new(&o->env);
    nn_val x = nn_input(p, "x", (nn_shape){1, 320, 64, 64});
    for (uint32_t i = 0; i < N_PEAK_CONVS; i++) {
        nn_enter(p, "%u", i);
        x = nn_conv(p, x, "conv", NN_CONV3, 320);
        nn_leave(p);
    }
    nn_output(p, "y", x);
    pith_diag why = {0};
    need(nn_plan_finish(p, &why) == PITH_OK, "plan", &why);
    return p;
}

static nn_plan *encoder_plan(const options *o) {
    const vae_config c = sd_case_vae(VAE_WIDTH);
    pith_diag why = {0};
    nn_plan *p = NULL;
    need(vae_encoder_plan(&p, &c, &o->env, o->side, o->side, &why) == PITH_OK, "plan", &why);
    return p;
}

static nn_plan *decoder_plan(const options *o) {
    const vae_config c = sd_case_vae(VAE_WIDTH);
    pith_diag why = {0};
    nn_plan *p = NULL;
    need(vae_decoder_plan(&p, &c, &o->env, o->side, o->side, &why) == PITH_OK, "plan", &why);
    return p;
}

static nn_plan *denoiser_plan(const options *o) {
    const unet_config c = sd_case_unet(UNET_WIDTH);
    pith_diag why = {0};
    nn_plan *p = NULL;
    need(unet_plan(&p, &c, &o->env, o->side, o->side, &why) == PITH_OK, "plan", &why);
    return p;
}

typedef struct stage {
    const char *name;
    nn_plan *(*plan)(const options *o);
    bool needs_unet;
} stage;

static const stage peak = {"conv 320, 64x64", peak_plan, false};
static const stage stages[] = {
    {"vae-encode", encoder_plan, false}, {"vae-decode", decoder_plan, false}, {"unet", denoiser_plan, true}};

#define N_STAGES (sizeof stages / sizeof *stages)

static size_t make_bindings(nn_binding *to, const nn_plan *plan, const nn_named *named, int32_t n) {
    pith_diag why = {0};
    need(n <= MAX_BINDINGS, "bindings", &why);
    for (int32_t i = 0; i < n; i++) {
        const size_t count = nn_shape_count(plan->ops[named[i].value].shape);
        to[i] = (nn_binding){named[i].name, malloc(count * sizeof(float))};
        need(to[i].data != NULL, "memory", &why);
        random_sd_values(to[i].data, count, SEED, named[i].name, 0, 1);
    }
    return (size_t)n;
}

/* In a process of its own: a plan's life from weights to the last run. `copy`, if any: of the first output. */
static void time_stage(result *to, const stage *s, const options *o, const tensor_table *weights, float *copy) {
    nn_given in[MAX_BINDINGS];
    nn_binding values[MAX_BINDINGS], out[MAX_BINDINGS];
    double times[MAX_RUNS];
    pith_diag why = {0};
    nn_backend *backend = NULL;
    nn_net *net = NULL;
    random_sd own;
    nn_plan *plan = s->plan(o);
    const size_t n_in = make_bindings(values, plan, plan->inputs, plan->n_inputs);
    const size_t n_out = make_bindings(out, plan, plan->outputs, plan->n_outputs);
    for (size_t i = 0; i < n_in; i++) in[i] = (nn_given){values[i].name, values[i].data};
    if (s == &peak) {
        need(random_sd_new(&own, SEED, TENSOR_F16) && random_sd_add_plan(&own, plan), "weights", &why);
        weights = own.table;
    }
    need(nn_backend_new(&backend, &o->env, o->env.backend, &why) == PITH_OK, "backend", &why);
    const double start = now(CLOCK_MONOTONIC);
    need(nn_bind(&net, plan, weights, backend, &why) == PITH_OK, "bind", &why);
    tensor_table_drop_pages(weights);
    *to = (result){.gflop = 1e-9 * (double)nn_plan_flops(plan), .bind = now(CLOCK_MONOTONIC) - start};
    need(nn_run(net, in, n_in, out, n_out, &why) == PITH_OK, "run", &why); /* warm up */
    const double cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < o->n_runs; i++) {
        const double at = now(CLOCK_MONOTONIC);
        need(nn_run(net, in, n_in, out, n_out, &why) == PITH_OK, "run", &why);
        times[i] = now(CLOCK_MONOTONIC) - at;
    }
    to->cpu = (now(CLOCK_PROCESS_CPUTIME_ID) - cpu) / o->n_runs;
    qsort(times, (size_t)o->n_runs, sizeof *times, by_value);
    to->seconds = times[o->n_runs / 2];
    to->arena_mb = 1e-6 * (double)nn_net_arena_bytes(net);
    if (copy) memcpy(copy, out[0].data, nn_shape_count(plan->ops[plan->outputs[0].value].shape) * sizeof *copy);
}

/* Forks before any thread is made; false when the child failed. */
static bool run_stage(result *r, const stage *s, const options *o, const tensor_table *weights, float *copy) {
    int ends[2], status = 0;
    struct rusage usage;
    if (pipe(ends) != 0) return false;
    const pid_t child = fork();
    if (child == 0) {
        result mine;
        time_stage(&mine, s, o, weights, copy);
        _exit(write(ends[1], &mine, sizeof mine) == (ssize_t)sizeof mine ? 0 : 1);
    }
    close(ends[1]);
    const bool is_read = child > 0 && read(ends[0], r, sizeof *r) == (ssize_t)sizeof *r;
    close(ends[0]);
    if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0 || !is_read) return false;
    r->peak_mb = 1e-3 * 1.024 * (double)usage.ru_maxrss;
    return true;
}

static tensor_table *open_weights(bool has_unet, safetensors_precision precision) {
    const char *folder = getenv("TMPDIR");
    char path[4096];
    pith_diag why = {0};
    tensor_table *table = NULL;
    pith_env env;
    int status = 1;
    pith_env_defaults(&env, sizeof env);
    snprintf(path, sizeof path, "%s/pith-bench-sd-%ld.safetensors", folder ? folder : "/tmp", (long)getpid());
    const pid_t child = fork();
    if (child == 0) {
        write_weights(path, has_unet, precision);
        _exit(0);
    }
    need(child > 0 && waitpid(child, &status, 0) == child && status == 0, "making the weights", &why);
    const pith_status opened = safetensors_open(&table, &env, path, &why);
    unlink(path);
    need(opened == PITH_OK, path, &why);
    return table;
}

/* ---- the table --------------------------------------------------------------------------- */

static void print_result(const char *name, const result *r, const result *of_peak) {
    const double by_time = r->gflop / r->seconds / (of_peak->gflop / of_peak->seconds);
    const double by_cpu = r->gflop / r->cpu / (of_peak->gflop / of_peak->cpu);
    printf("%-16s %9.1f %8.2f %9.3f %9.1f %8.0f %% %8.2f %8.0f %% %9.0f %9.0f\n", name, r->gflop, r->bind, r->seconds,
           r->gflop / r->seconds, 100 * by_time, r->cpu, 100 * by_cpu, r->arena_mb, r->peak_mb);
    fflush(stdout);
}

/* Room for the first output of a stage, shared with the processes that run it. */
static float *share_output(size_t *count, const stage *s, const options *o) {
    pith_diag why = {0};
    nn_plan *plan = s->plan(o);
    *count = nn_shape_count(plan->ops[plan->outputs[0].value].shape);
    nn_plan_free(&plan);
    void *shared = mmap(NULL, *count * sizeof(float), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    need(shared != MAP_FAILED, "memory", &why);
    return shared;
}

static bool bench_stage(const stage *s, const options *o, const tensor_table *floats, const tensor_table *integers) {
    result of_peak, r;
    size_t count;
    float *right = share_output(&count, s, o), *got = share_output(&count, s, o);
    bool done = run_stage(&of_peak, &peak, o, floats, NULL) && run_stage(&r, s, o, floats, right);
    if (done) print_result(peak.name, &of_peak, &of_peak);
    if (done) print_result(s->name, &r, &of_peak);
    if (done && integers) {
        char name[32];
        snprintf(name, sizeof name, "%s int8", s->name);
        done = run_stage(&r, s, o, integers, got);
        if (done) print_result(name, &r, &of_peak);
        if (done) printf("%-16s %.2e\n", "  error", nn_case_error(got, right, count));
    }
    munmap(right, count * sizeof *right);
    munmap(got, count * sizeof *got);
    return done;
}

static bool read_options(options *o, bool wanted[N_STAGES], int argc, char **argv) {
    bool any = false;
    for (int i = 1; i < argc; i++) {
        bool known = false;
        for (size_t k = 0; k < N_STAGES; k++)
            if (strcmp(argv[i], stages[k].name) == 0) known = any = wanted[k] = true;
        if (known) continue;
        if (strcmp(argv[i], "--int8") == 0) {
            o->int8 = true;
            continue;
        }
        if (i + 1 >= argc) return false;
        if (strcmp(argv[i], "--backend") == 0)
            o->env.backend = argv[++i];
        else if (strcmp(argv[i], "--threads") == 0)
            o->env.threads = atoi(argv[++i]);
        else if (strcmp(argv[i], "--size") == 0)
            o->side = (uint32_t)atoi(argv[++i]) / 8;
        else if (strcmp(argv[i], "--runs") == 0)
            o->n_runs = atoi(argv[++i]);
        else
            return false;
    }
    for (size_t k = 0; k < N_STAGES && !any; k++) wanted[k] = true;
    return o->side > 0 && o->n_runs > 0 && o->n_runs <= MAX_RUNS;
}

int main(int argc, char **argv) {
    options o = {.side = 64, .n_runs = 5};
    bool wanted[N_STAGES] = {false}, needs_unet = false;
    pith_env_defaults(&o.env, sizeof o.env);
    if (!read_options(&o, wanted, argc, argv)) {
        fputs("usage: bench_sd [--backend NAME] [--threads N] [--size PIXELS] [--runs N] [--int8] "
              "[vae-encode] [vae-decode] [unet]\n",
              stderr);
        return 1;
    }
    for (size_t k = 0; k < N_STAGES; k++) needs_unet |= wanted[k] && stages[k].needs_unet;
    tensor_table *floats = open_weights(needs_unet, SAFETENSORS_AS_THEY_ARE);
    tensor_table *integers = o.int8 ? open_weights(needs_unet, SAFETENSORS_INT8) : NULL;
    printf("%ux%u pixels, %d runs\n%-16s %9s %8s %9s %9s %10s %8s %10s %9s %9s\n", 8 * o.side, 8 * o.side, o.n_runs,
           "stage", "GFLOP", "bind s", "run s", "GFLOP/s", "of conv", "cpu s", "of conv", "arena MB", "peak MB");
    bool is_fine = true;
    for (size_t k = 0; k < N_STAGES; k++)
        if (wanted[k]) is_fine &= bench_stage(&stages[k], &o, floats, integers);
    tensor_table_free(&floats);
    tensor_table_free(&integers);
    return is_fine ? 0 : 1;
}
