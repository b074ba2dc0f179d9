/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "compare/compare_html.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare/compare_sheet.h"
#include "compare/html_page.h"
#include "compare/rival_codecs.h"
#include "files/interrupt.h"
#include "files/output_file.h"
#include "imageio/imageio.h"
#include "imageio/pith_file.h"
#include "models/model_find.h"

#define PIXELS_512 262144.0
#define N_SIZES 3
#define N_CODED (N_SIZES * HTML_MAX_CODECS)

static const double sizes_512[N_SIZES] = {2500, 5000, 10000};

/* A page being made. */
typedef struct job {
    pith_env env;
    pith_model *model;
    pith_encoder *encoder;
    html_page page;
    const rival_codec *rivals[N_RIVALS]; /* those that are installed; the page's codecs from 1 on */
    char missing[256];
    char folder[RIVAL_PATH_BYTES]; /* for one picture's files; removed afterwards */
    int folder_slot;               /* from interrupt.h */
    output_file *out;
} job;

/* One picture and the files made of it. */
typedef struct subject {
    const char *path;
    pith_image image;
    char original[RIVAL_PATH_BYTES];
    char shown[N_CODED][RIVAL_PATH_BYTES];
    html_picture on_page;
} subject;

static void path_in(char path[RIVAL_PATH_BYTES], const job *j, const char *name, size_t number, const char *ending) {
    char text[RIVAL_PATH_BYTES + 64];
    char digits[24] = "";
    if (number) snprintf(digits, sizeof digits, "%zu", number);
    snprintf(text, sizeof text, "%s/%s%s.%s", j->folder, name, digits, ending);
    text[RIVAL_PATH_BYTES - 1] = 0; /* the folder's name was checked to be short */
    memcpy(path, text, RIVAL_PATH_BYTES);
}

/* ---- files ------------------------------------------------------------------------- */

static pith_status put_image(const pith_sink *sink, const void *user) {
    const pith_image *image = user;
    pith_status status = sink->start(sink->user, &image->format);
    if (status != PITH_OK) return status;
    return sink->write_rows(sink->user, 0, image->format.height, image->pixels, image->stride_bytes);
}

/* In our own folder. */
static pith_status write_picture(const char *path, image_type type, const pith_image *image, pith_diag *why) {
    return compare_write(path, type, true, put_image, image, why);
}

static pith_status write_bytes(const char *path, const pith_bytes *bytes, pith_diag *why) {
    output_file *out = NULL;
    const output_rules rules = {.kind = FILE_PITH, .force = true};
    pith_status status = output_open(&out, path, &rules, why);
    /* A short write leaves the stream's error mark, which the commit sees. */
    if (status == PITH_OK) fwrite(bytes->data, 1, bytes->n_bytes, output_stream(out));
    if (status == PITH_OK) status = output_commit(out, why);
    output_close(&out);
    return status;
}

static void empty_folder(const char *folder) {
    DIR *entries = opendir(folder);
    if (!entries) return;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (entry->d_name[0] != '.') unlinkat(dirfd(entries), entry->d_name, 0);
    closedir(entries);
}

/* ---- versions ---------------------------------------------------------------------- */

/* Measures the decoded picture, and keeps it as a PNG if browsers cannot show the file. */
static pith_status take_decoded(html_version *v, const job *j, const subject *s, const pith_image *decoded, char *shown,
                                size_t number, pith_diag *why) {
    pith_status status = metrics_compare(&v->figures, &s->image, decoded, why);
    if (status != PITH_OK) return status;
    if (!v->media_type) {
        path_in(shown, j, "decoded", number, "png");
        v->media_type = "image/png";
        status = write_picture(shown, IMAGE_PNG, decoded, why);
    }
    v->path = shown;
    v->made = status == PITH_OK;
    return status;
}

static pith_status make_pith(html_version *v, job *j, subject *s, uint64_t n_bytes, size_t number, pith_diag *why) {
    char coded[RIVAL_PATH_BYTES];
    pith_encode_options o;
    pith_source source;
    pith_bytes bytes = {.data = NULL};
    pith_file file = {.data = NULL};
    pith_image decoded = {.pixels = NULL};
    pith_encode_options_defaults(&o, sizeof o);
    o.max_bytes = n_bytes;
    pith_source_from_image(&source, sizeof source, &s->image);
    pith_status status = pith_encode(j->encoder, &source, &o, &bytes);
    if (status == PITH_E_LIMIT) {
        v->why_not = "cannot make it so small";
        return PITH_OK;
    }
    if (status != PITH_OK) {
        snprintf(why->message, sizeof why->message, "%s", pith_encoder_message(j->encoder));
        return status;
    }
    path_in(coded, j, "coded", number, "pith");
    status = write_bytes(coded, &bytes, why);
    v->n_bytes = bytes.n_bytes;
    pith_bytes_free(&j->env, &bytes);
    if (status == PITH_OK) status = pith_file_open(&file, coded, &j->env, why);
    if (status != PITH_OK) return status;
    status = pith_file_to_image(&decoded, &file, j->model, why);
    pith_file_close(&file);
    if (status == PITH_OK) status = take_decoded(v, j, s, &decoded, s->shown[number], number, why);
    free(decoded.pixels);
    return status;
}

