/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The animations of a GLB file. A clip's samples are at all times at which one of its channels has a key; each channel
 * is evaluated at all of them. Cubic splines become straight lines between samples at least every 1/60 s. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "messages/tool_fail.h"
#include "motion/glb_parts.h"

#define MAX_NODES 16384u
#define MAX_TIMES ((size_t)1 << 24)
#define MAX_TARGETS 4096u
#define CUBIC_SECONDS (1.0 / 60)
#define SAME_SECONDS 1e-5 /* times that are nearer count as one */
#define EVEN_SECONDS 1e-4 /* times that are off by less count as even */

typedef struct scene {
    glb g;
    clip_file *out;
    pith_diag *why;
    size_t n_nodes;
    size_t *parents; /* of nodes; GLB_NONE */
    bool *needed;
    size_t *joint_of, *node_of; /* GLB_NONE: the node is no joint */
    size_t n_joints;
} scene;

/* ---- nodes ------------------------------------------------------------------------------------ */

static pith_status fault(const scene *s, const char *what, size_t which) {
    return tool_fail(s->why, PITH_E_FORMAT, "%s %zu", what, which);
}

static pith_status find_parents(scene *s) {
    for (size_t i = 0; i < s->n_nodes; i++) s->parents[i] = GLB_NONE;
    for (size_t i = 0; i < s->n_nodes; i++) {
        size_t k;
        json_t *child;
        json_array_foreach(json_object_get(glb_item(s->g.json, "nodes", i), "children"), k, child) {
            size_t c =
                json_is_integer(child) && json_integer_value(child) >= 0 ? (size_t)json_integer_value(child) : GLB_NONE;
            if (c >= s->n_nodes || s->parents[c] != GLB_NONE || c == i) return fault(s, "a wrong child of node", i);
            s->parents[c] = i;
        }
    }
    for (size_t i = 0; i < s->n_nodes; i++) {
        size_t steps = 0;
        for (size_t a = i; a != GLB_NONE; a = s->parents[a])
            if (++steps > s->n_nodes) return fault(s, "a circle of nodes at node", i);
    }
    return PITH_OK;
}

static void need(scene *s, size_t node) {
    for (; node < s->n_nodes && !s->needed[node]; node = s->parents[node]) s->needed[node] = true;
}

/* Nodes that are animated or are a skin's joints, and all above them. */
static void find_needed(scene *s) {
    size_t i, k;
    json_t *animation, *channel, *skin, *joint;
    json_array_foreach(json_object_get(s->g.json, "animations"), i, animation) {
        json_array_foreach(json_object_get(animation, "channels"), k, channel)
            need(s, glb_index(json_object_get(channel, "target"), "node", GLB_NONE));
    }
    json_array_foreach(json_object_get(s->g.json, "skins"), i, skin) {
        json_array_foreach(json_object_get(skin, "joints"), k,
                           joint) if (json_is_integer(joint) && json_integer_value(joint) >= 0)
            need(s, (size_t)json_integer_value(joint));
    }
}

static bool read_array(double *out, const json_t *array, size_t n) {
    if (json_array_size(array) != n) return false;
    for (size_t i = 0; i < n; i++) {
        if (!json_is_number(json_array_get(array, i))) return false;
        out[i] = json_number_value(json_array_get(array, i));
        if (!isfinite(out[i])) return false;
    }
    return true;
}

