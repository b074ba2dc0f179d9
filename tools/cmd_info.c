/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith info: the contents of .pith files, and the models they need. */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/cli_json.h"
#include "imageio/pith_file.h"
#include "models/model_catalogue.h"

static const cli_option options[] = {{'v', "verbose", NULL, "also show how it is coded, and where each chunk is"},
                                     CLI_OPTION_JSON,
                                     CLI_OPTION_HELP,
                                     {0}};

/* One file and its model; `model` is NULL if that is not installed. */
typedef struct info_view {
    const char *path;
    const pith_file *file;
    const model_entry *model;
    char latent_id[CLI_HEX_BYTES];
    char picture_hash[CLI_HEX_BYTES]; /* empty: the file has none */
    double bits_per_pixel;
    double quality; /* the -q value that gives this step; NAN if the model is unknown or there is a residual */
} info_view;

static info_view make_view(const char *path, const pith_file *file, const model_catalogue *catalogue) {
    const pith_info *i = &file->info;
    info_view v = {.path = path, .file = file, .model = model_catalogue_find(catalogue, i->latent_id), .quality = NAN};
    cli_hex(v.latent_id, i->latent_id);
    cli_hex(v.picture_hash, i->picture_hash);
    if (strspn(v.picture_hash, "0") == 2 * PITH_FINGERPRINT_BYTES) v.picture_hash[0] = '\0';
    v.bits_per_pixel = 8 * (double)i->n_file_bytes / ((double)i->format.width * i->format.height);
    if (v.model && i->method == PITH_METHOD_LATENT && i->n_residual_bytes == 0) {
        const pith_model_contents *c = &v.model->contents;
        v.quality = (double)pith_quality_of_step(c->log2_step_q0, c->log2_step_q100, (float)i->step);
    }
    return v;
}

static const char *method_name(pith_method method) {
    switch (method) {
    case PITH_METHOD_LATENT:
        return "latent";
    case PITH_METHOD_PALETTE:
        return "palette";
    case PITH_METHOD_EXACT:
        return "exact";
    }
    return "?";
}

static void print_latent(const info_view *v) {
    const pith_info *i = &v->file->info;
    printf("  latent    %" PRIu32 "x%" PRIu32 ", %" PRIu32 " channels, 1/%" PRIu32 " of the picture's size, %" PRIu32
           " slice%s\n",
           i->latent_width, i->latent_height, i->n_latent, i->downscale, i->n_slices, i->n_slices == 1 ? "" : "s");
    if (i->recipe) printf("  recipe    %u, the networks see windows that are blended\n", i->recipe);
    printf("  step      %.5f (index %u)%s\n", i->step, i->step_index,
           i->method == PITH_METHOD_PALETTE ? ", of a quantiser with as much noise" : "");
}

/* Coding details, for work on the format. */
static void print_coding(const info_view *v) {
    const pith_info *i = &v->file->info;
    const bool is_exact = i->method == PITH_METHOD_EXACT;
    printf("  format    %" PRIu32 ".%" PRIu32 ", method %s", i->version_major, i->version_minor,
           method_name(i->method));
    if (is_exact)
        printf(", %" PRIu32 " slice%s\n", i->n_slices, i->n_slices == 1 ? "" : "s");
    else
        printf(", prior %u\n", i->prior_id);
    if (!is_exact) print_latent(v);
    for (uint32_t c = 0; c < i->n_chunks; c++) {
        pith_chunk_info chunk = {.struct_size = sizeof chunk};
        if (pith_decoder_chunk(v->file->decoder, c, &chunk) != PITH_OK) break;
        printf("  chunk     %-4s type %02x, offset %" PRIu64 ", %" PRIu64 " bytes\n", chunk.name, chunk.type,
               chunk.offset, chunk.n_bytes);
    }
}

/* Lists the parts other than the network's. */
static void print_parts(const info_view *v) {
    static const struct {
        const char *text;
        pith_metadata kind;
    } parts[] = {{"Exif", PITH_METADATA_EXIF}, {"XMP", PITH_METADATA_XMP}, {"colour profile", PITH_METADATA_ICC}};
    if (v->file->info.n_residual_bytes > 0)
        printf("  residual  %" PRIu64 " bytes, which mend what the network gets wrong\n",
               v->file->info.n_residual_bytes);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const uint8_t *data;
        size_t n_bytes = 0;
        if (pith_decoder_metadata(v->file->decoder, parts[i].kind, &data, &n_bytes) == PITH_OK && n_bytes > 0)
            printf("  keeps     %s, %zu bytes\n", parts[i].text, n_bytes);
    }
}

