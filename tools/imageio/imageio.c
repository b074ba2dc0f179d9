/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Reading picture files: which format, limits, rows in order. */
#include "imageio/imageio.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "imageio/image_foreign.h"
#include "imageio/imageio_format.h"

/* AVIF before HEIC: some files are both. */
static const image_reader_type *const reader_types[] = {
    &image_reader_png, &image_reader_jpeg, &image_reader_webp, &image_reader_avif, &image_reader_heif,
    &image_reader_jxl, &image_reader_pnm,  &image_reader_tiff, &image_reader_gif,  &image_reader_bmp};
#define KINDS "PNG, JPEG, WebP, AVIF, HEIC, JPEG XL, TIFF, GIF, BMP, PPM"
#define N_READER_TYPES (sizeof reader_types / sizeof reader_types[0])

#define BRAND_BYTES 4u

bool image_has_brand(const uint8_t *head, size_t n_head, const char *const *brands, size_t n_brands) {
    if (n_head < 12 || memcmp(head + 4, "ftyp", 4) != 0) return false;
    size_t n_box = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    for (size_t at = 8; at + BRAND_BYTES <= n_head && (at == 8 || at + BRAND_BYTES <= n_box); at += BRAND_BYTES)
        for (size_t i = 0; i < n_brands && at != 12; i++) /* the version stands at 12 */
            if (memcmp(head + at, brands[i], BRAND_BYTES) == 0) return true;
    return false;
}

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

bool image_input_seek(image_input *input, uint64_t at) {
    input->n_head_used = input->n_head;
    return at <= INT64_MAX / 2 && fseeko(input->file, (off_t)(input->start + (int64_t)at), SEEK_SET) == 0;
}

static pith_status copy_stream(image_reader *r, FILE *to) {
    uint8_t bytes[16384];
    uint64_t n_bytes = 0;
    for (size_t n; (n = image_input_read(&r->input, bytes, sizeof bytes)) > 0; n_bytes += n) {
        if (n > r->env.max_file_bytes - n_bytes)
            return tool_fail(&r->diag, PITH_E_LIMIT, "%s of more than %" PRIu64 " bytes", r->type->name,
                             r->env.max_file_bytes);
        if (fwrite(bytes, 1, n, to) != n) return tool_fail_errno(&r->diag, PITH_E_IO, "cannot write a temporary file");
    }
    if (ferror(r->input.file)) return image_reader_ended(r);
    r->facts.n_file_bytes = n_bytes;
    return fflush(to) == 0 ? PITH_OK : tool_fail_errno(&r->diag, PITH_E_IO, "cannot write a temporary file");
}

pith_status image_reader_make_seekable(image_reader *r) {
    image_input *in = &r->input;
    off_t here = ftello(in->file);
    if (here >= 0 && fseeko(in->file, here, SEEK_SET) == 0) {
        in->start = (int64_t)here - (int64_t)in->n_head;
        return PITH_OK;
    }
    clearerr(in->file);
    FILE *copy = tmpfile();
    if (!copy) return tool_fail_errno(&r->diag, PITH_E_IO, "cannot make a temporary file");
    pith_status status = copy_stream(r, copy);
    if (in->file != stdin) fclose(in->file);
    in->file = copy;
    return status == PITH_OK && !image_input_seek(in, 0) ? image_reader_ended(r) : status;
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
    if (!r->type) {
        const char *text = image_foreign_text(in->head, in->n_head);
        return tool_fail(&r->diag, PITH_E_FORMAT, "%s",
                         text ? text : "is not a picture of a kind that is read: " KINDS);
    }
    r->facts.file_type = r->type->name;
    return PITH_OK;
}

/* ---- readers ---------------------------------------------------------------- */

static void take_options(image_reader *r, const image_open_options *options) {
    static const image_open_options none = {.env = NULL};
    if (!options) options = &none;
    pith_env_defaults(&r->env, sizeof r->env);
    if (options->env) r->env = *options->env;
    r->max_memory_bytes = options->max_memory_bytes ? options->max_memory_bytes : IMAGE_MEMORY_BYTES;
    r->keep_alpha = options->keep_alpha;
    r->keep_profile = options->keep_profile;
    r->max_profile_bytes = options->max_profile_bytes;
    r->max_profile_bpp = options->max_profile_bpp;
}