/* Columns are scaled axes; what shears is lost. */
static void decompose(pith_motion_joint *j, const double m[16]) {
    double r[9];
    for (int c = 0; c < 3; c++) {
        j->translation[c] = m[12 + c];
        j->scale[c] = sqrt(m[4 * c] * m[4 * c] + m[4 * c + 1] * m[4 * c + 1] + m[4 * c + 2] * m[4 * c + 2]);
    }
    double det =
        m[0] * (m[5] * m[10] - m[6] * m[9]) - m[4] * (m[1] * m[10] - m[2] * m[9]) + m[8] * (m[1] * m[6] - m[2] * m[5]);
    if (det < 0) j->scale[0] = -j->scale[0];
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < 3; i++) r[3 * i + c] = j->scale[c] != 0 ? m[4 * c + i] / j->scale[c] : (i == c);
    double trace = r[0] + r[4] + r[8], *q = j->rotation;
    if (trace > 0) {
        double w = sqrt(trace + 1) * 2;
        q[0] = (r[7] - r[5]) / w, q[1] = (r[2] - r[6]) / w, q[2] = (r[3] - r[1]) / w, q[3] = w / 4;
    } else {
        int i = r[0] >= r[4] && r[0] >= r[8] ? 0 : r[4] >= r[8] ? 1 : 2, k = (i + 1) % 3, l = (i + 2) % 3;
        double w = sqrt(fmax(0, 1 + r[4 * i] - r[4 * k] - r[4 * l])) * 2;
        if (w == 0) return;
        q[i] = w / 4;
        q[k] = (r[3 * k + i] + r[3 * i + k]) / w;
        q[l] = (r[3 * l + i] + r[3 * i + l]) / w;
        q[3] = (r[3 * l + k] - r[3 * k + l]) / w;
    }
}

static pith_status read_node(scene *s, size_t joint, size_t node) {
    const json_t *n = glb_item(s->g.json, "nodes", node), *name = json_object_get(n, "name");
    pith_motion_joint *j = &s->out->joints[joint];
    double m[16];
    *j = (pith_motion_joint){.parent = s->parents[node] == GLB_NONE ? -1 : (int32_t)s->joint_of[s->parents[node]],
                             .name = "",
                             .rotation = {0, 0, 0, 1},
                             .scale = {1, 1, 1}};
    if (json_is_string(name) && json_string_length(name) < 1000) {
        char *copy = clip_alloc(s->out, json_string_length(name) + 1, 1, s->why);
        if (!copy) return PITH_E_NOMEM;
        strcpy(copy, json_string_value(name));
        j->name = copy;
    }
    if (json_object_get(n, "matrix")) {
        if (!read_array(m, json_object_get(n, "matrix"), 16)) return fault(s, "a wrong matrix of node", node);
        decompose(j, m);
        return PITH_OK;
    }
    if ((json_object_get(n, "translation") && !read_array(j->translation, json_object_get(n, "translation"), 3)) ||
        (json_object_get(n, "rotation") && !read_array(j->rotation, json_object_get(n, "rotation"), 4)) ||
        (json_object_get(n, "scale") && !read_array(j->scale, json_object_get(n, "scale"), 3)))
        return fault(s, "a wrong transform of node", node);
    return PITH_OK;
}

/* Parents first: those of depth 0, then 1, ... keep the order of the file. */
static pith_status read_nodes(scene *s) {
    pith_status status = PITH_OK;
    s->out->joints = clip_alloc(s->out, s->n_nodes, sizeof *s->out->joints, s->why);
    if (!s->out->joints) return PITH_E_NOMEM;
    for (size_t i = 0; i < s->n_nodes; i++) s->joint_of[i] = GLB_NONE;
    /* Depth first, children in order: bones of a chain stand together. */
    for (size_t root = 0; root < s->n_nodes; root++) {
        if (s->parents[root] != GLB_NONE || !s->needed[root]) continue;
        size_t node = root;
        while (node != GLB_NONE) {
            if (s->joint_of[node] == GLB_NONE) {
                s->joint_of[node] = s->n_joints;
                s->node_of[s->n_joints++] = node;
            }
            size_t k, next = GLB_NONE;
            json_t *child;
            json_array_foreach(json_object_get(glb_item(s->g.json, "nodes", node), "children"), k, child) {
                size_t c = (size_t)json_integer_value(child);
                if (next == GLB_NONE && s->needed[c] && s->joint_of[c] == GLB_NONE) next = c;
            }
            node = next != GLB_NONE ? next : node == root ? GLB_NONE : s->parents[node];
        }
    }
    for (size_t j = 0; j < s->n_joints && status == PITH_OK; j++) status = read_node(s, j, s->node_of[j]);
    if (s->n_joints == 0) return tool_fail(s->why, PITH_E_UNSUPPORTED, "no node is animated");
    return status;
}

