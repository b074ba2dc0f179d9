/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* JPEG by libjpeg-turbo. As with PNG, the one setjmp of each direction is in a
 * function that keeps nothing in local variables. libjpeg fills the missing parts of a damaged file with grey and only
 * warns; here that is a fault. Once every pixel is there, anything in the place of the end marker is accepted. */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "imageio/imageio_jpeg.h"

#include <jerror.h>

#define JPEG_MAX_SCANS 200 /* in a progressive file; each may cost a pass over the whole picture */
#define JPEG_INPUT_BYTES 16384
#define TRAILER_BYTES 65536u /* looked at after the end marker */

/* ---- reading ---------------------------------------------------------------- */

typedef struct jpeg_in {
    jpeg_segments segments; /* first: see imageio_jpeg.h */
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    bool created, has_header;
    bool has_ended; /* there is no end marker */
    bool damaged;   /* among the pixels */
    JSAMPROW row;
    JOCTET bytes[JPEG_INPUT_BYTES];
} jpeg_in;

static void on_read_error(j_common_ptr jpeg) {
    image_reader *r = jpeg->client_data;
    jpeg_in *in = r->state;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    switch (jpeg->err->msg_code) {
    case JERR_OUT_OF_MEMORY:
        tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the JPEG");
        break;
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED: /* lossless and hierarchical files */
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
        tool_fail(&r->diag, PITH_E_UNSUPPORTED, "JPEG of a kind that is not supported: %s", text);
        break;
    default:
        tool_fail(&r->diag, PITH_E_FORMAT, "damaged JPEG: %s", text);
    }
    longjmp(in->escape, 1);
}

/* Level -1 is a warning; those above are chatter. */
static void on_read_message(j_common_ptr jpeg, int level) {
    image_reader *r = jpeg->client_data;
    jpeg_in *in = r->state;
    if (level >= 0) return;
    switch (jpeg->err->msg_code) {
    case JWRN_HIT_MARKER: /* a marker where pixels should be; our source reports the end itself */
        image_reader_ended(r);
        in->damaged = true;
        on_read_error(jpeg);
        break;
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
        in->damaged = true;
        on_read_error(jpeg);
        break;
    default: /* extra bytes between segments, odd progressions: harmless and common */
        break;
    }
}

static void on_output_message(j_common_ptr jpeg) { (void)jpeg; }

static void check_scans(j_common_ptr jpeg) {
    image_reader *r = jpeg->client_data;
    jpeg_in *in = r->state;
    if (in->jpeg.input_scan_number <= JPEG_MAX_SCANS) return;
    tool_fail(&r->diag, PITH_E_LIMIT, "JPEG of more than %d scans", JPEG_MAX_SCANS);
    longjmp(in->escape, 1);
}

static void source_nothing(j_decompress_ptr jpeg) { (void)jpeg; }

static boolean source_fill(j_decompress_ptr jpeg) {
    image_reader *r = jpeg->client_data;
    jpeg_in *in = r->state;
    size_t n = image_input_read(&r->input, in->bytes, sizeof in->bytes);
    if (n == 0) {
        if (!in->has_header || ferror(r->input.file)) {
            image_reader_ended(r);
            longjmp(in->escape, 1);
        }
        in->has_ended = true; /* libjpeg says whether pixels are missing */
        in->bytes[0] = 0xff;
        in->bytes[1] = JPEG_EOI;
        n = 2;
    }
    in->source.next_input_byte = in->bytes;
    in->source.bytes_in_buffer = n;
    return TRUE;
}

static void source_skip(j_decompress_ptr jpeg, long n_bytes) {
    jpeg_in *in = ((image_reader *)jpeg->client_data)->state;
    size_t left = n_bytes > 0 ? (size_t)n_bytes : 0;
    while (left > in->source.bytes_in_buffer) {
        left -= in->source.bytes_in_buffer;
        source_fill(jpeg);
    }
    in->source.next_input_byte += left;
    in->source.bytes_in_buffer -= left;
}

static pith_status guarded_read(image_reader *r, void (*step)(image_reader *r, jpeg_in *in)) {
    jpeg_in *in = r->state;
    if (setjmp(in->escape) == 0) step(r, in);
    return r->diag.status;
}

static bool recognise(const uint8_t *head, size_t n_head) {
    return n_head >= 3 && memcmp(head, "\xff\xd8\xff", 3) == 0;
}

/* A JPEG of several scans is whole in memory as coefficients of 16 bits. */
static void claim_coefficients(image_reader *r, const struct jpeg_decompress_struct *jpeg) {
    uint64_t n_bytes = 0, in_mcu = (uint64_t)DCTSIZE * (unsigned)jpeg->max_h_samp_factor, down = DCTSIZE;
    uint64_t n_across = (jpeg->image_width + in_mcu - 1) / in_mcu;
    down *= (unsigned)jpeg->max_v_samp_factor;
    uint64_t n_down = (jpeg->image_height + down - 1) / down;
    for (int c = 0; c < jpeg->num_components; c++) {
        const jpeg_component_info *info = &jpeg->comp_info[c];
        n_bytes += n_across * (unsigned)info->h_samp_factor * n_down * (unsigned)info->v_samp_factor * sizeof(JBLOCK);
    }
    image_reader_claim(r, n_bytes, jpeg->progressive_mode ? "a progressive JPEG" : "a JPEG of several scans");
}

