/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* TIFF by libtiff: which picture, its kind and its metadata; imageio_tiff_pixels.c reads the pixels. */
#include "imageio/imageio_format.h"

#include <stdlib.h>
#include <string.h>

/* Not Canon's raw photos, which begin as a TIFF. */
static bool recognise(const uint8_t *head, size_t n_head) {
    if (n_head < 8 || (n_head >= 10 && memcmp(head + 8, "CR", 2) == 0)) return false;
    return memcmp(head, "II*\0", 4) == 0 || memcmp(head, "MM\0*", 4) == 0 || memcmp(head, "II+\0", 4) == 0 ||
           memcmp(head, "MM\0+", 4) == 0;
}

#ifndef PITH_WITH_TIFF

static pith_status open_reader(image_reader *r) {
    return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "is a TIFF picture; this pith was built without libtiff");
}

const image_reader_type image_reader_tiff = {"TIFF", recognise, open_reader, NULL, NULL, NULL};

#else

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "imageio/exif.h"
#include "imageio/imageio_tiff.h"

#define MAX_PAGES_LOOKED_AT 8

/* ---- the file, as libtiff reads it -------------------------------------------------- */

static tmsize_t read_bytes(thandle_t handle, void *bytes, tmsize_t n_bytes) {
    image_reader *r = handle;
    tiff_in *in = r->state;
    if (n_bytes <= 0 || !image_input_seek(&r->input, in->at)) return 0;
    size_t n = image_input_read(&r->input, bytes, (size_t)n_bytes);
    in->hit_end |= n < (size_t)n_bytes;
    in->at += n;
    return (tmsize_t)n;
}

static tmsize_t write_nothing(thandle_t handle, void *bytes, tmsize_t n_bytes) {
    (void)handle, (void)bytes, (void)n_bytes;
    return -1;
}

static toff_t seek(thandle_t handle, toff_t to, int from) {
    tiff_in *in = ((image_reader *)handle)->state;
    if (from == SEEK_CUR) to += in->at;
    if (from == SEEK_END) to += in->n_bytes;
    in->at = to;
    return to;
}

static int close_nothing(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t size_of(thandle_t handle) { return ((tiff_in *)((image_reader *)handle)->state)->n_bytes; }

static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    tiff_in *in = user;
    (void)tiff, (void)module;
    if (in->message[0] == '\0') vsnprintf(in->message, sizeof in->message, format, arguments);
    return 1;
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)user, (void)module, (void)format, (void)arguments;
    return 1;
}

pith_status tiff_fault(image_reader *r) {
    const tiff_in *in = r->state;
    if (ferror(r->input.file) || in->hit_end) return image_reader_ended(r);
    return tool_fail(&r->diag, PITH_E_FORMAT, "damaged TIFF: %s", in->message[0] ? in->message : "no reason given");
}

static pith_status open_tiff(image_reader *r, tiff_in *in) {
    struct stat facts;
    if (fstat(fileno(r->input.file), &facts) != 0) return tool_fail_errno(&r->diag, PITH_E_IO, "cannot read");
    in->n_bytes = facts.st_size > r->input.start ? (uint64_t)(facts.st_size - r->input.start) : 0;
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, in);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, in);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, r->max_memory_bytes < INT64_MAX ? (tmsize_t)r->max_memory_bytes : 0);
    in->tiff = TIFFClientOpenExt("picture", "rm", r, read_bytes, write_nothing, seek, close_nothing, size_of, NULL,
                                 NULL, options);
    TIFFOpenOptionsFree(options);
    return in->tiff ? PITH_OK : tiff_fault(r);
}

/* ---- which picture, of what kind ------------------------------------------------------ */

/* The first that is not a smaller version of another. A camera's raw file has such a version first, and the photo in a
 * subdirectory. */
static pith_status find_page(image_reader *r, tiff_in *in) {
    uint32_t kind = 0;
    uint16_t n_below = 0;
    void *below = NULL, *version = NULL;
    bool is_raw = TIFFGetField(in->tiff, TIFFTAG_DNGVERSION, &version);
    bool is_reduced = TIFFGetField(in->tiff, TIFFTAG_SUBFILETYPE, &kind) && kind & FILETYPE_REDUCEDIMAGE;
    bool has_below = TIFFGetField(in->tiff, TIFFTAG_SUBIFD, &n_below, &below) && n_below > 0;
    for (unsigned i = 0; is_reduced && !is_raw && i < MAX_PAGES_LOOKED_AT; i++) {
        if (!TIFFReadDirectory(in->tiff)) break;
        kind = 0;
        is_reduced = TIFFGetField(in->tiff, TIFFTAG_SUBFILETYPE, &kind) && kind & FILETYPE_REDUCEDIMAGE;
    }
    if (is_raw || (is_reduced && has_below))
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED,
                         "is a raw photo of a camera (in a TIFF); develop it, or convert it to PNG");
    if (is_reduced && !TIFFSetDirectory(in->tiff, 0)) return tiff_fault(r);
    if (!TIFFLastDirectory(in->tiff)) image_reader_warn(r, "has several pages or pictures; its first was taken");
    return PITH_OK;
}

