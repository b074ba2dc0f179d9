/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* State shared by the parts of the exact coder: the slice being coded. */
#ifndef PITH_EXACT_EXACT_STATE_H
#define PITH_EXACT_EXACT_STATE_H

#include "base/watch.h"
#include "exact/exact_coder.h"
#include "exact/exact_mixing.h"

/* A pixel, or an index into the palette. A pixel has 16 bits per channel in coding order (opacity, green, red, blue;
 * opacity, grey), the first in the highest bits. */
typedef uint64_t exact_pixel;
#define EXACT_MARGIN 8 /* positions on each side of a row */
#define EXACT_MAX_DEPTH 13
#define EXACT_MAX_COLOURS (1 << EXACT_MAX_DEPTH)
#define EXACT_MAX_ANCHORS 16

typedef enum exact_mode {
    EXACT_INDICES = 0, /* into a palette */
    EXACT_SAMPLES = 1  /* for pixels that are not repeats */
} exact_mode;

typedef enum exact_transform { EXACT_AS_IS = 0, EXACT_LESS_GREEN = 1, EXACT_YCOCG = 2 } exact_transform;

/* How the slice's values represent samples, and how they are coded; stored in its first bytes. */
typedef struct exact_plan {
    exact_mode mode;
    exact_transform transform;
    bool no_hidden; /* colours are 0 wherever the opacity is 0 */
    uint8_t n_bits; /* of the values, 1..16 */
    uint8_t shift;  /* a sample is its value shifted left by this */
    bool repeat;    /* or, instead, its high bits repeated below to fill the bit depth */
} exact_plan;

/* ---- repeats: is the pixel one of those likely here? --------------------------------------- */

#define EXACT_N_NEAR 12
#define EXACT_MAX_TRIED 8
#define EXACT_BLOCK 32 /* side, in pixels, of the blocks that are coded with or without repeats */

typedef struct exact_view {
    unsigned n_distinct; /* number of different neighbouring colours */
    exact_pixel distinct[EXACT_N_NEAR];
    uint16_t mask[EXACT_N_NEAR];                              /* which neighbours have each distinct colour */
    uint64_t two, four, six, twelve, shape_six, shape_twelve; /* hashes */
    unsigned n_tried;
    exact_pixel tried[EXACT_MAX_TRIED];
} exact_view;

#define EXACT_REPEAT_INPUTS 10
#define EXACT_N_CONFIDENCE 64

typedef struct exact_repeats {
    exact_view view;
    exact_counter same_row[2], flat[32], escape[1024];
    exact_pixel *last; /* by hash of six neighbours: the pixel last seen there */
    uint32_t *places;  /* by hash of many neighbours: the position last seen */
    unsigned log2_places;
    size_t match; /* the position whose pixel is expected here; 0 = none */
    unsigned match_length;
    uint8_t *escaped[2]; /* for this row and the one above: pixels that were not repeats */
    exact_counter direct[4];
    bool is_direct[EXACT_MAX_SIDE / EXACT_BLOCK + 1]; /* blocks of this row, from index 1 on: samples only */
    int32_t by_confidence[EXACT_N_CONFIDENCE * EXACT_MAX_TRIED][EXACT_REPEAT_INPUTS + 1];
    int32_t by_mask[16 * 4][EXACT_REPEAT_INPUTS + 1];
    exact_counter refine[EXACT_MAX_TRIED * 16][EXACT_N_REFINE];
} exact_repeats;

/* ---- indices -------------------------------------------------------------------------------- */

#define EXACT_INDEX_INPUTS 6

typedef struct exact_palette {
    unsigned n_colours;
    exact_pixel colours[EXACT_MAX_COLOURS]; /* ascending */
    unsigned n_anchors;                     /* number of anchors used, chosen by the encoder */
    unsigned all_rise;                      /* 1: the colours rise in all channels; 0: only in the first ones */
    unsigned n_frequent;
    exact_pixel anchors[EXACT_MAX_ANCHORS]; /* the most frequent colours, in descending order */
    int32_t weights[2][EXACT_MAX_DEPTH + 1][EXACT_INDEX_INPUTS + 1];
} exact_palette;

/* ---- samples --------------------------------------------------------------------------------- */

#define EXACT_N_DECISIONS 40
#define EXACT_N_ENERGY 16
#define EXACT_SAMPLE_CONTEXTS 8
#define EXACT_SAMPLE_HASHES 3
#define EXACT_SAMPLE_INPUTS (EXACT_SAMPLE_CONTEXTS + EXACT_SAMPLE_HASHES)
#define EXACT_CONTEXT_SIZE 1024
#define EXACT_N_GUESSES 5
#define EXACT_N_TAPS 13 /* 6 neighbours, then 4 and 3 from the channels before */

