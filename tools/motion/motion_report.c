/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/motion_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli_json.h"
#include "files/output_file.h"
#include "messages/tool_fail.h"
#include "motion/motion_html.h"

static double seconds_of(const pith_motion_clip *c) {
    return c->times ? (double)c->times[c->n_samples - 1] - c->times[0] : (double)(c->n_samples - 1) * c->frame_seconds;
}

static const char *kind_name(const pith_motion *m) {
    clip_kind kind = clip_kind_of_source(&m->source);
    return kind == CLIP_BVH ? "BVH" : kind == CLIP_GLB ? "GLB" : "unknown";
}

static json_t *clip_json(const motion_loaded *m, uint64_t c) {
    const pith_motion_clip *clip = &m->motion.clips[c];
    pith_motion_info i = {.struct_size = sizeof i};
    (void)!pith_motion_clip_info(m->reader, c, &i);
    return json_pack("{so sI sf sf sf sf sI sI sI sI sI}", "name", json_text(clip->name), "samples",
                     (json_int_t)clip->n_samples, "seconds", seconds_of(clip), "error_cm", i.error, "shell_cm", i.shell,
                     "worst_cm", i.worst, "bytes", (json_int_t)i.n_bytes, "slices", (json_int_t)i.n_slices, "rotations",
                     (json_int_t)i.n_rotations, "translations", (json_int_t)i.n_translations, "scales",
                     (json_int_t)i.n_scales);
}

static cli_exit print_info_json(const motion_loaded *m, const char *path) {
    json_t *clips = json_array();
    for (uint64_t c = 0; c < m->motion.n_clips; c++) json_array_append_new(clips, clip_json(m, c));
    return json_print(json_pack("{so so sI sf sI so}", "file", json_text(path), "made_from",
                                json_text(kind_name(&m->motion)), "joints", (json_int_t)m->motion.n_joints, "unit_cm",
                                m->motion.unit_cm, "bytes", (json_int_t)m->n_bytes, "clips", clips));
}

static cli_exit print_info(const motion_loaded *m, const char *path) {
    cli_shown shown;
    printf("%s\n  animation %" PRIu64 " joints, %" PRIu64
           " clip%s, made from %s; a unit is %g cm\n  size      %zu bytes\n",
           cli_show(&shown, path), m->motion.n_joints, m->motion.n_clips, m->motion.n_clips == 1 ? "" : "s",
           kind_name(&m->motion), m->motion.unit_cm, m->n_bytes);
    for (uint64_t c = 0; c < m->motion.n_clips; c++) {
        const pith_motion_clip *clip = &m->motion.clips[c];
        pith_motion_info i = {.struct_size = sizeof i};
        (void)!pith_motion_clip_info(m->reader, c, &i);
        double seconds = seconds_of(clip);
        printf("  clip      %s%s%" PRIu64 " samples, %.3f s; %" PRIu64 " bytes", cli_show(&shown, clip->name),
               clip->name[0] ? ": " : "", clip->n_samples, seconds, i.n_bytes);
        if (seconds > 0) printf(" (%.0f a second)", (double)i.n_bytes / seconds);
        printf("\n  promise   every joint within %g cm at every sample, %g cm from the joint; the largest error is "
               "%.4g cm\n",
               i.error, i.shell, i.worst);
        printf("  moving    %" PRIu64 " rotations, %" PRIu64 " translations, %" PRIu64 " scales; %" PRIu64
               " slices of %" PRIu64 " samples\n",
               i.n_rotations, i.n_translations, i.n_scales, i.n_slices, i.slice_samples);
    }
    return CLI_DONE;
}

cli_exit motion_info_files(const motion_request *r, char **paths, int n) {
    cli_exit worst = CLI_DONE;
    pith_env env;
    cli_make_env(&env, &r->setup);
    for (int i = 0; i < n; i++) {
        motion_loaded m;
        cli_exit code = motion_load_head(&m, paths[i], &env);
        if (code == CLI_DONE) code = r->as_json ? print_info_json(&m, paths[i]) : print_info(&m, paths[i]);
        motion_unload(&m);
        if (code > worst) worst = code;
    }
    return worst;
}

