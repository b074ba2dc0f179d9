/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The file that was read, with its animations anew. Accessors and buffer views take the places of the old ones, so that
 * nothing else in the file changes its number. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "messages/tool_fail.h"
#include "motion/glb_parts.h"

#define FLOAT_COMPONENT 5126

typedef struct glb_out {
    json_t *json, *accessors, *views;
    size_t next_accessor, next_view; /* where to look for an empty place */
    uint8_t *bin;
    size_t n_bin, capacity;
    bool failed;
} glb_out;

static void put_bytes(glb_out *o, const void *data, size_t n) {
    if (o->failed) return;
    if (o->capacity - o->n_bin < n) {
        size_t more = 2 * o->capacity + n;
        uint8_t *grown = realloc(o->bin, more);
        if (!grown) {
            o->failed = true;
            return;
        }
        o->bin = grown;
        o->capacity = more;
    }
    if (n) memcpy(o->bin + o->n_bin, data, n);
    o->n_bin += n;
}

/* Puts an object into the next empty place of the array, or at its end; gives its number. */
static size_t place(json_t *array, size_t *next, json_t *object) {
    while (*next < json_array_size(array) && json_object_size(json_array_get(array, *next)) > 0) ++*next;
    if (*next < json_array_size(array))
        (void)!json_array_set_new(array, *next, object);
    else
        (void)!json_array_append_new(array, object);
    return *next;
}

/* Floats as an accessor. Animation times need their smallest and largest value. */
static size_t put_accessor(glb_out *o, const float *values, size_t n, unsigned width, bool with_range) {
    static const char *const types[5] = {"", "SCALAR", "VEC2", "VEC3", "VEC4"};
    size_t first = o->n_bin;
    put_bytes(o, values, n * width * sizeof *values);
    json_t *view = json_pack("{si sI sI}", "buffer", 0, "byteOffset", (json_int_t)first, "byteLength",
                             (json_int_t)(o->n_bin - first));
    size_t number = place(o->views, &o->next_view, view);
    json_t *accessor = json_pack("{sI si sI ss}", "bufferView", (json_int_t)number, "componentType", FLOAT_COMPONENT,
                                 "count", (json_int_t)n, "type", types[width]);
    if (with_range) {
        json_object_set_new(accessor, "min", json_pack("[f]", (double)values[0]));
        json_object_set_new(accessor, "max", json_pack("[f]", (double)values[n - 1]));
    }
    return place(o->accessors, &o->next_accessor, accessor);
}

/* ---- animations --------------------------------------------------------------------------------- */

static bool is_constant(const float *values, size_t n, unsigned width) {
    for (size_t t = 1; t < n; t++)
        if (memcmp(values, values + t * width, width * sizeof *values) != 0) return false;
    return true;
}

typedef struct clip_out {
    json_t *samplers, *channels;
    size_t n, times, ends; /* accessors of all times, and of the first and the last; GLB_NONE: not yet made */
    float *seconds;
} clip_out;

/* One channel; what never changes gets two keys. */
static void put_channel(glb_out *o, clip_out *c, const float *values, unsigned width, size_t node, const char *path,
                        bool stepped) {
    size_t input, output;
    if (c->n > 2 && is_constant(values, c->n, width)) {
        float ends[2] = {c->seconds[0], c->seconds[c->n - 1]}, twice[8];
        memcpy(twice, values, width * sizeof *values);
        memcpy(twice + width, values, width * sizeof *values);
        if (c->ends == GLB_NONE) c->ends = put_accessor(o, ends, 2, 1, true);
        input = c->ends;
        output = put_accessor(o, twice, 2, width, false);
    } else {
        if (c->times == GLB_NONE) c->times = put_accessor(o, c->seconds, c->n, 1, true);
        input = c->times;
        output = put_accessor(o, values, c->n, width, false);
    }
    json_array_append_new(c->samplers, json_pack("{sI sI ss}", "input", (json_int_t)input, "output", (json_int_t)output,
                                                 "interpolation", stepped ? "STEP" : "LINEAR"));
    json_array_append_new(c->channels,
                          json_pack("{sI s{sI ss}}", "sampler", (json_int_t)(json_array_size(c->samplers) - 1),
                                    "target", "node", (json_int_t)node, "path", path));
}

