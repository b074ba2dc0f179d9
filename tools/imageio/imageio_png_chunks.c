/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "imageio/imageio_png.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

void png_chunks_want(png_structp png) {
    static const png_byte names[] = "acTL\0cICP"; /* each of four letters and a zero */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_ALWAYS, names, 2);
}

/* Chunks that this version of libpng does not know. */
static void note_unknown(image_reader *r, png_structp png, png_infop info) {
    png_unknown_chunkp chunks = NULL;
    int n = png_get_unknown_chunks(png, info, &chunks);
    for (int i = 0; i < n; i++) {
        if (memcmp(chunks[i].name, "acTL", 4) == 0) image_reader_warn(r, "is animated; its still picture was taken");
        if (memcmp(chunks[i].name, "cICP", 4) != 0 || chunks[i].size != 4) continue;
        r->colour.has_cicp = true;
        r->colour.cicp_primaries = chunks[i].data[0];
        r->colour.cicp_transfer = chunks[i].data[1];
    }
}

void png_chunks_note_colour(image_reader *r, png_structp png, png_infop info, bool dislikes_icc) {
    note_unknown(r, png, info);
    image_colour *c = &r->colour;
    png_charp name;
    png_bytep icc;
    png_uint_32 n_bytes;
    int compression, intent;
    double *xy = c->primaries_xy;
    if (png_get_iCCP(png, info, &name, &compression, &icc, &n_bytes) &&
        image_reader_set_icc(r, icc, n_bytes) != PITH_OK)
        png_error(png, "out of memory");
    c->is_srgb = png_get_sRGB(png, info, &intent) != 0;
    if (dislikes_icc && c->icc.n_bytes == 0 && !c->is_srgb)
        image_reader_warn(r, "has a colour profile that cannot be used; taken as sRGB");
    c->has_gamma = png_get_gAMA(png, info, &c->gamma) != 0;
    c->has_primaries = png_get_cHRM(png, info, &xy[0], &xy[1], &xy[2], &xy[3], &xy[4], &xy[5], &xy[6], &xy[7]) != 0;
}

/* ---- ImageMagick's way: a text chunk of hexadecimal digits --------------------------- */

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "\nexif\n    1234\n45786966...": a name, how many bytes, and the bytes. On the heap; empty if it is not like that. */
static image_blob unpack_raw_profile(const char *text, size_t n_text) {
    image_blob blob = {0};
    const char *end = text + n_text;
    for (unsigned n_lines = 0; n_lines < 3; n_lines++) { /* before the first, after the name, after the number */
        while (text < end && *text != '\n') text++;
        if (text == end) return blob;
        text++;
    }
    blob.data = malloc((size_t)(end - text) / 2 + 1);
    int high = -1;
    for (; text < end && blob.data; text++) {
        int d = digit(*text);
        if (d < 0) continue;
        if (high >= 0) blob.data[blob.n_bytes++] = (uint8_t)(high << 4 | d);
        high = high < 0 ? d : -1;
    }
    return blob;
}

static pith_status note_raw_profile(image_reader *r, const char *kind, const char *text, size_t n_text) {
    static const char xmp_name[] = "http://ns.adobe.com/xap/1.0/";
    bool any = strcmp(kind, "APP1") == 0; /* whichever it is in a JPEG */
    pith_status status = PITH_OK;
    if (!any && strcmp(kind, "exif") != 0 && strcmp(kind, "xmp") != 0) return PITH_OK;
    image_blob blob = unpack_raw_profile(text, n_text);
    if (blob.n_bytes > sizeof xmp_name && memcmp(blob.data, xmp_name, sizeof xmp_name) == 0)
        status = image_reader_set_xmp(r, blob.data + sizeof xmp_name, blob.n_bytes - sizeof xmp_name);
    else if (strcmp(kind, "xmp") == 0)
        status = image_reader_set_xmp(r, blob.data, blob.n_bytes);
    else if (r->exif.n_bytes == 0)
        status = image_reader_set_exif(r, blob.data, blob.n_bytes, true);
    image_blob_free(&blob);
    return status;
}

/* XMP stands in a text chunk of that name, and ImageMagick has chunks of its own. */
static void note_texts(image_reader *r, png_structp png, png_infop info) {
    static const char raw_name[] = "Raw profile type ";
    png_textp texts;
    int n = png_get_text(png, info, &texts, NULL);
    for (int i = 0; i < n; i++) {
        const char *key = texts[i].key;
        if (!texts[i].text) continue;
        size_t n_bytes = texts[i].itxt_length ? texts[i].itxt_length : texts[i].text_length;
        pith_status status = PITH_OK;
        if (strcmp(key, "XML:com.adobe.xmp") == 0 && r->xmp.n_bytes == 0)
            status = image_reader_set_xmp(r, texts[i].text, n_bytes);
        else if (strncmp(key, raw_name, sizeof raw_name - 1) == 0)
            status = note_raw_profile(r, key + sizeof raw_name - 1, texts[i].text, n_bytes);
        if (status != PITH_OK) png_error(png, "out of memory");
    }
}