/* ---- compare --------------------------------------------------------------------------------------------- */

static json_t *comparison_json(const motion_loaded *a, uint64_t clip, const pith_motion_comparison *c) {
    return json_pack("{so so so so so sI so so so so so so so sI}", "clip", json_text(a->motion.clips[clip].name),
                     "max_error_cm", json_number(c->largest), "p99_cm", json_number(c->p99), "mean_cm",
                     json_number(c->mean), "joint", json_text(a->motion.joints[c->largest_joint].name), "sample",
                     (json_int_t)c->largest_sample, "between_samples_cm", json_number(c->between), "mpjpe_mm",
                     json_number(10 * c->position), "mean_degrees", json_number(c->degrees), "max_degrees",
                     json_number(c->largest_degrees), "jitter", json_number(c->jitter), "foot_sliding_cm_per_s",
                     json_number(c->sliding), "scalars", json_number(c->scalars), "over_bound", (json_int_t)c->n_over);
}

static void print_comparison(const motion_loaded *a, uint64_t clip, const pith_motion_comparison *c) {
    cli_shown shown;
    if (a->motion.clips[clip].name[0]) printf("clip %s\n", cli_show(&shown, a->motion.clips[clip].name));
    printf("max_error_cm %.6f\np99_cm %.6f\nmean_cm %.6f\njoint %s\nsample %" PRIu64
           "\nbetween_samples_cm %.6f\nmpjpe_mm %.5f\n"
           "mean_degrees %.5f\nmax_degrees %.5f\njitter %.4f\nfoot_sliding_cm_per_s %.4f\n",
           c->largest, c->p99, c->mean, cli_show(&shown, a->motion.joints[c->largest_joint].name), c->largest_sample,
           c->between, 10 * c->position, c->degrees, c->largest_degrees, c->jitter, c->sliding);
    if (a->motion.clips[clip].n_scalars) printf("scalars %.4f\n", c->scalars);
    printf("over_bound %" PRIu64 "\n", c->n_over);
}

/* B's own promise, unless the user gave an error. */
static pith_motion_options promise_of(const motion_request *r, const motion_loaded *b, uint64_t clip) {
    pith_motion_options o = r->options;
    pith_motion_info i = {.struct_size = sizeof i};
    if (r->has_error || !b->reader || pith_motion_clip_info(b->reader, clip, &i) != PITH_OK) return o;
    o.error = i.error;
    o.shell = i.shell;
    return o;
}

/* Compares one clip, and puts it onto the page (NULL: there is none). */
static pith_status compare_clip(pith_motion_comparison *result, const motion_shown *shown, uint64_t clip,
                                const pith_motion_options *options, const pith_env *env, FILE *page, pith_diag *why) {
    const pith_motion *a = &shown->a->motion, *b = &shown->b->motion;
    float *errors = page ? calloc((size_t)a->clips[clip].n_samples, (size_t)a->n_joints * sizeof *errors) : NULL;
    if (page && !errors) return tool_fail(why, PITH_E_NOMEM, "out of memory for the page");
    pith_status status = pith_motion_compare(a, clip, b, clip, options, env, result, errors, why);
    if (status == PITH_OK && page) status = motion_html_clip(page, shown, clip, options, result, errors, why);
    free(errors);
    return status;
}

