/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* libjpeg would keep any number of segments of 64 kB; here each kind is read
 * into one buffer and only what is wanted is kept, up to a limit. */
#include "imageio/imageio_jpeg.h"

#include <stdlib.h>
#include <string.h>

#include <jerror.h>

#include "imageio/exif.h"

static const char exif_name[] = "Exif\0"; /* two zero bytes, with the literal's own */
static const char xmp_name[] = "http://ns.adobe.com/xap/1.0/";
static const char icc_name[] = "ICC_PROFILE";
static const char mpf_name[] = "MPF";
static const char gain_map_name[] = "urn:iso:std:iso:ts:21496:-1";

static uint8_t next_byte(j_decompress_ptr jpeg) {
    struct jpeg_source_mgr *source = jpeg->src;
    if (source->bytes_in_buffer == 0) source->fill_input_buffer(jpeg); /* leaves when there is nothing */
    source->bytes_in_buffer--;
    return *source->next_input_byte++;
}

static void read_bytes(j_decompress_ptr jpeg, uint8_t *bytes, size_t n_bytes) {
    for (size_t i = 0; i < n_bytes; i++) bytes[i] = next_byte(jpeg);
}

/* In any order; a repeated part is taken once. */
static void add_icc_part(image_reader *r, const uint8_t *part, size_t n_bytes) {
    jpeg_segments *s = r->state;
    if (n_bytes < 2 || part[0] < 1 || part[0] > part[1] || (s->n_icc_parts && s->n_icc_parts != part[1]) ||
        s->n_icc_bytes + n_bytes > IMAGE_METADATA_BYTES) {
        s->icc_is_bad = true;
        return;
    }
    s->n_icc_parts = part[1];
    image_blob *to = &s->icc_parts[part[0]];
    if (to->n_bytes) return;
    s->n_icc_bytes += n_bytes;
    if (!image_blob_set(to, part + 2, n_bytes - 2)) tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
}

void jpeg_segments_finish(image_reader *r) {
    jpeg_segments *s = r->state;
    for (unsigned i = 1; i <= s->n_icc_parts; i++) s->icc_is_bad |= s->icc_parts[i].n_bytes == 0;
    if (s->icc_is_bad) {
        image_reader_warn(r, "its colour profile is damaged; taken as sRGB");
    } else if (s->n_icc_parts) {
        image_blob *icc = &r->colour.icc;
        icc->data = malloc(s->n_icc_bytes);
        if (!icc->data) tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
        for (unsigned i = 1; i <= s->n_icc_parts && icc->data; i++) {
            memcpy(icc->data + icc->n_bytes, s->icc_parts[i].data, s->icc_parts[i].n_bytes);
            icc->n_bytes += s->icc_parts[i].n_bytes;
        }
    }
    jpeg_segments_free(r);
}

void jpeg_segments_free(image_reader *r) {
    jpeg_segments *s = r->state;
    for (unsigned i = 0; i < 256; i++) image_blob_free(&s->icc_parts[i]);
    s->n_icc_parts = 0;
}

static bool is_called(const uint8_t *bytes, size_t n_bytes, const char *name, size_t n_name) {
    return n_bytes >= n_name && memcmp(bytes, name, n_name) == 0;
}

static boolean take_segment(j_decompress_ptr jpeg) {
    image_reader *r = jpeg->client_data;
    jpeg_segments *s = r->state;
    uint8_t length[2];
    read_bytes(jpeg, length, 2);
    size_t n = (size_t)length[0] << 8 | length[1];
    if (n < 2) ERREXIT(jpeg, JERR_BAD_LENGTH);
    n -= 2;
    read_bytes(jpeg, s->bytes, n);
    if (jpeg->unread_marker == JPEG_APP0 + 2) {
        if (is_called(s->bytes, n, icc_name, sizeof icc_name))
            add_icc_part(r, s->bytes + sizeof icc_name, n - sizeof icc_name);
        else if (is_called(s->bytes, n, gain_map_name, sizeof gain_map_name))
            r->has_gain_map = true;
        else if (is_called(s->bytes, n, mpf_name, sizeof mpf_name))
            r->has_more_pictures |= exif_mpf_has_more(s->bytes + sizeof mpf_name, n - sizeof mpf_name);
    } else if (is_called(s->bytes, n, exif_name, sizeof exif_name)) {
        if (r->exif.n_bytes == 0) image_reader_set_exif(r, s->bytes, n, true);
    } else if (is_called(s->bytes, n, xmp_name, sizeof xmp_name)) {
        if (r->xmp.n_bytes == 0) image_reader_set_xmp(r, s->bytes + sizeof xmp_name, n - sizeof xmp_name);
    }
    if (r->diag.status != PITH_OK) jpeg->err->error_exit((j_common_ptr)jpeg);
    return TRUE;
}

void jpeg_segments_collect(j_decompress_ptr jpeg) {
    jpeg_set_marker_processor(jpeg, JPEG_APP0 + 1, take_segment);
    jpeg_set_marker_processor(jpeg, JPEG_APP0 + 2, take_segment);
}

static void write_segment(j_compress_ptr jpeg, const char *name, size_t n_name, const image_span *data) {
    if (data->n_bytes == 0) return;
    jpeg_write_m_header(jpeg, JPEG_APP0 + 1, (unsigned)(n_name + data->n_bytes));
    for (size_t i = 0; i < n_name; i++) jpeg_write_m_byte(jpeg, (uint8_t)name[i]);
    for (size_t i = 0; i < data->n_bytes; i++) jpeg_write_m_byte(jpeg, data->data[i]);
}

void jpeg_segments_write(j_compress_ptr jpeg, const image_metadata *m) {
    _Static_assert(sizeof exif_name == 6 && sizeof xmp_name == 29, "the limits of imageio_jpeg.h");
    write_segment(jpeg, exif_name, sizeof exif_name, &m->exif);
    write_segment(jpeg, xmp_name, sizeof xmp_name, &m->xmp);
    if (m->icc.n_bytes) jpeg_write_icc_profile(jpeg, m->icc.data, (unsigned)m->icc.n_bytes);
}