typedef struct exact_channel {
    int32_t *rows[3];   /* values after the colour transform: this row, the one above, two above */
    int32_t *errors[2]; /* signed prediction errors */
    int32_t *guess_errors[EXACT_N_GUESSES][2];
    int32_t taps[EXACT_N_TAPS];
    int32_t bias[512], bias_count[512];
    exact_counter counters[EXACT_SAMPLE_CONTEXTS][EXACT_CONTEXT_SIZE][EXACT_N_DECISIONS];
    exact_counter detail[EXACT_N_DECISIONS][4];
    int32_t by_energy[EXACT_N_ENERGY][EXACT_N_DECISIONS][EXACT_SAMPLE_INPUTS + 1];
    int32_t by_other[EXACT_N_ENERGY][EXACT_N_DECISIONS][EXACT_SAMPLE_INPUTS + 1];
    exact_counter refine[EXACT_N_DECISIONS][EXACT_N_REFINE];
} exact_channel;

/* What is known about a sample before it is coded. */
typedef struct exact_sample_view {
    int32_t guesses[EXACT_N_GUESSES]; /* in 1/8 */
    int32_t taps_in[EXACT_N_TAPS];
    unsigned n_taps;
    int64_t power;
    int32_t predicted; /* in 1/8 */
    int32_t whole;     /* rounded prediction; the sample is coded as the difference from it */
    int32_t least, most;
    unsigned bias_slot;
    unsigned contexts[EXACT_SAMPLE_CONTEXTS];
    unsigned energy, other;
    uint64_t hash[EXACT_SAMPLE_HASHES];
} exact_sample_view;

typedef struct exact_samples {
    unsigned n_channels; /* in coding order, opacity first */
    bool has_opacity;
    exact_transform transform;
    unsigned n_bits;
    exact_channel *channels[4];
    exact_sample_view view; /* of the first colour channel, used for repeats */
} exact_samples;

struct exact_coder {
    const pith_alloc *alloc; /* borrowed */
    uint32_t max_height, max_width;
    unsigned max_channels;
    watch watch;
    exact_mixing mixing;
    exact_plan plan;
    uint32_t height, width;
    unsigned n_channels;
    size_t stride;
    exact_pixel *plane;  /* with margins and three rows above the first */
    exact_pixel *pixels; /* the slice's first pixel in `plane` */
    exact_repeats repeats;
    exact_palette palette;
    exact_samples samples;
    int32_t *row_store;
    uint8_t bytes[8 * EXACT_MAX_SIDE]; /* a row of samples, for the checksum */
};

/* Checksum of the samples last coded or decoded; 16-bit samples with the low byte first. */
uint16_t exact_checksum(exact_coder *c, unsigned bit_depth);

/* The first bytes of a slice; PITH_E_FORMAT for bytes that no encoder writes. */
void exact_plan_write(const exact_plan *plan, const exact_block *block, byte_writer *out);
pith_status exact_plan_read(exact_plan *plan, const exact_block *block, stream *s);
/* Value -> sample. */
static inline uint32_t exact_sample(const exact_plan *plan, unsigned bit_depth, uint32_t value) {
    if (!plan->repeat) return value << plan->shift;
    uint32_t sample = value << (bit_depth - plan->n_bits);
    for (unsigned n = plan->n_bits; n < bit_depth; n *= 2) sample |= sample >> n;
    return sample;
}

/* Analyses a slice for an encoder: fills the plane with values and lists the plans worth trying. */
#define EXACT_MAX_PLANS 3
pith_status exact_analyse(exact_coder *c, const exact_block *block, bool drop_hidden, exact_plan plans[EXACT_MAX_PLANS],
                          unsigned *n_plans);

void exact_repeats_begin(exact_coder *c);
void exact_samples_begin(exact_coder *c);
void exact_palette_begin(exact_coder *c);
void exact_palette_code(exact_coder *c); /* codes the list of colours */

/* To be called before the first row of each row of blocks. */
void exact_code_blocks(exact_coder *c, uint32_t y);
/* Codes the pixel at column x and index `place` of the plane. Pixels that are not repeats are coded by the next two. */
exact_pixel exact_code_pixel(exact_coder *c, size_t place, uint32_t x, exact_pixel truth);
exact_pixel exact_code_index(exact_coder *c, size_t place, exact_pixel truth);
exact_pixel exact_code_samples(exact_coder *c, uint32_t x, exact_pixel truth);
/* Takes over a pixel that was a repeat or hidden. If `flat`, the predictors do not learn from it. */
void exact_samples_take(exact_coder *c, uint32_t x, exact_pixel pixel, bool flat);
/* For repeats: the prediction for the first colour channel at x, and the value of that channel in a pixel. */
const exact_sample_view *exact_samples_look(exact_coder *c, uint32_t x);
int32_t exact_first_value(const exact_samples *s, exact_pixel pixel);
/* Maps a difference to a level, 0 .. 2 * most. */
unsigned exact_signed_level(int32_t difference, unsigned most);
void exact_samples_next_row(exact_coder *c);

#endif