static void read_header(image_reader *r, jpeg_in *in) {
    struct jpeg_decompress_struct *jpeg = &in->jpeg;
    in->created = true; /* jpeg_destroy copes with a failed creation */
    jpeg_create_decompress(jpeg);
    jpeg->src = &in->source;
    jpeg->progress = &in->progress;
    jpeg_segments_collect(jpeg);
    jpeg_read_header(jpeg, TRUE);
    in->has_header = true;
    jpeg_segments_finish(r);
    if (r->diag.status != PITH_OK) return;
    if (image_reader_set_size(r, jpeg->image_width, jpeg->image_height) != PITH_OK) return;
    switch (jpeg->jpeg_color_space) {
    case JCS_GRAYSCALE:
        jpeg->out_color_space = JCS_GRAYSCALE;
        break;
    case JCS_YCbCr:
    case JCS_RGB:
        jpeg->out_color_space = JCS_RGB;
        break;
    case JCS_CMYK:
    case JCS_YCCK:
        jpeg->out_color_space = JCS_CMYK; /* 255 is no ink, with or without Adobe's marker, as everyone writes it */
        r->is_cmyk = true;
        break;
    default:
        tool_fail(&r->diag, PITH_E_UNSUPPORTED, "JPEG of %d components is not supported", jpeg->num_components);
        return;
    }
    r->raw.n_channels = r->is_cmyk ? 4 : jpeg->out_color_space == JCS_RGB ? 3 : 1;
    r->raw.bit_depth = 8;
    if (jpeg_has_multiple_scans(jpeg)) claim_coefficients(r, jpeg);
}

static pith_status open_reader(image_reader *r) {
    jpeg_in *in = r->state = calloc(1, sizeof *in);
    if (!in) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    in->jpeg.err = jpeg_std_error(&in->errors);
    in->jpeg.client_data = r;
    in->errors.error_exit = on_read_error;
    in->errors.emit_message = on_read_message;
    in->errors.output_message = on_output_message;
    in->progress.progress_monitor = check_scans;
    in->source.init_source = source_nothing;
    in->source.fill_input_buffer = source_fill;
    in->source.skip_input_data = source_skip;
    in->source.resync_to_restart = jpeg_resync_to_restart;
    in->source.term_source = source_nothing;
    return guarded_read(r, read_header);
}

/* Whether every component of a file with several scans is complete, every coefficient to its last bit. */
static bool is_complete(const struct jpeg_decompress_struct *jpeg) {
    for (int c = 0; c < jpeg->num_components; c++) {
        if (!jpeg->comp_info[c].quant_table) return false; /* taken at its first scan */
        for (int k = 0; k < DCTSIZE2 && jpeg->coef_bits; k++)
            if (jpeg->coef_bits[c][k] != 0) return false;
    }
    return true;
}

/* Reads a file with several scans to its end. */
static void start_pixels(image_reader *r, jpeg_in *in) {
    jpeg_start_decompress(&in->jpeg);
    if (in->has_ended && jpeg_has_multiple_scans(&in->jpeg) && !is_complete(&in->jpeg)) image_reader_ended(r);
}

static void read_one_row(image_reader *r, jpeg_in *in) {
    (void)r;
    jpeg_read_scanlines(&in->jpeg, &in->row, 1);
}

static void read_end(image_reader *r, jpeg_in *in) {
    (void)r;
    jpeg_finish_decompress(&in->jpeg);
}

/* A fault after the last pixel: what is there is not part of this picture. */
static void forgive(image_reader *r, jpeg_in *in) {
    r->diag = (pith_diag){0};
    in->has_ended = true;
}

static pith_status start_decoder(image_reader *r) {
    jpeg_in *in = r->state;
    pith_status status = guarded_read(r, start_pixels);
    bool is_whole = jpeg_has_multiple_scans(&in->jpeg) && is_complete(&in->jpeg);
    if (status != PITH_E_FORMAT || !is_whole || in->damaged) return status;
    forgive(r, in);
    in->bytes[0] = 0xff;
    in->bytes[1] = JPEG_EOI;
    in->source.next_input_byte = in->bytes;
    in->source.bytes_in_buffer = 2;
    in->jpeg.unread_marker = 0;
    return guarded_read(r, start_pixels);
}

static pith_status read_row(image_reader *r, void *row) {
    jpeg_in *in = r->state;
    in->row = row;
    pith_status status = r->next_row == 0 ? start_decoder(r) : PITH_OK;
    if (status == PITH_OK) status = guarded_read(r, read_one_row);
    if (r->is_cmyk && status == PITH_OK)
        for (size_t i = 0; i < (size_t)r->raw.width * 4; i++) in->row[i] = (JSAMPLE)(255 - in->row[i]);
    return status;
}

