/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/glb_parts.h"
#include "messages/tool_fail.h"

#include <math.h>
#include <string.h>

#define CHUNK_JSON 0x4e4f534au
#define CHUNK_BIN 0x004e4942u
#define MAX_ELEMENTS ((size_t)1 << 28)

static uint32_t u32_at(const uint8_t *p) {
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* ---- file ------------------------------------------------------------------------------------ */

static pith_status check_extensions(const json_t *json, pith_diag *why) {
    static const char *const refused[] = {"EXT_meshopt_compression", "KHR_meshopt_compression",
                                          "KHR_animation_pointer"};
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(json, "extensionsUsed"), i,
                       name) for (size_t k = 0; k < sizeof refused / sizeof *refused;
                                  k++) if (json_is_string(name) &&
                                           strcmp(json_string_value(name), refused[k]) ==
                                               0) return tool_fail(why, PITH_E_UNSUPPORTED,
                                                                   "uses %s, which is not read; export it without",
                                                                   refused[k]);
    return PITH_OK;
}

pith_status glb_open(glb *g, const uint8_t *data, size_t n, pith_diag *why) {
    *g = (glb){0};
    if (n < 20 || memcmp(data, "glTF", 4) != 0) return tool_fail(why, PITH_E_FORMAT, "not a GLB file");
    if (u32_at(data + 4) != 2)
        return tool_fail(why, PITH_E_VERSION, "glTF version %lu, only 2 is read", (unsigned long)u32_at(data + 4));
    size_t total = u32_at(data + 8), at = 12;
    if (total > n) return tool_fail(why, PITH_E_TRUNCATED, "the file says it has %zu bytes, and has %zu", total, n);
    while (at + 8 <= total) {
        size_t length = u32_at(data + at);
        uint32_t type = u32_at(data + at + 4);
        if (length > total - at - 8)
            return tool_fail(why, PITH_E_TRUNCATED, "the chunk at byte %zu does not end in the file", at);
        if (type == CHUNK_JSON && !g->json) {
            json_error_t error;
            g->json = json_loadb((const char *)data + at + 8, length, JSON_REJECT_DUPLICATES, &error);
            if (!g->json) return tool_fail(why, PITH_E_FORMAT, "JSON: %s", error.text);
        } else if (type == CHUNK_BIN && !g->bin) {
            g->bin = data + at + 8;
            g->n_bin = length;
        }
        at += 8 + length;
    }
    if (!json_is_object(g->json)) return tool_fail(why, PITH_E_FORMAT, "no JSON");
    return check_extensions(g->json, why);
}

void glb_close(glb *g) {
    json_decref(g->json);
    *g = (glb){0};
}

/* ---- JSON -------------------------------------------------------------------------------------- */

json_t *glb_item(const json_t *json, const char *name, size_t index) {
    return json_array_get(json_object_get(json, name), index);
}

size_t glb_count(const json_t *json, const char *name) { return json_array_size(json_object_get(json, name)); }

size_t glb_index(const json_t *object, const char *key, size_t otherwise) {
    const json_t *v = json_object_get(object, key);
    if (!json_is_integer(v) || json_integer_value(v) < 0) return otherwise;
    return (size_t)json_integer_value(v);
}

/* ---- accessors ----------------------------------------------------------------------------------- */

typedef struct component {
    unsigned n_bytes;
    bool is_signed;
} component;

/* Size 0: not a type of numbers that animations have. */
static component component_of(size_t type) {
    switch (type) {
    case 5120:
        return (component){1, true};
    case 5121:
        return (component){1, false};
    case 5122:
        return (component){2, true};
    case 5123:
        return (component){2, false};
    case 5126:
        return (component){4, true};
    default:
        return (component){0, false};
    }
}

static float read_component(const uint8_t *p, component c) {
    if (c.n_bytes == 4) {
        uint32_t bits = u32_at(p);
        float v;
        memcpy(&v, &bits, sizeof v);
        return v;
    }
    unsigned raw = c.n_bytes == 1 ? p[0] : p[0] | (unsigned)p[1] << 8;
    if (!c.is_signed) return (float)raw / (c.n_bytes == 1 ? 255.0f : 65535.0f);
    int v = c.n_bytes == 1 ? (int8_t)raw : (int16_t)raw;
    return fmaxf((float)v / (c.n_bytes == 1 ? 127.0f : 32767.0f), -1);
}

