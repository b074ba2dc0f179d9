/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* PyTorch checkpoints: a zip file when the input begins as one, else the
 * pickle that lies in it. What is read is walked through to the end. */
#include <stdlib.h>

#include "weights/ckpt.h"
#include "weights/pickle_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

/* Touches both ends of every tensor: all of it must be there. */
static void touch(const tensor_table *table) {
    static volatile uint8_t sink;
    for (size_t i = 0; i < tensor_table_count(table); i++) {
        const tensor *t = tensor_table_at(table, i);
        if (t->n_bytes > 0) sink = (uint8_t)(t->data[0] ^ t->data[t->n_bytes - 1]);
    }
    (void)sink;
}

static void walk(const pickle *p) {
    const pickle_value *root = pickle_root(p), *v;
    size_t n = 0;
    for (uint32_t cursor = 0; (v = pickle_next(p, root, &cursor)) != NULL; n++) {
        const pickle_tensor *t = pickle_get_tensor(p, v);
        if (t && t->rank > PICKLE_MAX_RANK) abort();
        (void)pickle_get(p, v, "state_dict");
    }
    if (n > 0 && n != root->count) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    pith_env env;
    pith_diag diag = {0};
    pith_status status;
    pith_env_defaults(&env, sizeof env);
    if (n_bytes >= 2 && data[0] == 'P' && data[1] == 'K') {
        tensor_table *table = NULL;
        status = ckpt_read(&table, &env, data, n_bytes, &diag);
        if (table) touch(table);
        tensor_table_free(&table);
    } else {
        pickle *p = NULL;
        status = pickle_read(&p, &env.alloc, data, n_bytes, &diag);
        if (p) walk(p);
        pickle_free(&p);
    }
    if ((status == PITH_OK) != (diag.message[0] == '\0')) abort(); /* a refusal says why */
    return 0;
}