static void print_text(const info_view *v, bool verbose) {
    const pith_info *i = &v->file->info;
    cli_shown path, name;
    printf("%s\n", cli_show(&path, v->path));
    printf("  picture   %" PRIu32 "x%" PRIu32 ", %u channel%s of %u bits\n", i->format.width, i->format.height,
           i->format.n_channels, i->format.n_channels == 1 ? "" : "s", i->source_bit_depth);
    printf("  bytes     %" PRIu64 ", %.4f bits per pixel\n", i->n_file_bytes, v->bits_per_pixel);
    if (i->method == PITH_METHOD_EXACT)
        printf("  quality   %s\n", i->lossless ? "lossless" : "exact, in fewer colours or levels than the original");
    else if (!isnan(v->quality))
        printf("  quality   %.1f\n", v->quality);
    if (i->faithful != PITH_LEVEL_NONE)
        printf("  faithful  %s: no tile's error above %.3f, the worst %.3f\n", cli_level_name(i->faithful), i->bound,
               i->worst_tile);
    print_parts(v);
    if (v->picture_hash[0]) printf("  hash      %s, of the decoded picture\n", v->picture_hash);
    if (i->method == PITH_METHOD_EXACT)
        printf("  model     none is needed\n");
    else
        printf("  model     %s, latent space %s, %s%s\n", cli_show(&name, i->model_name), v->latent_id,
               v->model ? "installed: " : "not installed", v->model ? cli_show(&path, v->model->path) : "");
    if (verbose) print_coding(v);
}

static json_t *chunks_json(const info_view *v) {
    json_t *array = json_array();
    for (uint32_t c = 0; c < v->file->info.n_chunks; c++) {
        pith_chunk_info chunk = {.struct_size = sizeof chunk};
        if (pith_decoder_chunk(v->file->decoder, c, &chunk) != PITH_OK) break;
        json_array_append_new(array, json_pack("{so si sI sI}", "name", json_text(chunk.name), "type", (int)chunk.type,
                                               "offset", (json_int_t)chunk.offset, "bytes", (json_int_t)chunk.n_bytes));
    }
    return array;
}

static json_t *view_json(const info_view *v) {
    const pith_info *i = &v->file->info;
    char version[24];
    snprintf(version, sizeof version, "%" PRIu32 ".%" PRIu32, i->version_major, i->version_minor);
    const bool is_exact = i->method == PITH_METHOD_EXACT; /* an exact picture has no latent and no model */
    json_t *model =
        is_exact ? json_null()
                 : json_pack("{so ss sb so}", "name", json_text(i->model_name), "latent_id", v->latent_id, "installed",
                             v->model != NULL, "path", v->model ? json_text(v->model->path) : json_null());
    json_t *latent = is_exact ? json_null()
                              : json_pack("{sI sI sI sI sI}", "width", (json_int_t)i->latent_width, "height",
                                          (json_int_t)i->latent_height, "channels", (json_int_t)i->n_latent,
                                          "downscale", (json_int_t)i->downscale, "slices", (json_int_t)i->n_slices);
    return json_pack("{so sI sI si si sI so ss ss sb so si so so si si so so so}", "file", json_text(v->path), "width",
                     (json_int_t)i->format.width, "height", (json_int_t)i->format.height, "channels",
                     (int)i->format.n_channels, "depth", (int)i->source_bit_depth, "bytes", (json_int_t)i->n_file_bytes,
                     "bpp", json_number(v->bits_per_pixel), "version", version, "method", method_name(i->method),
                     "lossless", i->lossless, "step", json_number(i->step), "step_index", (int)i->step_index, "quality",
                     json_number(v->quality), "latent", latent, "prior_id", (int)i->prior_id, "recipe", (int)i->recipe,
                     "model", model, "chunks", chunks_json(v), "picture_hash",
                     v->picture_hash[0] ? json_string(v->picture_hash) : json_null());
}

/* Shows one file: adds its view to `array`, or prints it if that is NULL. */
static cli_exit show(const char *path, const pith_env *env, const model_catalogue *catalogue, json_t *array,
                     bool verbose) {
    pith_file file;
    pith_diag why = {0};
    pith_status status = pith_file_open(&file, path, env, &why);
    if (status != PITH_OK) return cli_fail(cli_exit_of(status, CLI_INPUT), path, "%s", why.message);
    info_view v = make_view(path, &file, catalogue);
    if (array)
        json_array_append_new(array, view_json(&v));
    else
        print_text(&v, verbose);
    pith_file_close(&file);
    return CLI_DONE;
}

static cli_exit show_all(char **paths, int n_paths, bool as_json, bool verbose) {
    pith_env env;
    model_catalogue catalogue;
    pith_env_defaults(&env, sizeof env);
    if (model_catalogue_make(&catalogue, &env, MODEL_WARN_NONE) != PITH_OK)
        return cli_fail(CLI_OUTPUT, NULL, "out of memory");
    json_t *array = as_json ? json_array() : NULL;
    cli_exit worst = CLI_DONE;
    for (int i = 0; i < n_paths; i++) {
        cli_exit code = show(paths[i], &env, &catalogue, array, verbose);
        if (code > worst) worst = code;
    }
    if (as_json) {
        cli_exit code = json_print(array);
        if (code > worst) worst = code;
    }
    model_catalogue_free(&catalogue);
    return worst;
}

static int run(const cli_command *command, int argc, char **argv) {
    const char *argument;
    bool as_json = false, verbose = false;
    for (int option; (option = cli_next_option(command, argc, argv, &argument)) != 0;) {
        if (option < 0) return CLI_USAGE;
        if (option == CLI_HELP) return cli_show_help(command);
        as_json = as_json || option == CLI_JSON;
        verbose = verbose || option == 'v';
    }
    if (optind == argc) return cli_usage(command, "at least one FILE is needed");
    return (int)show_all(argv + optind, argc - optind, as_json, verbose);
}

const cli_command cli_info = {"info", "[OPTION...] FILE.pith...",
                              "Shows what is in .pith files and which model they need.", options, run};