pith_status glb_numbers(float **out, size_t *n, const glb *g, size_t accessor, unsigned width, clip_file *owner,
                        pith_diag *why) {
    const json_t *a = glb_item(g->json, "accessors", accessor), *type = json_object_get(a, "type");
    static const char *const types[5] = {"", "SCALAR", "VEC2", "VEC3", "VEC4"};
    component c = component_of(glb_index(a, "componentType", 0));
    *n = glb_index(a, "count", 0);
    if (!a || c.n_bytes == 0 || !json_is_string(type) || strcmp(json_string_value(type), types[width]) != 0)
        return tool_fail(why, PITH_E_FORMAT, "accessor %zu does not hold what an animation needs", accessor);
    if (json_object_get(a, "sparse") || !json_object_get(a, "bufferView"))
        return tool_fail(why, PITH_E_UNSUPPORTED, "accessor %zu of an animation is sparse", accessor);
    const json_t *view = glb_item(g->json, "bufferViews", glb_index(a, "bufferView", GLB_NONE));
    if (!view || glb_index(view, "buffer", GLB_NONE) != 0 || json_object_get(glb_item(g->json, "buffers", 0), "uri"))
        return tool_fail(why, PITH_E_UNSUPPORTED, "accessor %zu is not in the file's own binary chunk", accessor);
    size_t element = (size_t)width * c.n_bytes, stride = glb_index(view, "byteStride", element);
    size_t first = glb_index(view, "byteOffset", 0), length = glb_index(view, "byteLength", 0),
           offset = glb_index(a, "byteOffset", 0);
    if (*n == 0 || *n > MAX_ELEMENTS || stride < element || stride > 252 || first > g->n_bin ||
        length > g->n_bin - first || offset > length || element > length - offset ||
        (*n - 1) > (length - offset - element) / stride)
        return tool_fail(why, PITH_E_FORMAT, "accessor %zu reaches over the end of its buffer view", accessor);
    float *v = *out = clip_alloc(owner, *n, width * sizeof *v, why);
    if (!v) return PITH_E_NOMEM;
    const uint8_t *p = g->bin + first + offset;
    for (size_t i = 0; i < *n; i++)
        for (unsigned k = 0; k < width; k++) {
            v[i * width + k] = read_component(p + i * stride + (size_t)k * c.n_bytes, c);
            if (!isfinite(v[i * width + k]))
                return tool_fail(why, PITH_E_FORMAT, "accessor %zu has a number that is not finite", accessor);
        }
    return PITH_OK;
}

/* ---- what animations use ----------------------------------------------------------------------------- */

static void unmark(const json_t *index, unsigned char *marks, size_t n) {
    if (json_is_integer(index) && json_integer_value(index) >= 0 && (size_t)json_integer_value(index) < n)
        marks[json_integer_value(index)] = 0;
}

/* Unmarks what the values of these keys point to, anywhere below; with `all` every whole number counts. */
static void unmark_below(const json_t *json, const char *const *keys, unsigned char *marks, size_t n, bool all) {
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_array(json)) {
        json_array_foreach(json, i, value) {
            if (all) unmark(value, marks, n);
            unmark_below(value, keys, marks, n, all);
        }
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)json, key, value) {
        bool named = all;
        for (const char *const *k = keys; *k; k++) named = named || strcmp(key, *k) == 0;
        if (named) unmark(value, marks, n);
        unmark_below(value, keys, marks, n, named && !json_is_integer(value));
    }
}

void glb_mark_animation(const glb *g, unsigned char *accessors, unsigned char *views) {
    static const char *const accessor_keys[] = {"attributes", "targets", "indices", "inverseBindMatrices", NULL};
    static const char *const view_keys[] = {"bufferView", NULL};
    size_t n_accessors = glb_count(g->json, "accessors"), n_views = glb_count(g->json, "bufferViews"), i, k;
    const char *key;
    json_t *value, *animation, *sampler;
    memset(accessors, 0, n_accessors);
    memset(views, 0, n_views);
    json_array_foreach(json_object_get(g->json, "animations"), i, animation) {
        json_array_foreach(json_object_get(animation, "samplers"), k, sampler) {
            size_t in = glb_index(sampler, "input", GLB_NONE), out = glb_index(sampler, "output", GLB_NONE);
            if (in < n_accessors) accessors[in] = 1;
            if (out < n_accessors) accessors[out] = 1;
        }
    }
    json_object_foreach(g->json, key, value) {
        if (strcmp(key, "animations") != 0 && strcmp(key, "accessors") != 0)
            unmark_below(value, accessor_keys, accessors, n_accessors, false);
    }
    for (i = 0; i < n_accessors; i++) {
        size_t view = glb_index(glb_item(g->json, "accessors", i), "bufferView", GLB_NONE);
        if (accessors[i] && view < n_views) views[view] = 1;
    }
    json_object_foreach(g->json, key, value) {
        if (strcmp(key, "accessors") != 0 && strcmp(key, "animations") != 0)
            unmark_below(value, view_keys, views, n_views, false);
    }
    for (i = 0; i < n_accessors; i++)
        if (!accessors[i]) unmark_below(glb_item(g->json, "accessors", i), view_keys, views, n_views, false);
}
