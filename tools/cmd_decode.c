/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith decode: a .pith file -> a picture file. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "files/batch.h"
#include "files/output_file.h"
#include "hash_choice.h"
#include "imageio/imageio.h"
#include "imageio/pith_file.h"
#include "metadata_choice.h"
#include "models/model_about.h"
#include "models/model_share.h"

static const cli_option options[] = {
    CLI_OPTION_MODEL,
    CLI_OPTION_VAE,
    {CLI_FORMAT, "format", "png|jpg|webp|ppm|pam", "the format of OUT, whatever its ending"},
    {'q', "quality", "1..100", "quality of a JPEG or WebP (default 95; WebP 100 is lossless)"},
    {CLI_DEPTH, "depth", "8|16", "bits per sample, 16 for PNG, PPM and PAM only (default: what the picture had)"},
    {CLI_REGION, "region", "WxH+X+Y", "only this part of the picture: size, then the upper left corner (default +0+0)"},
    {CLI_PREVIEW, "preview", NULL, "1/8 of the size, without running the network, in a fraction of the time"},
    {CLI_NO_RESIDUAL, "no-residual", NULL, "leave out the residual that corrects the network's picture"},
    {CLI_STEPS, "steps", "N", "steps of denoising, with models that can (default 4; 0 = none)"},
    {CLI_REALISM, "realism", "0..1",
     "add texture that the file does not hold, for pictures coded very small (default 0; try 0.5)"},
    {CLI_TOLERATE, "tolerate", NULL, "decode the intact parts of a damaged file, and say what is lost"},
    HASH_OPTIONS,
    BATCH_OPTIONS,
    METADATA_OPTIONS,
    CLI_OPTION_VERBOSE,
    CLI_OPTION_QUIET,
    CLI_OPTION_MEMORY,
    CLI_OPTION_LIMIT,
    CLI_OPTION_THREADS,
    CLI_OPTION_BACKEND,
    CLI_OPTION_HELP,
    {0},
};

typedef struct decode_request {
    cli_setup setup;
    const char *in, *out;
    image_write_options write;
    uint8_t bit_depth; /* 0: the picture's own depth if the format supports it */
    pith_area region;
    int steps; /* -1: the model's default */
    double realism;
    bool no_residual;
    bool tolerate;
    bool preview;
    metadata_choice metadata;
    hash_choice hash;
    batch_options batch;
    bool is_many, has_quality;
    bool has_format; /* OUT's ending is ignored */
    bool only_new;   /* OUT was not given, so an existing file may be the original */
    model_share *models;
} decode_request;

/* The writer as a sink that measures the time spent in it. */
typedef struct timed_sink {
    pith_sink sink;
    double seconds;
} timed_sink;

static pith_status timed_start(void *user, const pith_image_format *format) {
    timed_sink *t = user;
    return t->sink.start(t->sink.user, format);
}

static pith_status timed_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    timed_sink *t = user;
    double start = cli_seconds();
    pith_status status = t->sink.write_rows(t->sink.user, y, n_rows, rows, stride_bytes);
    t->seconds += cli_seconds() - start;
    return status;
}

static image_type type_called(const char *name) {
    char path[16];
    if (strlen(name) > 8) return IMAGE_UNKNOWN;
    snprintf(path, sizeof path, ".%s", name);
    return image_type_from_name(path);
}

static cli_exit take_option(decode_request *r, const cli_command *command, int option, const char *argument) {
    double number;
    switch (option) {
    case CLI_FORMAT:
        r->write.type = type_called(argument);
        if (r->write.type == IMAGE_UNKNOWN)
            return cli_usage(command, "--format takes png, jpg, webp, ppm or pam, not \"%s\"", argument);
        r->has_format = true;
        break;
    case 'q':
        if (!cli_parse_number(&number, argument, 1, 100) || number != (int)number)
            return cli_usage(command, "--quality takes 1 to 100, not \"%s\"", argument);
        r->write.quality = (int)number;
        r->has_quality = true;
        break;
    case CLI_DEPTH:
        if (strcmp(argument, "8") != 0 && strcmp(argument, "16") != 0)
            return cli_usage(command, "--depth takes 8 or 16, not \"%s\"", argument);
        r->bit_depth = strcmp(argument, "16") == 0 ? 16 : 8;
        break;
    case CLI_REGION:
        if (!cli_parse_region(&r->region, argument))
            return cli_usage(command, "--region takes WxH+X+Y, not \"%s\"", argument);
        break;
    case CLI_STEPS:
        if (!cli_parse_number(&number, argument, 0, 1000) || number != (int)number)
            return cli_usage(command, "--steps takes 0 to 1000, not \"%s\"", argument);
        r->steps = (int)number;
        break;
    case CLI_REALISM:
        if (!cli_parse_number(&r->realism, argument, 0, 1))
            return cli_usage(command, "--realism takes 0 to 1, not \"%s\"", argument);
        break;
    case CLI_NO_RESIDUAL:
        r->no_residual = true;
        break;
    case CLI_TOLERATE:
        r->tolerate = true;
        break;
    case CLI_PREVIEW:
        r->preview = true;
        break;
    default:
        break;
    }
    return CLI_DONE;
}

