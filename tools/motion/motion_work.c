/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/motion_work.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli_json.h"
#include "cli/progress.h"
#include "files/interrupt.h"
#include "files/output_file.h"

/* ---- names ------------------------------------------------------------------------------- */

#define MAX_PATH 4096

static bool is_folder(const char *path) {
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

/* The OUT of an IN: -o, a file in the folder -o, or beside IN. */
static cli_exit name_output(char out[MAX_PATH], const motion_request *r, const char *in, const char *ending,
                            bool many) {
    const char *name = cli_name_of(in), *dot = strrchr(name, '.');
    size_t n_stem = dot && dot > name ? (size_t)(dot - name) : strlen(name), n_folder = (size_t)(name - in);
    int n;
    if (r->output && !many && !is_folder(r->output))
        n = snprintf(out, MAX_PATH, "%s", r->output);
    else if (strcmp(in, "-") == 0)
        n = snprintf(out, MAX_PATH, "-");
    else if (r->output)
        n = snprintf(out, MAX_PATH, "%s/%.*s%s", r->output, (int)n_stem, name, ending);
    else
        n = snprintf(out, MAX_PATH, "%.*s%.*s%s", (int)n_folder, in, (int)n_stem, name, ending);
    return n > 0 && n < MAX_PATH ? CLI_DONE : cli_fail(CLI_USAGE, in, "the output's name is too long");
}

/* IN OUT in the place of IN -o OUT, where OUT has the right ending and is no input of its own. */
static bool last_is_output(const motion_request *r, char **operands, int n, bool encodes) {
    if (r->output || n != 2 || r->together) return false;
    file_kind kind = file_kind_of_name(operands[1]);
    if (strcmp(operands[1], "-") == 0) return true;
    return encodes ? kind == FILE_PITHM : kind == FILE_BVH || kind == FILE_GLB;
}

static cli_exit write_output(const char *path, const pith_bytes *bytes, file_kind kind, const motion_request *r) {
    pith_diag why = {0};
    output_file *file;
    const output_rules rules = {.kind = kind, .force = r->setup.force};
    if (output_open(&file, path, &rules, &why) != PITH_OK)
        return cli_fail(cli_exit_of(why.status, CLI_OUTPUT), path, "%s", why.message);
    bool whole = fwrite(bytes->data, 1, bytes->n_bytes, output_stream(file)) == bytes->n_bytes;
    pith_status status = whole ? output_commit(file, &why) : PITH_E_IO;
    int error = errno;
    output_close(&file);
    if (!whole) return cli_fail(CLI_OUTPUT, path, "cannot write: %s", strerror(error));
    return status == PITH_OK ? CLI_DONE : cli_fail(cli_exit_of(status, CLI_OUTPUT), path, "%s", why.message);
}

/* Whether OUT may be written, before the work is done. */
static cli_exit check_output(const char *in, const char *out, file_kind kind, const motion_request *r) {
    pith_diag why = {0};
    const output_rules rules = {.kind = kind, .force = r->setup.force};
    if (cli_same_file(in, out)) return cli_fail(CLI_USAGE, out, "is an input; it would be overwritten");
    if (output_check(out, &rules, &why) == PITH_OK) return CLI_DONE;
    return cli_fail(cli_exit_of(why.status, CLI_OUTPUT), out, "%s", why.message);
}

/* ---- encode --------------------------------------------------------------------------------- */

cli_exit motion_apply_rules(const motion_request *r, motion_loaded *m, const char *path) {
    if (r->n_joint_rules == 0) return CLI_DONE;
    size_t n = (size_t)m->motion.n_joints;
    pith_motion_joint *joints = clip_alloc(&m->clips, n, sizeof *joints, NULL);
    if (!joints) return cli_fail(CLI_OUTPUT, path, "out of memory");
    memcpy(joints, m->motion.joints, n * sizeof *joints);
    m->motion.joints = joints;
    for (size_t i = 0; i < r->n_joint_rules; i++) {
        const joint_rule *rule = &r->joint_rules[i];
        char pattern[1024];
        size_t n_found = 0;
        snprintf(pattern, sizeof pattern, "%.*s", (int)rule->n_pattern, rule->pattern);
        for (size_t j = 0; j < n; j++)
            if (fnmatch(pattern, joints[j].name, 0) == 0) {
                joints[j].error = rule->error;
                n_found++;
            }
        if (n_found == 0) return cli_fail(CLI_USAGE, path, "no joint has the name %s", pattern);
    }
    return CLI_DONE;
}

static void print_encoded(const motion_request *r, const char *in, const char *out, size_t n_in, const pith_motion *m,
                          size_t n_out) {
    double seconds = 0;
    for (uint64_t c = 0; c < m->n_clips; c++) {
        const pith_motion_clip *clip = &m->clips[c];
        seconds += clip->times ? (double)clip->times[clip->n_samples - 1] - clip->times[0]
                               : (double)(clip->n_samples - 1) * clip->frame_seconds;
    }
    if (r->as_json)
        (void)json_print(json_pack("{so so sI sI sf}", "in", json_text(in), "out", json_text(out), "bytes_in",
                                   (json_int_t)n_in, "bytes", (json_int_t)n_out, "seconds", seconds));
    else if (strcmp(out, "-") != 0)
        cli_say(out, "%zu bytes; %llu joint%s, %.2f s%s", n_out, (unsigned long long)m->n_joints,
                m->n_joints == 1 ? "" : "s", seconds, m->n_clips > 1 ? ", several clips" : "");
}

static cli_exit encode_motion(const motion_request *r, const pith_motion *m, const char *in, size_t n_in,
                              const char *out) {
    pith_env env;
    pith_bytes file = {0};
    pith_diag why = {0};
    progress bar;
    cli_make_env(&env, &r->setup);
    progress_start(&bar, &env);
    pith_status status = pith_motion_encode(m, &r->options, &env, &file, &why);
    progress_end(&bar);
    if (status != PITH_OK) return cli_fail(cli_exit_of(status, CLI_INPUT), in, "%s", why.message);
    cli_exit code = write_output(out, &file, FILE_PITHM, r);
    if (code == CLI_DONE) print_encoded(r, in, out, n_in, m, file.n_bytes);
    pith_bytes_free(&env, &file);
    return code;
}

static cli_exit load(motion_loaded *m, const char *path, const motion_request *r) {
    pith_env env;
    cli_make_env(&env, &r->setup);
    cli_exit code = motion_load(m, path, &env, r->unit_cm, &r->range);
    return code == CLI_DONE ? motion_apply_rules(r, m, path) : code;
}

static cli_exit encode_file(const motion_request *r, const char *in, const char *out) {
    motion_loaded m;
    cli_exit code = check_output(in, out, FILE_PITHM, r);
    if (code != CLI_DONE) return code;
    code = load(&m, in, r);
    if (code == CLI_DONE && m.reader) code = cli_fail(CLI_INPUT, in, "is a .pithm file already");
    if (code == CLI_DONE) code = encode_motion(r, &m.motion, in, m.n_bytes, out);
    motion_unload(&m);
    return code;
}

static bool same_skeleton(const pith_motion *a, const pith_motion *b) {
    if (a->n_joints != b->n_joints || a->source.n_bytes != b->source.n_bytes) return false;
    for (uint64_t j = 0; j < a->n_joints; j++)
        if (a->joints[j].parent != b->joints[j].parent || strcmp(a->joints[j].name, b->joints[j].name) != 0 ||
            memcmp(a->joints[j].translation, b->joints[j].translation, sizeof a->joints[j].translation) != 0)
            return false;
    return memcmp(a->source.data, b->source.data, a->source.n_bytes) == 0;
}

/* The name of a clip that has none: its file's, without the ending. */
static char *stem_of(clip_file *owner, const char *path) {
    const char *name = cli_name_of(path), *dot = strrchr(name, '.');
    size_t n = dot && dot > name ? (size_t)(dot - name) : strlen(name);
    char *stem = clip_alloc(owner, n + 1, 1, NULL);
    if (stem) memcpy(stem, name, n);
    return stem;
}

static cli_exit encode_together(const motion_request *r, char **in, int n) {
    cli_exit code = CLI_DONE;
    uint64_t n_clips = 0, used = 0;
    size_t n_bytes = 0;
    motion_loaded *all = calloc((size_t)n, sizeof *all);
    if (!all) return cli_fail(CLI_OUTPUT, NULL, "out of memory");
    for (int i = 0; i < n && code == CLI_DONE; i++) {
        code = check_output(in[i], r->output, FILE_PITHM, r);
        if (code == CLI_DONE) code = load(&all[i], in[i], r);
        if (code == CLI_DONE && !same_skeleton(&all[0].motion, &all[i].motion))
            code = cli_fail(CLI_INPUT, in[i], "has another skeleton, or other channels or frame time, than %s", in[0]);
        n_clips += all[i].motion.n_clips;
        n_bytes += all[i].n_bytes;
    }
    pith_motion_clip *clips = code == CLI_DONE ? calloc((size_t)n_clips, sizeof *clips) : NULL;
    if (code == CLI_DONE && !clips) code = cli_fail(CLI_OUTPUT, NULL, "out of memory");
    for (int i = 0; i < n && code == CLI_DONE; i++)
        for (uint64_t c = 0; c < all[i].motion.n_clips; c++) {
            clips[used] = all[i].motion.clips[c];
            if (!clips[used].name[0]) clips[used].name = stem_of(&all[i].clips, in[i]);
            if (!clips[used++].name) code = cli_fail(CLI_OUTPUT, NULL, "out of memory");
        }
    if (code == CLI_DONE) {
        pith_motion m = all[0].motion;
        m.clips = clips;
        m.n_clips = n_clips;
        code = encode_motion(r, &m, in[0], n_bytes, r->output);
    }
    free(clips);
    for (int i = 0; i < n; i++) motion_unload(&all[i]);
    free(all);
    return code;
}

/* ---- decode ------------------------------------------------------------------------------------ */

static file_kind kind_of(const motion_loaded *m) {
    return clip_kind_of_source(&m->motion.source) == CLIP_GLB ? FILE_GLB : FILE_BVH;
}

static cli_exit write_clips(const motion_request *r, const pith_motion *m, file_kind kind, const char *in,
                            const char *out) {
    pith_bytes bytes;
    pith_diag why = {0};
    if (clip_write(&bytes, m, &why) != PITH_OK)
        return cli_fail(cli_exit_of(why.status, CLI_INPUT), in, "%s", why.message);
    cli_exit code = write_output(out, &bytes, kind, r);
    free(bytes.data);
    return code;
}

/* A BVH file holds one clip: several become files with the clips' names in a folder. */
static cli_exit write_each(const motion_request *r, const motion_loaded *m, const char *in, const char *out) {
    cli_exit worst = CLI_DONE;
    if (!is_folder(out) && mkdir(out, 0777) != 0)
        return cli_fail(CLI_OUTPUT, out, "cannot make the folder: %s", strerror(errno));
    for (uint64_t c = 0; c < m->motion.n_clips; c++) {
        pith_motion one = m->motion;
        char path[MAX_PATH], name[256];
        one.clips = &m->motion.clips[c];
        one.n_clips = 1;
        snprintf(name, sizeof name, "%.200s", one.clips->name);
        for (char *p = name; *p; p++)
            if (*p == '/' || (unsigned char)*p < 0x20) *p = '_';
        int n = name[0] && name[0] != '.' ? snprintf(path, sizeof path, "%s/%s.bvh", out, name)
                                          : snprintf(path, sizeof path, "%s/clip%llu.bvh", out, (unsigned long long)c);
        cli_exit code = n > 0 && n < MAX_PATH ? write_clips(r, &one, FILE_BVH, in, path)
                                              : cli_fail(CLI_USAGE, in, "the output's name is too long");
        if (code > worst) worst = code;
    }
    return worst;
}

static cli_exit decode_file(const motion_request *r, const char *in, const char *given, bool many) {
    motion_loaded m;
    pith_env env;
    char out[MAX_PATH];
    cli_make_env(&env, &r->setup);
    cli_exit code = motion_load(&m, in, &env, 1, &r->range); /* a unit, so that none is guessed of a wrong file */
    if (code == CLI_DONE && !m.reader) code = cli_fail(CLI_INPUT, in, "not a .pithm file");
    if (code == CLI_DONE) {
        file_kind kind = kind_of(&m);
        bool each = kind == FILE_BVH && m.motion.n_clips > 1;
        if (given)
            snprintf(out, sizeof out, "%s", given);
        else
            code = name_output(out, r, in, each ? "" : file_kind_ending(kind), many);
        if (code == CLI_DONE && each) code = write_each(r, &m, in, out);
        if (code == CLI_DONE && !each) code = check_output(in, out, kind, r);
        if (code == CLI_DONE && !each) code = write_clips(r, &m.motion, kind, in, out);
    }
    motion_unload(&m);
    return code;
}

/* ---- many ---------------------------------------------------------------------------------------- */

static cli_exit each(const motion_request *r, char **operands, int n, bool encodes) {
    cli_exit worst = CLI_DONE;
    bool has_output = last_is_output(r, operands, n, encodes);
    int n_in = has_output ? 1 : n;
    if (n_in > 1 && r->output && !is_folder(r->output) && mkdir(r->output, 0777) != 0)
        return cli_fail(CLI_OUTPUT, r->output, "cannot make the folder: %s", strerror(errno));
    for (int i = 0; i < n_in; i++) {
        char out[MAX_PATH];
        cli_exit code = CLI_DONE;
        const char *given = has_output ? operands[1] : NULL;
        if (encodes && !given) code = name_output(out, r, operands[i], ".pithm", n_in > 1);
        if (code == CLI_DONE)
            code = encodes ? encode_file(r, operands[i], given ? given : out)
                           : decode_file(r, operands[i], given, n_in > 1);
        if (code > worst) worst = code;
    }
    return worst;
}

cli_exit motion_encode_files(const motion_request *r, char **operands, int n) {
    return r->together ? encode_together(r, operands, n) : each(r, operands, n, true);
}

cli_exit motion_decode_files(const motion_request *r, char **operands, int n) { return each(r, operands, n, false); }
