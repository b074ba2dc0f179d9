/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The PALT chunk: doc/format.md, "PALT". */
#include "stages/palette_method.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

#include "base/exact_math.h"
#include "codec/palette.h"

#define ZLIB_LEVEL 9

static void *zlib_alloc(void *alloc, unsigned count, unsigned size) { return mem_alloc(alloc, count, size); }
static void zlib_free(void *alloc, void *block) { mem_free(alloc, block); }

static z_stream zlib_stream(const pith_alloc *alloc) {
    /* The allocator is only read: mem_alloc takes it as const. */
    return (z_stream){.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = (void *)(uintptr_t)alloc};
}

/* Bytes before deflating: colours of n_channels bytes each, then indices. */
static size_t plain_bytes(const latent_planes *l) {
    return (size_t)PAL_MAX_COLOURS * l->n_channels + (size_t)l->height * l->width;
}

/* ---- writing --------------------------------------------------------------------------- */

/* The step whose uniform noise, step^2 / 12, is as strong as the error of the colours and the dither. */
static uint16_t equal_step(const latent_planes *l, const pal_colours *colours, const uint8_t *indices, float unit) {
    const size_t n = (size_t)l->height * l->width;
    double sum = 0;
    for (uint32_t c = 0; c < l->n_channels; c++)
        for (size_t i = 0; i < n; i++) {
            const float value = l->values[c * n + i];
            const double error =
                (double)((float)colours->values[indices[i]][c] - PAL_MIDDLE) * (double)unit - (double)value;
            if (isfinite(value)) sum += error * error;
        }
    return (uint16_t)lat_step_index_from_log2((float)(0.5 * em_log2(12 * sum / (double)latents_count(l))));
}

static pith_status deflate_all(const uint8_t *plain, size_t n_plain, byte_writer *out) {
    z_stream z = zlib_stream(out->alloc);
    uint8_t buffer[4096];
    int code = deflateInit(&z, ZLIB_LEVEL);
    if (code != Z_OK) return PITH_E_NOMEM;
    z.next_in = (Bytef *)(uintptr_t)plain; /* only read */
    for (size_t left = n_plain; code == Z_OK;) {
        if (z.avail_in == 0) {
            z.avail_in = left < (1u << 30) ? (uInt)left : 1u << 30;
            left -= z.avail_in;
        }
        z.next_out = buffer;
        z.avail_out = sizeof buffer;
        code = deflate(&z, left == 0 ? Z_FINISH : Z_NO_FLUSH);
        bw_bytes(out, buffer, sizeof buffer - z.avail_out);
    }
    deflateEnd(&z);
    return code == Z_STREAM_END ? out->status : PITH_E_INTERNAL;
}

/* Turns latent values into colours and indices, at `plain`. */
static pith_status make_picture(uint8_t *plain, ctr_head *head, const latent_planes *l, float unit,
                                const pith_alloc *alloc) {
    pith_status status = PITH_OK;
    const size_t n = (size_t)l->height * l->width;
    uint8_t *indices = plain + (size_t)PAL_MAX_COLOURS * l->n_channels;
    uint8_t *pixels = mem_alloc(alloc, latents_count(l), 1);
    pal_colours *colours = mem_alloc(alloc, 1, sizeof *colours);
    if (!pixels || !colours) {
        status = PITH_E_NOMEM;
        goto cleanup;
    }
    pal_bytes(l->values, l->n_channels, n, unit, pixels);
    PITH_TRY(pal_fit(colours, pixels, l->n_channels, n, alloc));
    PITH_TRY(pal_dither(colours, pixels, l->height, l->width, indices, alloc));
    for (uint32_t k = 0; k < colours->n_colours; k++)
        memcpy(plain + (size_t)k * l->n_channels, colours->values[k], l->n_channels);
    head->step_index = equal_step(l, colours, indices, unit);
cleanup:
    mem_free(alloc, pixels);
    mem_free(alloc, colours);
    return status;
}