pith_status image_open(image_reader **out, const char *path, const image_open_options *options, pith_diag *why) {
    *out = NULL;
    image_reader *r = calloc(1, sizeof *r);
    if (!r) {
        tool_fail(why, PITH_E_NOMEM, "out of memory");
        return PITH_E_NOMEM;
    }
    take_options(r, options);
    r->facts.orientation = 1;
    pith_status status = open_stream(r, path);
    if (status == PITH_OK) status = find_type(r);
    if (status == PITH_OK) status = r->type->open(r);
    if (status == PITH_OK) status = image_reader_settle_metadata(r, options ? &options->metadata : NULL);
    if (status == PITH_OK) status = image_stages_start(r);
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
    if (width > r->env.max_dimension || height > r->env.max_dimension)
        return tool_fail(&r->diag, PITH_E_LIMIT,
                         "%" PRIu64 "x%" PRIu64 " pixels; at most %" PRIu32 " a side are allowed", width, height,
                         r->env.max_dimension);
    if (width * height > r->env.max_pixels)
        return tool_fail(&r->diag, PITH_E_LIMIT,
                         "%" PRIu64 "x%" PRIu64 " pixels; at most %" PRIu64 " in all are allowed", width, height,
                         r->env.max_pixels);
    r->raw.width = (uint32_t)width;
    r->raw.height = (uint32_t)height;
    return PITH_OK;
}

pith_status image_reader_claim(image_reader *r, uint64_t n_bytes, const char *what) {
    if (n_bytes <= r->max_memory_bytes - r->n_claimed_bytes) {
        r->n_claimed_bytes += n_bytes;
        return PITH_OK;
    }
    return tool_fail(&r->diag, PITH_E_LIMIT, "%s needs to be whole in memory: %.1f MB, of which %.1f MB are allowed",
                     what, 1e-6 * (double)(r->n_claimed_bytes + n_bytes), 1e-6 * (double)r->max_memory_bytes);
}

void image_reader_warn(image_reader *r, const char *text) {
    for (unsigned i = 0; i < r->facts.n_warnings; i++)
        if (r->facts.warnings[i] == text) return;
    if (r->facts.n_warnings < IMAGE_MAX_WARNINGS) r->facts.warnings[r->facts.n_warnings++] = text;
}

pith_status image_reader_read_all(image_reader *r, image_blob *blob, uint64_t n_max) {
    size_t capacity = 0;
    while (blob->n_bytes < n_max) {
        if (blob->n_bytes == capacity) {
            size_t before = capacity;
            capacity = capacity ? capacity * 2 : 65536;
            if (capacity > n_max) capacity = (size_t)n_max;
            pith_status status = image_reader_claim(r, capacity - before, "the file");
            if (status != PITH_OK) return status;
            uint8_t *grown = realloc(blob->data, capacity);
            if (!grown) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the file");
            blob->data = grown;
        }
        size_t n = image_input_read(&r->input, blob->data + blob->n_bytes, capacity - blob->n_bytes);
        if (n == 0) return ferror(r->input.file) ? image_reader_ended(r) : PITH_OK;
        blob->n_bytes += n;
    }
    return PITH_OK;
}

pith_status image_reader_ended(image_reader *r) {
    if (ferror(r->input.file)) return tool_fail_errno(&r->diag, PITH_E_IO, "cannot read");
    return tool_fail(&r->diag, PITH_E_TRUNCATED, "the %s file ends too early", r->type->name);
}

static pith_status read_rows(void *user, uint32_t y, uint32_t n_rows, void *rows, size_t stride_bytes) {
    image_reader *r = user;
    if (r->diag.status != PITH_OK) return r->diag.status;
    if (y != r->next_upright || n_rows > r->format.height - y)
        return tool_fail(&r->diag, PITH_E_ARG, "rows %" PRIu32 "+%" PRIu32 " were asked for at row %" PRIu32, y, n_rows,
                         r->next_upright);
    for (uint32_t i = 0; i < n_rows; i++) {
        pith_status status = image_stages_read_row(r, (uint8_t *)rows + (size_t)i * stride_bytes);
        if (status != PITH_OK) return status;
        r->next_upright++;
    }
    return PITH_OK;
}

void image_reader_source(image_reader *reader, pith_source *source) {
    *source =
        (pith_source){.struct_size = sizeof *source, .format = reader->format, .read_rows = read_rows, .user = reader};
}

image_facts image_reader_facts(const image_reader *reader) {
    image_facts facts = reader->facts;
    if (facts.n_file_bytes == 0) facts.n_file_bytes = reader->input.n_read;
    return facts;
}

uint64_t image_reader_memory(const image_reader *reader) { return reader->n_claimed_bytes; }

const pith_diag *image_reader_diag(const image_reader *reader) { return &reader->diag; }

void image_close(image_reader **reader) {
    image_reader *r = *reader;
    *reader = NULL;
    if (!r) return;
    if (r->state) r->type->close(r);
    image_stages_free(r);
    image_blob_free(&r->colour.icc);
    image_blob_free(&r->profile);
    image_blob_free(&r->exif);
    image_blob_free(&r->xmp);
    if (r->input.file && r->input.file != stdin) fclose(r->input.file);
    free(r);
}

pith_status image_load(pith_image *out, image_facts *facts, const char *path, const pith_env *env, pith_diag *why) {
    memset(out, 0, sizeof *out);
    image_reader *reader;
    image_open_options options = {.env = env, .metadata = {.ignore = true}};
    pith_status status = image_open(&reader, path, &options, why);
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
