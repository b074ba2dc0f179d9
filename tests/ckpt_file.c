/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "ckpt_file.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

/* ---- pickles --------------------------------------------------------------------- */

void pk_start(byte_writer *w, unsigned protocol) {
    bw_u8(w, 0x80);
    bw_u8(w, (uint8_t)protocol);
}

void pk_op(byte_writer *w, char op) { bw_u8(w, (uint8_t)op); }

void pk_ops(byte_writer *w, const char *ops) { bw_bytes(w, ops, strlen(ops)); }

void pk_text(byte_writer *w, const char *text) {
    pk_op(w, 'X');
    bw_u32le(w, (uint32_t)strlen(text));
    bw_bytes(w, text, strlen(text));
}

void pk_int(byte_writer *w, int64_t value) {
    if (value >= INT32_MIN && value <= INT32_MAX) {
        pk_op(w, 'J');
        bw_u32le(w, (uint32_t)value);
        return;
    }
    bw_u8(w, 0x8a);
    bw_u8(w, 8);
    bw_u64le(w, (uint64_t)value);
}

void pk_global(byte_writer *w, const char *module, const char *name) {
    pk_op(w, 'c');
    pk_ops(w, module);
    pk_op(w, '\n');
    pk_ops(w, name);
    pk_op(w, '\n');
}

void pk_ordered_dict(byte_writer *w) {
    pk_global(w, "collections", "OrderedDict");
    pk_ops(w, ")R");
}

void pk_storage(byte_writer *w, const pk_tensor *t) {
    pk_op(w, '(');
    pk_text(w, "storage");
    pk_global(w, "torch", t->type);
    pk_text(w, t->key);
    pk_text(w, "cpu");
    pk_int(w, t->n_storage);
    pk_ops(w, "tQ");
}

static void put_counts(byte_writer *w, const int64_t *counts, int n) {
    pk_op(w, '(');
    for (int i = 0; i < n; i++) pk_int(w, counts[i]);
    pk_op(w, 't');
}

static void put_arguments(byte_writer *w, const pk_tensor *t) {
    pk_op(w, '(');
    pk_storage(w, t);
    pk_int(w, t->offset);
    put_counts(w, t->shape, t->rank);
    put_counts(w, t->strides, t->rank);
    bw_u8(w, 0x89);
    pk_ordered_dict(w);
}

void pk_tensor_arguments(byte_writer *w, const pk_tensor *t) {
    put_arguments(w, t);
    pk_op(w, 't');
}

void pk_put_tensor_v3(byte_writer *w, const pk_tensor *t, const char *dtype) {
    pk_global(w, "torch._utils", "_rebuild_tensor_v3");
    put_arguments(w, t);
    pk_global(w, "torch", dtype);
    pk_ops(w, "tR");
}

void pk_put_tensor(byte_writer *w, const pk_tensor *t) {
    pk_global(w, "torch._utils", "_rebuild_tensor_v2");
    pk_tensor_arguments(w, t);
    pk_op(w, 'R');
}

/* ---- zip files --------------------------------------------------------------------- */

#define FLAG_SIZES_FOLLOW 8u

typedef struct placed {
    uint64_t header, n_bytes;
    uint16_t flags, method;
    uint32_t crc;
    uint8_t *packed; /* owned; NULL: the data as they are */
    size_t packed_bytes;
} placed;

/* What of the member goes into the file. */
static void pack(placed *p, const zip_spec *m) {
    z_stream z = {.next_in = (Bytef *)(uintptr_t)m->data, .avail_in = (uInt)m->n_bytes};
    p->crc = crc32_update(0, m->data, m->n_bytes) ^ m->crc_xor;
    p->method = m->method;
    p->n_bytes = p->packed_bytes = m->n_bytes;
    if (!m->deflate) return;
    if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK) exit(EXIT_FAILURE);
    const size_t room = deflateBound(&z, (uLong)m->n_bytes);
    p->packed = malloc(room);
    if (!p->packed) exit(EXIT_FAILURE);
    z.next_out = p->packed;
    z.avail_out = (uInt)room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) exit(EXIT_FAILURE);
    p->packed_bytes = room - z.avail_out;
    p->method = 8;
    (void)deflateEnd(&z);
}