/* Weights of one node: its scalars stand together, in order. Returns how many there are. */
static size_t put_weights(glb_out *o, clip_out *c, const pith_motion_clip *clip, size_t first) {
    char *end;
    size_t node = (size_t)strtoul(clip->scalars[first].name, &end, 10), n = 1;
    while (first + n < clip->n_scalars && (size_t)strtoul(clip->scalars[first + n].name, NULL, 10) == node) n++;
    float *values = malloc(c->n * n * sizeof *values);
    if (!values) {
        o->failed = true;
        return n;
    }
    for (size_t t = 0; t < c->n; t++)
        for (size_t k = 0; k < n; k++) values[t * n + k] = clip->scalars[first + k].values[t];
    if (c->times == GLB_NONE) c->times = put_accessor(o, c->seconds, c->n, 1, true);
    size_t output = put_accessor(o, values, c->n * n, 1, false);
    free(values);
    json_array_append_new(c->samplers,
                          json_pack("{sI sI ss}", "input", (json_int_t)c->times, "output", (json_int_t)output,
                                    "interpolation", clip->scalars[first].stepped ? "STEP" : "LINEAR"));
    json_array_append_new(c->channels,
                          json_pack("{sI s{sI ss}}", "sampler", (json_int_t)(json_array_size(c->samplers) - 1),
                                    "target", "node", (json_int_t)node, "path", "weights"));
    return n;
}

static json_t *put_clip(glb_out *o, const pith_motion *m, const pith_motion_clip *clip, const json_t *nodes,
                        double start) {
    clip_out c = {json_array(), json_array(), (size_t)clip->n_samples, GLB_NONE, GLB_NONE, NULL};
    c.seconds = malloc(c.n * sizeof *c.seconds);
    if (!c.seconds) o->failed = true;
    for (size_t t = 0; t < c.n && c.seconds; t++)
        c.seconds[t] = clip->times ? clip->times[t] : (float)(start + clip->frame_seconds * (double)t);
    for (size_t j = 0; j < m->n_joints && !o->failed; j++) {
        const pith_motion_track *track = &clip->tracks[j];
        size_t node = (size_t)json_integer_value(json_array_get(nodes, j));
        if (track->translations)
            put_channel(o, &c, track->translations, 3, node, "translation",
                        track->stepped & PITH_MOTION_STEP_TRANSLATIONS);
        if (track->rotations)
            put_channel(o, &c, track->rotations, 4, node, "rotation", track->stepped & PITH_MOTION_STEP_ROTATIONS);
        if (track->scales)
            put_channel(o, &c, track->scales, 3, node, "scale", track->stepped & PITH_MOTION_STEP_SCALES);
    }
    for (size_t i = 0; i < clip->n_scalars && !o->failed;) i += put_weights(o, &c, clip, i);
    free(c.seconds);
    json_t *animation = json_pack("{so so}", "samplers", c.samplers, "channels", c.channels);
    if (clip->name[0]) json_object_set_new(animation, "name", json_string(clip->name));
    return animation;
}

/* ---- file --------------------------------------------------------------------------------------------- */

/* Places that stay empty become the smallest valid things. */
static void fill_empty(glb_out *o) {
    size_t i;
    json_t *item;
    json_array_foreach(o->views, i, item) if (json_object_size(item) == 0) {
        json_object_set_new(item, "buffer", json_integer(0));
        json_object_set_new(item, "byteLength", json_integer(4));
    }
    json_array_foreach(o->accessors, i, item) if (json_object_size(item) == 0) {
        json_object_set_new(item, "componentType", json_integer(FLOAT_COMPONENT));
        json_object_set_new(item, "count", json_integer(1));
        json_object_set_new(item, "type", json_string("SCALAR"));
    }
}

