/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What 8-bit arithmetic would bring: oneDNN's 3x3 convolutions, of the largest
 * shapes of the built-in model, the VAE and the U-Net, in f32 as they run
 * today, with bf16 and with 8-bit inputs (u8 x s8) and an f32 result; and what
 * it costs to make the float input such a one, which an 8-bit layer between
 * layers of floats has to do first:
 *
 *     bench_int8 [PART OF A NAME]
 *
 * Milliseconds are the lowest of at least 15 runs, the types in turn, so that
 * other work hits all alike. "times" is f32's time over the type's, its
 * input's conversion included. Threads as OMP_NUM_THREADS says. Only built where oneDNN is
 * (scripts/build onednn -DPITH_BENCH=ON). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <oneapi/dnnl/dnnl.h>

#define MIN_RUNS 15
#define MAX_RUNS 200
#define SECONDS_EACH 1.0

typedef struct conv_case {
    const char *name;
    dnnl_dim_t c_in, c_out, side;
} conv_case;

static const conv_case cases[] = {
    {"mini 64 to 64, 128x128", 64, 64, 128},    {"mini 128 to 128, 64x64", 128, 128, 64},
    {"mini 128 to 256, 64x64", 128, 256, 64},   {"VAE 512 to 512, 64x64", 512, 512, 64},
    {"VAE 512 to 512, 128x128", 512, 512, 128}, {"VAE 256 to 256, 256x256", 256, 256, 256},
    {"VAE 128 to 128, 512x512", 128, 128, 512}, {"U-Net 320 to 320, 64x64", 320, 320, 64},
    {"U-Net 640 to 640, 32x32", 640, 640, 32},  {"U-Net 1280 to 1280, 16x16", 1280, 1280, 16},
    {"U-Net 1280 to 1280, 8x8", 1280, 1280, 8},
};

typedef enum arithmetic { F32 = 0, BF16 = 1, INT8 = 2, N_ARITHMETICS = 3 } arithmetic;

/* A convolution that can run, and the reorder that makes its input of a blocked f32 one. */
typedef struct conv {
    dnnl_primitive_t primitive, convert; /* convert: NULL for F32 */
    dnnl_memory_t floats, src, weights, dst;
    double best, best_convert; /* seconds */
} conv;

static dnnl_engine_t engine;
static dnnl_stream_t stream;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void need(dnnl_status_t status, const char *what) {
    if (status == dnnl_success) return;
    fprintf(stderr, "bench_int8: %s: oneDNN status %d\n", what, (int)status);
    exit(1);
}

static dnnl_memory_desc_t any(const dnnl_dims_t dims, dnnl_data_type_t type) {
    dnnl_memory_desc_t md;
    need(dnnl_memory_desc_init_by_tag(&md, 4, dims, type, dnnl_format_tag_any), "layout");
    return md;
}

/* Small values of either sign, of any type: bytes of a little generator. */
static dnnl_memory_t filled(const dnnl_memory_desc_t *md) {
    dnnl_memory_t memory;
    void *data;
    uint32_t seed = 1;
    const size_t n = dnnl_memory_desc_get_size(md);
    need(dnnl_memory_create(&memory, md, engine, DNNL_MEMORY_ALLOCATE), "memory");
    need(dnnl_memory_get_data_handle(memory, &data), "memory");
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        ((uint8_t *)data)[i] = (uint8_t)(seed >> 24) & 63;
        if (md->data_type == dnnl_f32 && i % 4 == 3) ((uint8_t *)data)[i] = 62; /* exponents of about 2^-3 */
        if (md->data_type == dnnl_bf16 && i % 2 == 1) ((uint8_t *)data)[i] = 62;
    }
    return memory;
}

static dnnl_primitive_t reorder(const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to, float scale) {
    dnnl_primitive_attr_t attr;
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t primitive;
    need(dnnl_primitive_attr_create(&attr), "attribute");
    if (scale != 1) need(dnnl_primitive_attr_set_output_scales(attr, 1, 0, &scale), "scale");
    need(dnnl_reorder_primitive_desc_create(&pd, from, engine, to, engine, attr), "reorder");
    need(dnnl_primitive_create(&primitive, pd), "reorder");
    dnnl_primitive_desc_destroy(pd);
    dnnl_primitive_attr_destroy(attr);
    return primitive;
}

