/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith compare: the difference between two pictures, in numbers or side by side. */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/cli_json.h"
#include "compare/compare_html.h"
#include "compare/compare_sheet.h"
#include "compare/compare_tiles.h"
#include "compare/measure.h"
#include "files/output_file.h"
#include "imageio/imageio.h"
#include "imageio/pith_file.h"
#include "models/model_find.h"

static const cli_option options[] = {
    CLI_OPTION_JSON,
    {CLI_HTML, "html", "OUT.html", "write a page of pictures beside what other codecs make of them"},
    {CLI_SIDE_BY_SIDE, "side-by-side", "OUT.png", "write the pictures beside each other, and no numbers"},
    {CLI_BOUND_LEVEL, "bound", "loose|normal|strict", "check B against the bound of a level; status 5 if it fails"},
    {CLI_HEATMAP, "heatmap", "OUT.png", "paint where B differs in structure"},
    CLI_OPTION_FORCE,
    CLI_OPTION_QUIET,
    CLI_OPTION_MODEL,
    CLI_OPTION_LIMIT,
    CLI_OPTION_THREADS,
    CLI_OPTION_BACKEND,
    CLI_OPTION_HELP,
    {0},
};

typedef struct compare_request {
    cli_setup setup;
    bool as_json;
    const char *sheet; /* NULL: numbers */
    const char *html;
    tiles_request tiles;
    char **paths;
    size_t n_paths;
} compare_request;

/* A picture in memory, and its file's size. */
typedef struct compared {
    pith_image image;
    uint64_t n_file_bytes;
} compared;

static cli_exit load_pith(compared *c, const char *path, const compare_request *r, const pith_env *env) {
    pith_file file;
    pith_diag why = {0};
    pith_model *model = NULL;
    pith_status status = pith_file_open(&file, path, env, &why);
    if (status != PITH_OK) return cli_fail(cli_exit_of(status, CLI_INPUT), path, "%s", why.message);
    c->n_file_bytes = file.n_bytes;
    cli_exit code = CLI_DONE;
    if (file.info.method != PITH_METHOD_EXACT) code = model_for_decode(&model, env, r->setup.model, &file.info, path);
    if (code == CLI_DONE) {
        status = pith_file_to_image(&c->image, &file, model, &why);
        if (status != PITH_OK) code = cli_fail(cli_exit_of(status, CLI_INPUT), path, "%s", why.message);
    }
    pith_model_free(&model);
    pith_file_close(&file);
    return code;
}

static cli_exit load(compared *c, const char *path, const compare_request *r, const pith_env *env) {
    if (file_kind_of_content(path) == FILE_PITH) return load_pith(c, path, r, env);
    pith_diag why = {0};
    image_facts facts;
    pith_status status = image_load(&c->image, &facts, path, env, &why);
    if (status != PITH_OK) return cli_fail(cli_exit_of(status, CLI_INPUT), path, "%s", why.message);
    for (unsigned i = 0; i < facts.n_warnings; i++) cli_warn(path, "%s", facts.warnings[i]);
    if (facts.had_alpha) cli_warn(path, "has transparent pixels; they were put on white");
    c->n_file_bytes = facts.n_file_bytes;
    return CLI_DONE;
}

static cli_exit print_numbers(const compared *a, const compared *b, const compare_request *r, const pith_env *env) {
    pith_compare_result m;
    pith_diag why = {0};
    const pith_image_format *f = &b->image.format;
    if (measure_figures(&m, env, &a->image, &b->image, &why) != PITH_OK)
        return cli_fail(cli_exit_of(why.status, CLI_INPUT), r->paths[0], "%s", why.message);
    double bits_per_pixel = 8 * (double)b->n_file_bytes / ((double)f->width * f->height);
    if (r->as_json)
        return json_print(json_pack("{so so so sI so sI sI}", "psnr_db", json_number(m.psnr_db), "ms_ssim",
                                    json_number(m.ms_ssim), "ssimulacra2", json_number(m.ssimulacra2), "bytes",
                                    (json_int_t)b->n_file_bytes, "bits_per_pixel", json_number(bits_per_pixel), "width",
                                    (json_int_t)f->width, "height", (json_int_t)f->height));
    printf("psnr_db %.6f\n", m.psnr_db);
    printf(isnan(m.ms_ssim) ? "ms_ssim nan\n" : "ms_ssim %.8f\n", m.ms_ssim);
    printf(isnan(m.ssimulacra2) ? "ssimulacra2 nan\n" : "ssimulacra2 %.6f\n", m.ssimulacra2);
    printf("bytes %" PRIu64 "\nbits_per_pixel %.6f\nwidth %" PRIu32 "\nheight %" PRIu32 "\n", b->n_file_bytes,
           bits_per_pixel, f->width, f->height);
    return CLI_DONE;
}

