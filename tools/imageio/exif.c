/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "imageio/exif_parts.h"

#include <string.h>

static bool is_tiff(const uint8_t *data, size_t n_bytes) {
    return n_bytes >= EXIF_HEADER_BYTES && (memcmp(data, "II*\0", 4) == 0 || memcmp(data, "MM\0*", 4) == 0);
}

size_t exif_tiff_start(const uint8_t *data, size_t n_bytes) {
    if (is_tiff(data, n_bytes)) return 0;
    if (n_bytes >= 6 && memcmp(data, "Exif\0\0", 6) == 0) return is_tiff(data + 6, n_bytes - 6) ? 6 : n_bytes;
    if (n_bytes < 4) return n_bytes;
    uint64_t start = 4 + ((uint64_t)data[0] << 24 | (uint64_t)data[1] << 16 | (uint64_t)data[2] << 8 | data[3]);
    return start < n_bytes && is_tiff(data + start, n_bytes - (size_t)start) ? (size_t)start : n_bytes;
}

uint32_t exif_number(const uint8_t *bytes, unsigned n, bool little) {
    uint32_t value = 0;
    for (unsigned i = 0; i < n; i++) value = value << 8 | bytes[little ? n - 1 - i : i];
    return value;
}

size_t exif_type_bytes(unsigned type) {
    static const uint8_t sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
    return type < sizeof sizes ? sizes[type] : 0;
}

bool exif_source_memory(void *user, uint64_t at, void *bytes, size_t n_bytes) {
    const image_blob *blob = user;
    if (at > blob->n_bytes || n_bytes > blob->n_bytes - at) return false;
    memcpy(bytes, blob->data + at, n_bytes);
    return true;
}

/* The offset of the value of a tag in the main directory, with its entry; 0 when there is none. */
static size_t find(const uint8_t *tiff, size_t n_bytes, bool little, unsigned tag, const uint8_t **entry) {
    uint64_t at = exif_number(tiff + 4, 4, little);
    if (at < EXIF_HEADER_BYTES || at + 2 > n_bytes) return 0;
    uint32_t n_entries = exif_number(tiff + at, 2, little);
    at += 2;
    for (uint32_t i = 0; i < n_entries && at + EXIF_ENTRY_BYTES <= n_bytes; i++, at += EXIF_ENTRY_BYTES) {
        *entry = tiff + at;
        if (exif_number(*entry, 2, little) != tag) continue;
        uint64_t n = exif_number(*entry + 4, 4, little);
        n *= exif_type_bytes(exif_number(*entry + 2, 2, little));
        uint64_t value = n <= 4 ? at + 8 : exif_number(*entry + 8, 4, little);
        return n > 0 && value + n <= n_bytes ? (size_t)value : 0;
    }
    return 0;
}

unsigned exif_orientation(const uint8_t *tiff, size_t n_bytes) {
    if (!is_tiff(tiff, n_bytes)) return 1;
    bool little = tiff[0] == 'I';
    const uint8_t *entry = NULL;
    size_t at = find(tiff, n_bytes, little, EXIF_TAG_ORIENTATION, &entry);
    if (at == 0) return 1;
    unsigned type = exif_number(entry + 2, 2, little);
    uint32_t value = 1;
    switch (type) {
    case 1: /* BYTE, SBYTE */
    case 6:
        value = tiff[at];
        break;
    case 3: /* SHORT, SSHORT */
    case 8:
        value = exif_number(tiff + at, 2, little);
        break;
    case 4: /* LONG, SLONG */
    case 9:
        value = exif_number(tiff + at, 4, little);
        break;
    default:
        break;
    }
    return value >= 1 && value <= 8 ? value : 1;
}

#define TAG_MP_ENTRIES 0xb002u
#define MP_ENTRY_BYTES 16u
#define MP_TYPE 0x00ffffffu
#define MP_IS_THUMBNAIL(type) ((type) == 0x010001u || (type) == 0x010002u) /* the size of a screen */

bool exif_mpf_has_more(const uint8_t *tiff, size_t n_bytes) {
    if (!is_tiff(tiff, n_bytes)) return false;
    bool little = tiff[0] == 'I';
    const uint8_t *entry = NULL;
    size_t at = find(tiff, n_bytes, little, TAG_MP_ENTRIES, &entry);
    if (at == 0) return false;
    uint32_t n = exif_number(entry + 4, 4, little); /* in the file: find saw it */
    for (uint32_t i = MP_ENTRY_BYTES; i < n && n - i >= MP_ENTRY_BYTES; i += MP_ENTRY_BYTES)
        if (!MP_IS_THUMBNAIL(exif_number(tiff + at + i, 4, little) & MP_TYPE)) return true;
    return false;
}