/* One codec's files of a picture, made while Pith makes its own. */
typedef struct rival_run {
    pthread_t thread;
    bool has_thread;
    const job *job;
    subject *subject;
    size_t codec; /* an index into the page's codecs */
    rival_result results[N_SIZES];
} rival_run;

static uint64_t bytes_of(const job *j, const subject *s, size_t size) {
    const double n_pixels = (double)s->image.format.width * s->image.format.height;
    return (uint64_t)(j->page.sizes_512[size] * n_pixels / PIXELS_512);
}

static void *run_rival(void *user) {
    rival_run *r = user;
    for (size_t size = 0; size < r->job->page.n_sizes; size++) {
        const uint64_t n_bytes = bytes_of(r->job, r->subject, size);
        char *shown = r->subject->shown[size * HTML_MAX_CODECS + r->codec];
        if (n_bytes > 0)
            r->results[size] = rival_best_under(shown, r->job->rivals[r->codec - 1], r->job->folder, n_bytes);
    }
    return NULL;
}

static pith_status take_rival(html_version *v, job *j, subject *s, const rival_codec *codec, rival_result result,
                              size_t number, pith_diag *why) {
    if (result != RIVAL_DONE) {
        v->why_not = result == RIVAL_CANNOT ? "cannot make it so small" : "its tool failed";
        return PITH_OK;
    }
    image_facts facts;
    pith_image decoded = {.pixels = NULL};
    pith_diag unread = {0}; /* a pith built without that format's library can still show the others */
    if (image_load(&decoded, &facts, s->shown[number], &j->env, &unread) != PITH_OK) {
        v->why_not = "this pith cannot read its files";
        return PITH_OK;
    }
    v->media_type = codec->media_type;
    v->n_bytes = facts.n_file_bytes;
    pith_status status = take_decoded(v, j, s, &decoded, s->shown[number], number, why);
    free(decoded.pixels);
    return status;
}

static pith_status make_versions(job *j, subject *s, pith_diag *why) {
    const size_t n_codecs = j->page.n_codecs;
    pith_status status = PITH_OK;
    rival_run runs[HTML_MAX_CODECS] = {{.has_thread = false}};
    for (size_t c = 1; c < n_codecs; c++) {
        runs[c].job = j;
        runs[c].subject = s;
        runs[c].codec = c;
        runs[c].has_thread = pthread_create(&runs[c].thread, NULL, run_rival, &runs[c]) == 0;
    }
    for (size_t size = 0; size < j->page.n_sizes && status == PITH_OK; size++) {
        html_version *v = &s->on_page.versions[size][0];
        const uint64_t n_bytes = bytes_of(j, s, size);
        if (n_bytes == 0)
            v->why_not = "less than a byte";
        else
            status = make_pith(v, j, s, n_bytes, size * HTML_MAX_CODECS, why);
    }
    for (size_t c = 1; c < n_codecs; c++) {
        if (runs[c].has_thread)
            pthread_join(runs[c].thread, NULL);
        else
            run_rival(&runs[c]);
        for (size_t size = 0; size < j->page.n_sizes && status == PITH_OK; size++) {
            html_version *v = &s->on_page.versions[size][c];
            const size_t number = size * HTML_MAX_CODECS + c;
            if (bytes_of(j, s, size) == 0)
                v->why_not = "less than a byte";
            else
                status = take_rival(v, j, s, j->rivals[c - 1], runs[c].results[size], number, why);
        }
    }
    return status;
}