static cli_exit compare_clips(const motion_request *r, const motion_shown *shown, const pith_env *env, FILE *page) {
    const motion_loaded *a = shown->a, *b = shown->b;
    const char *path = shown->name_b;
    cli_exit code = CLI_DONE;
    json_t *all = json_array();
    for (uint64_t c = 0; c < a->motion.n_clips; c++) {
        pith_diag why = {0};
        pith_motion_comparison result = {.struct_size = sizeof result};
        pith_motion_options options = promise_of(r, b, c);
        if (compare_clip(&result, shown, c, &options, env, page, &why) != PITH_OK) {
            code = cli_fail(cli_exit_of(why.status, CLI_INPUT), path, "%s", why.message);
            break;
        }
        if (r->as_json)
            json_array_append_new(all, comparison_json(a, c, &result));
        else
            print_comparison(a, c, &result);
        bool kept = result.n_over == 0 && result.scalars <= 1;
        if (r->check_bound && !kept)
            code = cli_fail(CLI_BOUND, path,
                            "%" PRIu64 " joints at samples are over the bound of %g cm; the largest error is %.6g cm",
                            result.n_over, options.error, result.largest);
    }
    if (r->as_json && code != CLI_INPUT) {
        (void)json_print(a->motion.n_clips == 1 ? json_incref(json_array_get(all, 0)) : json_incref(all));
    }
    json_decref(all);
    return code;
}

static cli_exit compare_pair(const motion_request *r, const motion_shown *shown, const pith_env *env) {
    pith_diag why = {0};
    output_file *file = NULL;
    const output_rules rules = {.kind = FILE_HTML, .force = r->setup.force};
    if (!r->html) return compare_clips(r, shown, env, NULL);
    if (output_open(&file, r->html, &rules, &why) != PITH_OK)
        return cli_fail(cli_exit_of(why.status, CLI_OUTPUT), r->html, "%s", why.message);
    FILE *page = output_stream(file);
    motion_html_begin(page, shown);
    cli_exit code = compare_clips(r, shown, env, page);
    motion_html_end(page);
    if ((code == CLI_DONE || code == CLI_BOUND) && output_commit(file, &why) != PITH_OK)
        code = cli_fail(cli_exit_of(why.status, CLI_OUTPUT), r->html, "%s", why.message);
    output_close(&file);
    return code;
}

cli_exit motion_compare_files(const motion_request *r, const char *path_a, const char *path_b) {
    motion_loaded a, b = {.reader = NULL};
    pith_env env;
    cli_make_env(&env, &r->setup);
    cli_exit code = motion_load(&a, path_a, &env, r->unit_cm, &r->range);
    if (code == CLI_DONE)
        code = motion_load(&b, path_b, &env, r->unit_cm > 0 ? r->unit_cm : a.motion.unit_cm, &r->range);
    /* Where one of them knows its unit, the other has the same. */
    if (code == CLI_DONE && b.reader && !a.reader && !(r->unit_cm > 0)) a.motion.unit_cm = b.motion.unit_cm;
    if (code == CLI_DONE) code = motion_apply_rules(r, &a, path_a);
    /* Joints with an error of their own have it in B's file. */
    if (code == CLI_DONE && b.reader && r->n_joint_rules == 0 && a.motion.n_joints == b.motion.n_joints) {
        pith_motion_joint *joints = clip_alloc(&a.clips, (size_t)a.motion.n_joints, sizeof *joints, NULL);
        if (!joints) code = cli_fail(CLI_OUTPUT, path_a, "out of memory");
        for (uint64_t j = 0; joints && j < a.motion.n_joints; j++) {
            joints[j] = a.motion.joints[j];
            joints[j].error = b.motion.joints[j].error;
            joints[j].shell = b.motion.joints[j].shell;
        }
        if (joints) a.motion.joints = joints;
    }
    if (code == CLI_DONE && a.motion.n_clips != b.motion.n_clips)
        code = cli_fail(CLI_INPUT, path_b, "has another number of clips than %s", path_a);
    const motion_shown shown = {&a, &b, path_a, path_b};
    if (code == CLI_DONE) code = compare_pair(r, &shown, &env);
    motion_unload(&a);
    motion_unload(&b);
    return code;
}
