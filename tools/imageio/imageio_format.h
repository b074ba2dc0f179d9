/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What imageio*.c and the formats share: one table of functions per format and direction. A format gives rows as they
 * are in the file (`raw`), and says what is known about them; imageio.c owns the objects, checks order and limits, and
 * imageio_stages.c makes of the raw rows what the source gives: alpha, orientation. A format's own data hang off
 * `state`. */
#ifndef PITH_TOOLS_IMAGEIO_IMAGEIO_FORMAT_H
#define PITH_TOOLS_IMAGEIO_IMAGEIO_FORMAT_H

#include "imageio/image_blob.h"
#include "imageio/imageio.h"
#include "messages/tool_fail.h"

/* ---- bytes in ------------------------------------------------------------- */

#define IMAGE_HEAD_BYTES 1024 /* enough for the brands of an AVIF file, and to recognise text */

/* A stream whose first bytes were looked at and will be read again. */
typedef struct image_input {
    FILE *file;
    uint8_t head[IMAGE_HEAD_BYTES];
    size_t n_head, n_head_used;
    uint64_t n_read;
    int64_t start; /* where the picture begins in `file`, once that can be sought in */
} image_input;

/* Fewer than n_bytes: the end, or a read error (ferror of file). */
size_t image_input_read(image_input *input, void *bytes, size_t n_bytes);
/* The next byte, or EOF. */
int image_input_byte(image_input *input);
/* Counted from the picture's first byte; after image_reader_make_seekable. */
bool image_input_seek(image_input *input, uint64_t at);

/* ---- readers ---------------------------------------------------------------- */

typedef struct image_reader_type {
    const char *name;
    bool (*recognise)(const uint8_t *head, size_t n_head);
    /* Reads up to the pixels; sets `raw` to what read_row will give, after
     * image_reader_set_size, and what else is known of the picture. */
    pith_status (*open)(image_reader *reader);
    /* Raw row `next_row`. */
    pith_status (*read_row)(image_reader *reader, void *row);
    /* After the last row: PITH_E_TRUNCATED when the file is not whole. NULL: the rows were all there is to read. */
    pith_status (*finish)(image_reader *reader);
    void (*close)(image_reader *reader); /* copes with a failed open; state may be NULL */
} image_reader_type;

/* What a file says about its colours; the first of these that is there counts. */
typedef struct image_colour {
    bool has_cicp;
    uint8_t cicp_primaries, cicp_transfer; /* code points of ITU-T H.273 */
    image_blob icc;
    bool is_srgb;
    bool has_gamma, has_primaries;
    double gamma;           /* of the file: 1/2.2, as in PNG's gAMA */
    double primaries_xy[8]; /* white, red, green, blue */
} image_colour;

/* From raw rows to those of the source; private to imageio_stages.c. */
typedef struct image_stages {
    struct image_transform *transform; /* NULL: samples stay what they are */
    void *raw_row;                     /* NULL when a raw row is as large as a row of the source */
    uint8_t *frame;                    /* the upright picture, when it is turned */
    size_t row_bytes, frame_stride;
} image_stages;

struct image_reader {
    const image_reader_type *type;
    void *state;
    image_input input;
    pith_env env; /* its limits alone count */
    uint64_t max_memory_bytes, n_claimed_bytes;
    bool keep_alpha, keep_profile;
    double max_profile_bpp; /* bits of a profile that is kept, per pixel, and bytes; 0: any */
    uint64_t max_profile_bytes;

    /* Set by the format. */
    pith_image_format raw; /* size, channels (4 is RGBA, or CMYK), depth of the file's rows */
    bool is_cmyk;          /* 0 is no ink */
    image_colour colour;
    image_blob exif; /* from the TIFF header on */
    image_blob xmp;
    bool exif_turns;        /* the orientation is Exif's */
    bool has_more_pictures; /* besides the one that is read and smaller versions of it */
    bool has_gain_map;

    image_blob profile; /* of the samples the source gives; empty: sRGB */
    image_stages stages;
    pith_image_format format; /* what the source gives */
    image_facts facts;
    uint32_t next_row;     /* raw */
    uint32_t next_upright; /* of the source */
    pith_diag diag;
};