/* ---- channels ------------------------------------------------------------------------------------- */

typedef struct channel {
    float *times, *values; /* values: n x width, three times that of a cubic spline */
    size_t n, width, joint;
    unsigned path; /* 0 rotation, 1 translation, 2 scale, 3 weights */
    bool stepped, cubic;
} channel;

static pith_status read_channel(scene *s, const json_t *animation, const json_t *json, channel *c) {
    static const char *const paths[] = {"rotation", "translation", "scale", "weights"};
    static const unsigned widths[] = {4, 3, 3, 1};
    const json_t *target = json_object_get(json, "target"), *path = json_object_get(target, "path");
    const json_t *sampler =
        json_array_get(json_object_get(animation, "samplers"), glb_index(json, "sampler", GLB_NONE));
    const json_t *mode = json_object_get(sampler, "interpolation");
    size_t node = glb_index(target, "node", GLB_NONE), n_values;
    if (node >= s->n_nodes || !json_is_string(path) || !sampler)
        return fault(s, "a channel without a target; node", node);
    while (c->path < 4 && strcmp(json_string_value(path), paths[c->path]) != 0) c->path++;
    if (c->path == 4) return tool_fail(s->why, PITH_E_UNSUPPORTED, "a channel of %s", json_string_value(path));
    c->joint = s->joint_of[node];
    c->stepped = json_is_string(mode) && strcmp(json_string_value(mode), "STEP") == 0;
    c->cubic = json_is_string(mode) && strcmp(json_string_value(mode), "CUBICSPLINE") == 0;
    pith_status status = glb_numbers(&c->times, &c->n, &s->g, glb_index(sampler, "input", GLB_NONE), 1, s->out, s->why);
    if (status == PITH_OK)
        status = glb_numbers(&c->values, &n_values, &s->g, glb_index(sampler, "output", GLB_NONE), widths[c->path],
                             s->out, s->why);
    if (status != PITH_OK) return status;
    size_t each = c->cubic ? 3 : 1;
    c->width = c->path == 3 ? n_values / c->n / each : widths[c->path];
    if (c->path == 3 ? c->width == 0 || c->width > MAX_TARGETS || n_values != c->n * each * c->width
                     : n_values != c->n * each)
        return fault(s, "a channel has not as many values as times; node", node);
    for (size_t i = 1; i < c->n; i++)
        if (!(c->times[i] > c->times[i - 1])) return fault(s, "times do not increase; node", node);
    return PITH_OK;
}

static const float *key_value(const channel *c, size_t key) {
    return c->values + (c->cubic ? 3 * key + 1 : key) * c->width;
}

static void slerp(double *out, const float *a, const float *b, double part) {
    double dot = 0, na = 0, nb = 0;
    for (int i = 0; i < 4; i++) {
        dot += (double)a[i] * b[i];
        na += (double)a[i] * a[i];
        nb += (double)b[i] * b[i];
    }
    na = sqrt(na), nb = sqrt(nb);
    if (!(na > 0) || !(nb > 0)) na = nb = 1;
    double sign = dot < 0 ? -1 : 1, angle = acos(fmin(1, fabs(dot) / (na * nb))), from = 1 - part, to = part;
    if (angle > 1e-6) {
        from = sin(angle * (1 - part)) / sin(angle);
        to = sin(angle * part) / sin(angle);
    }
    for (int i = 0; i < 4; i++) out[i] = from * a[i] / na + sign * to * b[i] / nb;
}