static bool can_be_deep(image_type type) { return type == IMAGE_PNG || type == IMAGE_PPM || type == IMAGE_PAM; }

static cli_exit parse(decode_request *r, const cli_command *command, int argc, char **argv) {
    const char *argument;
    cli_exit code = CLI_DONE;
    for (int option; (option = cli_next_option(command, argc, argv, &argument)) != 0;) {
        if (option < 0) return CLI_USAGE;
        if (option == CLI_HELP) return cli_show_help(command);
        if (!cli_take_setup(&r->setup, command, option, argument, &code) &&
            !metadata_take_option(&r->metadata, command, option, argument, &code) &&
            !hash_take_option(&r->hash, command, option, argument, &code) &&
            !batch_take_option(&r->batch, command, option, argument, &code))
            code = take_option(r, command, option, argument);
        if (code != CLI_DONE) return code;
    }
    if (r->preview && r->steps >= 0) return cli_usage(command, "--preview runs no network: it takes no --steps");
    if (r->preview && r->realism > 0) return cli_usage(command, "--preview runs no network: it takes no --realism");
    code = metadata_check(&r->metadata, command);
    if (code != CLI_DONE) return code;
    r->batch.names.verbose = r->setup.verbose;
    return CLI_DONE;
}

/* Chooses the format (from OUT's name unless --format is given) and checks the options against it. */
static cli_exit choose_format(decode_request *r, const cli_command *command, const operand_list *list) {
    const char *named = list->n_items && list->items[0].is_named ? list->items[0].out : NULL;
    if (!r->has_format) r->write.type = named ? image_type_from_name(named) : IMAGE_PNG;
    if (r->write.type == IMAGE_UNKNOWN)
        return cli_fail(CLI_USAGE, named,
                        "ends like no format that can be written: .png .jpg .webp .ppm .pgm .pam (or --format)");
    if (r->bit_depth == 16 && !can_be_deep(r->write.type))
        return cli_usage(command, "--depth 16 is for PNG, PPM and PAM");
    if (r->has_quality && r->write.type != IMAGE_JPEG && r->write.type != IMAGE_WEBP)
        return cli_usage(command, "--quality is for JPEG and WebP: the others lose nothing");
    return CLI_DONE;
}

/* The state of one run, and its times. */
typedef struct decode_job {
    const decode_request *request;
    pith_env env;
    progress bar;
    pith_file file;
    pith_model *model;
    output_file *out;
    image_owned_metadata metadata;
    double read_seconds, model_seconds, row_seconds, end_seconds;
} decode_job;

static void warn_of_file(void *user, pith_log_level level, const char *text) {
    const decode_job *job = user;
    if (level == PITH_LOG_WARNING) cli_warn(job->request->in, "%s", text);
}

static cli_exit open_all(decode_job *job) {
    const decode_request *r = job->request;
    pith_diag why = {0};
    double start = cli_seconds();
    pith_env telling = job->env; /* only for the file, since a model may outlive this job */
    telling.log = (pith_log){warn_of_file, job};
    pith_status status = r->tolerate ? pith_file_open_damaged(&job->file, r->in, &telling, &why)
                                     : pith_file_open(&job->file, r->in, &telling, &why);
    if (status != PITH_OK) return cli_fail(cli_exit_of(status, CLI_INPUT), r->in, "%s", why.message);
    double opened = cli_seconds();
    cli_exit code = model_share_decode(&job->model, r->models, &job->env, &r->setup, &job->file.info, r->in);
    job->read_seconds = opened - start;
    job->model_seconds = cli_seconds() - opened;
    if (code != CLI_DONE) return code;
    const output_rules rules = {file_kind_of_image(r->write.type), r->setup.force, r->has_format, r->only_new};
    status = output_open(&job->out, r->out, &rules, &why);
    return status == PITH_OK ? CLI_DONE : cli_fail(cli_exit_of(status, CLI_OUTPUT), r->out, "%s", why.message);
}

/* Finishes the picture and the file. */
static cli_exit finish(decode_job *job, image_writer *writer) {
    pith_diag why = {0};
    double start = cli_seconds();
    cli_exit code = CLI_DONE;
    if (image_writer_finish(writer) != PITH_OK)
        code = cli_fail(CLI_OUTPUT, job->request->out, "%s", image_writer_diag(writer)->message);
    else if (output_commit(job->out, &why) != PITH_OK)
        code = cli_fail(CLI_OUTPUT, job->request->out, "%s", why.message);
    job->end_seconds = cli_seconds() - start;
    return code;
}

