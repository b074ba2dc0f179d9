/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Reads the structure of a .pith file. The whole file is walked, and every length, CRC and field is checked, before
 * any allocation whose size depends on the file. */
#ifndef PITH_CONTAINER_CTR_READ_H
#define PITH_CONTAINER_CTR_READ_H

#include "base/stream.h"
#include "container/pith_format.h"

typedef struct ctr_chunk {
    uint8_t type;
    size_t offset;          /* of the type byte in the file */
    size_t n_bytes;         /* of the whole chunk */
    const uint8_t *payload; /* borrowed from the file's data */
    size_t payload_bytes;
} ctr_chunk;

typedef struct ctr_file {
    ctr_head head;
    uint32_t version_major, version_minor;
    ctr_chunk *chunks; /* owned; all chunks in file order */
    uint32_t n_chunks;
    uint32_t first_slice; /* index into chunks of slice 0; slices are contiguous */
    uint32_t n_slices;
    uint32_t first_residual, n_residual; /* likewise for residual slices */
    uint32_t first_alpha, n_alpha;       /* likewise for slices of alpha */
    uint32_t metadata[PITH_N_METADATA];  /* index into chunks; 0 = none */
    uint32_t palette;                    /* index into chunks of PALT, with method palette; else 0 */
    uint32_t bound;                      /* index into chunks; 0 = none */
    uint32_t tint, chroma, hash;         /* likewise */
} ctr_file;

/* `data` is borrowed by `file` until ctr_file_free. */
pith_status ctr_read(ctr_file *file, const uint8_t *data, size_t n_bytes, const pith_env *env, pith_diag *diag)
    PITH_MUST_CHECK;
void ctr_file_free(ctr_file *file, const pith_env *env);

/* Reads only magic, version and HEAD, and checks the limits; `*end` is where HEAD's chunk ends. */
pith_status ctr_read_start(ctr_head *head, size_t *end, const uint8_t *data, size_t n_bytes, const pith_env *env,
                           pith_diag *diag) PITH_MUST_CHECK;

/* Reads the chunk that begins at `at`. True if it lies wholly inside the data; its CRC is not checked. */
bool ctr_chunk_at(ctr_chunk *chunk, const uint8_t *data, size_t n_bytes, size_t at);
bool ctr_chunk_is_whole(const ctr_chunk *chunk, const uint8_t *data); /* true if its CRC matches */

/* The payload of a latent slice: a 2-byte checksum (lat_checksum, little endian), then the coded symbols. */
typedef struct ctr_slice {
    uint16_t checksum;
    const uint8_t *coded;
    size_t coded_bytes;
} ctr_slice;
pith_status ctr_read_slice(const ctr_file *file, uint32_t index, ctr_slice *slice, pith_diag *diag) PITH_MUST_CHECK;

/* The PALT chunk of a file of method palette; its payload is a zlib stream. */
const ctr_chunk *ctr_palette(const ctr_file *file);
/* What the network's output depends on besides the latents. A residual fits only this output. */
typedef struct ctr_recipe {
    uint8_t decoder_id[PITH_FINGERPRINT_BYTES];
    uint16_t n_steps; /* number of denoising steps */
} ctr_recipe;
pith_status ctr_read_recipe(const ctr_file *file, ctr_recipe *recipe, pith_diag *diag) PITH_MUST_CHECK;

/* Gives a residual slice's coded bytes, for res_decode; borrowed from the file's data. */
pith_status ctr_read_residual(const ctr_file *file, uint32_t index, const uint8_t **coded, size_t *coded_bytes,
                              pith_diag *diag) PITH_MUST_CHECK;

/* All colours of the picture lie on the line between two colours, the dark end and the light end, each (red, green,
 * blue). */
typedef struct ctr_tint {
    uint8_t ends[2][3];
} ctr_tint;
/* False if the file has no tint. */
bool ctr_read_tint(const ctr_file *file, ctr_tint *tint);

typedef struct ctr_bound {
    uint8_t level;         /* fid_level */
    uint32_t bound, worst; /* of a tile, in 1/65536: the promised limit, and the largest error */
} ctr_bound;
pith_status ctr_read_bound(const ctr_file *file, ctr_bound *bound, pith_diag *diag) PITH_MUST_CHECK;

/* The first CTR_HASH_BYTES of the decoded picture's hash; NULL if the file has none. */
const uint8_t *ctr_hash(const ctr_file *file);

/* A slice of alpha, for alpha_decode. */
const ctr_chunk *ctr_alpha_chunk(const ctr_file *file, uint32_t index);

/* Writes "HEAD" and so on, or "?xx" if the type is unknown. */
void ctr_chunk_name(uint8_t type, char name[8]);

#endif