static pith_status take_kind(image_reader *r, tiff_in *in) {
    uint16_t format = SAMPLEFORMAT_UINT, compression = 0;
    TIFFGetFieldDefaulted(in->tiff, TIFFTAG_BITSPERSAMPLE, &in->bits);
    TIFFGetFieldDefaulted(in->tiff, TIFFTAG_SAMPLESPERPIXEL, &in->n_samples);
    TIFFGetFieldDefaulted(in->tiff, TIFFTAG_SAMPLEFORMAT, &format);
    TIFFGetFieldDefaulted(in->tiff, TIFFTAG_PLANARCONFIG, &in->planes);
    TIFFGetFieldDefaulted(in->tiff, TIFFTAG_COMPRESSION, &compression);
    if (!TIFFGetField(in->tiff, TIFFTAG_PHOTOMETRIC, &in->photometric))
        in->photometric = in->n_samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    if (!TIFFIsCODECConfigured(compression))
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "TIFF of compression %u, which this libtiff does not read",
                         compression);
    if (in->photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG && in->planes == PLANARCONFIG_CONTIG) {
        TIFFSetField(in->tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        in->photometric = PHOTOMETRIC_RGB;
    }
    switch (in->photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
        in->kind = TIFF_GREY;
        in->n_colours = 1;
        break;
    case PHOTOMETRIC_RGB:
        in->kind = TIFF_RGB;
        in->n_colours = 3;
        break;
    case PHOTOMETRIC_PALETTE:
        in->kind = TIFF_PALETTE;
        in->n_colours = 1;
        break;
    case PHOTOMETRIC_SEPARATED:
        in->kind = TIFF_CMYK;
        in->n_colours = 4;
        break;
    default:
        in->kind = TIFF_OTHER;
        break;
    }
    if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID)
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "TIFF of %s samples is not supported; convert it to 16 bits",
                         format == SAMPLEFORMAT_IEEEFP ? "floating-point" : "signed or complex");
    if (in->bits < 1 || in->bits > TIFF_MAX_BITS)
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "TIFF of %u-bit samples is not supported; convert it to 16 bits",
                         in->bits);
    if (in->kind != TIFF_OTHER && (in->n_samples < in->n_colours || in->n_samples > TIFF_MAX_SAMPLES))
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "TIFF of %u samples a pixel is not supported", in->n_samples);
    return PITH_OK;
}

static pith_status take_inks(image_reader *r, const tiff_in *in) {
    uint16_t inks = INKSET_CMYK;
    TIFFGetFieldDefaulted(in->tiff, TIFFTAG_INKSET, &inks);
    return inks == INKSET_CMYK ? PITH_OK
                               : tool_fail(&r->diag, PITH_E_UNSUPPORTED,
                                           "TIFF of inks that are not cyan, magenta, "
                                           "yellow and black is not supported");
}

static pith_status take_palette(image_reader *r, tiff_in *in) {
    uint16_t *red, *green, *blue;
    if (in->bits > 8 || in->n_samples != 1 || !TIFFGetField(in->tiff, TIFFTAG_COLORMAP, &red, &green, &blue))
        return tool_fail(&r->diag, PITH_E_FORMAT, "damaged TIFF: it has no palette");
    in->map[0] = red;
    in->map[1] = green;
    in->map[2] = blue;
    for (unsigned i = 0; i < 1u << in->bits; i++)
        if ((red[i] | green[i] | blue[i]) > 255) in->map_shift = 8; /* else the writer took it for 8 bits */
    return PITH_OK;
}

static void take_alpha(image_reader *r, tiff_in *in) {
    uint16_t n = 0, *kinds = NULL;
    if (in->n_samples <= in->n_colours) return;
    bool known = TIFFGetField(in->tiff, TIFFTAG_EXTRASAMPLES, &n, &kinds) && n > 0;
    in->is_multiplied = known && kinds[0] == EXTRASAMPLE_ASSOCALPHA;
    in->has_alpha = in->kind != TIFF_CMYK && known && (in->is_multiplied || kinds[0] == EXTRASAMPLE_UNASSALPHA);
    if (in->n_samples > in->n_colours + in->has_alpha) image_reader_warn(r, "has further channels; they were left out");
}