static uint8_t depth_of(const decode_job *job) {
    const decode_request *r = job->request;
    if (r->bit_depth) return r->bit_depth;
    return can_be_deep(r->write.type) ? job->file.info.source_bit_depth : 8;
}

/* A copy of the file's metadata, on the heap; NULL if it has none. */
static pith_status copy_metadata(decode_job *job, pith_metadata kind, uint8_t **to, size_t *n_bytes) {
    const uint8_t *data;
    pith_status status = pith_decoder_metadata(job->file.decoder, kind, &data, n_bytes);
    if (status != PITH_OK || *n_bytes == 0) return status;
    *to = malloc(*n_bytes);
    if (!*to) return PITH_E_NOMEM;
    memcpy(*to, data, *n_bytes);
    return PITH_OK;
}

/* Metadata are treated as in the encoder: files from other programs may have a thumbnail, and a region must not
 * reveal the rest of the picture. */
static pith_status find_metadata(image_write_options *o, decode_job *job) {
    image_metadata_wish wish = metadata_wish(&job->request->metadata);
    wish.strip_sides = job->request->region.width > 0 || job->request->preview;
    image_owned_metadata *m = &job->metadata;
    pith_status status =
        pith_decoder_metadata(job->file.decoder, PITH_METADATA_ICC, &o->metadata.icc.data, &o->metadata.icc.n_bytes);
    if (status == PITH_OK) status = copy_metadata(job, PITH_METADATA_EXIF, &m->exif, &m->n_exif_bytes);
    if (status == PITH_OK) status = copy_metadata(job, PITH_METADATA_XMP, &m->xmp, &m->n_xmp_bytes);
    if (status == PITH_OK) status = image_metadata_settle(m, &wish);
    o->metadata.exif = (image_span){m->exif, m->n_exif_bytes};
    o->metadata.xmp = (image_span){m->xmp, m->n_xmp_bytes};
    o->to_srgb = !metadata_keeps_profile(&job->request->metadata);
    return status;
}

/* The format of the output picture. */
static pith_image_format size_of(const decode_job *job) {
    pith_image_format f = job->file.info.format;
    const pith_area *part = &job->request->region;
    if (part->width > 0) {
        f.width = part->width;
        f.height = part->height;
    }
    if (job->request->preview) {
        f.width = f.width / job->file.info.downscale + 2; /* a region may begin inside a latent position */
        f.height = f.height / job->file.info.downscale + 2;
    }
    return f;
}

static cli_exit decode_picture(decode_job *job) {
    const decode_request *r = job->request;
    image_writer *writer = NULL;
    pith_diag why = {0};
    timed_sink timed = {.seconds = 0};
    image_write_options write = r->write;
    const pith_image_format size = size_of(job);
    pith_status status = find_metadata(&write, job);
    if (status == PITH_E_NOMEM) return cli_fail(CLI_OUTPUT, r->in, "out of memory for the metadata");
    if (status != PITH_OK) return cli_fail(CLI_INPUT, r->in, "%s", pith_decoder_message(job->file.decoder));
    status = image_writer_new(&writer, output_stream(job->out), &write, &why);
    if (status != PITH_OK) return cli_fail(CLI_OUTPUT, r->out, "%s", why.message);
    image_writer_sink(writer, &timed.sink);
    pith_sink sink = {.struct_size = sizeof sink,
                      .bit_depth = depth_of(job),
                      .start = timed_start,
                      .write_rows = timed_rows,
                      .user = &timed};
    pith_decode_options o;
    pith_decode_options_defaults(&o, sizeof o);
    o.steps = r->steps;
    o.region = r->region;
    o.preview = r->preview;
    const uint64_t held = image_writer_memory(&write, &size);
    o.max_memory_bytes = cli_call_memory(&r->setup, job->model, job->file.n_bytes + held);
    o.no_residual = r->no_residual;
    o.realism = (float)r->realism;
    hash_ask(&r->hash, &o);
    status = pith_decode(job->file.decoder, job->model, &o, &sink);
    progress_end(&job->bar);
    job->row_seconds = timed.seconds;
    cli_exit code = CLI_DONE;
    if (image_writer_diag(writer)->status != PITH_OK)
        code = cli_fail(CLI_OUTPUT, r->out, "%s", image_writer_diag(writer)->message);
    else if (status == PITH_E_LIMIT && held > 0 && cli_is_of_memory(pith_decoder_message(job->file.decoder)))
        code = cli_fail(CLI_OUTPUT, r->in, "%s, since a WebP is whole in memory while it is written: %.0f MB",
                        pith_decoder_message(job->file.decoder), 1e-6 * (double)held);
    else
        code = hash_judge(&r->hash, job->file.decoder, status, r->in);
    if (code == CLI_DONE && status != PITH_OK)
        code = cli_fail(cli_exit_of(status, CLI_INPUT), r->in, "%s", pith_decoder_message(job->file.decoder));
    if (code == CLI_DONE) code = finish(job, writer);
    if (code == CLI_DONE && image_writer_lost_alpha(writer))
        cli_warn(r->out, "transparent pixels were put on white: the format has no alpha");
    if (code == CLI_DONE && image_writer_left_out(writer))
        cli_warn(r->out, "left out: %s", image_writer_left_out(writer));
    for (unsigned i = 0; code == CLI_DONE && i < job->metadata.n_warnings; i++)
        cli_warn(r->in, "%s", job->metadata.warnings[i]);
    image_writer_free(&writer);
    return code;
}

