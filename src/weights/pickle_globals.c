/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Meaning of the globals in a pickle. A few build tensors and dicts; those of known packages give opaque values; any
 * other makes the reader refuse the file. */
#include <string.h>

#include "weights/pickle_private.h"

#define NO_VALUE UINT32_MAX

typedef enum meaning {
    OPAQUE = 0, /* harmless; not built */
    DICT,
    TENSOR,    /* (storage, offset, shape, strides, ...) */
    PARAMETER, /* (tensor, ...) */
    FROM_TYPE, /* (function, class, arguments, state) */
    SIZE,      /* (tuple) */
} meaning;

typedef struct global_rule {
    const char *module;
    const char *name; /* NULL: every name in the module and its submodules */
    meaning meaning;
} global_rule;

/* The first rule that matches applies. Opaque values are always safe, since nothing is executed. The list is short so
 * that a file made to attack other readers is not accepted as a checkpoint. */
static const global_rule RULES[] = {
    {"torch._utils", "_rebuild_tensor", TENSOR},
    {"torch._utils", "_rebuild_tensor_v2", TENSOR},
    {"torch._utils", "_rebuild_tensor_v3", TENSOR},
    {"torch._utils", "_rebuild_parameter", PARAMETER},
    {"torch._utils", "_rebuild_parameter_with_state", PARAMETER},
    {"torch._tensor", "_rebuild_from_type_v2", FROM_TYPE},
    {"torch", "Size", SIZE},
    {"collections", "OrderedDict", DICT},
    {"collections", "defaultdict", OPAQUE},
    {"collections", "Counter", OPAQUE},
    {"collections", "deque", OPAQUE},
    {"builtins", "dict", DICT},
    {"builtins", "set", OPAQUE},
    {"builtins", "frozenset", OPAQUE},
    {"builtins", "list", OPAQUE},
    {"builtins", "tuple", OPAQUE},
    {"builtins", "int", OPAQUE},
    {"builtins", "float", OPAQUE},
    {"builtins", "complex", OPAQUE},
    {"builtins", "bool", OPAQUE},
    {"builtins", "str", OPAQUE},
    {"builtins", "bytes", OPAQUE},
    {"builtins", "bytearray", OPAQUE},
    {"builtins", "slice", OPAQUE},
    {"builtins", "range", OPAQUE},
    {"builtins", "object", OPAQUE},
    {"_codecs", "encode", OPAQUE}, /* bytes in protocol 2 */
    {"copyreg", "_reconstructor", OPAQUE},
    {"copy_reg", "_reconstructor", OPAQUE},
    {"argparse", "Namespace", OPAQUE},
    {"pathlib", "Path", OPAQUE},
    {"pathlib", "PosixPath", OPAQUE},
    {"pathlib", "WindowsPath", OPAQUE},
    {"datetime", NULL, OPAQUE},
    {"typing", NULL, OPAQUE},
    {"torch", NULL, OPAQUE},
    {"numpy", NULL, OPAQUE},
    {"omegaconf", NULL, OPAQUE},
    {"pytorch_lightning", NULL, OPAQUE},
    {"lightning", NULL, OPAQUE},
    {"lightning_fabric", NULL, OPAQUE},
    {"lightning_utilities", NULL, OPAQUE},
    {"transformers", NULL, OPAQUE},
    {"diffusers", NULL, OPAQUE},
    {"ldm", NULL, OPAQUE},
};

/* ---- allowed globals ---------------------------------------------------------------------- */

/* True if the module is the rule's or, if the rule has no name, a submodule of it. Python 2 named builtins
 * differently. */
static bool module_fits(const pickle_value *module, const global_rule *r) {
    size_t n = strlen(r->module);
    if (pickle_text_is(module, "__builtin__")) return !strcmp(r->module, "builtins");
    if (module->count < n || memcmp(module->u.text, r->module, n) != 0) return false;
    return module->count == n || (!r->name && module->u.text[n] == '.');
}