pith_status palette_write(byte_writer *chunk, ctr_head *head, const latent_planes *l, float unit,
                          const pith_alloc *alloc, pith_diag *diag) {
    pith_status status = PITH_OK;
    byte_writer deflated;
    bw_init(&deflated, alloc);
    uint8_t *plain = mem_alloc(alloc, plain_bytes(l), 1);
    status = plain ? make_picture(plain, head, l, unit, alloc) : PITH_E_NOMEM;
    if (status == PITH_OK) status = deflate_all(plain, plain_bytes(l), &deflated);
    if (status != PITH_OK) {
        diag_set(diag, status, "the latent could not be reduced to a palette (%s)", pith_status_name(status));
        goto cleanup;
    }
    ctr_write_chunk(chunk, CTR_CHUNK_PALETTE, deflated.data, deflated.n_bytes);
    status = chunk->status;
    if (status != PITH_OK) diag_set(diag, status, "out of memory for the file");
cleanup:
    mem_free(alloc, plain);
    bw_free(&deflated);
    return status;
}

/* ---- reading --------------------------------------------------------------------------- */

/* Inflates to exactly n_plain bytes and never writes more, whatever the payload says. */
static pith_status inflate_exactly(uint8_t *plain, size_t n_plain, const ctr_chunk *chunk, const pith_alloc *alloc,
                                   pith_diag *diag) {
    z_stream z = zlib_stream(alloc);
    size_t done = 0;
    uint8_t beyond;                                 /* catches a stream that is too long */
    z.next_in = (Bytef *)(uintptr_t)chunk->payload; /* only read */
    z.avail_in = (uInt)chunk->payload_bytes;        /* a payload has less than 2^32 bytes */
    if (inflateInit(&z) != Z_OK) return diag_set(diag, PITH_E_NOMEM, "out of memory for zlib");
    int code = Z_OK;
    while (code == Z_OK) {
        const size_t left = n_plain - done;
        const uInt room = left > (1u << 30) ? 1u << 30 : left ? (uInt)left : 1u;
        z.next_out = left ? plain + done : &beyond;
        z.avail_out = room;
        code = inflate(&z, Z_NO_FLUSH);
        done += room - z.avail_out;
        if (done > n_plain) break;
    }
    const size_t n_unread = z.avail_in;
    inflateEnd(&z);
    if (code == Z_MEM_ERROR) return diag_set(diag, PITH_E_NOMEM, "out of memory for zlib");
    if (done > n_plain)
        return diag_set(diag, PITH_E_FORMAT, "PALT: inflates to more than the %zu bytes that the picture has", n_plain);
    if (code == Z_BUF_ERROR)
        return diag_set(diag, PITH_E_TRUNCATED, "PALT: the zlib stream ends after %zu of %zu bytes", done, n_plain);
    if (code != Z_STREAM_END) return diag_set(diag, PITH_E_FORMAT, "PALT: not a zlib stream, or a damaged one");
    if (done < n_plain)
        return diag_set(diag, PITH_E_FORMAT, "PALT: inflates to %zu bytes, the picture has %zu", done, n_plain);
    if (n_unread) return diag_set(diag, PITH_E_FORMAT, "PALT: %zu bytes after the end of the zlib stream", n_unread);
    return PITH_OK;
}

pith_status palette_read(const ctr_file *file, latent_planes *l, float unit, const pith_alloc *alloc, pith_diag *diag) {
    pith_status status = PITH_OK;
    const size_t n_plain = plain_bytes(l);
    uint8_t *plain = mem_alloc(alloc, n_plain, 1);
    pal_colours *colours = mem_alloc(alloc, 1, sizeof *colours);
    if (!plain || !colours) {
        status = diag_set(diag, PITH_E_NOMEM, "out of memory for the palette");
        goto cleanup;
    }
    PITH_TRY(inflate_exactly(plain, n_plain, ctr_palette(file), alloc, diag));
    *colours = (pal_colours){.n_channels = l->n_channels, .n_colours = PAL_MAX_COLOURS};
    for (uint32_t k = 0; k < PAL_MAX_COLOURS; k++)
        memcpy(colours->values[k], plain + (size_t)k * l->n_channels, l->n_channels);
    pal_values(colours, plain + (size_t)PAL_MAX_COLOURS * l->n_channels, (size_t)l->height * l->width, unit, l->values);
cleanup:
    mem_free(alloc, plain);
    mem_free(alloc, colours);
    return status;
}
