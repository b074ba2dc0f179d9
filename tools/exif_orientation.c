/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "exif_orientation.h"

#include <stdbool.h>
#include <string.h>

#define TAG_ORIENTATION 0x0112u
#define TYPE_SHORT 3u
#define ENTRY_BYTES 12u
#define HEADER_BYTES 8u

static bool is_tiff(const uint8_t *data, size_t n_bytes) {
    return n_bytes >= HEADER_BYTES && (memcmp(data, "II*\0", 4) == 0 || memcmp(data, "MM\0*", 4) == 0);
}

size_t exif_tiff_start(const uint8_t *data, size_t n_bytes) {
    if (is_tiff(data, n_bytes)) return 0;
    if (n_bytes >= 6 && memcmp(data, "Exif\0\0", 6) == 0) return is_tiff(data + 6, n_bytes - 6) ? 6 : n_bytes;
    if (n_bytes < 4) return n_bytes;
    uint64_t start = 4 + ((uint64_t)data[0] << 24 | (uint64_t)data[1] << 16 | (uint64_t)data[2] << 8 | data[3]);
    return start < n_bytes && is_tiff(data + start, n_bytes - (size_t)start) ? (size_t)start : n_bytes;
}

static uint32_t number(const uint8_t *bytes, unsigned n, bool little) {
    uint32_t value = 0;
    for (unsigned i = 0; i < n; i++) value = value << 8 | bytes[little ? n - 1 - i : i];
    return value;
}

/* Where the tag's value is, two bytes; 0 when there is none. */
static size_t find(const uint8_t *tiff, size_t n_bytes, bool little) {
    uint64_t at = number(tiff + 4, 4, little);
    if (at < HEADER_BYTES || at + 2 > n_bytes) return 0;
    uint32_t n_entries = number(tiff + at, 2, little);
    at += 2;
    for (uint32_t i = 0; i < n_entries && at + ENTRY_BYTES <= n_bytes; i++, at += ENTRY_BYTES) {
        const uint8_t *entry = tiff + at;
        if (number(entry, 2, little) != TAG_ORIENTATION) continue;
        bool fits = number(entry + 2, 2, little) == TYPE_SHORT && number(entry + 4, 4, little) == 1;
        return fits ? (size_t)at + 8 : 0;
    }
    return 0;
}

unsigned exif_orientation(const uint8_t *tiff, size_t n_bytes) {
    if (!is_tiff(tiff, n_bytes)) return 1;
    bool little = tiff[0] == 'I';
    size_t at = find(tiff, n_bytes, little);
    uint32_t value = at ? number(tiff + at, 2, little) : 1;
    return value >= 1 && value <= 8 ? value : 1;
}

void exif_reset_orientation(uint8_t *tiff, size_t n_bytes) {
    if (!is_tiff(tiff, n_bytes)) return;
    bool little = tiff[0] == 'I';
    size_t at = find(tiff, n_bytes, little);
    if (at == 0) return;
    tiff[at] = little;
    tiff[at + 1] = !little;
}