static const global_rule *find_rule(const pickle *p, uint32_t global) {
    const pickle_value *g = &p->values.at[global];
    const pickle_value *module = &p->values.at[g->u.global.module], *name = &p->values.at[g->u.global.name];
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++)
        if (module_fits(module, &RULES[i]) && (!RULES[i].name || pickle_text_is(name, RULES[i].name))) return &RULES[i];
    return NULL;
}

bool pickle_check_global(pickle *p, uint32_t global) {
    if (find_rule(p, global)) return true;
    const pickle_value *g = &p->values.at[global];
    const pickle_value *module = &p->values.at[g->u.global.module], *name = &p->values.at[g->u.global.name];
    st_fail(&p->s, PITH_E_UNSUPPORTED, "asks for %.*s.%.*s, which no checkpoint needs: refused, nothing was run",
            (int)(module->count < 60 ? module->count : 60), module->u.text, (int)(name->count < 60 ? name->count : 60),
            name->u.text);
    return false;
}

/* ---- arguments --------------------------------------------------------------------------------- */

/* The tuple's item at that index; NO_VALUE if there is none. */
static uint32_t argument(const pickle *p, uint32_t tuple, uint32_t index) {
    const pickle_value *t = &p->values.at[tuple];
    if (t->kind != PICKLE_TUPLE || index >= t->count) return NO_VALUE;
    uint32_t cell = t->u.items.first;
    while (index-- > 0) cell = p->cells.at[cell].next;
    return p->cells.at[cell].value;
}

static const pickle_value *argument_of_kind(const pickle *p, uint32_t tuple, uint32_t index, pickle_kind kind) {
    uint32_t at = argument(p, tuple, index);
    return at != NO_VALUE && p->values.at[at].kind == kind ? &p->values.at[at] : NULL;
}

static bool read_count(uint64_t *out, const pickle_value *v) {
    if (!v || v->kind != PICKLE_INT || v->u.integer < 0) return false;
    *out = (uint64_t)v->u.integer;
    return true;
}

static bool read_counts(uint64_t out[PICKLE_MAX_RANK], const pickle *p, const pickle_value *tuple) {
    uint32_t cursor = 0, n = 0;
    if (!tuple || tuple->count > PICKLE_MAX_RANK) return false;
    for (const pickle_value *v; (v = pickle_next(p, tuple, &cursor)) != NULL;)
        if (!read_count(&out[n++], v)) return false;
    return true;
}

/* ---- tensors --------------------------------------------------------------------------------------- */

static uint32_t fail(pickle *p, const char *what) {
    st_fail(&p->s, PITH_E_FORMAT, "%s", what);
    return NO_VALUE;
}

/* (storage, offset, shape, strides, requires_grad, hooks), and in v3 the type. An opaque storage gives an opaque
 * tensor. */
static uint32_t rebuild_tensor(pickle *p, uint32_t global, uint32_t arguments) {
    uint32_t first = argument(p, arguments, 0);
    if (first != NO_VALUE && p->values.at[first].kind == PICKLE_OPAQUE) return pickle_new_opaque(p, global);
    const pickle_value *storage = argument_of_kind(p, arguments, 0, PICKLE_STORAGE);
    const pickle_value *shape = argument_of_kind(p, arguments, 2, PICKLE_TUPLE);
    const pickle_value *strides = argument_of_kind(p, arguments, 3, PICKLE_TUPLE);
    pickle_tensor t = {0};
    if (!storage) return fail(p, "a tensor without a storage");
    if (!read_count(&t.offset, argument_of_kind(p, arguments, 1, PICKLE_INT)))
        return fail(p, "a tensor whose offset is not an integer >= 0");
    if (shape && shape->count > PICKLE_MAX_RANK) return fail(p, "a tensor of more than 8 dimensions");
    if (!read_counts(t.shape, p, shape) || !read_counts(t.strides, p, strides) || shape->count != strides->count)
        return fail(p, "a tensor whose shape or strides are not integers >= 0");
    t.storage = p->storages.at[storage->u.index];
    t.rank = shape->count;
    const pickle_value *dtype = argument_of_kind(p, arguments, 6, PICKLE_GLOBAL);
    const pickle_value *name = dtype ? &p->values.at[dtype->u.global.name] : NULL;
    if (name) {
        t.dtype = name->u.text;
        t.dtype_bytes = name->count;
    }
    return pickle_new_tensor(p, &t);
}

