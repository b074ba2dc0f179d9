/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "exact/fewer_colours.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

#define HASH_SIZE (2 * COLOURS_MAX_DISTINCT)
#define N_AXES 4
#define N_SWEEPS 3 /* of Lloyd's algorithm */
/* Weights of a colour difference. Chroma counts most, since the hue of a line in a chart has a meaning. Colours count
 * in proportion to their opacity. */
#define LUMA_WEIGHT 1.2f
#define CB_WEIGHT 1.4f
#define CR_WEIGHT 1.8f
#define ALPHA_WEIGHT 1.5f
#define MAIN_PART 0.5 /* a colour with more than this part of a cluster's pixels represents the cluster */

typedef struct colour {
    uint32_t key; /* its samples, the first in the lowest byte */
    uint32_t count;
    float weight; /* square root of the count, so that a thin line of its own colour is not lost */
    uint32_t cluster;
    float place[N_AXES];
} colour;

typedef struct cluster {
    double weight, sum[N_AXES], error; /* weighted sums over the members: 1, place, squared distance from the mean */
    float mean[N_AXES];
    uint64_t n_pixels;
    uint32_t main_key, main_count; /* of the most frequent member */
    uint32_t key;                  /* the colour that represents the cluster */
} cluster;

struct colour_set {
    pith_alloc alloc;
    unsigned n_channels, n_colours;
    colour *colours;
    uint32_t *table;   /* HASH_SIZE: 1 + an index into colours; 0: free */
    cluster *clusters; /* as many as there are colours */
};

/* ---- the picture's colours ---------------------------------------------------------------------- */

static uint32_t key_at(const uint8_t *pixel, unsigned n_channels) {
    uint32_t key = 0;
    for (unsigned c = 0; c < n_channels; c++) key |= (uint32_t)pixel[c] << (8 * c);
    return key;
}

static uint32_t *slot_of(const colour_set *s, uint32_t key) {
    uint32_t i = (key * 2654435761u) >> 7;
    for (;; i++) {
        uint32_t *slot = &s->table[i % HASH_SIZE];
        if (*slot == 0 || s->colours[*slot - 1].key == key) return slot;
    }
}

static void find_place(colour *c, unsigned n_channels) {
    const float v[4] = {(float)(c->key & 255), (float)(c->key >> 8 & 255), (float)(c->key >> 16 & 255),
                        (float)(c->key >> 24)};
    const bool is_grey = n_channels < 3;
    const float alpha = n_channels == 2 ? v[1] : n_channels == 4 ? v[3] : 255;
    const float r = v[0], g = is_grey ? v[0] : v[1], b = is_grey ? v[0] : v[2], part = alpha / 255;
    const float y = 0.299f * r + 0.587f * g + 0.114f * b;
    c->place[0] = LUMA_WEIGHT * y * part;
    c->place[1] = CB_WEIGHT * (b - y) * part;
    c->place[2] = CR_WEIGHT * (r - y) * part;
    c->place[3] = ALPHA_WEIGHT * alpha;
    c->weight = sqrtf((float)c->count);
}

/* False if there are too many colours. */
static bool count_colours(colour_set *s, const pith_image *image) {
    for (uint32_t y = 0; y < image->format.height; y++) {
        const uint8_t *row = (const uint8_t *)image->pixels + y * image->stride_bytes;
        for (size_t x = 0; x < image->format.width; x++) {
            uint32_t key = key_at(row + x * s->n_channels, s->n_channels);
            uint32_t *slot = slot_of(s, key);
            if (*slot == 0) {
                if (s->n_colours == COLOURS_MAX_DISTINCT) return false;
                s->colours[s->n_colours].key = key;
                *slot = ++s->n_colours;
            }
            s->colours[*slot - 1].count++;
        }
    }
    for (unsigned i = 0; i < s->n_colours; i++) find_place(&s->colours[i], s->n_channels);
    return true;
}

pith_status colours_new(colour_set **out, const pith_alloc *alloc, const pith_image *image) {
    colour_set *s = mem_alloc(alloc, 1, sizeof *s);
    *out = NULL;
    if (!s) return PITH_E_NOMEM;
    s->alloc = alloc ? *alloc : (pith_alloc){0};
    s->n_channels = image->format.n_channels;
    s->colours = mem_alloc(alloc, COLOURS_MAX_DISTINCT, sizeof *s->colours);
    s->table = mem_alloc(alloc, HASH_SIZE, sizeof *s->table);
    bool is_whole = s->colours && s->table, few = is_whole && count_colours(s, image);
    if (few) s->clusters = mem_alloc(alloc, s->n_colours, sizeof *s->clusters);
    if (few && s->clusters)
        *out = s;
    else
        colours_free(&s);
    return is_whole && (!few || *out) ? PITH_OK : PITH_E_NOMEM;
}

void colours_free(colour_set **set) {
    if (!set || !*set) return;
    colour_set *s = *set;
    *set = NULL;
    pith_alloc alloc = s->alloc;
    mem_free(&alloc, s->colours);
    mem_free(&alloc, s->table);
    mem_free(&alloc, s->clusters);
    mem_free(&alloc, s);
}

unsigned colours_count(const colour_set *set) { return set->n_colours; }

/* ---- clusters ------------------------------------------------------------------------------------ */

