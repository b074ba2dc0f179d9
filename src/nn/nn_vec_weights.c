/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Weights as the kernels of the portable engine want them, made once and shared by all nets of a backend. */
#include <string.h>

#include "nn/nn_squares.h"
#include "nn/nn_vec.h"

static int64_t panels(int64_t channels) { return nn_vec_padded(channels) / NN_VEC_PANEL; }

size_t nn_vec_wish_floats(const nn_vec_wish *w, uint64_t n_elements) {
    const size_t values = (size_t)(panels(w->c_out) * NN_VEC_PANEL * w->c_in);
    switch (w->form) {
    case NN_VEC_PLAIN:
        break;
    case NN_VEC_VECTOR:
        return (size_t)nn_vec_padded((int64_t)n_elements);
    case NN_VEC_DIRECT:
        return values * (size_t)(w->kernel * w->kernel);
    case NN_VEC_SQUARES:
        return values * NN_VEC_SQUARE;
    case NN_VEC_LATE:
        return 0;
    }
    return (size_t)n_elements;
}

/* ---- packing ------------------------------------------------------------------------- */

typedef struct pack_work {
    const nn_vec_wish *wish;
    const float *file;
    float *out;
    int64_t to_panel, to_value;
} pack_work;

/* taps[t][k]: the kernels that lead from input i to the outputs from o on, n of them. `file` holds [first channel]
 * [second channel][n_taps]. Inlined, with n_taps a constant. */
static inline __attribute__((always_inline)) void take_kernels(const nn_vec_wish *w, const float *file, int64_t o,
                                                               int64_t n, int64_t i, int64_t n_taps,
                                                               float (*taps)[NN_VEC_PANEL]) {
    const float *from = file + (w->adjoint ? i * w->c_out + o : o * w->c_in + i) * n_taps;
    const int64_t to_next = (w->adjoint ? 1 : w->c_in) * n_taps;
    for (int64_t k = 0; k < n; k++, from += to_next)
        for (int64_t t = 0; t < n_taps; t++) taps[t][k] = from[w->adjoint ? n_taps - 1 - t : t];
}

/* Item: a panel of outputs. What its kernels have at one tap, or one place of a square, is stored together. */
static void pack_panel(void *user, int64_t panel, int worker) {
    (void)worker;
    const pack_work *p = user;
    const nn_vec_wish *w = p->wish;
    const bool by_squares = w->form == NN_VEC_SQUARES;
    const int64_t first = panel * NN_VEC_PANEL, left = w->c_out - first, n_taps = w->kernel * w->kernel;
    const int64_t n = left < NN_VEC_PANEL ? left : NN_VEC_PANEL, n_values = by_squares ? NN_VEC_SQUARE : n_taps;
    float taps[NN_VEC_MAX_TAPS][NN_VEC_PANEL] = {{0}}, squares[NN_VEC_SQUARE][NN_VEC_PANEL];
    float(*values)[NN_VEC_PANEL] = by_squares ? squares : taps;
    _Static_assert(NN_SQUARE_LANES == NN_VEC_PANEL, "a panel is transformed at once");
    for (int64_t i = 0; i < w->c_in; i++) {
        if (n_taps == 9)
            take_kernels(w, p->file, first, n, i, 9, taps);
        else
            take_kernels(w, p->file, first, n, i, 1, taps);
        if (by_squares) nn_squares_of_kernels(squares, taps);
        float *to = p->out + panel * p->to_panel + i * NN_VEC_PANEL;
        for (int64_t v = 0; v < n_values; v++) memcpy(to + v * p->to_value, values[v], sizeof values[v]);
    }
}

/* Of the forms DIRECT and SQUARES, whose panels and values lie so far apart. */
static pack_work packing_of(const nn_vec_wish *w, const float *file, float *out) {
    const int64_t matrix = w->c_in * NN_VEC_PANEL; /* of one value, for a panel */
    const bool is_direct = w->form == NN_VEC_DIRECT;
    return (pack_work){.wish = w,
                       .file = file,
                       .out = out,
                       .to_panel = is_direct ? w->kernel * w->kernel * matrix : matrix,
                       .to_value = is_direct ? matrix : panels(w->c_out) * matrix};
}

static void pack(nn_vec_backend *be, const nn_vec_wish *w, const float *file, uint64_t n_elements, float *out) {
    if (w->form == NN_VEC_PLAIN || w->form == NN_VEC_VECTOR) {
        memcpy(out, file, (size_t)n_elements * sizeof *out);
        for (size_t i = (size_t)n_elements; i < nn_vec_wish_floats(w, n_elements); i++) out[i] = 0;
        return;
    }
    pack_work work = packing_of(w, file, out);
    team_run(be->team, panels(w->c_out), pack_panel, &work);
}

/* ---- late --------------------------------------------------------------------------------- */

bool nn_vec_packs_late(const nn_plan *p, const nn_op *op) {
    return p->call == NN_NO_VALUE && op->kind == NN_OP_CONV && nn_uses_squares(p, op);
}

static nn_vec_wish late_wish(const nn_plan *p, const nn_op *op) {
    return (nn_vec_wish){.form = NN_VEC_SQUARES, .c_in = p->ops[op->in[0]].shape.c, .c_out = op->shape.c, .kernel = 3};
}

size_t nn_vec_late_floats(const nn_plan *p, const nn_op *op) {
    const nn_vec_wish wish = late_wish(p, op);
    return nn_vec_packs_late(p, op) ? nn_vec_wish_floats(&wish, 0) : 0;
}

typedef struct late_work {
    const nn_vec_net *net;
    const tensor *tensor;
    pack_work pack;
} late_work;

