/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Picture files in: which format it is, limits, rows in order, alpha. */
#include "imageio.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "imageio_format.h"

static const image_reader_type *const reader_types[] = {&image_reader_png, &image_reader_jpeg, &image_reader_webp,
                                                        &image_reader_pnm};
#define N_READER_TYPES (sizeof reader_types / sizeof reader_types[0])

/* ---- bytes in ------------------------------------------------------------- */

size_t image_input_read(image_input *input, void *bytes, size_t n_bytes) {
    size_t n_again = input->n_head - input->n_head_used;
    if (n_again > n_bytes) n_again = n_bytes;
    memcpy(bytes, input->head + input->n_head_used, n_again);
    input->n_head_used += n_again;
    size_t n_new = 0;
    if (n_bytes > n_again) n_new = fread((uint8_t *)bytes + n_again, 1, n_bytes - n_again, input->file);
    input->n_read += n_again + n_new;
    return n_again + n_new;
}

int image_input_byte(image_input *input) {
    uint8_t byte;
    return image_input_read(input, &byte, 1) == 1 ? byte : EOF;
}

static pith_status open_stream(image_reader *r, const char *path) {
    if (strcmp(path, "-") == 0) {
        r->input.file = stdin;
    } else {
        r->input.file = fopen(path, "rb");
        if (!r->input.file) return tool_fail_errno(&r->diag, PITH_E_IO, "cannot open");
    }
    struct stat facts;
    if (fstat(fileno(r->input.file), &facts) != 0) return tool_fail_errno(&r->diag, PITH_E_IO, "cannot read");
    if (S_ISDIR(facts.st_mode)) return tool_fail(&r->diag, PITH_E_IO, "is a folder, not a picture");
    if (S_ISREG(facts.st_mode)) r->facts.n_file_bytes = (uint64_t)facts.st_size;
    return PITH_OK;
}

static pith_status find_type(image_reader *r) {
    image_input *in = &r->input;
    in->n_head = fread(in->head, 1, sizeof in->head, in->file);
    if (ferror(in->file)) return tool_fail_errno(&r->diag, PITH_E_IO, "cannot read");
    if (in->n_head == 0) return tool_fail(&r->diag, PITH_E_FORMAT, "is empty");
    for (size_t i = 0; i < N_READER_TYPES && !r->type; i++)
        if (reader_types[i]->recognise(in->head, in->n_head)) r->type = reader_types[i];
    if (!r->type) return tool_fail(&r->diag, PITH_E_FORMAT, "is not a PNG, JPEG, WebP, PPM or PGM picture");
    r->facts.file_type = r->type->name;
    return PITH_OK;
}

/* ---- readers ---------------------------------------------------------------- */

pith_status image_open(image_reader **out, const char *path, const pith_limits *limits, pith_diag *why) {
    *out = NULL;
    image_reader *r = calloc(1, sizeof *r);
    if (!r) return tool_fail(why, PITH_E_NOMEM, "out of memory");
    if (limits) {
        r->limits = *limits;
    } else {
        pith_env env;
        pith_env_defaults(&env, sizeof env);
        r->limits = env.limits;
    }
    pith_status status = open_stream(r, path);
    if (status == PITH_OK) status = find_type(r);
    if (status == PITH_OK) status = r->type->open(r);
    if (status == PITH_OK) {
        *out = r;
        return PITH_OK;
    }
    tool_fail(why, status, "%s", r->diag.message);
    image_close(&r);
    return status;
}

pith_status image_reader_set_size(image_reader *r, uint64_t width, uint64_t height) {
    if (width == 0 || height == 0)
        return tool_fail(&r->diag, PITH_E_FORMAT, "%s: a picture of %" PRIu64 "x%" PRIu64 " pixels", r->type->name,
                         width, height);
    if (width > r->limits.max_dimension || height > r->limits.max_dimension)
        return tool_fail(&r->diag, PITH_E_LIMIT,
                         "%" PRIu64 "x%" PRIu64 " pixels; at most %" PRIu32 " a side are allowed", width, height,
                         r->limits.max_dimension);
    if (width * height > r->limits.max_pixels)
        return tool_fail(&r->diag, PITH_E_LIMIT,
                         "%" PRIu64 "x%" PRIu64 " pixels; at most %" PRIu64 " in all are allowed", width, height,
                         r->limits.max_pixels);
    r->format.width = (uint32_t)width;
    r->format.height = (uint32_t)height;
    return PITH_OK;
}