static void note_exif(image_reader *r, png_structp png, png_infop info) {
    png_bytep exif = NULL;
    png_uint_32 n_bytes = 0;
    if (!png_get_eXIf_1(png, info, &n_bytes, &exif) || !exif) return;
    if (image_reader_set_exif(r, exif, n_bytes, true) != PITH_OK) png_error(png, "out of memory");
}

void png_chunks_note_metadata(image_reader *r, png_structp png, png_infop info) {
    note_exif(r, png, info);
    note_texts(r, png, info);
}

/* ---- behind the pixels --------------------------------------------------------------- */

/* libpng is given a picture of one pixel with those chunks, up to where its pixels would begin. */
static const uint8_t tail_begins[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0,    0,    0,
                                      13,   'I', 'H', 'D', 'R',  0,    0,    0,    1,    0,    0,
                                      0,    1,   8,   0,   0,    0,    0,    0x3a, 0x7e, 0x9b, 0x55};
static const uint8_t tail_ends[] = {0, 0, 0, 0, 'I', 'D', 'A', 'T'};

typedef struct png_tail {
    image_reader *reader;
    uint64_t at, n_bytes; /* in the file */
    uint64_t n_given;     /* of all three parts */
} png_tail;

static bool skip(image_reader *r, uint64_t to, uint64_t n_bytes) {
    uint8_t bytes[4096]; /* a short chunk is read, which is cheaper than seeking */
    if (n_bytes <= sizeof bytes) return image_input_read(&r->input, bytes, (size_t)n_bytes) == n_bytes;
    return image_input_seek(&r->input, to);
}

/* What is between the last IDAT and IEND; nothing if a chunk is missing. */
static void find_tail(png_tail *tail) {
    image_reader *r = tail->reader;
    uint8_t head[8];
    uint64_t at = 8, pixels_end = 0;
    if (!image_input_seek(&r->input, at)) return;
    while (image_input_read(&r->input, head, sizeof head) == sizeof head) {
        uint64_t n = (uint64_t)head[0] << 24 | (uint64_t)head[1] << 16 | (uint64_t)head[2] << 8 | head[3];
        uint64_t next = at + 8 + n + 4; /* CRC */
        if (memcmp(head + 4, "IEND", 4) == 0) {
            tail->at = pixels_end;
            tail->n_bytes = pixels_end ? at - pixels_end : 0;
            return;
        }
        if (memcmp(head + 4, "IDAT", 4) == 0) pixels_end = next;
        if (!skip(r, next, n + 4)) return;
        at = next;
    }
}

static void give_tail(png_structp png, png_bytep bytes, size_t n_bytes) {
    png_tail *tail = png_get_io_ptr(png);
    for (size_t i = 0; i < n_bytes;) {
        uint64_t at = tail->n_given;
        size_t n = n_bytes - i;
        if (at < sizeof tail_begins) {
            n = 1;
            bytes[i] = tail_begins[at];
        } else if ((at -= sizeof tail_begins) < tail->n_bytes) {
            if (n > tail->n_bytes - at) n = (size_t)(tail->n_bytes - at);
            if (image_input_read(&tail->reader->input, bytes + i, n) != n) png_error(png, "end of file");
        } else if ((at -= tail->n_bytes) < sizeof tail_ends) {
            n = 1;
            bytes[i] = tail_ends[at];
        } else {
            png_error(png, "end of file");
        }
        i += n;
        tail->n_given += n;
    }
}

/* The reader of the picture, which meets them again, says what is wrong with them. */
static void on_tail_error(png_structp png, png_const_charp text) {
    (void)text;
    png_longjmp(png, 1);
}

static void on_tail_warning(png_structp png, png_const_charp text) { (void)png, (void)text; }

static void note_tail(image_reader *r, png_structp png, png_infop info) {
    if (setjmp(png_jmpbuf(png)) != 0) return;
    png_read_info(png, info);
    png_chunks_note_metadata(r, png, info);
}

pith_status png_chunks_read_tail(image_reader *r) {
    png_tail tail = {.reader = r};
    pith_status status = image_reader_make_seekable(r);
    if (status != PITH_OK && r->input.n_read == 0) { /* no room for a copy: the pixels can stream all the same */
        r->diag = (pith_diag){0};
        return PITH_OK;
    }
    if (status != PITH_OK) return status;
    find_tail(&tail);
    if (tail.n_bytes > 0 && image_input_seek(&r->input, tail.at)) {
        png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, on_tail_error, on_tail_warning);
        png_infop info = png ? png_create_info_struct(png) : NULL;
        if (!info) tool_fail(&r->diag, PITH_E_NOMEM, "libpng cannot start");
        if (info) {
            png_set_read_fn(png, &tail, give_tail);
            png_set_chunk_malloc_max(png, PNG_MAX_CHUNK_BYTES);
            note_tail(r, png, info);
        }
        png_destroy_read_struct(&png, &info, NULL);
    }
    if (r->diag.status == PITH_OK && !image_input_seek(&r->input, 0)) return image_reader_ended(r);
    return r->diag.status;
}