/* The channel's value at a time; `*hint` is the last key at or before the time of the call before. */
static void evaluate(const channel *c, double time, size_t *hint, float *out) {
    while (*hint + 1 < c->n && c->times[*hint + 1] <= time + SAME_SECONDS / 2) ++*hint;
    size_t k = *hint;
    const float *a = key_value(c, k);
    double v[MAX_TARGETS];
    for (size_t i = 0; i < c->width; i++) v[i] = a[i];
    if (k + 1 < c->n && time > c->times[k] + SAME_SECONDS / 2 && !c->stepped) {
        const float *b = key_value(c, k + 1);
        double span = (double)c->times[k + 1] - c->times[k], t = (time - c->times[k]) / span;
        if (c->cubic) {
            const float *leave = a + c->width, *arrive = b - c->width;
            double t2 = t * t, t3 = t2 * t;
            for (size_t i = 0; i < c->width; i++)
                v[i] = (2 * t3 - 3 * t2 + 1) * a[i] + span * (t3 - 2 * t2 + t) * leave[i] + (3 * t2 - 2 * t3) * b[i] +
                       span * (t3 - t2) * arrive[i];
        } else if (c->path == 0) {
            slerp(v, a, b, t);
        } else {
            for (size_t i = 0; i < c->width; i++) v[i] += t * ((double)b[i] - a[i]);
        }
    }
    double norm = 0;
    for (size_t i = 0; i < 4 && c->path == 0; i++) norm += v[i] * v[i];
    norm = norm > 0 ? sqrt(norm) : 1;
    for (size_t i = 0; i < c->width; i++) out[i] = (float)(v[i] / norm);
}

/* ---- clips ---------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

/* All times of all channels, each once. */
static pith_status merge_times(scene *s, const channel *channels, size_t n, float **out, size_t *n_out) {
    size_t all = 0, used = 0;
    for (int fill = 0; fill < 2; fill++) {
        if (fill && !(*out = clip_alloc(s->out, all, sizeof **out, s->why))) return PITH_E_NOMEM;
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < channels[i].n; k++) {
                const float *t = channels[i].times;
                double span = channels[i].cubic && k + 1 < channels[i].n ? (double)t[k + 1] - t[k] : 0;
                if (!(span < 1e6)) return tool_fail(s->why, PITH_E_LIMIT, "a spline of %g s", span);
                size_t pieces = span > 0 ? (size_t)ceil(span / CUBIC_SECONDS) : 1;
                if (!fill) all += pieces;
                for (size_t p = 0; fill && p < pieces; p++)
                    (*out)[used++] = (float)(t[k] + span * (double)p / (double)pieces);
                if (all > MAX_TIMES) return tool_fail(s->why, PITH_E_LIMIT, "more than %zu keys", MAX_TIMES);
            }
    }
    qsort(*out, used, sizeof **out, by_value);
    *n_out = 0;
    for (size_t i = 0; i < used; i++)
        if (*n_out == 0 || (*out)[i] - (*out)[*n_out - 1] > (float)SAME_SECONDS) (*out)[(*n_out)++] = (*out)[i];
    return PITH_OK;
}

/* The distance of even times; 0 if they are not even. */
static double even_step(const float *times, size_t n) {
    if (n < 2) return 0;
    double step = ((double)times[n - 1] - times[0]) / (double)(n - 1);
    for (size_t i = 0; i < n; i++)
        if (fabs(times[i] - (times[0] + step * (double)i)) > EVEN_SECONDS) return 0;
    return step;
}

static pith_status fill_channel(scene *s, const channel *c, pith_motion_clip *clip, pith_motion_track *tracks,
                                const float *times, pith_motion_scalar *scalars, size_t *n_scalars) {
    size_t n = (size_t)clip->n_samples, hint = 0;
    float *values = clip_alloc(s->out, n, c->width * sizeof *values, s->why);
    if (!values) return PITH_E_NOMEM;
    for (size_t t = 0; t < n; t++) evaluate(c, times[t], &hint, values + t * c->width);
    pith_motion_track *track = &tracks[c->joint];
    if (c->path == 0) track->rotations = values;
    if (c->path == 1) track->translations = values;
    if (c->path == 2) track->scales = values;
    if (c->path < 3) {
        track->stepped |= c->stepped ? 1u << c->path : 0;
        return PITH_OK;
    }
    for (size_t k = 0; k < c->width; k++) {
        float *one = clip_alloc(s->out, n, sizeof *one, s->why);
        char *name = clip_alloc(s->out, 48, 1, s->why);
        if (!one || !name) return PITH_E_NOMEM;
        for (size_t t = 0; t < n; t++) one[t] = values[t * c->width + k];
        snprintf(name, 48, "%zu:%zu", s->node_of[c->joint], k);
        scalars[(*n_scalars)++] = (pith_motion_scalar){.name = name, .values = one, .stepped = c->stepped};
    }
    return PITH_OK;
}

