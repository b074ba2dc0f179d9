/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* State shared by encoder and decoder of a residual slice: its planes, the map of coded blocks, and the coding of
 * each element in both directions. */
#ifndef PITH_RESIDUAL_RES_STATE_H
#define PITH_RESIDUAL_RES_STATE_H

#include "base/watch.h"
#include "entropy/range_coder.h"
#include "residual/res_model.h"
#include "residual/res_predict.h"
#include "residual/residual_coder.h"

#define RES_STRIDE RES_SLICE_SIDE /* of the planes: the slice, padded to whole blocks of 32 */
#define RES_PLANE_SIZE (RES_STRIDE * RES_STRIDE)
#define RES_UNIT 4u /* side of a unit of the map, in pixels */
#define RES_UNIT_STRIDE (RES_STRIDE / RES_UNIT + 2)
#define RES_N_UNITS (RES_UNIT_STRIDE * (RES_STRIDE / RES_UNIT + 2))
#define RES_ID_MARGIN 2u
#define RES_ID_STRIDE (RES_STRIDE + 2 * RES_ID_MARGIN)
#define RES_N_IDS (RES_ID_STRIDE * (RES_STRIDE + RES_ID_MARGIN))

#define RES_MAX_COLOURS 63u
#define RES_ID_NETWORK 0u /* of a palette: the network's sample; ids from 1 are colours */
#define RES_ID_NONE 255u  /* not coded, or not in a palette block */
#define RES_MAX_LEVEL 32767

typedef enum res_direction { RES_ENCODE, RES_DECODE, RES_COST } res_direction;

/* NONE, 0: outside the slice or not coded yet. */
typedef enum res_kind { RES_KIND_NONE, RES_KIND_NET, RES_KIND_INTRA, RES_KIND_PALETTE } res_kind;

/* How a block is coded; also its entry in the map. */
typedef struct res_leaf {
    uint8_t kind;    /* res_kind */
    uint8_t mode;    /* INTRA: the prediction mode; PALETTE: 1 = one colour */
    uint8_t log2;    /* of the side */
    uint8_t fine;    /* 1 = the fine quantiser */
    uint8_t coded;   /* bit p: plane p has nonzero levels */
    uint8_t energy;  /* of luma's levels, a class 0..5 */
    uint8_t skipped; /* 1: a whole block of 32 without change */
} res_leaf;

typedef struct res_header {
    uint8_t step_index;   /* of luma */
    uint8_t chroma_delta; /* added for the other planes, 0..15 */
    uint8_t fine_delta;   /* subtracted in fine blocks, 0..15 */
    uint8_t slopes[2];    /* luma, chroma: 0..7 */
    uint8_t smoothing;    /* 0..7 */
    uint8_t n_colours;    /* 0..63 */
    uint8_t colours[RES_MAX_COLOURS][3];
} res_header;

typedef struct res_search res_search; /* used only by the encoder */

struct res_coder {
    const pith_alloc *alloc; /* borrowed */
    watch watch;
    res_direction direction;
    rc_encoder encoder;
    rc_decoder decoder;
    uint64_t cost; /* RES_COST: sum in 1/1024 nat */
    bool bad;      /* a value out of range was decoded */
    res_header header;
    uint32_t width, height; /* of the slice, pixels */
    unsigned n_planes;
    uint16_t scans[RES_N_SIZES][RES_MAX_AREA]; /* position in the scan -> row * side + column */
    int16_t colours[RES_MAX_COLOURS + 1][3];   /* as in the planes, by id */
    int16_t *network[3], *rebuilt[3];          /* the prediction; the result */
    int16_t *levels[3];                        /* levels at the block's position; row = vertical frequency */
    uint8_t *ids;                              /* RES_N_IDS, with a margin at the left, top and right */
    res_leaf *units;                           /* RES_N_UNITS, with a margin of one unit */
    res_search *search;                        /* NULL in a decoder */
    res_model model;
};

