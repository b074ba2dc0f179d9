/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Writes the structure of a .pith file. */
#include "container/ctr_write.h"

#include <string.h>

#define CRC_BYTES 4u
#define CHECKSUM_BYTES 2u

/* More than the largest HEAD payload: 2 x 5 + 1 + 1 + 1 + 2 + 1 + 32 + 8 + 1. */
#define MAX_HEAD_BYTES 64u
#define MAX_LEB128_BYTES 10u

static size_t leb128_bytes(uint64_t value) {
    size_t n = 1;
    while (value >>= 7) n++;
    return n;
}

static size_t put_leb128(uint8_t *out, uint64_t value) {
    size_t n = 0;
    for (; value > 0x7f; value >>= 7) out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)value;
    return n;
}

static size_t put_name(uint8_t *out, const char *name) {
    uint8_t number = ctr_mini_number(name);
    if (number) {
        out[0] = (uint8_t)(0x80u | number);
        return 1;
    }
    size_t n = strlen(name);
    out[0] = (uint8_t)n;
    memcpy(out + 1, name, n);
    return 1 + n;
}

/* Writes the payload of the HEAD chunk; see doc/format.md, "HEAD". */
static size_t put_head(uint8_t out[MAX_HEAD_BYTES], const ctr_head *head) {
    size_t n = put_leb128(out, head->width);
    n += put_leb128(out + n, head->height);
    out[n++] = (uint8_t)((head->grey ? CTR_FLAG_GREY : 0) | (head->alpha ? CTR_FLAG_ALPHA : 0) |
                         (head->deep ? CTR_FLAG_DEEP : 0) | (head->residual ? CTR_FLAG_RESIDUAL : 0) |
                         (head->reduced ? CTR_FLAG_REDUCED : 0)); /* flags */
    out[n++] = head->method;                                      /* method */
    if (head->method == PITH_METHOD_EXACT) return n;
    out[n++] = (uint8_t)((head->n_latent - 1u) | (unsigned)head->log2_downscale << 5); /* geometry */
    out[n++] = (uint8_t)head->step_index;                                              /* step_index */
    out[n++] = (uint8_t)(head->step_index >> 8);
    out[n++] = head->prior_id; /* prior_id */
    n += put_name(out + n, head->model_name);
    memcpy(out + n, head->latent_id, PITH_FINGERPRINT_BYTES); /* latent_id */
    n += PITH_FINGERPRINT_BYTES;
    out[n++] = head->recipe; /* recipe */
    return n;
}

/* Writes a chunk whose payload is in two parts. */
static void write_chunk(byte_writer *out, uint8_t type, const void *first, size_t first_bytes, const void *second,
                        size_t second_bytes) {
    if (out->status != PITH_OK) return;
    if (first_bytes > CTR_MAX_PAYLOAD_BYTES || second_bytes > CTR_MAX_PAYLOAD_BYTES - first_bytes) {
        out->status = PITH_E_LIMIT;
        return;
    }
    uint8_t start[1 + MAX_LEB128_BYTES] = {type};
    size_t start_bytes = 1 + put_leb128(start + 1, (uint64_t)first_bytes + second_bytes);
    uint32_t crc = crc32_update(0, start, start_bytes);
    if (first_bytes) crc = crc32_update(crc, first, first_bytes);
    if (second_bytes) crc = crc32_update(crc, second, second_bytes);
    bw_bytes(out, start, start_bytes);
    if (first_bytes) bw_bytes(out, first, first_bytes);
    if (second_bytes) bw_bytes(out, second, second_bytes);
    bw_u32le(out, crc);
}

pith_status ctr_write_head(byte_writer *out, const ctr_head *head, pith_diag *diag) {
    const char *fault = ctr_head_fault(head);
    if (fault) return diag_set(diag, PITH_E_ARG, "HEAD: illegal value of %s", fault);
    uint8_t payload[MAX_HEAD_BYTES];
    size_t n = put_head(payload, head);
    bw_bytes(out, CTR_MAGIC, CTR_MAGIC_BYTES);
    bw_u8(out, (uint8_t)(CTR_VERSION_MAJOR << 4 | CTR_VERSION_MINOR));
    write_chunk(out, CTR_CHUNK_HEAD, payload, n, NULL, 0);
    return out->status == PITH_OK ? PITH_OK : diag_set(diag, out->status, "HEAD: cannot be written");
}

void ctr_write_chunk(byte_writer *out, uint8_t type, const void *payload, size_t n_bytes) {
    write_chunk(out, type, payload, n_bytes, NULL, 0);
}

static void write_slice(byte_writer *out, uint8_t type, uint16_t checksum, const void *coded, size_t coded_bytes) {
    uint8_t first[CHECKSUM_BYTES] = {(uint8_t)checksum, (uint8_t)(checksum >> 8)};
    write_chunk(out, type, first, sizeof first, coded, coded_bytes);
}

void ctr_write_slice(byte_writer *out, uint16_t checksum, const void *coded, size_t coded_bytes) {
    write_slice(out, CTR_CHUNK_LATENT, checksum, coded, coded_bytes);
}

void ctr_write_exact(byte_writer *out, uint16_t checksum, const void *coded, size_t coded_bytes) {
    write_slice(out, CTR_CHUNK_EXACT, checksum, coded, coded_bytes);
}

static size_t chunk_bytes(size_t payload_bytes) { return 1 + leb128_bytes(payload_bytes) + payload_bytes + CRC_BYTES; }

size_t ctr_head_bytes(const ctr_head *head) {
    uint8_t payload[MAX_HEAD_BYTES];
    return CTR_MAGIC_BYTES + 1 + chunk_bytes(put_head(payload, head));
}

size_t ctr_chunk_bytes(size_t payload_bytes) { return chunk_bytes(payload_bytes); }

size_t ctr_slice_bytes(size_t coded_bytes) { return chunk_bytes(CHECKSUM_BYTES + coded_bytes); }

void ctr_write_residual(byte_writer *out, const ctr_recipe *recipe, const void *coded, size_t coded_bytes) {
    uint8_t first[CTR_RECIPE_BYTES];
    if (recipe) {
        memcpy(first, recipe->decoder_id, PITH_FINGERPRINT_BYTES);
        first[PITH_FINGERPRINT_BYTES] = (uint8_t)recipe->n_steps;
        first[PITH_FINGERPRINT_BYTES + 1] = (uint8_t)(recipe->n_steps >> 8);
    }
    write_chunk(out, CTR_CHUNK_RESIDUAL, first, recipe ? sizeof first : 0, coded, coded_bytes);
}

void ctr_write_tint(byte_writer *out, const ctr_tint *tint) {
    write_chunk(out, CTR_CHUNK_TINT, tint->ends[0], sizeof tint->ends, NULL, 0);
}

void ctr_write_bound(byte_writer *out, const ctr_bound *bound) {
    uint8_t payload[CTR_BOUND_BYTES] = {bound->level};
    for (unsigned i = 0; i < 4; i++) {
        payload[1 + i] = (uint8_t)(bound->bound >> (8 * i));
        payload[5 + i] = (uint8_t)(bound->worst >> (8 * i));
    }
    write_chunk(out, CTR_CHUNK_BOUND, payload, sizeof payload, NULL, 0);
}
