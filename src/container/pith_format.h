/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Constants and the header structure of .pith files, shared by reader and writer. doc/format.md is the specification
 * and must change together with this file. */
#ifndef PITH_CONTAINER_PITH_FORMAT_H
#define PITH_CONTAINER_PITH_FORMAT_H

#include <stdbool.h>

#include "base/status.h"

#define CTR_MAGIC "\xf0PIT" /* 4 bytes, not text, so that damage by a text-mode transfer is noticed */
#define CTR_MAGIC_BYTES 4u
#define CTR_VERSION_MAJOR 1u /* high nibble of the version byte; any other value is refused */
#define CTR_VERSION_MINOR 0u /* low nibble; files with a higher one are read, and unknown parts skipped */
#define CTR_VERSION_DRAFT 1u /* the version byte 0.1, of the time before 1.0: read as 1.0 */

/* Chunk types. A reader may skip an unknown type if bit 7 is set. */
typedef enum ctr_chunk_type {
    CTR_CHUNK_HEAD = 0x01,
    CTR_CHUNK_LATENT = 0x02,
    CTR_CHUNK_RESIDUAL = 0x03,
    CTR_CHUNK_ALPHA = 0x04,
    CTR_CHUNK_PALETTE = 0x05,
    CTR_CHUNK_EXACT = 0x06,
    CTR_CHUNK_TINT = 0x07,
    CTR_CHUNK_CHROMA = 0x08,
    CTR_CHUNK_METADATA = 0x85 /* and the next two: one for each pith_metadata */
} ctr_chunk_type;
#define CTR_CHUNK_SKIPPABLE 0x80u

_Static_assert(PITH_METADATA_ICC == 0 && PITH_METADATA_EXIF == 1 && PITH_METADATA_XMP == 2 && PITH_N_METADATA == 3,
               "chunks ICCP, EXIF, XMPM are 0x85, 0x86, 0x87");

#define CTR_SLICE_SIDE 128u                            /* largest width and height of a slice, in latent positions */
#define CTR_EXACT_SIDE 1024u                           /* of a slice of an exact picture, in pixels */
#define CTR_ALPHA_SLICE_SIDE 512u                      /* of a slice of alpha, in pixels */
#define CTR_RESIDUAL_SIDE 512u                         /* of a residual slice, in pixels */
#define CTR_RECIPE_BYTES (PITH_FINGERPRINT_BYTES + 2u) /* before the first residual slice */
#define CTR_TINT_BYTES 6u
#define CTR_CHUNK_BOUND 0x88u /* the promise of a faithful file */
#define CTR_BOUND_BYTES 9u
#define CTR_MAX_LEVEL 3u
#define CTR_CHUNK_HASH 0x89u /* of the decoded picture */
#define CTR_HASH_BYTES 8u

/* Limits of fields. */
#define CTR_MAX_PAYLOAD_BYTES UINT32_MAX
#define CTR_MAX_LATENT 32u
#define CTR_MAX_LOG2_DOWNSCALE 7u
#define CTR_MAX_STEP_INDEX 2047u
#define CTR_N_PRIORS 2u  /* smaller ids are known */
#define CTR_N_RECIPES 2u /* smaller numbers are known */
#define CTR_RECIPE_WINDOWS 1u
#define CTR_FLAG_GREY 0x01u
#define CTR_FLAG_ALPHA 0x02u
#define CTR_FLAG_DEEP 0x04u
#define CTR_FLAG_RESIDUAL 0x08u
#define CTR_FLAG_REDUCED 0x10u
#define CTR_FLAGS_KNOWN (CTR_FLAG_GREY | CTR_FLAG_ALPHA | CTR_FLAG_DEEP | CTR_FLAG_RESIDUAL | CTR_FLAG_REDUCED)

/* The HEAD chunk. The latent's size follows from it: ceil(width / downscale). An exact picture has only
 * the fields from `width` to `method`, no residual, and a latent of its pixels: log2_downscale is 0. */
typedef struct ctr_head {
    uint32_t width, height; /* pixels, 1 .. limits */
    bool grey;              /* the picture was grey: decode to one channel */
    bool alpha;             /* chunks of alpha follow the slices */
    bool deep;              /* the picture's samples had 16 bits */
    bool residual;          /* residual slices follow the latent slices */
    bool reduced;           /* exact: has fewer colours or levels than the original picture */
    uint8_t method;         /* pith_method */
    uint8_t n_latent;       /* channels, 1..32 and at most the number of samples in a pixel block, 3 * downscale^2 */
    uint8_t log2_downscale; /* 0..7; 3 means 8 pixels */
    uint16_t step_index;    /* 0..2047; with a palette, the step that gives as much noise */
    uint8_t prior_id;       /* initial state of the coder: 0 = generic, 1 = the built-in model's */
    char model_name[PITH_NAME_BYTES]; /* 1..31 of [a-z0-9._-], the first a letter or digit */
    uint8_t latent_id[PITH_FINGERPRINT_BYTES];
    uint8_t recipe; /* how the networks are run: 0 = as on the whole picture, 1 = in blended windows */
} ctr_head;

/* Derived values: latent size and slice grid. */
uint32_t ctr_latent_width(const ctr_head *head);
uint32_t ctr_latent_height(const ctr_head *head);
uint32_t ctr_slice_count(const ctr_head *head); /* UINT32_MAX if there are more; 0 with a palette */
uint8_t ctr_slice_type(const ctr_head *head);   /* type of the slices' chunks */

/* Format of the rows given to a sink that asks for `bit_depth` bits. */
pith_image_format ctr_picture_format(const ctr_head *head, uint8_t bit_depth);

typedef struct ctr_rect {
    uint32_t x, y, width, height; /* latent positions, or pixels */
} ctr_rect;
ctr_rect ctr_slice_rect(const ctr_head *head, uint32_t index); /* raster order */

/* The grid of alpha slices, in pixels; none without alpha. */
uint32_t ctr_alpha_count(const ctr_head *head);
ctr_rect ctr_alpha_rect(const ctr_head *head, uint32_t index);

/* The grid of residual slices, in pixels; none if the header announces none. */
uint32_t ctr_residual_count(const ctr_head *head);
ctr_rect ctr_residual_rect(const ctr_head *head, uint32_t index);

/* NULL if every field is valid and known to this version, otherwise the field's name. The model's name must end
 * within its array. */
const char *ctr_head_fault(const ctr_head *head);

/* True if a file may carry this name. */
bool ctr_name_is_legal(const char *name);

/* N for "mini-N" with N in 1..127, which a file stores as one byte; else 0. */
uint8_t ctr_mini_number(const char *name);

#endif
