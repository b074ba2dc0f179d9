/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Picture files <-> pith_source and pith_sink. Reads PNG, JPEG, WebP, BMP, PBM
 * to PAM and, where built in, AVIF, HEIC, JPEG XL, TIFF and GIF (told by their
 * first bytes, never by the name); writes PNG, JPEG, WebP, PPM, PAM (told by the
 * name's ending). Rows stream where the format's library can do so; interlaced
 * PNG, progressive JPEG, WebP, AVIF, HEIC, JPEG XL, GIF, BMP, some TIFF and
 * pictures to be turned need their whole frame.
 * Not part of the library. */
#ifndef PITH_TOOLS_IMAGEIO_IMAGEIO_H
#define PITH_TOOLS_IMAGEIO_IMAGEIO_H

#include <stdbool.h>
#include <stdio.h>

#include <pith/pith.h>

typedef struct image_reader image_reader;

#define IMAGE_MAX_WARNINGS 8

typedef struct image_facts {
    const char *file_type; /* "PNG", "JPEG", "WebP", "AVIF", "JPEG XL", "PPM", ... */
    uint64_t n_file_bytes;
    bool had_alpha;                           /* a pixel read so far was not opaque and was composited on white */
    uint8_t orientation;                      /* Exif's 1..8, before it was applied; 1 = upright */
    const char *warnings[IMAGE_MAX_WARNINGS]; /* what a user should know about the file; static texts */
    unsigned n_warnings;
} image_facts;

/* What a file carries besides; empty where it has none. Exif begins with its
 * TIFF header, its orientation is 1, and it has no thumbnail. The profile is that of the samples as
 * they are given out or taken in; without one they are sRGB. */
typedef struct image_span {
    const uint8_t *data;
    size_t n_bytes;
} image_span;

typedef struct image_metadata {
    image_span icc, exif, xmp;
} image_metadata;

/* What of it is not wanted; keep_profile says so of the profile. */
typedef struct image_metadata_wish {
    bool strip_exif, strip_xmp;
    bool strip_gps;   /* where the picture was taken, in both */
    bool strip_sides; /* a part of the picture is written, or a smaller one: no width and height */
    bool ignore;      /* all of it goes, without a word */
} image_metadata_wish;

typedef struct image_open_options {
    const pith_env *env;        /* its limits hold; NULL: the library's defaults */
    uint64_t max_memory_bytes;  /* for frames that must be whole in memory; 0: IMAGE_MEMORY_BYTES */
    bool keep_alpha;            /* else it is composited on white */
    bool keep_profile;          /* colours of a profile near sRGB stay as they are; else they become sRGB */
    uint64_t max_profile_bytes; /* longer ones are not kept either; 0: any length */
    double max_profile_bpp;     /* the same in bits per pixel */
    image_metadata_wish metadata;
} image_open_options;

#define IMAGE_MEMORY_BYTES ((uint64_t)1000000000)

/* Opens a picture ("-" is standard input). Grey stays grey, colour is RGB;
 * palette and low bit depths are widened; more than 8 bits become 16; CMYK
 * becomes RGB; colours become sRGB (see keep_profile), clipped where sRGB does
 * not have them; rows come the right way up, whatever EXIF says. Limits are
 * checked before pixels are allocated. `options` may be NULL. On failure `why`
 * has one line that does not repeat the path. */
pith_status image_open(image_reader **out, const char *path, const image_open_options *options, pith_diag *why)
    PITH_MUST_CHECK;

/* The rows, once each from the top. The reader must outlive the source. */
void image_reader_source(image_reader *reader, pith_source *source);
image_facts image_reader_facts(const image_reader *reader);
/* Borrowed from the reader. */
image_metadata image_reader_metadata(const image_reader *reader);
/* Drops the maker note, then XMP, then Exif until what is left, with the profile, has at most so many bytes. Adds
 * warnings. */
pith_status image_reader_fit_metadata(image_reader *reader, uint64_t max_bytes) PITH_MUST_CHECK;

/* Does with metadata from another source, to be written beside a picture, what readers do. Takes and gives bytes on the
 * heap (free), or NULL. */
typedef struct image_owned_metadata {
    uint8_t *exif, *xmp;
    size_t n_exif_bytes, n_xmp_bytes;
    const char *warnings[IMAGE_MAX_WARNINGS];
    unsigned n_warnings;
} image_owned_metadata;
pith_status image_metadata_settle(image_owned_metadata *metadata, const image_metadata_wish *wish) PITH_MUST_CHECK;
/* Bytes that the format, or turning the picture, keeps in memory besides rows. */
uint64_t image_reader_memory(const image_reader *reader);
/* Why read_rows failed. */
const pith_diag *image_reader_diag(const image_reader *reader);
void image_close(image_reader **reader);

/* The whole picture in one buffer, for metrics; freed with free(pixels).
 * `facts` may be NULL. */
pith_status image_load(pith_image *out, image_facts *facts, const char *path, const pith_env *env, pith_diag *why)
    PITH_MUST_CHECK;

typedef enum image_type { IMAGE_UNKNOWN, IMAGE_PNG, IMAGE_JPEG, IMAGE_WEBP, IMAGE_PPM, IMAGE_PAM } image_type;

/* By the ending, in either case: .png .jpg .jpeg .webp .ppm .pgm .pnm .pam; "-" is PNG. */
image_type image_type_from_name(const char *path);

typedef struct image_write_options {
    image_type type;
    int quality;             /* JPEG and WebP, 1..100; default 95; WebP 100 = lossless */
    image_metadata metadata; /* borrowed until the writer is freed; PPM and PAM hold none */
    bool to_srgb;            /* convert to sRGB by metadata.icc, which is not written; PPM, PAM: always */
} image_write_options;

typedef struct image_writer image_writer;

/* Bytes that a format's library needs to write such a picture; 0 where rows are written as they come. */
uint64_t image_writer_memory(const image_write_options *options, const pith_image_format *format);

/* Writes into an open stdio stream, which stays the caller's. JPEG and WebP
 * take 8 bits only; grey goes out as grey where the format has it. */
pith_status image_writer_new(image_writer **out, FILE *file, const image_write_options *options, pith_diag *why)
    PITH_MUST_CHECK;
/* The metadata that the format cannot hold and the writer leaves out; NULL when there are none. Known once the sink was
 * started. */
const char *image_writer_left_out(const image_writer *writer);
void image_writer_sink(image_writer *writer, pith_sink *sink);
/* After the last row: ends the file. PITH_E_IO when anything was not written. */
pith_status image_writer_finish(image_writer *writer) PITH_MUST_CHECK;
/* True when pixels were not opaque and the format has no alpha: they were put on white. */
bool image_writer_lost_alpha(const image_writer *writer);
const pith_diag *image_writer_diag(const image_writer *writer);
void image_writer_free(image_writer **writer);

#endif
