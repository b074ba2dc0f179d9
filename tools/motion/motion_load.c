/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/motion_load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "imageio/file_bytes.h"

static bool is_coded(const motion_loaded *m) { return m->n_bytes >= 4 && memcmp(m->data, "\xf0PIM", 4) == 0; }

static cli_exit fail(const char *path, const pith_diag *why) {
    return cli_fail(cli_exit_of(why->status, CLI_INPUT), path, "%s", why->message);
}

static cli_exit read_path(motion_loaded *m, const char *path, const pith_env *env) {
    pith_diag why = {0};
    *m = (motion_loaded){.motion = {.struct_size = sizeof m->motion}};
    if (file_bytes_read(&m->data, &m->n_bytes, path, env->max_file_bytes, &why) != PITH_OK) return fail(path, &why);
    return CLI_DONE;
}

static cli_exit open_coded(motion_loaded *m, const char *path, const pith_env *env) {
    pith_diag why = {0};
    if (pith_motion_open(&m->reader, m->data, m->n_bytes, env, &why) != PITH_OK) return fail(path, &why);
    m->motion = *pith_motion_contents(m->reader);
    return CLI_DONE;
}

static double time_of(const pith_motion_clip *c, uint64_t sample) {
    return c->times ? (double)c->times[sample] - c->times[0] : (double)sample * c->frame_seconds;
}

/* The samples of a clip inside a range. Frame times are rounded: 30 frames of 0.0333333 s are one second. */
static void find_samples(const pith_motion_clip *c, const motion_range *range, uint64_t *first, uint64_t *n) {
    uint64_t last = c->n_samples - 1;
    double near = c->n_samples > 1 ? 0.01 * time_of(c, last) / (double)last : 0;
    for (*first = 0; *first < last && time_of(c, *first) < range->from - near;) ++*first;
    while (range->to > 0 && last > *first && time_of(c, last) > range->to + near) last--;
    *n = last - *first + 1;
}

static cli_exit read_coded(motion_loaded *m, const char *path, const motion_range *range) {
    pith_diag why = {0};
    uint64_t n = m->motion.n_clips;
    m->decoded = calloc((size_t)n, sizeof *m->decoded);
    m->read = calloc((size_t)n, sizeof *m->read);
    if (!m->decoded || !m->read)
        return cli_fail(CLI_OUTPUT, path, "out of memory for %llu clips", (unsigned long long)n);
    for (uint64_t c = 0; c < n; c++) {
        uint64_t first, count;
        find_samples(&m->motion.clips[c], range, &first, &count);
        if (pith_motion_read(m->reader, c, first, count, &m->read[c], &why) != PITH_OK) return fail(path, &why);
        m->decoded[c] = *m->read[c];
    }
    m->motion.clips = m->decoded;
    return CLI_DONE;
}

cli_exit motion_load(motion_loaded *m, const char *path, const pith_env *env, double unit_cm,
                     const motion_range *range) {
    pith_diag why = {0};
    cli_exit code = read_path(m, path, env);
    if (code != CLI_DONE) return code;
    if (is_coded(m)) {
        code = open_coded(m, path, env);
        return code == CLI_DONE ? read_coded(m, path, range) : code;
    }
    if (clip_read(&m->clips, m->data, m->n_bytes, &why) != PITH_OK) return fail(path, &why);
    m->motion = m->clips.motion;
    if (unit_cm > 0) m->motion.unit_cm = unit_cm;
    if (!(m->motion.unit_cm > 0)) {
        char reason[PITH_MESSAGE_BYTES];
        m->motion.unit_cm = clip_guess_unit(&m->motion, reason);
        if (!cli_is_quiet()) cli_say(path, "the unit seems to be %s; --unit sets it", reason);
    }
    return CLI_DONE;
}

cli_exit motion_load_head(motion_loaded *m, const char *path, const pith_env *env) {
    cli_exit code = read_path(m, path, env);
    if (code != CLI_DONE) return code;
    if (!is_coded(m)) return cli_fail(CLI_INPUT, path, "not a .pithm file");
    return open_coded(m, path, env);
}

void motion_unload(motion_loaded *m) {
    for (uint64_t c = 0; m->read && c < m->motion.n_clips; c++) pith_motion_clip_free(m->reader, &m->read[c]);
    free(m->read);
    free(m->decoded);
    pith_motion_close(&m->reader);
    clip_free(&m->clips);
    free(m->data);
    *m = (motion_loaded){.motion = {.struct_size = 0}};
}

bool motion_parse_length(double *cm, const char *text) {
    static const struct {
        const char *name;
        double cm;
    } units[] = {{"", 1}, {"um", 1e-4}, {"mm", 0.1}, {"cm", 1}, {"m", 100}, {"in", 2.54}};
    char *end;
    double v = strtod(text, &end);
    if (end == text || !isfinite(v) || !(v > 0)) return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].name) == 0) {
            *cm = v * units[i].cm;
            return true;
        }
    return false;
}