/* Item: a panel of outputs, read into the worker's scratch, which is larger. */
static void pack_late_panel(void *user, int64_t panel, int worker) {
    const late_work *l = user;
    nn_vec_wish wish = *l->pack.wish;
    const int64_t first = panel * NN_VEC_PANEL, left = wish.c_out - first, each = wish.c_in * 9;
    const int64_t n = left < NN_VEC_PANEL ? left : NN_VEC_PANEL;
    float *read = nn_vec_own(l->net, worker);
    pack_work pack = l->pack;
    tensor_read_f32(l->tensor, (uint64_t)(first * each), (uint64_t)(n * each), read);
    wish.c_out = n;
    pack.wish = &wish;
    pack.file = read;
    pack.out += panel * pack.to_panel;
    pack_panel(&pack, 0, worker);
}

void nn_vec_pack_late(const nn_vec_net *net, int32_t id, float *out) {
    const nn_plan *p = net->base.plan;
    const nn_vec_wish wish = late_wish(p, &p->ops[net->steps[id].root]);
    late_work l = {net, net->steps[id].late, packing_of(&wish, NULL, out)};
    team_run(net->team, panels(wish.c_out), pack_late_panel, &l);
}

static pith_status make(nn_vec_backend *be, const tensor *t, const nn_vec_wish *wish, nn_vec_weight **out,
                        pith_diag *diag) {
    const pith_alloc *alloc = &be->base.alloc;
    const size_t count = nn_vec_wish_floats(wish, t->n_elements);
    const float *file = nn_weight_in_place(t);
    float *read = NULL;
    pith_status status = tensor_check_finite(t, diag);
    nn_vec_weight *w = mem_alloc(alloc, 1, sizeof *w);
    PITH_TRY(status);
    if (w) w->data = mem_alloc_aligned(alloc, count, sizeof *w->data);
    if (!file && wish->form != NN_VEC_LATE) read = mem_alloc_aligned(alloc, (size_t)t->n_elements, sizeof *read);
    if (!w || !w->data || (!file && !read && wish->form != NN_VEC_LATE)) {
        status = diag_set(diag, PITH_E_NOMEM, "network: out of memory");
        goto cleanup;
    }
    if (read) tensor_read_f32(t, 0, t->n_elements, read);
    if (wish->form != NN_VEC_LATE) pack(be, wish, file ? file : read, t->n_elements, w->data);
    w->tensor = nn_weight_key(t);
    w->wish = *wish;
    *out = w;
cleanup:
    if (status != PITH_OK && w) mem_free_aligned(alloc, w->data);
    if (status != PITH_OK) mem_free(alloc, w);
    mem_free_aligned(alloc, read);
    return status;
}

/* ---- the cache --------------------------------------------------------------------------- */

static bool is_same(const nn_vec_wish *a, const nn_vec_wish *b) {
    return a->form == b->form && a->adjoint == b->adjoint && a->c_in == b->c_in && a->c_out == b->c_out &&
           a->kernel == b->kernel;
}

static void free_weight(const pith_alloc *alloc, nn_vec_weight *w) {
    mem_free_aligned(alloc, w->data);
    mem_free(alloc, w);
}

static bool append(nn_vec_backend *be, nn_vec_weight *w) {
    if (be->n_cached == be->cached_capacity) {
        const size_t more = be->cached_capacity ? 2 * be->cached_capacity : 64;
        nn_vec_weight **bigger = mem_grow(&be->base.alloc, be->cached, be->n_cached, more, sizeof(nn_vec_weight *));
        if (!bigger) return false;
        be->cached = bigger;
        be->cached_capacity = more;
    }
    be->cached[be->n_cached++] = w;
    return true;
}

pith_status nn_vec_get_weight(nn_vec_net *net, const tensor_table *table, int32_t index, const nn_vec_wish *wish,
                              const float **data, pith_diag *diag) {
    pith_status status = PITH_OK;
    nn_vec_backend *be = (nn_vec_backend *)net->base.backend;
    const tensor *t = tensor_table_find(table, net->base.plan->weights[index].name);
    nn_vec_weight *w = NULL;
    pthread_mutex_lock(&be->lock);
    for (size_t i = 0; i < be->n_cached && !w; i++)
        if (be->cached[i]->tensor == nn_weight_key(t) && is_same(&be->cached[i]->wish, wish)) w = be->cached[i];
    if (!w) {
        status = make(be, t, wish, &w, diag);
        if (w && !append(be, w)) {
            free_weight(&be->base.alloc, w);
            status = diag_set(diag, PITH_E_NOMEM, "network: out of memory");
        }
    }
    if (status == PITH_OK && w) {
        w->n_users++;
        net->weights[net->n_weights++] = w;
        *data = w->data;
    }
    pthread_mutex_unlock(&be->lock);
    return status;
}

void nn_vec_release_weights(nn_vec_net *net) {
    nn_vec_backend *be = (nn_vec_backend *)net->base.backend;
    pthread_mutex_lock(&be->lock);
    for (size_t i = 0; i < net->n_weights; i++) net->weights[i]->n_users--;
    pthread_mutex_unlock(&be->lock);
    mem_free(&be->base.alloc, net->weights);
}

void nn_vec_trim_weights(nn_vec_backend *be) {
    size_t kept = 0;
    pthread_mutex_lock(&be->lock);
    for (size_t i = 0; i < be->n_cached; i++) {
        if (be->cached[i]->n_users > 0)
            be->cached[kept++] = be->cached[i];
        else
            free_weight(&be->base.alloc, be->cached[i]);
    }
    be->n_cached = kept;
    pthread_mutex_unlock(&be->lock);
}