static void put_u32(uint8_t *p, size_t v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (8 * i));
}

static pith_status join(pith_bytes *out, glb_out *o, pith_diag *why) {
    static const uint8_t zeros[4] = {0};
    put_bytes(o, zeros, (4 - o->n_bin % 4) % 4);
    json_t *buffers = json_object_get(o->json, "buffers");
    if (!json_is_array(buffers)) json_object_set_new(o->json, "buffers", buffers = json_array());
    if (json_array_size(buffers) == 0) json_array_append_new(buffers, json_object());
    json_object_set_new(json_array_get(buffers, 0), "byteLength", json_integer((json_int_t)o->n_bin));
    char *text = json_dumps(o->json, JSON_COMPACT | JSON_REAL_PRECISION(9));
    size_t n_text = text ? strlen(text) : 0, padded = (n_text + 3) & ~(size_t)3, total = 12 + 8 + padded + 8 + o->n_bin;
    uint8_t *file = text && !o->failed && total < UINT32_MAX ? malloc(total) : NULL;
    if (file) {
        memcpy(file, "glTF", 4);
        put_u32(file + 4, 2);
        put_u32(file + 8, total);
        put_u32(file + 12, padded);
        memcpy(file + 16, "JSON", 4);
        memset(file + 20, ' ', padded);
        memcpy(file + 20, text, n_text);
        put_u32(file + 20 + padded, o->n_bin);
        memcpy(file + 24 + padded, "BIN\0", 4);
        if (o->n_bin) memcpy(file + 28 + padded, o->bin, o->n_bin);
        *out = (pith_bytes){file, total};
    }
    free(text);
    return file ? PITH_OK : tool_fail(why, PITH_E_NOMEM, "out of memory for the file");
}

static pith_status write_motion(pith_bytes *out, glb_out *o, const pith_motion *m, pith_diag *why) {
    const json_t *note = json_object_get(o->json, "pith"), *nodes = json_object_get(note, "nodes"),
                 *starts = json_object_get(note, "starts");
    if (json_array_size(nodes) != m->n_joints)
        return tool_fail(why, PITH_E_FORMAT, "the file's source does not fit its skeleton");
    if (!json_is_array(json_object_get(o->json, "accessors"))) json_object_set_new(o->json, "accessors", json_array());
    if (!json_is_array(json_object_get(o->json, "bufferViews")))
        json_object_set_new(o->json, "bufferViews", json_array());
    o->accessors = json_object_get(o->json, "accessors");
    o->views = json_object_get(o->json, "bufferViews");
    json_t *animations = json_array();
    for (size_t c = 0; c < m->n_clips && !o->failed; c++)
        json_array_append_new(animations,
                              put_clip(o, m, &m->clips[c], nodes, json_number_value(json_array_get(starts, c))));
    json_object_set_new(o->json, "animations", animations);
    json_object_del(o->json, "pith");
    fill_empty(o);
    return join(out, o, why);
}

pith_status glb_write(pith_bytes *out, const pith_motion *m, pith_diag *why) {
    size_t head = sizeof GLB_SOURCE - 1 + 4, n_text = 0;
    const pith_bytes *s = &m->source;
    for (size_t i = 0; i < 4 && s->n_bytes >= head; i++)
        n_text |= (size_t)s->data[sizeof GLB_SOURCE - 1 + i] << (8 * i);
    if (s->n_bytes < head || n_text > s->n_bytes - head)
        return tool_fail(why, PITH_E_FORMAT, "the file's source ends too soon");
    glb_out o = {.json = json_loadb((const char *)s->data + head, n_text, 0, NULL)};
    pith_status status =
        json_is_object(o.json) ? PITH_OK : tool_fail(why, PITH_E_FORMAT, "the file's source is not JSON");
    put_bytes(&o, s->data + head + n_text, s->n_bytes - head - n_text);
    if (status == PITH_OK) status = write_motion(out, &o, m, why);
    json_decref(o.json);
    free(o.bin);
    return status;
}