static inline size_t res_at(uint32_t x, uint32_t y) { return (size_t)y * RES_STRIDE + x; }
static inline size_t res_id_at(uint32_t x, uint32_t y) {
    return (size_t)(y + RES_ID_MARGIN) * RES_ID_STRIDE + RES_ID_MARGIN + x;
}
static inline size_t res_unit_at(uint32_t x, uint32_t y) {
    return (size_t)(y / RES_UNIT + 1) * RES_UNIT_STRIDE + x / RES_UNIT + 1;
}

/* ---- res_state.c ---- */

/* Converts the prediction to planes and clears all blocks. */
void res_begin_slice(res_coder *c, const res_view *picture);
/* Planes -> samples, except for pixels that equal the network's. */
void res_end_slice(const res_coder *c, const res_view *picture);
/* Samples -> planes, with the edges repeated to whole blocks of 32. */
void res_load_planes(const res_view *view, int16_t *const planes[3]);
void res_set_colours(res_coder *c);
/* The low 16 bits of a CRC-32 over all decoded data. */
uint16_t res_checksum(const res_coder *c);
/* Enters a block in the map. */
void res_mark(res_coder *c, uint32_t x, uint32_t y, unsigned log2, res_leaf leaf);

/* ---- res_syntax.c: elements in both directions ---- */

/* Codes a decision in the given contexts; `bit` is ignored when decoding. */
unsigned res_code(res_coder *c, unsigned bit, const uint32_t *slots, unsigned n_slots, unsigned set_a, unsigned set_b);
/* Codes a bit with probability 1/2. */
unsigned res_code_even(res_coder *c, unsigned bit);
uint32_t res_code_bits(res_coder *c, uint32_t value, unsigned n_bits);

void res_code_header(res_coder *c);
bool res_code_skip(res_coder *c, uint32_t x, uint32_t y, bool skip);
bool res_code_split(res_coder *c, uint32_t x, uint32_t y, unsigned log2, bool split);
/* Codes a block with its levels (c->levels) or ids (`ids`, side x side; sets c->ids), and enters it in the map. */
void res_code_leaf(res_coder *c, uint32_t x, uint32_t y, unsigned log2, res_leaf *leaf, const uint8_t *ids);

/* ---- res_levels.c ---- */
/* Codes the levels of one plane of a block, at least one of them nonzero; returns the sum of their magnitudes. */
uint32_t res_code_levels(res_coder *c, uint32_t x, uint32_t y, unsigned log2, unsigned plane, const res_leaf *leaf);

/* ---- res_palette.c ---- */
/* Codes the ids of a block. True if all are the same. */
bool res_code_ids(res_coder *c, uint32_t x, uint32_t y, unsigned log2, const uint8_t *ids);

/* ---- res_rebuild.c ---- */
unsigned res_step_of(const res_coder *c, unsigned plane, bool fine);
/* Writes the block's prediction, by kind and mode, to `block`. */
void res_predict_plane(const res_coder *c, uint32_t x, uint32_t y, unsigned log2, unsigned plane, const res_leaf *leaf,
                       int16_t *block);
/* Prediction and levels -> c->rebuilt. */
void res_rebuild(res_coder *c, uint32_t x, uint32_t y, unsigned log2, const res_leaf *leaf);
/* Adds the levels (row stride RES_STRIDE) of one plane to its prediction. */
void res_add_levels(const res_coder *c, unsigned plane, unsigned log2, bool fine, const int16_t *levels,
                    const int16_t *predicted, int16_t *block);

/* ---- res_smooth.c ---- */
void res_smooth(res_coder *c);

/* ---- res_search.c: the encoder ---- */
pith_status res_search_new(res_search **out, const pith_alloc *alloc) PITH_MUST_CHECK;
void res_search_free(res_search **search, const pith_alloc *alloc);

#endif
