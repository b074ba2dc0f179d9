/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Exif, XMP and profiles as they come in, and what is left of them: what is wanted, and still holds for a picture that
 * was turned upright, coded again and separated from the rest of its file. */
#include <stdlib.h>
#include <string.h>

#include "imageio/exif.h"
#include "imageio/imageio_format.h"
#include "imageio/xmp.h"

void image_blob_free(image_blob *blob) {
    free(blob->data);
    *blob = (image_blob){0};
}

bool image_blob_set(image_blob *blob, const void *data, size_t n_bytes) {
    image_blob_free(blob);
    if (n_bytes == 0) return true;
    blob->data = malloc(n_bytes);
    if (!blob->data) return false;
    memcpy(blob->data, data, n_bytes);
    blob->n_bytes = n_bytes;
    return true;
}

static pith_status no_memory(pith_diag *why) { return tool_fail(why, PITH_E_NOMEM, "out of memory"); }

/* ---- as they come ----------------------------------------------------------------- */

static pith_status set_blob(image_reader *r, image_blob *blob, const void *data, size_t n_bytes, const char *too_long) {
    if (n_bytes > IMAGE_METADATA_BYTES) {
        image_reader_warn(r, too_long);
        return PITH_OK;
    }
    return image_blob_set(blob, data, n_bytes) ? PITH_OK : no_memory(&r->diag);
}

pith_status image_reader_set_exif(image_reader *r, const void *data, size_t n_bytes, bool turns) {
    size_t start = exif_tiff_start(data, n_bytes);
    if (start >= n_bytes) return PITH_OK; /* not Exif that anyone could read */
    const uint8_t *tiff = (const uint8_t *)data + start;
    pith_status status = set_blob(r, &r->exif, tiff, n_bytes - start, "its Exif is too long and was left out");
    if (status != PITH_OK || !turns) return status;
    r->exif_turns = true;
    r->facts.orientation = (uint8_t)exif_orientation(tiff, n_bytes - start);
    return PITH_OK;
}

pith_status image_reader_set_xmp(image_reader *r, const void *data, size_t n_bytes) {
    return set_blob(r, &r->xmp, data, n_bytes, "its XMP is too long and was left out");
}

pith_status image_reader_set_icc(image_reader *r, const void *data, size_t n_bytes) {
    return set_blob(r, &r->colour.icc, data, n_bytes, "its colour profile is too long; taken as sRGB");
}

image_metadata image_reader_metadata(const image_reader *r) {
    return (image_metadata){.icc = {r->profile.data, r->profile.n_bytes},
                            .exif = {r->exif.data, r->exif.n_bytes},
                            .xmp = {r->xmp.data, r->xmp.n_bytes}};
}

/* ---- what is left of them -------------------------------------------------------- */

const char image_warning_motion_photo[] = "is a motion photo; its video was left out";

/* Warnings go to a reader's facts, or to a list of the caller's own. */
typedef struct warnings {
    const char **texts;
    unsigned *n;
} warnings;

static void warn(const warnings *w, const char *text) {
    if (*w->n < IMAGE_MAX_WARNINGS) w->texts[(*w->n)++] = text;
}

static bool settle_exif(image_blob *exif, const exif_wish *wish, const warnings *w) {
    bool lost_maker_note = false;
    if (exif->n_bytes == 0) return true;
    exif_result result = exif_rewrite_blob(exif, &lost_maker_note, wish);
    if (lost_maker_note) warn(w, "its maker note was left out: it has a preview, or would not hold where it had to go");
    if (result == EXIF_BAD) warn(w, "its Exif is damaged and was left out");
    return result != EXIF_NO_MEMORY;
}