pith_status image_reader_ended(image_reader *r) {
    if (ferror(r->input.file)) return tool_fail_errno(&r->diag, PITH_E_IO, "cannot read");
    return tool_fail(&r->diag, PITH_E_TRUNCATED, "the %s file ends too early", r->type->name);
}

static pith_status read_rows(void *user, uint32_t y, uint32_t n_rows, void *rows, size_t stride_bytes) {
    image_reader *r = user;
    if (r->diag.status != PITH_OK) return r->diag.status;
    if (y != r->next_row || n_rows > r->format.height - y)
        return tool_fail(&r->diag, PITH_E_ARG, "rows %" PRIu32 "+%" PRIu32 " were asked for at row %" PRIu32, y, n_rows,
                         r->next_row);
    for (uint32_t i = 0; i < n_rows; i++) {
        pith_status status = r->type->read_row(r, (uint8_t *)rows + (size_t)i * stride_bytes);
        if (status != PITH_OK) return status;
        r->next_row++;
    }
    return r->next_row == r->format.height && n_rows > 0 ? r->type->finish(r) : PITH_OK;
}

void image_reader_source(image_reader *reader, pith_source *source) {
    source->format = reader->format;
    source->read_rows = read_rows;
    source->user = reader;
}

image_facts image_reader_facts(const image_reader *reader) {
    image_facts facts = reader->facts;
    if (facts.n_file_bytes == 0) facts.n_file_bytes = reader->input.n_read;
    return facts;
}

const pith_diag *image_reader_diag(const image_reader *reader) { return &reader->diag; }

void image_close(image_reader **reader) {
    image_reader *r = *reader;
    *reader = NULL;
    if (!r) return;
    if (r->type) r->type->close(r);
    if (r->input.file && r->input.file != stdin) fclose(r->input.file);
    free(r);
}

pith_status image_load(pith_image *out, image_facts *facts, const char *path, const pith_limits *limits,
                       pith_diag *why) {
    memset(out, 0, sizeof *out);
    image_reader *reader;
    pith_status status = image_open(&reader, path, limits, why);
    if (status != PITH_OK) return status;
    out->format = reader->format;
    out->stride_bytes = (size_t)out->format.width * out->format.n_channels * (out->format.bit_depth / 8u);
    out->pixels = calloc(out->format.height, out->stride_bytes);
    if (out->pixels) {
        status = read_rows(reader, 0, out->format.height, out->pixels, out->stride_bytes);
        if (status != PITH_OK) tool_fail(why, status, "%s", reader->diag.message);
        if (facts) *facts = image_reader_facts(reader);
    } else {
        status = tool_fail(why, PITH_E_NOMEM, "out of memory for %" PRIu32 "x%" PRIu32 " pixels", out->format.width,
                           out->format.height);
    }
    if (status != PITH_OK) {
        free(out->pixels);
        memset(out, 0, sizeof *out);
    }
    image_close(&reader);
    return status;
}

/* ---- alpha ------------------------------------------------------------------ */

static bool blend_8(uint8_t *rows, const uint8_t *pixels, size_t n_pixels, unsigned n_colour) {
    bool seen = false;
    for (size_t i = 0; i < n_pixels; i++, pixels += n_colour + 1, rows += n_colour) {
        unsigned alpha = pixels[n_colour];
        seen |= alpha != 255;
        for (unsigned c = 0; c < n_colour; c++)
            rows[c] = (uint8_t)((pixels[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
    return seen;
}

static bool blend_16(uint16_t *rows, const uint16_t *pixels, size_t n_pixels, unsigned n_colour) {
    bool seen = false;
    for (size_t i = 0; i < n_pixels; i++, pixels += n_colour + 1, rows += n_colour) {
        uint32_t alpha = pixels[n_colour];
        seen |= alpha != 65535;
        for (unsigned c = 0; c < n_colour; c++) /* at most 65535 * 65535 + 32767 < 2^32 */
            rows[c] = (uint16_t)((pixels[c] * alpha + 65535 * (65535 - alpha) + 32767) / 65535);
    }
    return seen;
}

bool image_blend_on_white(void *rows, const void *pixels, size_t n_pixels, unsigned n_colour, unsigned bit_depth) {
    return bit_depth == 16 ? blend_16(rows, pixels, n_pixels, n_colour) : blend_8(rows, pixels, n_pixels, n_colour);
}
