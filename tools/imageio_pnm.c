/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* PPM and PGM, text (P2, P3) and binary (P5, P6), any maximum up to 65535:
 * samples are scaled to the full range of 8 or 16 bits. Written are P5 and P6. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "imageio_format.h"

/* ---- reading ---------------------------------------------------------------- */

typedef struct pnm_in {
    bool is_text;
    uint32_t maximum;
    size_t n_samples; /* a row */
    uint8_t *bytes;   /* a row as it stands in a binary file */
} pnm_in;

static bool recognise(const uint8_t *head, size_t n_head) {
    return n_head >= 2 && head[0] == 'P' && head[1] >= '1' && head[1] <= '7';
}

static bool is_space(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* The next decimal number, past white space and comments; the one byte after it
 * is taken too. */
static pith_status read_number(image_reader *r, uint32_t *number, const char *field) {
    int c = image_input_byte(&r->input);
    while (is_space(c) || c == '#') {
        if (c == '#')
            while (c != EOF && c != '\n' && c != '\r') c = image_input_byte(&r->input);
        if (c != EOF) c = image_input_byte(&r->input);
    }
    if (c == EOF) return image_reader_ended(r);
    if (c < '0' || c > '9') return tool_fail(&r->diag, PITH_E_FORMAT, "damaged PPM: %s is not a number", field);
    uint64_t value = 0;
    for (; c >= '0' && c <= '9'; c = image_input_byte(&r->input)) {
        value = value * 10 + (uint64_t)(c - '0');
        if (value > UINT32_MAX) return tool_fail(&r->diag, PITH_E_FORMAT, "damaged PPM: %s is too large", field);
    }
    if (c != EOF && !is_space(c) && c != '#')
        return tool_fail(&r->diag, PITH_E_FORMAT, "damaged PPM: %s is not a number", field);
    if (c == '#')
        while (c != EOF && c != '\n' && c != '\r') c = image_input_byte(&r->input);
    *number = (uint32_t)value;
    return PITH_OK;
}

static pith_status read_header(image_reader *r, pnm_in *in) {
    uint8_t magic[2];
    image_input_read(&r->input, magic, 2);
    if (magic[1] == '1' || magic[1] == '4' || magic[1] == '7')
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "P%c (%s) is not supported; P2, P3, P5 and P6 are", magic[1],
                         magic[1] == '7' ? "PAM" : "bitmap");
    in->is_text = magic[1] <= '3';
    r->raw.n_channels = magic[1] == '3' || magic[1] == '6' ? 3 : 1;
    uint32_t width, height;
    pith_status status = read_number(r, &width, "the width");
    if (status == PITH_OK) status = read_number(r, &height, "the height");
    if (status == PITH_OK) status = read_number(r, &in->maximum, "the maximum");
    if (status == PITH_OK) status = image_reader_set_size(r, width, height);
    if (status != PITH_OK) return status;
    if (in->maximum < 1 || in->maximum > 65535)
        return tool_fail(&r->diag, PITH_E_FORMAT, "damaged PPM: the maximum is %" PRIu32 ", not 1 to 65535",
                         in->maximum);
    r->raw.bit_depth = in->maximum > 255 ? 16 : 8;
    return PITH_OK;
}

static pith_status open_reader(image_reader *r) {
    pnm_in *in = r->state = calloc(1, sizeof *in);
    if (!in) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    pith_status status = read_header(r, in);
    if (status != PITH_OK) return status;
    in->n_samples = (size_t)r->raw.width * r->raw.n_channels;
    if (!in->is_text && !(in->bytes = malloc(in->n_samples * 2)))
        return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    return PITH_OK;
}

static pith_status put_sample(image_reader *r, const pnm_in *in, void *row, size_t index, uint32_t value) {
    if (value > in->maximum)
        return tool_fail(&r->diag, PITH_E_FORMAT,
                         "damaged PPM: a sample of %" PRIu32 " where %" PRIu32 " is the maximum", value, in->maximum);
    if (r->raw.bit_depth == 8)
        ((uint8_t *)row)[index] = (uint8_t)((value * 255 + in->maximum / 2) / in->maximum);
    else
        ((uint16_t *)row)[index] = (uint16_t)(((uint64_t)value * 65535 + in->maximum / 2) / in->maximum);
    return PITH_OK;
}

static pith_status read_row(image_reader *r, void *row) {
    pnm_in *in = r->state;
    unsigned n_bytes = r->raw.bit_depth / 8u;
    if (!in->is_text && image_input_read(&r->input, in->bytes, in->n_samples * n_bytes) != in->n_samples * n_bytes)
        return image_reader_ended(r);
    for (size_t i = 0; i < in->n_samples; i++) {
        uint32_t value = 0;
        pith_status status = PITH_OK;
        if (in->is_text)
            status = read_number(r, &value, "a sample");
        else
            value = n_bytes == 1 ? in->bytes[i] : (uint32_t)in->bytes[2 * i] << 8 | in->bytes[2 * i + 1];
        if (status == PITH_OK) status = put_sample(r, in, row, i, value);
        if (status != PITH_OK) return status;
    }
    return PITH_OK;
}

static pith_status finish_reader(image_reader *r) {
    (void)r; /* what follows would be another picture */
    return PITH_OK;
}

static void close_reader(image_reader *r) {
    pnm_in *in = r->state;
    if (!in) return;
    free(in->bytes);
    free(in);
}

const image_reader_type image_reader_pnm = {"PPM", recognise, open_reader, read_row, finish_reader, close_reader};

/* ---- writing ---------------------------------------------------------------- */

static pith_status start_writer(image_writer *w) {
    size_t n_samples = (size_t)w->format.width * w->format.n_channels;
    w->state = malloc(n_samples * 2); /* a row of 16-bit samples, high byte first */
    if (!w->state) return tool_fail(&w->diag, PITH_E_NOMEM, "out of memory");
    int n = fprintf(w->file, "P%c\n%" PRIu32 " %" PRIu32 "\n%u\n", w->format.n_channels == 3 ? '6' : '5',
                    w->format.width, w->format.height, w->format.bit_depth == 16 ? 65535u : 255u);
    return n < 0 ? image_writer_failed(w) : PITH_OK;
}

static pith_status write_row(image_writer *w, const void *row) {
    size_t n_samples = (size_t)w->format.width * w->format.n_channels;
    size_t n_bytes = n_samples;
    const void *bytes = row;
    if (w->format.bit_depth == 16) {
        uint8_t *swapped = w->state;
        for (size_t i = 0; i < n_samples; i++) {
            uint16_t sample = ((const uint16_t *)row)[i];
            swapped[2 * i] = (uint8_t)(sample >> 8);
            swapped[2 * i + 1] = (uint8_t)(sample & 255);
        }
        bytes = swapped;
        n_bytes *= 2;
    }
    return fwrite(bytes, 1, n_bytes, w->file) == n_bytes ? PITH_OK : image_writer_failed(w);
}

static pith_status finish_writer(image_writer *w) {
    (void)w;
    return PITH_OK;
}

static void close_writer(image_writer *w) { free(w->state); }

const image_writer_type image_writer_ppm = {.name = "PPM",
                                            .max_dimension = UINT32_MAX,
                                            .max_depth = 16,
                                            .start = start_writer,
                                            .write_row = write_row,
                                            .finish = finish_writer,
                                            .close = close_writer};