static pith_status read_clip(scene *s, const json_t *animation, pith_motion_clip *clip, double *start) {
    const json_t *list = json_object_get(animation, "channels"), *name = json_object_get(animation, "name");
    size_t n = 0, n_times = 0, n_weights = 0, n_scalars = 0, k;
    json_t *json;
    channel *channels = clip_alloc(s->out, json_array_size(list), sizeof *channels, s->why);
    pith_motion_track *tracks = clip_alloc(s->out, s->n_joints, sizeof *tracks, s->why);
    float *times = NULL;
    if (!channels || !tracks) return PITH_E_NOMEM;
    json_array_foreach(list, k, json) {
        if (glb_index(json_object_get(json, "target"), "node", GLB_NONE) == GLB_NONE) continue;
        pith_status status = read_channel(s, animation, json, &channels[n]);
        if (status != PITH_OK) return status;
        if (channels[n].path == 3) n_weights += channels[n].width;
        n++;
    }
    if (n == 0) return tool_fail(s->why, PITH_E_UNSUPPORTED, "an animation without channels");
    pith_status status = merge_times(s, channels, n, &times, &n_times);
    if (status != PITH_OK) return status;
    pith_motion_scalar *scalars = clip_alloc(s->out, n_weights, sizeof *scalars, s->why);
    char *copy = clip_alloc(s->out, json_is_string(name) ? json_string_length(name) + 1 : 1, 1, s->why);
    if (!scalars || !copy) return PITH_E_NOMEM;
    if (json_is_string(name)) strcpy(copy, json_string_value(name));
    copy[strlen(copy) > 1000 ? 1000 : strlen(copy)] = '\0';
    *start = times[0];
    *clip = (pith_motion_clip){.name = copy,
                               .n_samples = n_times,
                               .frame_seconds = even_step(times, n_times),
                               .tracks = tracks,
                               .scalars = scalars};
    if (clip->frame_seconds == 0) clip->times = times;
    for (size_t i = 0; i < n && status == PITH_OK; i++)
        status = fill_channel(s, &channels[i], clip, tracks, times, scalars, &n_scalars);
    clip->n_scalars = n_scalars;
    return status;
}

/* ---- the file ---------------------------------------------------------------------------------------------- */

/* JSON without animations and the views that only they use, whose places stay empty ({}); the rest of the binary chunk.
 */
