/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/motion_html.h"

#include <stdlib.h>
#include <string.h>

#include <nettle/base64.h>

#include "cli/cli_json.h"
#include "messages/tool_fail.h"

#define DATA_MARK "{{data}}"
#define MAX_PLACES 300000u /* joints at samples that a clip shows; of a longer one every second, third, ... sample */

/* JSON inside of a script: "<" could end it. */
static void put_json(FILE *out, json_t *value) {
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);
    for (const char *c = text ? text : "null"; *c; c++)
        if (*c == '<')
            fputs("\\u003c", out);
        else
            fputc(*c, out);
    free(text);
    json_decref(value);
}

/* Every `stride`-th of n rows of numbers, as base64. */
static void put_floats(FILE *out, const float *values, uint64_t n, size_t width, uint64_t stride) {
    struct base64_encode_ctx context;
    char text[BASE64_ENCODE_LENGTH(64) + BASE64_ENCODE_FINAL_LENGTH];
    base64_encode_init(&context);
    for (uint64_t t = 0; t < n; t += stride)
        for (size_t i = 0; i < width; i++) {
            uint32_t bits;
            memcpy(&bits, &values[t * width + i], sizeof bits);
            const uint8_t bytes[4] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16),
                                      (uint8_t)(bits >> 24)};
            fwrite(text, 1, base64_encode_update(&context, text, sizeof bytes, bytes), out);
        }
    fwrite(text, 1, base64_encode_final(&context, text), out);
}

void motion_html_begin(FILE *out, const motion_shown *shown) {
    const char *mark = strstr(motion_page_text, DATA_MARK);
    fwrite(motion_page_text, 1, (size_t)(mark - motion_page_text), out);
    fputs("{\"a\":", out);
    put_json(out, json_text(shown->name_a));
    fputs(",\"b\":", out);
    put_json(out, json_text(shown->name_b));
    fprintf(out, ",\"bytes_a\":%zu,\"bytes_b\":%zu,\"clips\":[", shown->a->n_bytes, shown->b->n_bytes);
}

void motion_html_end(FILE *out) {
    fputs("]}", out);
    fputs(strstr(motion_page_text, DATA_MARK) + strlen(DATA_MARK), out);
}

static void put_number(json_t *object, const char *name, const char *format, double value) {
    char text[64];
    snprintf(text, sizeof text, format, value);
    json_object_set_new(object, name, json_string(text));
}

static json_t *figures_json(const pith_motion_options *o, const pith_motion_comparison *c) {
    json_t *f = json_object();
    put_number(f, "bound", "%g cm", o->error);
    put_number(f, "largest error", "%.4g cm", c->largest);
    put_number(f, "99th percentile", "%.4g cm", c->p99);
    put_number(f, "mean error", "%.4g cm", c->mean);
    put_number(f, "between samples", "%.4g cm", c->between);
    put_number(f, "mean distance", "%.4g mm", 10 * c->position);
    put_number(f, "mean angle", "%.4g\302\260", c->degrees);
    put_number(f, "jitter (1 is right)", "%.3f", c->jitter);
    put_number(f, "foot sliding", "%.3f cm/s", c->sliding);
    put_number(f, "over the bound", "%.0f", (double)c->n_over);
    return f;
}

static void put_skeleton(FILE *out, const pith_motion *m) {
    json_t *names = json_array(), *parents = json_array();
    for (uint64_t j = 0; j < m->n_joints; j++) {
        json_array_append_new(names, json_text(m->joints[j].name));
        json_array_append_new(parents, json_integer(m->joints[j].parent));
    }
    fputs(",\"joints\":", out);
    put_json(out, names);
    fputs(",\"parents\":", out);
    put_json(out, parents);
}

pith_status motion_html_clip(FILE *out, const motion_shown *shown, uint64_t clip, const pith_motion_options *options,
                             const pith_motion_comparison *figures, const float *errors, pith_diag *why) {
    const pith_motion *m = &shown->a->motion;
    const pith_motion_clip *c = &m->clips[clip];
    size_t n_joints = (size_t)m->n_joints;
    uint64_t stride = c->n_samples * n_joints / MAX_PLACES + 1;
    float *places = calloc((size_t)c->n_samples, n_joints * 3 * sizeof *places);
    if (!places) return tool_fail(why, PITH_E_NOMEM, "out of memory for the page");
    double seconds = c->times && c->n_samples > 1
                         ? ((double)c->times[c->n_samples - 1] - c->times[0]) / (double)(c->n_samples - 1)
                         : c->frame_seconds;
    fputs(clip ? ",\n{\"name\":" : "\n{\"name\":", out);
    put_json(out, json_text(c->name));
    fprintf(out, ",\"n\":%llu,\"seconds\":%.9g,\"bound\":%.9g,\"figures\":",
            (unsigned long long)((c->n_samples + stride - 1) / stride), seconds > 0 ? seconds * (double)stride : 1.0,
            options->error);
    put_json(out, figures_json(options, figures));
    put_skeleton(out, m);
    pith_status status = PITH_OK;
    for (int side = 0; side < 2 && status == PITH_OK; side++) {
        status = pith_motion_positions(side ? &shown->b->motion : m, clip, places, why);
        fputs(side ? "\",\"b\":\"" : ",\"a\":\"", out);
        if (status == PITH_OK) put_floats(out, places, c->n_samples, 3 * n_joints, stride);
    }
    fputs("\",\"errors\":\"", out);
    put_floats(out, errors, c->n_samples, n_joints, stride);
    fputs("\"}", out);
    free(places);
    return status;
}