/* All pictures must have the size of the first; checked before they are compared. */
static cli_exit check_sizes(const compared *pictures, const compare_request *r) {
    const pith_image_format *a = &pictures[0].image.format;
    for (size_t i = 1; i < r->n_paths; i++) {
        const pith_image_format *b = &pictures[i].image.format;
        if (a->width != b->width || a->height != b->height)
            return cli_fail(CLI_INPUT, r->paths[i], "%" PRIu32 "x%" PRIu32 " pixels, but %s has %" PRIu32 "x%" PRIu32,
                            b->width, b->height, r->paths[0], a->width, a->height);
    }
    return CLI_DONE;
}

static cli_exit write_sheet(const compared *pictures, const compare_request *r) {
    pith_image *images = calloc(r->n_paths, sizeof *images);
    if (!images) return cli_fail(CLI_OUTPUT, NULL, "out of memory");
    for (size_t i = 0; i < r->n_paths; i++) images[i] = pictures[i].image;
    cli_exit code = compare_sheet_write(r->sheet, images, r->n_paths, r->setup.force);
    free(images);
    return code;
}

static bool wants_tiles(const compare_request *r) { return r->tiles.bound != PITH_LEVEL_NONE || r->tiles.heatmap; }

static cli_exit result(const compared *pictures, const compare_request *r, const pith_env *env) {
    if (r->sheet) return write_sheet(pictures, r);
    if (wants_tiles(r)) return compare_tiles(&pictures[0].image, &pictures[1].image, r->paths[1], &r->tiles, env);
    return print_numbers(&pictures[0], &pictures[1], r, env);
}

static cli_exit compare(const compare_request *r) {
    pith_env env;
    cli_make_env(&env, &r->setup);
    compared *pictures = calloc(r->n_paths, sizeof *pictures);
    if (!pictures) return cli_fail(CLI_OUTPUT, NULL, "out of memory");
    cli_exit code = CLI_DONE;
    for (size_t i = 0; i < r->n_paths && code == CLI_DONE; i++) code = load(&pictures[i], r->paths[i], r, &env);
    if (code == CLI_DONE) code = check_sizes(pictures, r);
    if (code == CLI_DONE) code = result(pictures, r, &env);
    for (size_t i = 0; i < r->n_paths; i++) free(pictures[i].image.pixels);
    free(pictures);
    return code;
}

/* Checks the output before the work. */
static cli_exit check_out(const char *out, const compare_request *r) {
    pith_diag why = {0};
    const file_kind kind = r->html ? FILE_HTML : file_kind_of_image(image_type_from_name(out));
    const output_rules rules = {.kind = kind, .force = r->setup.force};
    if (output_check(out, &rules, &why) == PITH_OK) return CLI_DONE;
    return cli_fail(cli_exit_of(why.status, CLI_OUTPUT), out, "%s", why.message);
}

static int run(const cli_command *command, int argc, char **argv) {
    compare_request r = {.sheet = NULL};
    const char *argument;
    cli_exit code = CLI_DONE;
    for (int option; (option = cli_next_option(command, argc, argv, &argument)) != 0;) {
        if (option < 0) return CLI_USAGE;
        if (option == CLI_HELP) return cli_show_help(command);
        if (option == CLI_JSON) r.as_json = r.tiles.as_json = true;
        if (option == CLI_SIDE_BY_SIDE) r.sheet = argument;
        if (option == CLI_HTML) r.html = argument;
        if (option == CLI_HEATMAP) r.tiles.heatmap = argument;
        if (option == CLI_BOUND_LEVEL && !cli_parse_level(&r.tiles.bound, argument))
            return cli_usage(command, "--bound takes loose, normal or strict, not \"%s\"", argument);
        if (cli_take_setup(&r.setup, command, option, argument, &code) && code != CLI_DONE) return (int)code;
    }
    r.tiles.force = r.setup.force;
    r.paths = argv + optind;
    r.n_paths = (size_t)(argc - optind);
    bool any_number = r.sheet || r.html;
    if (any_number ? r.n_paths < 1 : r.n_paths != 2)
        return cli_usage(command, r.html    ? "--html needs a picture"
                                  : r.sheet ? "--side-by-side needs a picture"
                                            : "two pictures are needed");
    if (r.html && (r.sheet || r.as_json || wants_tiles(&r)))
        return cli_usage(command, "--html does not go with --side-by-side, --json, --bound and --heatmap");
    if (r.sheet && (r.as_json || wants_tiles(&r)))
        return cli_usage(command, "--side-by-side does not go with --json, --bound and --heatmap");
    const char *out = r.html ? r.html : r.sheet ? r.sheet : r.tiles.heatmap;
    for (size_t i = 0; i < r.n_paths && out; i++)
        if (cli_same_file(r.paths[i], out)) return cli_fail(CLI_USAGE, out, "is an input; it would be overwritten");
    code = out ? check_out(out, &r) : CLI_DONE;
    if (code != CLI_DONE) return (int)code;
    if (r.html) return (int)compare_html_write(r.html, r.paths, r.n_paths, &r.setup);
    return (int)compare(&r);
}

const cli_command cli_compare = {
    "compare", "[OPTION...] A B",
    "Compares two pictures (.pith files are decoded): PSNR, MS-SSIM, SSIMULACRA2, bytes of B, bits per pixel.", options,
    run};