extern const image_reader_type image_reader_png, image_reader_jpeg, image_reader_webp, image_reader_avif,
    image_reader_jxl, image_reader_pnm, image_reader_heif, image_reader_tiff, image_reader_gif, image_reader_bmp;

/* In the ISO base media file format: one of the brands, the major one or one that the file is compatible with. */
bool image_has_brand(const uint8_t *head, size_t n_head, const char *const *brands, size_t n_brands);

/* Checks a size that a header claims against the limits, then stores it. */
pith_status image_reader_set_size(image_reader *reader, uint64_t width, uint64_t height);
/* Before memory is taken that grows with the picture or the file: PITH_E_LIMIT
 * when the budget does not allow it. `what` needs it: "an interlaced PNG". */
pith_status image_reader_claim(image_reader *reader, uint64_t n_bytes, const char *what);
/* A warning for the user, a static text; the same one is kept once. */
void image_reader_warn(image_reader *reader, const char *text);
extern const char image_warning_motion_photo[];
/* "the file ends too early", or why it cannot be read. */
pith_status image_reader_ended(image_reader *reader);
/* Copies a stream that cannot be sought in to a temporary file. */
pith_status image_reader_make_seekable(image_reader *reader);
/* Reads up to n_max bytes, or to the end; the budget is asked as it grows. */
pith_status image_reader_read_all(image_reader *reader, image_blob *blob, uint64_t n_max);
/* Exif from a file: "Exif\\0\\0" or an offset before the TIFF header is dropped, and the orientation is taken (unless
 * the format has its own). */
pith_status image_reader_set_exif(image_reader *reader, const void *data, size_t n_bytes, bool turns);
/* An XMP packet. */
pith_status image_reader_set_xmp(image_reader *reader, const void *data, size_t n_bytes);
/* A colour profile; a format that has it in parts joins them itself. */
pith_status image_reader_set_icc(image_reader *reader, const void *data, size_t n_bytes);
/* Once all of it is there: keeps what is wanted and still holds. */
pith_status image_reader_settle_metadata(image_reader *reader, const image_metadata_wish *wish);

/* Takes `raw` and what is known, sets `format`; then gives its rows in order. */
pith_status image_stages_start(image_reader *reader);
pith_status image_stages_read_row(image_reader *reader, void *row);
void image_stages_free(image_reader *reader);

/* From n_colour + 1 samples a pixel to n_colour; true when a pixel was not
 * opaque. `rows` may be `pixels`. */
bool image_blend_on_white(void *rows, const void *pixels, size_t n_pixels, unsigned n_colour, unsigned bit_depth);

/* ---- writers ---------------------------------------------------------------- */

typedef struct image_writer_type {
    const char *name;
    uint32_t max_dimension;
    uint8_t max_depth;
    bool has_alpha, has_metadata;
    size_t max_exif_bytes, max_xmp_bytes;       /* where it has metadata */
    pith_status (*start)(image_writer *writer); /* format is set and checked against the fields above */
    pith_status (*write_row)(image_writer *writer, const void *row);
    pith_status (*finish)(image_writer *writer); /* after the last row; the stream is flushed by imageio.c */
    void (*close)(image_writer *writer);
} image_writer_type;

struct image_writer {
    const image_writer_type *type;
    void *state;
    FILE *file; /* borrowed */
    image_write_options options;
    pith_image_format format; /* width 0 until start; as it is written: without alpha where the type has none */
    void *blended;            /* a row where alpha is put on white; NULL when it is not */
    bool lost_alpha;
    image_metadata metadata; /* to be written; an icc is of the right kind */
    const char *left_out;
    struct image_transform *transform; /* to sRGB, or NULL */
    void *converted;                   /* a row, with a transform */
    uint32_t next_row;
    pith_diag diag;
};

extern const image_writer_type image_writer_png, image_writer_jpeg, image_writer_webp, image_writer_ppm,
    image_writer_pam;

/* "cannot write: what errno says" */
pith_status image_writer_failed(image_writer *writer);

#endif
