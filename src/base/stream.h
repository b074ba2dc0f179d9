/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A bounded reader and a growing writer of bytes. File bytes are read in no other
 * way: nothing past the end is touched, and the first fault sticks. */
#ifndef PITH_BASE_STREAM_H
#define PITH_BASE_STREAM_H

#include "base/status.h"

typedef struct stream {
    const uint8_t *data; /* borrowed */
    size_t n_bytes;
    size_t position;
    const char *label;  /* what is being read, for messages: "header chunk" */
    size_t base;        /* offset of data[0] in the file, for messages */
    pith_status status; /* sticky: after a fault every read gives 0 */
    pith_diag *diag;    /* borrowed, may be NULL */
} stream;

void st_init(stream *s, const uint8_t *data, size_t n_bytes, const char *label, size_t base, pith_diag *diag);

/* `field` names what is being read, for the message of a fault. */
uint8_t st_u8(stream *s, const char *field);
uint16_t st_u16le(stream *s, const char *field);
uint32_t st_u32le(stream *s, const char *field);
uint64_t st_u64le(stream *s, const char *field);

/* Unsigned LEB128 of at most `max`; over-long forms (more bytes than needed)
 * are a fault, so that every value has one encoding. */
uint64_t st_leb128(stream *s, uint64_t max, const char *field);

/* Borrows n bytes of the data; NULL, and a fault, if fewer are left. */
const uint8_t *st_bytes(stream *s, size_t n_bytes, const char *field);
size_t st_left(const stream *s);

/* Records a fault at the current position: "LABEL: TEXT (byte N)". */
void st_fail(stream *s, pith_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Growing output; out of memory sticks in `status`. */
typedef struct byte_writer {
    const pith_alloc *alloc; /* borrowed */
    uint8_t *data;           /* owned until taken */
    size_t n_bytes, capacity;
    pith_status status;
} byte_writer;

void bw_init(byte_writer *w, const pith_alloc *alloc);
void bw_free(byte_writer *w);
void bw_swap(byte_writer *a, byte_writer *b);
void bw_u8(byte_writer *w, uint8_t value);
void bw_u16le(byte_writer *w, uint16_t value);
void bw_u32le(byte_writer *w, uint32_t value);
void bw_u64le(byte_writer *w, uint64_t value);
void bw_leb128(byte_writer *w, uint64_t value);
void bw_bytes(byte_writer *w, const void *data, size_t n_bytes);

/* CRC-32 (ISO-HDLC, the one of PNG and zlib). `crc` is 0 at first, or the
 * result of an earlier call to continue from. */
uint32_t crc32_update(uint32_t crc, const void *data, size_t n_bytes);

#endif
