/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* PNG by libpng. libpng reports a fault by longjmp. The one setjmp of each direction is in a function that keeps
 * nothing in local variables and calls the step it is given; everything that changes is in the state on the heap. */
#include "imageio/imageio_png.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

static bool machine_is_little_endian(void) {
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return first == 1;
}

/* ---- reading ---------------------------------------------------------------- */

typedef struct png_in {
    png_structp png;
    png_infop info;
    uint8_t *pixels; /* the whole frame when interlaced */
    size_t row_bytes;
    bool interlaced, dislikes_icc;
    void *row; /* where the current step puts its row */
} png_in;

static void on_read_error(png_structp png, png_const_charp text) {
    image_reader *r = png_get_error_ptr(png);
    tool_fail(&r->diag, PITH_E_FORMAT, "damaged PNG: %s", text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void on_read_warning(png_structp png, png_const_charp text) {
    image_reader *r = png_get_error_ptr(png);
    if (strncmp(text, "iCCP", 4) == 0) ((png_in *)r->state)->dislikes_icc = true;
}

static void read_bytes(png_structp png, png_bytep bytes, size_t n_bytes) {
    image_reader *r = png_get_io_ptr(png);
    if (image_input_read(&r->input, bytes, n_bytes) == n_bytes) return;
    image_reader_ended(r);
    png_error(png, "end of file");
}

static pith_status guarded_read(image_reader *r, void (*step)(image_reader *r, png_in *in)) {
    png_in *in = r->state;
    if (setjmp(png_jmpbuf(in->png)) == 0) step(r, in);
    return r->diag.status;
}

static bool recognise(const uint8_t *head, size_t n_head) {
    return n_head >= 8 && memcmp(head, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static void set_transforms(png_in *in, unsigned colour_type, unsigned depth) {
    if (colour_type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(in->png);
    if (colour_type == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(in->png);
    if (png_get_valid(in->png, in->info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(in->png);
    if (depth == 16 && machine_is_little_endian()) png_set_swap(in->png);
    if (in->interlaced) png_set_interlace_handling(in->png);
    png_read_update_info(in->png, in->info);
}

static void read_header(image_reader *r, png_in *in) {
    png_chunks_want(in->png);
    png_read_info(in->png, in->info);
    if (image_reader_set_size(r, png_get_image_width(in->png, in->info), png_get_image_height(in->png, in->info)) !=
        PITH_OK)
        return;
    png_chunks_note_colour(r, in->png, in->info, in->dislikes_icc);
    png_chunks_note_metadata(r, in->png, in->info);
    in->interlaced = png_get_interlace_type(in->png, in->info) != PNG_INTERLACE_NONE;
    set_transforms(in, png_get_color_type(in->png, in->info), png_get_bit_depth(in->png, in->info));
    in->row_bytes = png_get_rowbytes(in->png, in->info);
    r->raw.n_channels = png_get_channels(in->png, in->info);
    r->raw.bit_depth = png_get_bit_depth(in->png, in->info);
}

static void read_frame(image_reader *r, png_in *in) {
    for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; pass++)
        for (size_t y = 0; y < r->raw.height; y++) png_read_row(in->png, in->pixels + y * in->row_bytes, NULL);
}

static void read_one_row(image_reader *r, png_in *in) {
    (void)r;
    png_read_row(in->png, in->row, NULL);
}

static void read_end(image_reader *r, png_in *in) {
    (void)r;
    png_read_end(in->png, NULL);
}

static pith_status open_reader(image_reader *r) {
    png_in *in = r->state = calloc(1, sizeof *in);
    if (!in) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    in->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_read_error, on_read_warning);
    if (in->png) in->info = png_create_info_struct(in->png);
    if (!in->info) return tool_fail(&r->diag, PITH_E_NOMEM, "libpng cannot start");
    png_set_read_fn(in->png, r, read_bytes);
    png_set_user_limits(in->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* our own check has a better message */
    png_set_chunk_malloc_max(in->png, PNG_MAX_CHUNK_BYTES);
    pith_status status = png_chunks_read_tail(r);
    if (status == PITH_OK) status = guarded_read(r, read_header);
    if (status != PITH_OK || !in->interlaced) return status;
    status = image_reader_claim(r, (uint64_t)in->row_bytes * r->raw.height, "an interlaced PNG");
    if (status != PITH_OK) return status;
    in->pixels = calloc(r->raw.height, in->row_bytes);
    return in->pixels ? PITH_OK : tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the picture's pixels");
}

static pith_status read_row(image_reader *r, void *row) {
    png_in *in = r->state;
    if (!in->interlaced) {
        in->row = row;
        return guarded_read(r, read_one_row);
    }
    pith_status status = r->next_row == 0 ? guarded_read(r, read_frame) : PITH_OK;
    if (status == PITH_OK) memcpy(row, in->pixels + r->next_row * in->row_bytes, in->row_bytes);
    return status;
}

static pith_status finish_reader(image_reader *r) { return guarded_read(r, read_end); }

static void close_reader(image_reader *r) {
    png_in *in = r->state;
    if (!in) return;
    png_destroy_read_struct(&in->png, &in->info, NULL);
    free(in->pixels);
    free(in);
}

const image_reader_type image_reader_png = {"PNG", recognise, open_reader, read_row, finish_reader, close_reader};

/* ---- writing ---------------------------------------------------------------- */

typedef struct png_out {
    png_structp png;
    png_infop info;
    char *xmp; /* with a zero at its end */
    const void *row;
} png_out;

static void on_write_error(png_structp png, png_const_charp text) {
    image_writer *w = png_get_error_ptr(png);
    tool_fail(&w->diag, PITH_E_IO, "PNG: %s", text);
    png_longjmp(png, 1);
}

static void write_bytes(png_structp png, png_bytep bytes, size_t n_bytes) {
    image_writer *w = png_get_io_ptr(png);
    if (fwrite(bytes, 1, n_bytes, w->file) == n_bytes) return;
    image_writer_failed(w);
    png_error(png, "write error");
}

static void flush_bytes(png_structp png) { (void)png; /* at the end, by imageio_write.c */ }

static pith_status guarded_write(image_writer *w, void (*step)(image_writer *w, png_out *out)) {
    png_out *out = w->state;
    if (setjmp(png_jmpbuf(out->png)) == 0) step(w, out);
    return w->diag.status;
}

static void write_metadata(image_writer *w, png_out *out) {
    const image_metadata *m = &w->metadata;
    if (m->icc.n_bytes)
        png_set_iCCP(out->png, out->info, "ICC profile", PNG_COMPRESSION_TYPE_BASE, m->icc.data,
                     (png_uint_32)m->icc.n_bytes);
    else
        png_set_sRGB(out->png, out->info, PNG_sRGB_INTENT_PERCEPTUAL);
    if (m->exif.n_bytes) /* copied, although it is not const */
        png_set_eXIf_1(out->png, out->info, (png_uint_32)m->exif.n_bytes, (png_bytep)(uintptr_t)m->exif.data);
    if (m->xmp.n_bytes == 0) return;
    png_text text = {.compression = PNG_ITXT_COMPRESSION_NONE};
    char key[] = "XML:com.adobe.xmp", none[] = "";
    out->xmp = calloc(1, m->xmp.n_bytes + 1);
    if (!out->xmp) png_error(out->png, "out of memory");
    memcpy(out->xmp, m->xmp.data, m->xmp.n_bytes);
    text.key = key;
    text.text = out->xmp;
    text.itxt_length = m->xmp.n_bytes;
    text.lang = text.lang_key = none;
    png_set_text(out->png, out->info, &text, 1);
}

static void write_header(image_writer *w, png_out *out) {
    static const int colour_types[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                       PNG_COLOR_TYPE_RGB_ALPHA};
    png_set_write_fn(out->png, w, write_bytes, flush_bytes);
    png_set_user_limits(out->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(out->png, out->info, w->format.width, w->format.height, w->format.bit_depth,
                 colour_types[w->format.n_channels], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    write_metadata(w, out);
    png_write_info(out->png, out->info);
    if (w->format.bit_depth == 16 && machine_is_little_endian()) png_set_swap(out->png);
}

static void write_one_row(image_writer *w, png_out *out) {
    (void)w;
    png_write_row(out->png, out->row);
}

static void write_end(image_writer *w, png_out *out) {
    (void)w;
    png_write_end(out->png, NULL);
}

static pith_status start_writer(image_writer *w) {
    png_out *out = w->state = calloc(1, sizeof *out);
    if (!out) return tool_fail(&w->diag, PITH_E_NOMEM, "out of memory");
    out->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, w, on_write_error, on_warning);
    if (out->png) out->info = png_create_info_struct(out->png);
    if (!out->info) return tool_fail(&w->diag, PITH_E_NOMEM, "libpng cannot start");
    png_set_benign_errors(out->png, 1); /* a profile that it dislikes is not written */
    return guarded_write(w, write_header);
}

static pith_status write_row(image_writer *w, const void *row) {
    png_out *out = w->state;
    out->row = row;
    return guarded_write(w, write_one_row);
}

static pith_status finish_writer(image_writer *w) { return guarded_write(w, write_end); }

static void close_writer(image_writer *w) {
    png_out *out = w->state;
    if (!out) return;
    png_destroy_write_struct(&out->png, &out->info);
    free(out->xmp);
    free(out);
}

const image_writer_type image_writer_png = {.name = "PNG",
                                            .max_dimension = PNG_UINT_31_MAX,
                                            .max_depth = 16,
                                            .has_alpha = true,
                                            .has_metadata = true,
                                            .max_exif_bytes = PNG_UINT_31_MAX,
                                            .max_xmp_bytes = PNG_UINT_31_MAX,
                                            .start = start_writer,
                                            .write_row = write_row,
                                            .finish = finish_writer,
                                            .close = close_writer};
