/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The hash of a decoded picture, and whether it is the one in the file. */
#include <stdio.h>
#include <string.h>

#include "api/decoder_state.h"
#include "base/sized.h"

_Static_assert(CTR_HASH_BYTES == PITH_FINGERPRINT_BYTES, "pith_info has room for the file's hash");

static pith_status hash_start(void *user, const pith_image_format *format) {
    pith_decoder *d = user;
    picture_hash_start(&d->hashing, format);
    return d->sink.start ? d->sink.start(d->sink.user, format) : PITH_OK;
}

static pith_status hash_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    pith_decoder *d = user;
    picture_hash_rows(&d->hashing, n_rows, rows, stride_bytes);
    return d->sink.write_rows(d->sink.user, y, n_rows, rows, stride_bytes);
}

/* Whether these options decode the picture that the file's hash is of. An exact picture ignores those about networks.
 */
static bool is_picture_of_hash(const pith_decoder *d, const pith_decode_options *o, uint8_t bit_depth) {
    const ctr_head *head = &d->file.head;
    const bool is_whole = o->region.width == 0 && o->region.height == 0 && !o->preview && !d->tolerant;
    const bool by_defaults = o->steps < 0 && o->realism == 0 && !o->no_residual;
    return is_whole && (bit_depth == 16) == head->deep && (by_defaults || head->method == PITH_METHOD_EXACT);
}

pith_status decoder_hash_start(pith_decoder *d, const pith_model *model, const pith_decode_options *o,
                               pith_sink *sink) {
    const bool is_exact = d->file.head.method == PITH_METHOD_EXACT || model_has_defined_samples(model);
    const bool is_comparable = is_exact && is_picture_of_hash(d, o, sink->bit_depth);
    if (o->check && !d->file.hash)
        return diag_set(&d->diag, PITH_E_UNSUPPORTED, "has no hash to check the picture against");
    if (o->check && !is_exact)
        return diag_set(&d->diag, PITH_E_ARG,
                        "this engine's samples differ from machine to machine: they have no hash to check");
    if (o->check && !is_comparable)
        return diag_set(&d->diag, PITH_E_ARG,
                        "the file's hash is of the whole picture, decoded by default into samples of %d bits",
                        d->file.head.deep ? 16 : 8);
    d->compares = d->file.hash && is_comparable;
    d->is_hashing = o->hash || d->compares;
    if (!d->is_hashing) return PITH_OK;
    d->sink = *sink;
    sink->start = hash_start;
    sink->write_rows = hash_rows;
    sink->user = d;
    return PITH_OK;
}

static void print_hex(char text[2 * CTR_HASH_BYTES + 1], const uint8_t hash[CTR_HASH_BYTES]) {
    for (size_t i = 0; i < CTR_HASH_BYTES; i++) snprintf(text + 2 * i, 3, "%02x", hash[i]);
}

pith_status decoder_hash_end(pith_decoder *d, const pith_decode_options *o) {
    char text[PITH_MESSAGE_BYTES], own[2 * CTR_HASH_BYTES + 1], files[2 * CTR_HASH_BYTES + 1];
    if (!d->is_hashing) return PITH_OK;
    picture_hash_end(&d->hashing, d->hash.sha256);
    d->hash.is_made = 1;
    if (!d->compares) return PITH_OK;
    const uint8_t *expected = ctr_hash(&d->file);
    const bool is_equal = memcmp(expected, d->hash.sha256, CTR_HASH_BYTES) == 0;
    d->hash.check = is_equal ? PITH_HASH_EQUAL : PITH_HASH_DIFFERENT;
    if (is_equal) return PITH_OK;
    print_hex(own, d->hash.sha256);
    print_hex(files, expected);
    snprintf(text, sizeof text,
             "the decoded picture is not the one that was encoded: its hash begins with %s, in the file stands %s "
             "(another engine, version or decoder, or damage)",
             own, files);
    if (o->check) return diag_set(&d->diag, PITH_E_CHECKSUM, "%s", text);
    decoder_warn(d, text);
    return PITH_OK;
}

pith_status pith_decoder_hash(const pith_decoder *decoder, pith_hash *hash) {
    if (!decoder || !hash) return PITH_E_ARG;
    return sized_give(hash, &decoder->hash, sizeof decoder->hash, "pith_hash", NULL);
}
