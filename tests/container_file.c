/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "container_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ctr_head container_head(uint32_t width, uint32_t height) {
    return (ctr_head){
        .width = width,
        .height = height,
        .method = PITH_METHOD_LATENT,
        .n_latent = 12,
        .log2_downscale = 3,
        .step_index = 1024,
        .model_name = "mini-1",
        .latent_id = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef},
    };
}

uint16_t container_checksum(uint32_t index) { return (uint16_t)(0xbeef + index); }

size_t container_coded(uint32_t index, uint8_t coded[CONTAINER_MAX_CODED]) {
    size_t n = (16 + index * 37) % CONTAINER_MAX_CODED;
    for (size_t i = 0; i < n; i++) coded[i] = (uint8_t)(index + i * 11);
    return n;
}

static void check(const byte_writer *w, pith_status status) {
    if (status == PITH_OK) status = w->status;
    if (status == PITH_OK) return;
    fprintf(stderr, "a test's own file cannot be made: %s\n", pith_status_name(status));
    exit(EXIT_FAILURE);
}

byte_writer container_start(const ctr_head *head) {
    byte_writer w;
    bw_init(&w, NULL);
    check(&w, ctr_write_head(&w, head, NULL));
    return w;
}

byte_writer container_file(const ctr_head *head) {
    byte_writer w = container_start(head);
    uint8_t coded[CONTAINER_MAX_CODED];
    for (uint32_t i = 0; i < ctr_slice_count(head); i++)
        ctr_write_slice(&w, container_checksum(i), coded, container_coded(i, coded));
    check(&w, PITH_OK);
    return w;
}

void container_mend_crcs(uint8_t *data, size_t n_bytes) {
    stream s;
    st_init(&s, data, n_bytes, "file", 0, NULL);
    (void)st_bytes(&s, CTR_MAGIC_BYTES + 1, "magic");
    while (s.status == PITH_OK && st_left(&s) > 0) {
        size_t start = s.position;
        (void)st_u8(&s, "type");
        (void)st_bytes(&s, (size_t)st_leb128(&s, n_bytes, "length"), "payload");
        size_t end = s.position;
        (void)st_u32le(&s, "crc");
        if (s.status != PITH_OK) return;
        uint32_t crc = crc32_update(0, data + start, end - start);
        for (size_t i = 0; i < 4; i++) data[end + i] = (uint8_t)(crc >> (8 * i));
    }
}