static pith_status make_source(scene *s, const double *starts) {
    size_t n_accessors = glb_count(s->g.json, "accessors"), n_views = glb_count(s->g.json, "bufferViews"), used = 0, i;
    unsigned char *accessors = clip_alloc(s->out, n_accessors, 1, s->why),
                  *views = clip_alloc(s->out, n_views, 1, s->why);
    uint8_t *bin = clip_alloc(s->out, s->g.n_bin + 4 * n_views, 1, s->why);
    if (!accessors || !views || !bin) return PITH_E_NOMEM;
    glb_mark_animation(&s->g, accessors, views);
    for (i = 0; i < n_views; i++) {
        json_t *view = glb_item(s->g.json, "bufferViews", i);
        size_t first = glb_index(view, "byteOffset", 0), length = glb_index(view, "byteLength", 0);
        if (views[i]) {
            json_object_clear(view);
        } else if (glb_index(view, "buffer", GLB_NONE) == 0 && s->g.bin) {
            if (first > s->g.n_bin || length > s->g.n_bin - first)
                return fault(s, "outside of the binary chunk: buffer view", i);
            /* Views may share bytes, so that all of them together may be more than the chunk. */
            if (length > s->g.n_bin + 4 * n_views - used)
                return tool_fail(s->why, PITH_E_UNSUPPORTED, "buffer views that overlap");
            if (length) memcpy(bin + used, s->g.bin + first, length);
            json_object_set_new(view, "byteOffset", json_integer((json_int_t)used));
            used = (used + length + 3) & ~(size_t)3;
        }
    }
    for (i = 0; i < n_accessors; i++)
        if (accessors[i]) json_object_clear(glb_item(s->g.json, "accessors", i));
    json_t *note = json_object(), *nodes = json_array(), *list = json_array();
    for (i = 0; i < s->n_joints; i++) json_array_append_new(nodes, json_integer((json_int_t)s->node_of[i]));
    for (i = 0; i < s->out->motion.n_clips; i++) json_array_append_new(list, json_real(starts[i]));
    json_object_set_new(note, "nodes", nodes);
    json_object_set_new(note, "starts", list);
    json_object_set_new(s->g.json, "pith", note);
    json_object_del(s->g.json, "animations");
    char *text = json_dumps(s->g.json, JSON_COMPACT | JSON_REAL_PRECISION(9));
    size_t n_text = text ? strlen(text) : 0, head = sizeof GLB_SOURCE - 1 + 4;
    uint8_t *source = text ? clip_alloc(s->out, head + n_text + used, 1, s->why) : NULL;
    if (source) {
        memcpy(source, GLB_SOURCE, sizeof GLB_SOURCE - 1);
        for (i = 0; i < 4; i++) source[sizeof GLB_SOURCE - 1 + i] = (uint8_t)(n_text >> (8 * i));
        memcpy(source + head, text, n_text);
        if (used)
            memcpy(source + head + n_text, bin, used > s->g.n_bin + 4 * n_views ? s->g.n_bin + 4 * n_views : used);
        s->out->motion.source = (pith_bytes){source, head + n_text + used};
    }
    free(text);
    return source ? PITH_OK : tool_fail(s->why, PITH_E_NOMEM, "out of memory for the rest of the file");
}

static pith_status read_scene(scene *s) {
    size_t n_clips = glb_count(s->g.json, "animations");
    s->n_nodes = glb_count(s->g.json, "nodes");
    if (n_clips == 0) return tool_fail(s->why, PITH_E_UNSUPPORTED, "the file has no animation");
    if (s->n_nodes > MAX_NODES)
        return tool_fail(s->why, PITH_E_LIMIT, "%zu nodes, the limit is %u", s->n_nodes, MAX_NODES);
    s->parents = clip_alloc(s->out, s->n_nodes, sizeof *s->parents, s->why);
    s->needed = clip_alloc(s->out, s->n_nodes, sizeof *s->needed, s->why);
    s->joint_of = clip_alloc(s->out, s->n_nodes, sizeof *s->joint_of, s->why);
    s->node_of = clip_alloc(s->out, s->n_nodes, sizeof *s->node_of, s->why);
    s->out->clips = clip_alloc(s->out, n_clips, sizeof *s->out->clips, s->why);
    double *starts = clip_alloc(s->out, n_clips, sizeof *starts, s->why);
    if (!s->parents || !s->needed || !s->joint_of || !s->node_of || !s->out->clips || !starts) return PITH_E_NOMEM;
    pith_status status = find_parents(s);
    if (status == PITH_OK) find_needed(s);
    if (status == PITH_OK) status = read_nodes(s);
    for (size_t c = 0; c < n_clips && status == PITH_OK; c++)
        status = read_clip(s, glb_item(s->g.json, "animations", c), &s->out->clips[c], &starts[c]);
    pith_motion *m = &s->out->motion;
    m->joints = s->out->joints;
    m->n_joints = s->n_joints;
    m->clips = s->out->clips;
    m->n_clips = n_clips;
    return status == PITH_OK ? make_source(s, starts) : status;
}

pith_status glb_read(clip_file *out, const uint8_t *data, size_t n_bytes, pith_diag *why) {
    scene s = {.out = out, .why = why};
    pith_status status = glb_open(&s.g, data, n_bytes, why);
    if (status == PITH_OK) status = read_scene(&s);
    glb_close(&s.g);
    return status;
}
