/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Netpbm's formats by our own reader. Read are P1 to P7 of up to 16 bits;
 * written are P5, P6 and P7 (PAM, which has alpha). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "imageio/imageio_format.h"

/* ---- reading ---------------------------------------------------------------- */

typedef struct pnm_in {
    bool is_text, is_bitmap; /* in a bitmap 1 is black */
    uint32_t maximum;
    size_t n_samples; /* a row */
    uint8_t *bytes;   /* a row as it is in a binary file */
} pnm_in;

static bool recognise(const uint8_t *head, size_t n_head) {
    return n_head >= 2 && head[0] == 'P' && head[1] >= '1' && head[1] <= '7';
}

static bool is_space(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* The next decimal number, after white space and comments; the one byte after it is consumed too. */
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

/* ---- PAM's header: lines of a word and a value ------------------------------------- */

#define PAM_LINE_BYTES 128

/* Without comments and empty lines. */
static pith_status read_line(image_reader *r, char line[PAM_LINE_BYTES]) {
    for (size_t n = 0;;) {
        int c = image_input_byte(&r->input);
        if (c == EOF) return image_reader_ended(r);
        if (c == '\n' && n > 0) {
            line[n] = '\0';
            if (line[0] != '#') return PITH_OK;
            n = 0;
        } else if (c != '\n' && c != '\r' && (n > 0 || !is_space(c)) && n + 1 < PAM_LINE_BYTES) {
            line[n++] = (char)c; /* what does not fit is a comment, or not one of PAM's words */
        }
    }
}

typedef struct pam_header {
    uint32_t width, height, depth, maximum;
    char type[PAM_LINE_BYTES];
} pam_header;

/* "WIDTH 7" into `*number`; false when it is another word. */
static bool take_number(const char *line, const char *word, uint32_t *number) {
    size_t n = strlen(word);
    if (strncmp(line, word, n) != 0 || !is_space(line[n])) return false;
    uint64_t value = 0;
    for (line += n; is_space(*line); line++) continue;
    for (; *line >= '0' && *line <= '9' && value <= UINT32_MAX; line++) value = value * 10 + (uint64_t)(*line - '0');
    while (is_space(*line)) line++;
    *number = *line == '\0' && value <= UINT32_MAX ? (uint32_t)value : 0;
    return true;
}

static pith_status read_pam_lines(image_reader *r, pam_header *h) {
    char line[PAM_LINE_BYTES] = "";
    for (;;) {
        pith_status status = read_line(r, line);
        if (status != PITH_OK) return status;
        if (strcmp(line, "ENDHDR") == 0) return PITH_OK;
        bool known = take_number(line, "WIDTH", &h->width) || take_number(line, "HEIGHT", &h->height) ||
                     take_number(line, "DEPTH", &h->depth) || take_number(line, "MAXVAL", &h->maximum);
        if (strncmp(line, "TUPLTYPE", 8) == 0 && is_space(line[8])) {
            char *value = line + 8;
            while (is_space(*value)) value++;
            snprintf(h->type, sizeof h->type, "%s", value);
        } else if (!known) {
            return tool_fail(&r->diag, PITH_E_FORMAT, "damaged PAM: \"%.20s\" in its header", line);
        }
    }
}

static pith_status read_pam_header(image_reader *r, pnm_in *in) {
    static const struct {
        const char *type;
        uint32_t depth;
    } types[] = {{"BLACKANDWHITE", 1},
                 {"GRAYSCALE", 1},
                 {"BLACKANDWHITE_ALPHA", 2},
                 {"GRAYSCALE_ALPHA", 2},
                 {"RGB", 3},
                 {"RGB_ALPHA", 4},
                 {"", 1},
                 {"", 2},
                 {"", 3},
                 {"", 4}};
    pam_header h = {0};
    pith_status status = read_pam_lines(r, &h);
    if (status != PITH_OK) return status;
    bool known = false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        known |= strcmp(h.type, types[i].type) == 0 && h.depth == types[i].depth;
    if (!known)
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "PAM of depth %" PRIu32 " and type \"%.20s\" is not supported",
                         h.depth, h.type);
    in->maximum = h.maximum;
    r->raw.n_channels = (uint8_t)h.depth;
    return image_reader_set_size(r, h.width, h.height);
}

/* ---- all others' ------------------------------------------------------------------- */