uint32_t pickle_persistent(pickle *p, uint32_t id) {
    const pickle_value *tag = argument_of_kind(p, id, 0, PICKLE_TEXT);
    const pickle_value *type = argument_of_kind(p, id, 1, PICKLE_GLOBAL);
    const pickle_value *key = argument_of_kind(p, id, 2, PICKLE_TEXT);
    pickle_storage storage = {0};
    if (!tag || !pickle_text_is(tag, "storage") || !type || !key ||
        !read_count(&storage.n_elements, argument_of_kind(p, id, 4, PICKLE_INT)))
        return fail(p, "a persistent id that is not (\"storage\", class, key, place, count)");
    const pickle_value *name = &p->values.at[type->u.global.name];
    storage.type = name->u.text;
    storage.type_bytes = name->count;
    storage.key = key->u.text;
    storage.key_bytes = key->count;
    return pickle_new_storage(p, &storage);
}

/* ---- calls ------------------------------------------------------------------------------------------- */

/* OrderedDict() or, from Python 2, OrderedDict([[key, value], ...]). */
static uint32_t make_dict(pickle *p, uint32_t arguments) {
    uint32_t dict = pickle_new_value(p, (pickle_value){.kind = PICKLE_DICT});
    uint32_t pairs = argument(p, arguments, 0), cursor = 0;
    if (pairs == NO_VALUE || dict == NO_VALUE) return dict;
    if (p->values.at[pairs].kind != PICKLE_LIST) return pickle_new_opaque(p, NO_VALUE);
    for (const pickle_value *pair; (pair = pickle_next(p, &p->values.at[pairs], &cursor)) != NULL;) {
        bool is_pair = (pair->kind == PICKLE_LIST || pair->kind == PICKLE_TUPLE) && pair->count == 2;
        if (!is_pair) return fail(p, "a dict made of what are not pairs");
        uint32_t key = pair->u.items.first;
        pickle_append(p, dict, p->cells.at[key].value);
        pickle_append(p, dict, p->cells.at[p->cells.at[key].next].value);
        if (p->s.status != PITH_OK) return NO_VALUE;
    }
    return dict;
}

static uint32_t apply(pickle *p, meaning m, uint32_t global, uint32_t arguments) {
    uint32_t first = argument(p, arguments, 0);
    switch (m) {
    case DICT:
        return make_dict(p, arguments);
    case TENSOR:
        return rebuild_tensor(p, global, arguments);
    case PARAMETER:
        return first != NO_VALUE && p->values.at[first].kind == PICKLE_TENSOR ? first : pickle_new_opaque(p, global);
    case SIZE:
        return first != NO_VALUE && p->values.at[first].kind == PICKLE_TUPLE ? first : pickle_new_opaque(p, global);
    case FROM_TYPE:
    case OPAQUE:
    default:
        return pickle_new_opaque(p, global);
    }
}

uint32_t pickle_reduce(pickle *p, uint32_t callee, uint32_t arguments) {
    if (p->values.at[callee].kind != PICKLE_GLOBAL) return pickle_new_opaque(p, NO_VALUE);
    if (p->values.at[arguments].kind != PICKLE_TUPLE) return fail(p, "a call without a tuple of arguments");
    meaning m = find_rule(p, callee)->meaning;
    if (m == FROM_TYPE) {
        uint32_t function = argument(p, arguments, 0), inner = argument(p, arguments, 2);
        if (function == NO_VALUE || inner == NO_VALUE || p->values.at[function].kind != PICKLE_GLOBAL)
            return pickle_new_opaque(p, callee);
        callee = function;
        arguments = inner;
        m = find_rule(p, function)->meaning;
    }
    return apply(p, m, callee, arguments);
}
