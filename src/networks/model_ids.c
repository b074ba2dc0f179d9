/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What a converted file says about itself: its version, and the fingerprints that
 * cannot be computed from it. */
#include <stdio.h>
#include <string.h>

#include "networks/model_kind.h"
#include "weights/quantised.h"
#include "weights/weights_open.h"

void model_id_text(char text[2 * PITH_FINGERPRINT_BYTES + 1], const uint8_t id[PITH_FINGERPRINT_BYTES]) {
    for (size_t i = 0; i < PITH_FINGERPRINT_BYTES; i++) snprintf(text + 2 * i, 3, "%02x", id[i]);
}

static int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

static bool read_id(uint8_t id[PITH_FINGERPRINT_BYTES], const char *text) {
    if (!text || strlen(text) != 2 * PITH_FINGERPRINT_BYTES) return false;
    for (size_t i = 0; i < PITH_FINGERPRINT_BYTES; i++) {
        const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        id[i] = (uint8_t)(16 * high + low);
    }
    return true;
}

pith_status model_latent_id_of(const tensor_table *weights, const char *const *prefixes,
                               uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag) {
    bool has_all = true; /* of a model without its encoder, the file states what it was */
    for (const char *const *p = prefixes; *p; p++) has_all = has_all && tensor_table_has_part(weights, *p);
    if (has_all && !quantised_is_marked(weights)) return tensor_table_fingerprint_any(weights, prefixes, id, diag);
    const char *stated = tensor_table_meta(weights, MODEL_LATENT_ID_KEY);
    if (read_id(id, stated)) return PITH_OK;
    return diag_set(
        diag, PITH_E_FORMAT,
        "int8 weights and decoders must name the latent space of what they were made from: " MODEL_LATENT_ID_KEY
        " is \"%.20s\"",
        stated ? stated : "");
}

pith_status model_check_version(const tensor_table *weights, pith_diag *diag) {
    const char *version = tensor_table_meta(weights, "format_version"), *known = quantised_format_version(weights);
    if (!weights_are_our_own(weights) || (version && strcmp(version, known) == 0)) return PITH_OK;
    return diag_set(diag, PITH_E_VERSION, "is a converted model of version %.20s, this library reads version %s",
                    version ? version : "?", known);
}
