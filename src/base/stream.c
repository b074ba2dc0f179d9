/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The bounded reader and the growing writer. Multi-byte numbers are
 * assembled byte by byte, so alignment and native byte order do not matter. */
#include "base/stream.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* ---- reading ------------------------------------------------------------------ */

void st_init(stream *s, const uint8_t *data, size_t n_bytes, const char *label, size_t base, pith_diag *diag) {
    *s = (stream){.data = data, .n_bytes = n_bytes, .label = label, .base = base, .status = PITH_OK, .diag = diag};
}

size_t st_left(const stream *s) { return s->status == PITH_OK ? s->n_bytes - s->position : 0; }

void st_fail(stream *s, pith_status status, const char *format, ...) {
    if (s->status != PITH_OK) return;
    s->status = status;
    char text[PITH_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0) text[0] = '\0';
    diag_set(s->diag, status, "%s: %s (byte %zu)", s->label, text, s->base + s->position);
}

const uint8_t *st_bytes(stream *s, size_t n_bytes, const char *field) {
    if (s->status != PITH_OK) return NULL;
    if (n_bytes > s->n_bytes - s->position) {
        st_fail(s, PITH_E_TRUNCATED, "%s needs %zu bytes, %zu are left", field, n_bytes, s->n_bytes - s->position);
        return NULL;
    }
    static const uint8_t nothing[1]; /* zero bytes of an empty stream still need a pointer */
    const uint8_t *bytes = s->data ? s->data + s->position : nothing;
    s->position += n_bytes;
    return bytes;
}

static uint64_t read_le(stream *s, size_t n_bytes, const char *field) {
    const uint8_t *bytes = st_bytes(s, n_bytes, field);
    uint64_t value = 0;
    if (!bytes) return 0;
    for (size_t i = n_bytes; i-- > 0;) value = value << 8 | bytes[i];
    return value;
}

uint8_t st_u8(stream *s, const char *field) { return (uint8_t)read_le(s, 1, field); }
uint16_t st_u16le(stream *s, const char *field) { return (uint16_t)read_le(s, 2, field); }
uint32_t st_u32le(stream *s, const char *field) { return (uint32_t)read_le(s, 4, field); }
uint64_t st_u64le(stream *s, const char *field) { return read_le(s, 8, field); }

uint64_t st_leb128(stream *s, uint64_t max, const char *field) {
    size_t start = s->position;
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        const uint8_t *byte = st_bytes(s, 1, field);
        if (!byte) return 0;
        uint64_t bits = *byte & 0x7fu;
        bool last = *byte < 0x80;
        /* The tenth byte has room for one bit; an eleventh byte has room for none. */
        if (shift > 63 || (shift == 63 && bits > 1)) {
            s->position = start;
            st_fail(s, PITH_E_FORMAT, "%s is more than %llu", field, (unsigned long long)max);
            return 0;
        }
        value |= bits << shift;
        if (!last) continue;
        if (shift > 0 && bits == 0) {
            s->position = start;
            st_fail(s, PITH_E_FORMAT, "%s is written with more bytes than it needs", field);
            return 0;
        }
        break;
    }
    if (value <= max) return value;
    s->position = start;
    st_fail(s, PITH_E_FORMAT, "%s is %llu, more than %llu", field, (unsigned long long)value, (unsigned long long)max);
    return 0;
}

/* ---- writing ------------------------------------------------------------------ */

#define FIRST_CAPACITY 256u

void bw_init(byte_writer *w, const pith_alloc *alloc) { *w = (byte_writer){.alloc = alloc, .status = PITH_OK}; }

void bw_free(byte_writer *w) {
    if (!w) return;
    mem_free(w->alloc, w->data);
    bw_init(w, w->alloc);
}

void bw_swap(byte_writer *a, byte_writer *b) {
    byte_writer t = *a;
    *a = *b;
    *b = t;
}

static bool make_room(byte_writer *w, size_t n_bytes) {
    if (w->status != PITH_OK) return false;
    if (n_bytes <= w->capacity - w->n_bytes) return true;
    size_t needed, capacity = w->capacity ? w->capacity : FIRST_CAPACITY;
    uint8_t *grown = NULL;
    if (size_add(&needed, w->n_bytes, n_bytes)) {
        while (capacity < needed) capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
        grown = mem_grow(w->alloc, w->data, w->n_bytes, capacity, 1);
    }
    if (!grown) {
        w->status = PITH_E_NOMEM;
        return false;
    }
    w->data = grown;
    w->capacity = capacity;
    return true;
}

void bw_bytes(byte_writer *w, const void *data, size_t n_bytes) {
    if (n_bytes == 0 || !make_room(w, n_bytes)) return;
    memcpy(w->data + w->n_bytes, data, n_bytes);
    w->n_bytes += n_bytes;
}

static void write_le(byte_writer *w, uint64_t value, size_t n_bytes) {
    uint8_t bytes[8];
    for (size_t i = 0; i < n_bytes; i++) bytes[i] = (uint8_t)(value >> (8 * i));
    bw_bytes(w, bytes, n_bytes);
}

void bw_u8(byte_writer *w, uint8_t value) { write_le(w, value, 1); }
void bw_u16le(byte_writer *w, uint16_t value) { write_le(w, value, 2); }
void bw_u32le(byte_writer *w, uint32_t value) { write_le(w, value, 4); }
void bw_u64le(byte_writer *w, uint64_t value) { write_le(w, value, 8); }

void bw_leb128(byte_writer *w, uint64_t value) {
    for (; value >= 0x80; value >>= 7) bw_u8(w, (uint8_t)(value | 0x80u));
    bw_u8(w, (uint8_t)value);
}