static float distance(const float *a, const float *b) {
    float sum = 0;
    for (int i = 0; i < N_AXES; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

/* Computes the clusters' means and errors from their members. */
static void sum_up(colour_set *s, unsigned n_clusters) {
    memset(s->clusters, 0, n_clusters * sizeof *s->clusters);
    for (unsigned i = 0; i < s->n_colours; i++) {
        const colour *c = &s->colours[i];
        cluster *k = &s->clusters[c->cluster];
        k->weight += (double)c->weight;
        k->n_pixels += c->count;
        for (int a = 0; a < N_AXES; a++) k->sum[a] += (double)c->weight * (double)c->place[a];
        if (c->count > k->main_count) k->main_count = c->count, k->main_key = c->key;
    }
    for (unsigned j = 0; j < n_clusters; j++)
        for (int a = 0; a < N_AXES && s->clusters[j].weight > 0; a++)
            s->clusters[j].mean[a] = (float)(s->clusters[j].sum[a] / s->clusters[j].weight);
    for (unsigned i = 0; i < s->n_colours; i++) {
        cluster *k = &s->clusters[s->colours[i].cluster];
        k->error += (double)s->colours[i].weight * (double)distance(s->colours[i].place, k->mean);
    }
}

/* The direction in which a cluster's members differ most, by a few steps of the power method. */
static void main_axis(const colour_set *s, unsigned which, float axis[N_AXES]) {
    double m[N_AXES][N_AXES] = {{0}}, v[N_AXES] = {1, 0.9, 0.8, 0.7};
    for (unsigned i = 0; i < s->n_colours; i++) {
        const colour *c = &s->colours[i];
        if (c->cluster != which) continue;
        for (int a = 0; a < N_AXES; a++)
            for (int b = 0; b < N_AXES; b++)
                m[a][b] += (double)c->weight * (double)(c->place[a] - s->clusters[which].mean[a]) *
                           (double)(c->place[b] - s->clusters[which].mean[b]);
    }
    for (int step = 0; step < 12; step++) {
        double next[N_AXES] = {0}, length = 0;
        for (int a = 0; a < N_AXES; a++) {
            for (int b = 0; b < N_AXES; b++) next[a] += m[a][b] * v[b];
            length += next[a] * next[a];
        }
        if (!(length > 0)) break;
        for (int a = 0; a < N_AXES; a++) v[a] = next[a] / sqrt(length);
    }
    for (int a = 0; a < N_AXES; a++) axis[a] = (float)v[a];
}

/* Moves the members beyond the mean to a new cluster. */
static void split(colour_set *s, unsigned which, unsigned new_one) {
    float axis[N_AXES];
    main_axis(s, which, axis);
    const float *mean = s->clusters[which].mean;
    for (unsigned i = 0; i < s->n_colours; i++) {
        colour *c = &s->colours[i];
        float along = 0;
        if (c->cluster != which) continue;
        for (int a = 0; a < N_AXES; a++) along += axis[a] * (c->place[a] - mean[a]);
        if (along > 0) c->cluster = new_one;
    }
}

static void assign_nearest(colour_set *s, unsigned n_clusters) {
    for (unsigned i = 0; i < s->n_colours; i++) {
        colour *c = &s->colours[i];
        float least = distance(c->place, s->clusters[c->cluster].mean);
        for (unsigned j = 0; j < n_clusters; j++) {
            float d = s->clusters[j].weight > 0 ? distance(c->place, s->clusters[j].mean) : INFINITY;
            if (d < least) least = d, c->cluster = j;
        }
    }
}

/* Chooses a main colour, or else the member nearest to the mean. It is always a member, so no new colours arise. */
static void choose_keys(colour_set *s, unsigned n_clusters) {
    for (unsigned j = 0; j < n_clusters; j++) {
        cluster *k = &s->clusters[j];
        k->key = k->main_key;
        k->error =
            k->main_count > MAIN_PART * (double)k->n_pixels ? -1 : INFINITY; /* from here on: the nearest member's */
    }
    for (unsigned i = 0; i < s->n_colours; i++) {
        cluster *k = &s->clusters[s->colours[i].cluster];
        double d = (double)distance(s->colours[i].place, k->mean);
        if (d < k->error) k->error = d, k->key = s->colours[i].key;
    }
}

static void make_clusters(colour_set *s, unsigned wanted) {
    unsigned n = 1;
    for (unsigned i = 0; i < s->n_colours; i++) s->colours[i].cluster = 0;
    sum_up(s, n);
    while (n < wanted) {
        /* The worst clusters are split together, so that one pass over the colours serves many splits. */
        double worst = 0;
        const unsigned n_before = n;
        for (unsigned j = 0; j < n; j++) worst = fmax(worst, s->clusters[j].error);
        if (!(worst > 0)) break;
        for (unsigned j = 0; j < n_before && n < wanted; j++)
            if (s->clusters[j].error > 0.5 * worst) split(s, j, n++);
        sum_up(s, n);
    }
    for (int sweep = 0; sweep < N_SWEEPS; sweep++) {
        assign_nearest(s, n);
        sum_up(s, n);
    }
    choose_keys(s, n);
}

void colours_reduce(colour_set *s, unsigned n_colours, const pith_image *from, const pith_image *to) {
    const bool all = n_colours >= s->n_colours;
    if (!all) make_clusters(s, n_colours);
    for (uint32_t y = 0; y < from->format.height; y++) {
        const uint8_t *in = (const uint8_t *)from->pixels + y * from->stride_bytes;
        uint8_t *out = (uint8_t *)to->pixels + y * to->stride_bytes;
        for (size_t x = 0; x < from->format.width; x++, in += s->n_channels, out += s->n_channels) {
            uint32_t key = key_at(in, s->n_channels);
            if (!all) key = s->clusters[s->colours[*slot_of(s, key) - 1].cluster].key;
            for (unsigned c = 0; c < s->n_channels; c++) out[c] = (uint8_t)(key >> (8 * c));
        }
    }
}