static pith_status read_header(image_reader *r, pnm_in *in) {
    uint8_t magic[2];
    image_input_read(&r->input, magic, 2);
    in->is_text = magic[1] <= '3';
    in->is_bitmap = magic[1] == '1' || magic[1] == '4';
    r->raw.n_channels = magic[1] == '3' || magic[1] == '6' ? 3 : 1;
    uint32_t width, height;
    pith_status status;
    if (magic[1] == '7') {
        status = read_pam_header(r, in);
    } else {
        status = read_number(r, &width, "the width");
        if (status == PITH_OK) status = read_number(r, &height, "the height");
        in->maximum = 1;
        if (status == PITH_OK && !in->is_bitmap) status = read_number(r, &in->maximum, "the maximum");
        if (status == PITH_OK) status = image_reader_set_size(r, width, height);
    }
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

/* A digit of P1, which need not be separated from the next. */
static pith_status read_bit(image_reader *r, uint32_t *white) {
    int c = image_input_byte(&r->input);
    while (is_space(c) || c == '#') {
        while (c == '#' && (c = image_input_byte(&r->input)) != EOF && c != '\n') c = '#';
        if (c != EOF) c = image_input_byte(&r->input);
    }
    if (c == EOF) return image_reader_ended(r);
    *white = c == '0';
    return c == '0' || c == '1' ? PITH_OK
                                : tool_fail(&r->diag, PITH_E_FORMAT, "damaged PPM: a pixel is neither 0 nor 1");
}

static pith_status read_sample(image_reader *r, const pnm_in *in, size_t i, uint32_t *value) {
    if (in->is_bitmap && in->is_text) return read_bit(r, value);
    if (in->is_text) return read_number(r, value, "a sample");
    if (in->is_bitmap)
        *value = !(in->bytes[i / 8] >> (7 - i % 8) & 1);
    else if (r->raw.bit_depth == 8)
        *value = in->bytes[i];
    else
        *value = (uint32_t)in->bytes[2 * i] << 8 | in->bytes[2 * i + 1];
    return PITH_OK;
}

static pith_status read_row(image_reader *r, void *row) {
    pnm_in *in = r->state;
    size_t n_bytes = in->is_bitmap ? (in->n_samples + 7) / 8 : in->n_samples * (r->raw.bit_depth / 8u);
    if (!in->is_text && image_input_read(&r->input, in->bytes, n_bytes) != n_bytes) return image_reader_ended(r);
    for (size_t i = 0; i < in->n_samples; i++) {
        uint32_t value = 0;
        pith_status status = read_sample(r, in, i, &value);
        if (status == PITH_OK) status = put_sample(r, in, row, i, value);
        if (status != PITH_OK) return status;
    }
    return PITH_OK;
}

static void close_reader(image_reader *r) {
    pnm_in *in = r->state;
    if (!in) return;
    free(in->bytes);
    free(in);
}

const image_reader_type image_reader_pnm = {"PPM", recognise, open_reader, read_row, NULL, close_reader};

/* ---- writing ---------------------------------------------------------------- */

static pith_status start_rows(image_writer *w) {
    size_t n_samples = (size_t)w->format.width * w->format.n_channels;
    w->state = malloc(n_samples * 2); /* a row of 16-bit samples, high byte first */
    return w->state ? PITH_OK : tool_fail(&w->diag, PITH_E_NOMEM, "out of memory");
}

static unsigned maximum_of(const image_writer *w) { return w->format.bit_depth == 16 ? 65535u : 255u; }

static pith_status start_ppm(image_writer *w) {
    pith_status status = start_rows(w);
    if (status != PITH_OK) return status;
    int n = fprintf(w->file, "P%c\n%" PRIu32 " %" PRIu32 "\n%u\n", w->format.n_channels == 3 ? '6' : '5',
                    w->format.width, w->format.height, maximum_of(w));
    return n < 0 ? image_writer_failed(w) : PITH_OK;
}

static pith_status start_pam(image_writer *w) {
    static const char *const types[] = {"GRAYSCALE", "GRAYSCALE_ALPHA", "RGB", "RGB_ALPHA"};
    pith_status status = start_rows(w);
    if (status != PITH_OK) return status;
    int n = fprintf(w->file, "P7\nWIDTH %" PRIu32 "\nHEIGHT %" PRIu32 "\nDEPTH %u\nMAXVAL %u\nTUPLTYPE %s\nENDHDR\n",
                    w->format.width, w->format.height, (unsigned)w->format.n_channels, maximum_of(w),
                    types[w->format.n_channels - 1]);
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
                                            .start = start_ppm,
                                            .write_row = write_row,
                                            .finish = finish_writer,
                                            .close = close_writer};

const image_writer_type image_writer_pam = {.name = "PAM",
                                            .max_dimension = UINT32_MAX,
                                            .max_depth = 16,
                                            .has_alpha = true,
                                            .start = start_pam,
                                            .write_row = write_row,
                                            .finish = finish_writer,
                                            .close = close_writer};