static void say_lost(const decode_job *job) {
    pith_area area;
    uint32_t n = pith_decoder_lost(job->file.decoder, 0, NULL);
    for (uint32_t i = 0; i < n; i++) {
        (void)pith_decoder_lost(job->file.decoder, i, &area);
        cli_warn(job->request->in, "damaged: %" PRIu32 "x%" PRIu32 "+%" PRIu32 "+%" PRIu32 " of the picture is lost",
                 area.width, area.height, area.x, area.y);
    }
}

static void say_result(const decode_job *job, double all_seconds) {
    pith_timing t = {.struct_size = sizeof t};
    pith_decoder_timing(job->file.decoder, &t);
    cli_say(job->request->out,
            "reading %.3f s, opening the model %.3f s, decoding symbols %.3f s, binding the network %.3f s, "
            "running it %.3f s, writing %.3f s, in all %.3f s",
            job->read_seconds, job->model_seconds, t.coding_seconds, t.bind_seconds,
            t.network_seconds - job->row_seconds, job->row_seconds + job->end_seconds, all_seconds);
}

static cli_exit decode(const decode_request *r, batch_result *result) {
    decode_job job = {.request = r};
    double start = cli_seconds();
    cli_make_env(&job.env, &r->setup);
    if (!r->is_many) progress_start(&job.bar, &job.env);
    cli_exit code = open_all(&job);
    if (code == CLI_DONE) code = decode_picture(&job);
    if (code == CLI_DONE) *result = (batch_result){job.file.info.format.width, job.file.info.format.height};
    if (code == CLI_DONE && r->tolerate) say_lost(&job);
    if (code == CLI_DONE) hash_print(&r->hash, job.file.decoder, r->in);
    if (code == CLI_DONE && r->setup.verbose) say_result(&job, cli_seconds() - start);
    output_close(&job.out);
    pith_model_free(&job.model);
    pith_file_close(&job.file);
    free(job.metadata.exif);
    free(job.metadata.xmp);
    return code;
}

static cli_exit decode_one(void *user, const operand *item, batch_result *result) {
    decode_request r = *(const decode_request *)user;
    r.in = item->in;
    r.out = item->out;
    r.only_new = !item->is_named;
    return decode(&r, result);
}

static cli_exit decode_all(decode_request *r, const cli_command *command, const operand_rules *names,
                           const operand_list *list) {
    batch b = {.command = command, .options = r->batch, .list = list, .rules = names, .run = decode_one, .user = r};
    cli_exit code = choose_format(r, command, list);
    r->is_many = list->is_many;
    if (code == CLI_DONE) code = hash_check_operands(&r->hash, command, list);
    return code == CLI_DONE ? batch_run(&b, &r->setup) : code;
}

static int run(const cli_command *command, int argc, char **argv) {
    model_share models = MODEL_SHARE_NONE;
    operand_list list = {0};
    decode_request r = {.steps = -1, .write = {.type = IMAGE_UNKNOWN, .quality = 95}, .models = &models};
    cli_exit code = parse(&r, command, argc, argv);
    const operand_rules names = {.ending = file_kind_ending(file_kind_of_image(r.write.type))};
    if (code == CLI_DONE) code = operands_read(&list, command, &r.batch.names, &names, argv + optind, argc - optind);
    if (code == CLI_DONE) code = decode_all(&r, command, &names, &list);
    operands_free(&list);
    model_share_end(&models);
    return (int)code;
}

const cli_command cli_decode = {
    "decode", "[OPTION...] IN.pith [OUT] | IN.pith... [-o OUT]",
    "Decodes .pith files into PNG (OUT's ending or --format: JPEG, WebP, PPM, PGM, PAM), beside them or in OUT.",
    options, run};