/* `floats` is the layout of the f32 input to convert from; NULL: make it. */
static conv make(const conv_case *c, arithmetic how, const dnnl_memory_desc_t *floats) {
    static const dnnl_data_type_t src_type[] = {dnnl_f32, dnnl_bf16, dnnl_u8};
    static const dnnl_data_type_t weights_type[] = {dnnl_f32, dnnl_bf16, dnnl_s8};
    const dnnl_dims_t from = {1, c->c_in, c->side, c->side}, to = {1, c->c_out, c->side, c->side};
    const dnnl_dims_t kernel = {c->c_out, c->c_in, 3, 3}, ones = {1, 1};
    const dnnl_memory_desc_t src = any(from, src_type[how]), weights = any(kernel, weights_type[how]),
                             dst = any(to, dnnl_f32);
    dnnl_convolution_desc_t desc;
    dnnl_primitive_desc_t pd;
    conv made = {.best = 1e9, .best_convert = 1e9};
    need(dnnl_convolution_forward_desc_init(&desc, dnnl_forward_inference, dnnl_convolution_direct, &src, &weights,
                                            NULL, &dst, ones, ones, ones),
         c->name);
    need(dnnl_primitive_desc_create(&pd, &desc, NULL, engine, NULL), c->name);
    need(dnnl_primitive_create(&made.primitive, pd), c->name);
    const dnnl_memory_desc_t *in = dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0);
    made.src = filled(in);
    made.weights = filled(dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0));
    made.dst = filled(dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0));
    if (floats) {
        made.floats = filled(floats);
        made.convert = reorder(floats, in, how == INT8 ? 255 : 1);
    }
    dnnl_primitive_desc_destroy(pd);
    return made;
}

static double run(dnnl_primitive_t primitive, const dnnl_exec_arg_t *args, int n_args) {
    const double start = now();
    need(dnnl_primitive_execute(primitive, stream, n_args, args), "run");
    need(dnnl_stream_wait(stream), "run");
    return now() - start;
}

static void run_once(conv *c) {
    const dnnl_exec_arg_t converted[] = {{DNNL_ARG_FROM, c->floats}, {DNNL_ARG_TO, c->src}};
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, c->src}, {DNNL_ARG_WEIGHTS, c->weights}, {DNNL_ARG_DST, c->dst}};
    const double to_convert = c->convert ? run(c->convert, converted, 2) : 0, seconds = run(c->primitive, args, 3);
    if (to_convert < c->best_convert) c->best_convert = to_convert;
    if (seconds < c->best) c->best = seconds;
}

static void end(conv *c) {
    dnnl_primitive_destroy(c->primitive);
    if (c->convert) dnnl_primitive_destroy(c->convert);
    if (c->floats) dnnl_memory_destroy(c->floats);
    dnnl_memory_destroy(c->src);
    dnnl_memory_destroy(c->weights);
    dnnl_memory_destroy(c->dst);
}

static void bench(const conv_case *c) {
    conv convs[N_ARITHMETICS];
    const dnnl_memory_desc_t *floats;
    convs[F32] = make(c, F32, NULL);
    need(dnnl_memory_get_memory_desc(convs[F32].src, &floats), c->name);
    convs[BF16] = make(c, BF16, floats);
    convs[INT8] = make(c, INT8, floats);
    for (int i = 0; i < N_ARITHMETICS; i++) run_once(&convs[i]); /* warm up; lowest times do not mind */
    const double limit = now() + SECONDS_EACH;
    for (int n = 0; n < MAX_RUNS && (n < MIN_RUNS || now() < limit); n++)
        for (int i = 0; i < N_ARITHMETICS; i++) run_once(&convs[i]);
    const double gflop = 2e-9 * 9 * (double)(c->c_in * c->c_out) * (double)(c->side * c->side);
    printf("%-26s", c->name);
    for (int i = 0; i < N_ARITHMETICS; i++) {
        const double all = convs[i].best + convs[i].best_convert;
        printf(" %8.3f %6.0f", 1e3 * convs[i].best, gflop / convs[i].best);
        if (i != F32) printf(" %7.3f %5.2f", 1e3 * convs[i].best_convert, convs[F32].best / all);
        end(&convs[i]);
    }
    printf("\n");
}

int main(int argc, char **argv) {
    need(dnnl_engine_create(&engine, dnnl_cpu, 0), "engine");
    need(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags), "stream");
    printf("%-26s %8s %6s %8s %6s %7s %5s %8s %6s %7s %5s\n", "", "f32 ms", "GOP/s", "bf16 ms", "GOP/s", "input",
           "times", "int8 ms", "GOP/s", "input", "times");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (argc < 2 || strstr(cases[i].name, argv[1])) bench(&cases[i]);
    dnnl_stream_destroy(stream);
    dnnl_engine_destroy(engine);
    return 0;
}