static pith_status take_size(image_reader *r, const tiff_in *in) {
    uint32_t width = 0, height = 0;
    TIFFGetField(in->tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(in->tiff, TIFFTAG_IMAGELENGTH, &height);
    pith_status status = image_reader_set_size(r, width, height);
    r->is_cmyk = in->kind == TIFF_CMYK;
    unsigned n = in->kind == TIFF_OTHER || in->kind == TIFF_PALETTE ? 3 : in->n_colours + in->has_alpha;
    r->raw.n_channels = (uint8_t)n;
    r->raw.bit_depth = in->bits > 8 && in->kind != TIFF_CMYK && in->kind != TIFF_OTHER ? 16 : 8;
    return status;
}

/* ---- metadata ----------------------------------------------------------------------------- */

static bool read_for_exif(void *user, uint64_t at, void *bytes, size_t n_bytes) {
    image_reader *r = user;
    return image_input_seek(&r->input, at) && image_input_read(&r->input, bytes, n_bytes) == n_bytes;
}

/* The first directory counts as Exif if a camera or a person put something there. */
static pith_status take_exif(image_reader *r, const tiff_in *in) {
    static const uint32_t tags[] = {TIFFTAG_IMAGEDESCRIPTION, TIFFTAG_MAKE,    TIFFTAG_MODEL, TIFFTAG_ARTIST,
                                    TIFFTAG_COPYRIGHT,        TIFFTAG_EXIFIFD, TIFFTAG_GPSIFD};
    bool found = false, lost = false;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        union {
            char *text;
            uint64_t offset;
        } value;
        found |= TIFFGetField(in->tiff, tags[i], &value) == 1;
    }
    if (!found || TIFFIsBigTIFF(in->tiff)) return PITH_OK;
    exif_source source = {read_for_exif, r, in->n_bytes};
    exif_wish wish = {.strip_gps = false};
    exif_result result = exif_rewrite(&r->exif, &lost, &source, &wish);
    if (lost) image_reader_warn(r, "its maker note was left out: its place in the file is part of it");
    return result == EXIF_NO_MEMORY ? tool_fail(&r->diag, PITH_E_NOMEM, "out of memory") : PITH_OK;
}

static pith_status take_metadata(image_reader *r, const tiff_in *in) {
    uint32_t n = 0;
    uint16_t orientation = 1;
    void *data = NULL;
    pith_status status = PITH_OK;
    if (TIFFGetField(in->tiff, TIFFTAG_ICCPROFILE, &n, &data) && n) status = image_reader_set_icc(r, data, n);
    if (status == PITH_OK && TIFFGetField(in->tiff, TIFFTAG_XMLPACKET, &n, &data) && n)
        status = image_reader_set_xmp(r, data, n);
    if (TIFFGetField(in->tiff, TIFFTAG_ORIENTATION, &orientation) && orientation >= 1 && orientation <= 8) {
        r->facts.orientation = (uint8_t)orientation;
        r->exif_turns = true;
    }
    TIFFSetField(in->tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT); /* libtiff must not turn anything */
    return status;
}

/* ---- as a reader -------------------------------------------------------------------------- */

static pith_status open_reader(image_reader *r) {
    tiff_in *in = r->state = calloc(1, sizeof *in);
    if (!in) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    pith_status status = image_reader_make_seekable(r);
    if (status == PITH_OK) status = open_tiff(r, in);
    if (status == PITH_OK) status = take_exif(r, in);
    if (status == PITH_OK) status = find_page(r, in);
    in->message[0] = '\0';
    in->hit_end = false;
    if (status == PITH_OK) status = take_kind(r, in);
    if (status == PITH_OK && in->kind == TIFF_PALETTE) status = take_palette(r, in);
    if (status == PITH_OK && in->kind == TIFF_CMYK) status = take_inks(r, in);
    if (status != PITH_OK) return status;
    if (in->kind != TIFF_OTHER) take_alpha(r, in);
    status = take_size(r, in);
    if (status == PITH_OK) status = take_metadata(r, in);
    return status == PITH_OK ? tiff_start_pixels(r) : status;
}

static void close_reader(image_reader *r) {
    tiff_in *in = r->state;
    if (!in) return;
    if (in->tiff) TIFFClose(in->tiff);
    tiff_free_pixels(in);
    free(in);
}

const image_reader_type image_reader_tiff = {"TIFF", recognise, open_reader, tiff_read_row, NULL, close_reader};

#endif