static void put_local(byte_writer *w, const zip_spec *m, placed *p, zip_style style) {
    const char *name = m->local_name ? m->local_name : m->name;
    p->header = w->n_bytes;
    p->flags = (uint16_t)(m->flags | (style == ZIP_TORCH ? FLAG_SIZES_FOLLOW : 0));
    bool in_extra = style == ZIP_64, later = style == ZIP_TORCH;
    size_t before = w->n_bytes + 30 + strlen(name) + 4;
    size_t n_extra = in_extra ? 20 : later ? 4 + (64 - before % 64) % 64 : 0;
    bw_u32le(w, 0x04034b50);
    bw_u16le(w, 0);
    bw_u16le(w, p->flags);
    bw_u16le(w, p->method);
    bw_u32le(w, 0);
    bw_u32le(w, later ? 0 : p->crc);
    bw_u32le(w, later ? 0 : in_extra ? 0xffffffffu : (uint32_t)p->packed_bytes);
    bw_u32le(w, later ? 0 : in_extra ? 0xffffffffu : (uint32_t)p->n_bytes);
    bw_u16le(w, (uint16_t)strlen(name));
    bw_u16le(w, (uint16_t)n_extra);
    bw_bytes(w, name, strlen(name));
    if (in_extra) {
        bw_u16le(w, 1);
        bw_u16le(w, 16);
        bw_u64le(w, p->n_bytes);
        bw_u64le(w, p->packed_bytes);
    } else if (later) {
        bw_bytes(w, "FB", 2);
        bw_u16le(w, (uint16_t)(n_extra - 4));
        for (size_t i = 4; i < n_extra; i++) bw_u8(w, 'Z');
    }
    bw_bytes(w, p->packed ? p->packed : m->data, p->packed_bytes);
    if (!later) return;
    bw_u32le(w, 0x08074b50);
    bw_u32le(w, p->crc);
    bw_u32le(w, (uint32_t)p->packed_bytes);
    bw_u32le(w, (uint32_t)p->n_bytes);
}

static void put_entry(byte_writer *w, const zip_spec *m, const placed *p, zip_style style) {
    uint64_t packed = m->directory_bytes ? m->directory_bytes : p->packed_bytes;
    uint64_t unpacked = m->directory_unpacked ? m->directory_unpacked
                        : m->directory_bytes  ? m->directory_bytes
                                              : p->n_bytes;
    uint64_t header = m->header_offset ? m->header_offset - 1 : p->header;
    bool in_extra = style == ZIP_64 || packed > UINT32_MAX || unpacked > UINT32_MAX || header > UINT32_MAX;
    bw_u32le(w, 0x02014b50);
    bw_u32le(w, 0);
    bw_u16le(w, p->flags);
    bw_u16le(w, p->method);
    bw_u32le(w, 0);
    bw_u32le(w, p->crc);
    bw_u32le(w, in_extra ? 0xffffffffu : (uint32_t)packed);
    bw_u32le(w, in_extra ? 0xffffffffu : (uint32_t)unpacked);
    bw_u16le(w, (uint16_t)strlen(m->name));
    bw_u16le(w, in_extra ? 28 : 0);
    bw_u16le(w, 0);
    bw_u64le(w, 0);
    bw_u32le(w, in_extra ? 0xffffffffu : (uint32_t)header);
    bw_bytes(w, m->name, strlen(m->name));
    if (!in_extra) return;
    bw_u16le(w, 1);
    bw_u16le(w, 24);
    bw_u64le(w, unpacked);
    bw_u64le(w, packed);
    bw_u64le(w, header);
}

static void put_end(byte_writer *w, uint64_t directory, size_t n_members, zip_style style) {
    uint64_t n_bytes = w->n_bytes - directory, end64 = w->n_bytes;
    if (style != ZIP_PLAIN) {
        bw_u32le(w, 0x06064b50);
        bw_u64le(w, 44);
        bw_u32le(w, 0x002d002d);
        bw_u64le(w, 0);
        bw_u64le(w, n_members);
        bw_u64le(w, n_members);
        bw_u64le(w, n_bytes);
        bw_u64le(w, directory);
        bw_u32le(w, 0x07064b50);
        bw_u32le(w, 0);
        bw_u64le(w, end64);
        bw_u32le(w, 1);
    }
    bool hidden = style == ZIP_64;
    bw_u32le(w, 0x06054b50);
    bw_u32le(w, 0);
    bw_u16le(w, hidden ? 0xffff : (uint16_t)n_members);
    bw_u16le(w, hidden ? 0xffff : (uint16_t)n_members);
    bw_u32le(w, hidden ? 0xffffffffu : (uint32_t)n_bytes);
    bw_u32le(w, hidden ? 0xffffffffu : (uint32_t)directory);
    bw_u16le(w, 0);
}

void zip_put(byte_writer *w, const zip_spec *members, size_t n_members, zip_style style) {
    placed *places = calloc(n_members + 1, sizeof *places);
    if (!places) exit(EXIT_FAILURE);
    for (size_t i = 0; i < n_members; i++) {
        pack(&places[i], &members[i]);
        put_local(w, &members[i], &places[i], style);
    }
    uint64_t directory = w->n_bytes;
    for (size_t i = 0; i < n_members; i++) put_entry(w, &members[i], &places[i], style);
    put_end(w, directory, n_members, style);
    for (size_t i = 0; i < n_members; i++) free(places[i].packed);
    free(places);
    if (w->status != PITH_OK) exit(EXIT_FAILURE);
}