/* After the picture: the beginning of an MP4, if there is one nearby. */
static void look_for_video(image_reader *r, jpeg_in *in) {
    static const char name[] = "ftyp";
    for (size_t n_looked_at = 0; n_looked_at < TRAILER_BYTES;) {
        const uint8_t *bytes = in->source.next_input_byte;
        size_t n = in->source.bytes_in_buffer;
        for (size_t i = 0; i + sizeof name - 1 <= n; i++)
            if (memcmp(bytes + i, name, sizeof name - 1) == 0) {
                image_reader_warn(r, image_warning_motion_photo);
                return;
            }
        n_looked_at += n;
        in->source.next_input_byte = in->bytes;
        in->source.bytes_in_buffer = image_input_read(&r->input, in->bytes, sizeof in->bytes);
        if (in->source.bytes_in_buffer == 0) return;
    }
}

static pith_status finish_reader(image_reader *r) {
    jpeg_in *in = r->state;
    pith_status status = guarded_read(r, read_end);
    if (status == PITH_OK && !in->has_ended) look_for_video(r, in);
    if (status == PITH_E_FORMAT && !in->damaged) forgive(r, in);
    if (in->has_ended && r->diag.status == PITH_OK)
        image_reader_warn(r, "has no end marker; all of its pixels are there");
    return r->diag.status;
}

static void close_reader(image_reader *r) {
    jpeg_in *in = r->state;
    if (!in) return;
    if (in->created) jpeg_destroy_decompress(&in->jpeg);
    jpeg_segments_free(r);
    free(in);
}

const image_reader_type image_reader_jpeg = {"JPEG", recognise, open_reader, read_row, finish_reader, close_reader};

/* ---- writing ---------------------------------------------------------------- */

typedef struct jpeg_out {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf escape;
    bool created;
    const void *row;
} jpeg_out;

static void on_write_error(j_common_ptr jpeg) {
    image_writer *w = jpeg->client_data;
    jpeg_out *out = w->state;
    char text[JMSG_LENGTH_MAX];
    if (jpeg->err->msg_code == JERR_FILE_WRITE) image_writer_failed(w);
    jpeg->err->format_message(jpeg, text);
    tool_fail(&w->diag, jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? PITH_E_NOMEM : PITH_E_IO, "JPEG: %s", text);
    longjmp(out->escape, 1);
}

static pith_status guarded_write(image_writer *w, void (*step)(image_writer *w, jpeg_out *out)) {
    jpeg_out *out = w->state;
    if (setjmp(out->escape) == 0) step(w, out);
    return w->diag.status;
}

static void write_header(image_writer *w, jpeg_out *out) {
    struct jpeg_compress_struct *jpeg = &out->jpeg;
    out->created = true; /* jpeg_destroy copes with a failed creation */
    jpeg_create_compress(jpeg);
    jpeg_stdio_dest(jpeg, w->file);
    jpeg->image_width = w->format.width;
    jpeg->image_height = w->format.height;
    jpeg->input_components = w->format.n_channels;
    jpeg->in_color_space = w->format.n_channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, w->options.quality, TRUE);
    if (w->options.quality >= 90) /* at such a quality, full colour resolution is wanted */
        jpeg->comp_info[0].h_samp_factor = jpeg->comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(jpeg, TRUE);
    jpeg_segments_write(jpeg, &w->metadata);
}

static void write_one_row(image_writer *w, jpeg_out *out) {
    (void)w;
    JSAMPROW row = (JSAMPROW)(uintptr_t)out->row; /* libjpeg does not write to it, though it is not declared const */
    jpeg_write_scanlines(&out->jpeg, &row, 1);
}

static void write_end(image_writer *w, jpeg_out *out) {
    (void)w;
    jpeg_finish_compress(&out->jpeg);
}

static pith_status start_writer(image_writer *w) {
    jpeg_out *out = w->state = calloc(1, sizeof *out);
    if (!out) return tool_fail(&w->diag, PITH_E_NOMEM, "out of memory");
    out->jpeg.err = jpeg_std_error(&out->errors);
    out->jpeg.client_data = w;
    out->errors.error_exit = on_write_error;
    out->errors.output_message = on_output_message;
    return guarded_write(w, write_header);
}

static pith_status write_row(image_writer *w, const void *row) {
    jpeg_out *out = w->state;
    out->row = row;
    return guarded_write(w, write_one_row);
}

static pith_status finish_writer(image_writer *w) { return guarded_write(w, write_end); }

static void close_writer(image_writer *w) {
    jpeg_out *out = w->state;
    if (!out) return;
    if (out->created) jpeg_destroy_compress(&out->jpeg);
    free(out);
}

const image_writer_type image_writer_jpeg = {.name = "JPEG",
                                             .max_dimension = JPEG_MAX_DIMENSION,
                                             .max_depth = 8,
                                             .has_metadata = true,
                                             .max_exif_bytes = JPEG_MAX_EXIF_BYTES,
                                             .max_xmp_bytes = JPEG_MAX_XMP_BYTES,
                                             .start = start_writer,
                                             .write_row = write_row,
                                             .finish = finish_writer,
                                             .close = close_writer};