static bool settle_xmp(image_blob *xmp, xmp_found found, const image_metadata_wish *wish, const warnings *w) {
    xmp_wish of_xmp = {.strip_gps = wish->strip_gps, .strip_sides = wish->strip_sides};
    xmp_result result = xmp->n_bytes ? xmp_rewrite(xmp, &found, &of_xmp) : XMP_DONE;
    if (result == XMP_BAD) {
        if (!wish->strip_xmp) warn(w, "its XMP is damaged and was left out");
        image_blob_free(xmp);
    }
    if (found.motion_photo) warn(w, image_warning_motion_photo);
    if (found.gain_map) warn(w, "has a gain map for bright screens; it was left out");
    if (found.extended && !wish->strip_xmp) warn(w, "the extended part of its XMP was left out");
    if (found.other && !found.motion_photo && !found.gain_map)
        warn(w, "holds further pictures or sound; its first picture was taken");
    return result != XMP_NO_MEMORY;
}

pith_status image_reader_settle_metadata(image_reader *r, const image_metadata_wish *wish) {
    static const image_metadata_wish none = {0};
    const warnings w = {r->facts.warnings, &r->facts.n_warnings};
    if (!wish) wish = &none;
    if (wish->ignore) {
        image_blob_free(&r->exif);
        image_blob_free(&r->xmp);
        return PITH_OK;
    }
    if (wish->strip_exif) image_blob_free(&r->exif);
    const xmp_found found = {.gain_map = r->has_gain_map, .other = r->has_more_pictures};
    const bool is_turned = r->facts.orientation >= 5;
    const exif_wish of_exif = {.strip_gps = wish->strip_gps, .swap_sides = r->exif_turns && is_turned};
    const image_metadata_wish of_xmp = {
        .strip_xmp = wish->strip_xmp, .strip_gps = wish->strip_gps, .strip_sides = is_turned};
    if (!settle_exif(&r->exif, &of_exif, &w) || !settle_xmp(&r->xmp, found, &of_xmp, &w)) return no_memory(&r->diag);
    if (wish->strip_xmp) image_blob_free(&r->xmp);
    return PITH_OK;
}

pith_status image_metadata_settle(image_owned_metadata *m, const image_metadata_wish *wish) {
    const warnings w = {m->warnings, &m->n_warnings};
    image_blob exif = {m->exif, m->n_exif_bytes}, xmp = {m->xmp, m->n_xmp_bytes};
    const exif_wish of_exif = {.strip_gps = wish->strip_gps, .strip_sides = wish->strip_sides};
    if (wish->strip_exif) image_blob_free(&exif);
    if (wish->strip_xmp) image_blob_free(&xmp);
    bool done = settle_exif(&exif, &of_exif, &w) && settle_xmp(&xmp, (xmp_found){0}, wish, &w);
    m->exif = exif.data;
    m->n_exif_bytes = exif.n_bytes;
    m->xmp = xmp.data;
    m->n_xmp_bytes = xmp.n_bytes;
    return done ? PITH_OK : PITH_E_NOMEM;
}

static bool fits(const image_reader *r, uint64_t max_bytes) {
    return r->profile.n_bytes + r->exif.n_bytes + r->xmp.n_bytes <= max_bytes;
}

pith_status image_reader_fit_metadata(image_reader *r, uint64_t max_bytes) {
    const warnings w = {r->facts.warnings, &r->facts.n_warnings};
    const exif_wish of_exif = {.strip_maker_note = true};
    size_t n_before = r->exif.n_bytes;
    if (fits(r, max_bytes)) return PITH_OK;
    if (!settle_exif(&r->exif, &of_exif, &w)) return no_memory(&r->diag);
    if (r->exif.n_bytes < n_before) warn(&w, "its maker note was left out: --size leaves no room for it");
    if (!fits(r, max_bytes) && r->xmp.n_bytes) {
        image_blob_free(&r->xmp);
        warn(&w, "its XMP was left out: --size leaves no room for it");
    }
    if (!fits(r, max_bytes) && r->exif.n_bytes) {
        image_blob_free(&r->exif);
        warn(&w, "its Exif was left out: --size leaves no room for it");
    }
    return PITH_OK;
}