static cli_exit add_picture(job *j, const char *path, unsigned index) {
    subject *s = calloc(1, sizeof *s);
    if (!s) return cli_fail(CLI_OUTPUT, NULL, "out of memory");
    image_facts facts;
    pith_diag why = {0};
    cli_exit code = CLI_DONE;
    char ppm[RIVAL_PATH_BYTES];
    pith_status status = image_load(&s->image, &facts, path, &j->env, &why);
    if (status != PITH_OK) code = cli_fail(cli_exit_of(status, CLI_INPUT), path, "%s", why.message);
    if (code == CLI_DONE) {
        path_in(s->original, j, "original", 0, "png");
        path_in(ppm, j, "original", 0, "ppm");
        s->on_page.name = cli_name_of(path);
        s->on_page.original_path = s->original;
        s->on_page.width = s->image.format.width;
        s->on_page.height = s->image.format.height;
        s->on_page.n_file_bytes = facts.n_file_bytes;
        status = write_picture(s->original, IMAGE_PNG, &s->image, &why);
        if (status == PITH_OK) status = write_picture(ppm, IMAGE_PPM, &s->image, &why);
        if (status == PITH_OK) status = make_versions(j, s, &why);
        if (status != PITH_OK) code = cli_fail(cli_exit_of(status, CLI_OUTPUT), path, "%s", why.message);
    }
    if (code == CLI_DONE && !html_add(output_stream(j->out), &j->page, &s->on_page, index))
        code = cli_fail(CLI_OUTPUT, path, "what was made of it cannot be read back");
    empty_folder(j->folder);
    free(s->image.pixels);
    free(s);
    return code;
}

/* ---- the whole --------------------------------------------------------------------- */

static void find_codecs(job *j) {
    j->page.codecs[j->page.n_codecs++] = (html_codec){"pith", "Pith"};
    for (size_t i = 0; i < N_RIVALS; i++) {
        const rival_codec *codec = &rival_codecs[i];
        if (rival_is_installed(codec)) {
            j->rivals[j->page.n_codecs - 1] = codec;
            j->page.codecs[j->page.n_codecs++] = (html_codec){codec->name, codec->shown};
            continue;
        }
        size_t used = strlen(j->missing);
        snprintf(j->missing + used, sizeof j->missing - used, "%s%s (%s)", used ? ", " : "", codec->shown, codec->tool);
        cli_warn(codec->tool, "is not installed: %s is left out", codec->shown);
    }
    j->page.missing = j->missing;
    j->page.n_sizes = N_SIZES;
    memcpy(j->page.sizes_512, sizes_512, sizeof sizes_512);
}

static cli_exit open_all(job *j, const char *out, const cli_setup *setup) {
    pith_diag why = {0};
    const char *temp = getenv("TMPDIR");
    int n = snprintf(j->folder, sizeof j->folder, "%s/pith-html-XXXXXX", temp && *temp ? temp : "/tmp");
    if (n < 0 || (size_t)n + 64 > sizeof j->folder || !mkdtemp(j->folder)) {
        j->folder[0] = 0;
        return cli_fail(CLI_OUTPUT, "TMPDIR", "a folder for the coded pictures cannot be made");
    }
    j->folder_slot = interrupt_remember_folder(j->folder);
    cli_exit code = model_for_encode(&j->model, &j->env, setup->model);
    if (code != CLI_DONE) return code;
    if (pith_encoder_new(&j->encoder, &j->env, j->model, &why) != PITH_OK)
        return cli_fail(cli_exit_of(why.status, CLI_MODEL), NULL, "%s", why.message);
    const output_rules rules = {.kind = FILE_HTML, .force = setup->force};
    pith_status status = output_open(&j->out, out, &rules, &why);
    return status == PITH_OK ? CLI_DONE : cli_fail(cli_exit_of(status, CLI_OUTPUT), out, "%s", why.message);
}

cli_exit compare_html_write(const char *out, char *const *paths, size_t n_paths, const cli_setup *setup) {
    job j = {.model = NULL, .folder_slot = -1};
    pith_diag why = {0};
    cli_make_env(&j.env, setup);
    find_codecs(&j);
    cli_exit code = open_all(&j, out, setup);
    if (code == CLI_DONE) html_begin(output_stream(j.out), &j.page);
    for (size_t i = 0; i < n_paths && code == CLI_DONE; i++) code = add_picture(&j, paths[i], (unsigned)i);
    if (code == CLI_DONE) {
        html_end(output_stream(j.out), &j.page);
        if (output_commit(j.out, &why) != PITH_OK) code = cli_fail(CLI_OUTPUT, out, "%s", why.message);
    }
    output_close(&j.out);
    pith_encoder_free(&j.encoder);
    pith_model_free(&j.model);
    if (j.folder[0]) rmdir(j.folder);
    interrupt_forget(j.folder_slot);
    return code;
}
