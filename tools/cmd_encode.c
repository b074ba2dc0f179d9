/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith encode: a picture file -> a .pith file. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "files/batch.h"
#include "files/output_file.h"
#include "imageio/imageio.h"
#include "imageio/pith_file.h"
#include "metadata_choice.h"
#include "models/model_about.h"
#include "models/model_share.h"

static const cli_option options[] = {
    CLI_OPTION_MODEL,
    CLI_OPTION_VAE,
    {'q', "quality", "0..100", "quality, 0 smallest to 100 best (default 50)"},
    {'s', "size", "SIZE", "the best quality of at most SIZE: 5000, 5k, 5KiB, 0.15bpp"},
    {CLI_LOSSLESS, "lossless", NULL, "keep every sample exactly, whatever the size; no model is needed"},
    {CLI_METHOD, "method", "latent|palette", "latent (default), or palette: the published baseline, to compare with"},
    BATCH_OPTIONS,
    METADATA_OPTIONS,
    {'e', "effort", "0|1|2|3",
     "0: the network alone; 1 (default): its faults are corrected; 2, 3: ever longer searches"},
    {'f', "faithful", "[=loose|normal|strict]", "no tile is worse than this level allows (default: normal)"},
    {CLI_WITH_HASH, "with-hash", NULL, "keep the hash of the decoded picture, for 'pith decode' to compare with"},
    {CLI_PROTECT, "protect", "X,Y,W,H", "errors in this area count most; may be repeated"},
    CLI_OPTION_VERBOSE,
    CLI_OPTION_QUIET,
    CLI_OPTION_MEMORY,
    CLI_OPTION_LIMIT,
    CLI_OPTION_THREADS,
    CLI_OPTION_BACKEND,
    CLI_OPTION_HELP,
    {0},
};

#define MAX_PROTECTED 64
#define DEFAULT_EFFORT 1 /* as in pith_encode_options_defaults */

typedef struct encode_request {
    cli_setup setup;
    const char *in, *out;
    double quality;
    pith_method method;
    bool has_quality, has_size, has_effort, lossless, with_hash;
    metadata_choice metadata;
    double effort;
    pith_level faithful;
    pith_area protect[MAX_PROTECTED];
    size_t n_protect;
    cli_size size;
    batch_options batch;
    bool is_many;
    model_share *models;
} encode_request;

static const operand_rules naming = {.encodes = true, .ending = ".pith"};

/* The picture as a source that measures the time spent reading it. */
typedef struct timed_source {
    pith_source source;
    double seconds;
} timed_source;

static pith_status timed_rows(void *user, uint32_t y, uint32_t n_rows, void *rows, size_t stride_bytes) {
    timed_source *t = user;
    double start = cli_seconds();
    pith_status status = t->source.read_rows(t->source.user, y, n_rows, rows, stride_bytes);
    t->seconds += cli_seconds() - start;
    return status;
}

static bool parse_method(pith_method *method, const char *name) {
    if (strcmp(name, "latent") != 0 && strcmp(name, "palette") != 0) return false;
    *method = strcmp(name, "latent") == 0 ? PITH_METHOD_LATENT : PITH_METHOD_PALETTE;
    return true;
}

static cli_exit parse(encode_request *r, const cli_command *command, int argc, char **argv) {
    const char *argument;
    cli_exit code = CLI_DONE;
    for (int option; (option = cli_next_option(command, argc, argv, &argument)) != 0;) {
        if (option < 0) return CLI_USAGE;
        if (option == CLI_HELP) return cli_show_help(command);
        if (cli_take_setup(&r->setup, command, option, argument, &code) ||
            batch_take_option(&r->batch, command, option, argument, &code) ||
            metadata_take_option(&r->metadata, command, option, argument, &code)) {
            if (code != CLI_DONE) return code;
        } else if (option == CLI_LOSSLESS) {
            r->lossless = true;
        } else if (option == CLI_WITH_HASH) {
            r->with_hash = true;
        } else if (option == 'q') {
            r->has_quality = true;
            if (!cli_parse_number(&r->quality, argument, 0, 100))
                return cli_usage(command, "--quality takes 0 to 100, not \"%s\"", argument);
        } else if (option == 'e') {
            r->has_effort = true;
            if (!cli_parse_number(&r->effort, argument, 0, 3) || r->effort != (int)r->effort)
                return cli_usage(command, "--effort takes 0, 1, 2 or 3, not \"%s\"", argument);
        } else if (option == 'f') {
            if (!cli_parse_level(&r->faithful, argument ? argument : "normal"))
                return cli_usage(command, "--faithful takes loose, normal or strict, not \"%s\"", argument);
        } else if (option == CLI_PROTECT) {
            if (r->n_protect == MAX_PROTECTED)
                return cli_usage(command, "--protect may be given %d times", MAX_PROTECTED);
            if (!cli_parse_rectangle(&r->protect[r->n_protect++], argument))
                return cli_usage(command, "--protect takes X,Y,W,H, not \"%s\"", argument);
        } else if (option == 's') {
            r->has_size = true;
            if (!cli_parse_size(&r->size, argument))
                return cli_usage(command, "--size takes 5000, 5k, 5KiB or 0.15bpp, not \"%s\"", argument);
        } else if (option == CLI_METHOD) {
            if (!parse_method(&r->method, argument))
                return cli_usage(command, "--method takes latent or palette, not \"%s\"", argument);
        }
    }
    if (r->lossless &&
        (r->has_quality || r->has_size || r->faithful || r->n_protect || r->method != PITH_METHOD_LATENT))
        return cli_usage(command,
                         "--lossless keeps all: it takes no --quality, --size, --faithful, --protect and --method");
    if (r->method == PITH_METHOD_PALETTE && (r->has_quality || r->has_size))
        return cli_usage(command, "--method palette has one quality: it takes neither --quality nor --size");
    if (r->faithful && r->has_size) return cli_usage(command, "--faithful and --size exclude each other");
    if (r->has_quality && r->has_size) return cli_usage(command, "--quality and --size exclude each other");
    code = metadata_check(&r->metadata, command);
    if (code != CLI_DONE) return code;
    r->batch.names.verbose = r->setup.verbose;
    return CLI_DONE;
}

static cli_exit make_options(pith_encode_options *o, const encode_request *r, const pith_image_format *format) {
    pith_encode_options_defaults(o, sizeof *o);
    if (r->has_quality) o->quality = (float)r->quality;
    o->method = r->method;
    if (r->has_effort) o->effort = (int)r->effort;
    o->faithful = r->faithful;
    o->protect = r->protect;
    o->n_protect = r->n_protect;
    o->lossless = r->lossless;
    o->extras = r->with_hash ? PITH_EXTRA_HASH : 0;
    if (!r->has_size) return CLI_DONE;
    o->max_bytes = cli_size_bytes(&r->size, format->width, format->height);
    if (o->max_bytes > 0) return CLI_DONE;
    return cli_fail(CLI_OUTPUT, r->in, "--size is less than one byte for %" PRIu32 "x%" PRIu32 " pixels", format->width,
                    format->height);
}

/* Returns the size of the metadata in bytes. */
static size_t add_metadata(pith_encode_options *o, const image_reader *reader) {
    image_metadata m = image_reader_metadata(reader);
    o->icc = (pith_span){m.icc.data, m.icc.n_bytes};
    o->exif = (pith_span){m.exif.data, m.exif.n_bytes};
    o->xmp = (pith_span){m.xmp.data, m.xmp.n_bytes};
    return m.icc.n_bytes + m.exif.n_bytes + m.xmp.n_bytes;
}

/* The state of one run, its result and its times. */
typedef struct encode_job {
    const encode_request *request;
    pith_env env;
    progress bar;
    image_reader *reader;
    pith_image_format format;
    pith_model *model;
    output_file *out;
    pith_bytes bytes;
    size_t n_metadata_bytes;
    bool bare; /* without metadata, because they do not fit in --size */
    pith_timing timing;
    double model_seconds, read_seconds, write_seconds;
} encode_job;

/* Metadata may take 1 / METADATA_SHARE of --size, unless --keep named them. */
#define METADATA_SHARE 4

static cli_exit open_picture(encode_job *job) {
    const encode_request *r = job->request;
    pith_diag why = {0};
    image_open_options open = {.env = &job->env,
                               .keep_profile = metadata_keeps_profile(&r->metadata),
                               .metadata = metadata_wish(&r->metadata),
                               .keep_alpha = true,
                               .max_memory_bytes = cli_picture_memory(&r->setup)};
    if (r->has_size && !metadata_insists(&r->metadata)) {
        if (r->size.per_pixel) open.max_profile_bpp = r->size.value / METADATA_SHARE;
        if (!r->size.per_pixel) open.max_profile_bytes = (uint64_t)(r->size.value / METADATA_SHARE) + 1;
    }
    if (job->bare) {
        open.keep_profile = false;
        open.metadata = (image_metadata_wish){.strip_exif = true, .strip_xmp = true};
    }
    pith_status status = image_open(&job->reader, r->in, &open, &why);
    return status == PITH_OK ? CLI_DONE : cli_fail(cli_exit_of(status, CLI_INPUT), r->in, "%s", why.message);
}

static cli_exit open_all(encode_job *job) {
    const encode_request *r = job->request;
    pith_diag why = {0};
    cli_exit code = open_picture(job);
    if (code != CLI_DONE) return code;
    double start = cli_seconds();
    if (!r->lossless) code = model_share_encode(&job->model, r->models, &job->env, &r->setup);
    job->model_seconds = cli_seconds() - start;
    if (code != CLI_DONE) return code;
    const output_rules rules = {.kind = FILE_PITH, .force = r->setup.force};
    pith_status status = output_open(&job->out, r->out, &rules, &why);
    return status == PITH_OK ? CLI_DONE : cli_fail(cli_exit_of(status, CLI_OUTPUT), r->out, "%s", why.message);
}

static bool can_read_again(const char *path) { return strcmp(path, "-") != 0 || fseek(stdin, 0, SEEK_SET) == 0; }

static cli_exit encode_picture(encode_job *job) {
    const encode_request *r = job->request;
    pith_encoder *encoder = NULL;
    pith_encode_options o;
    pith_diag why = {0};
    timed_source timed = {.seconds = 0};
    image_reader_source(job->reader, &timed.source);
    job->format = timed.source.format;
    pith_source source = {.struct_size = sizeof source, .format = job->format, .read_rows = timed_rows, .user = &timed};
    cli_exit code = make_options(&o, r, &job->format);
    if (code != CLI_DONE) return code;
    bool insists = metadata_insists(&r->metadata);
    if (r->has_size && !insists && image_reader_fit_metadata(job->reader, o.max_bytes / METADATA_SHARE) != PITH_OK)
        return cli_fail(CLI_OUTPUT, r->in, "%s", image_reader_diag(job->reader)->message);
    job->n_metadata_bytes = add_metadata(&o, job->reader);
    const uint64_t held = image_reader_memory(job->reader);
    o.max_memory_bytes = cli_call_memory(&r->setup, job->model, held);
    pith_status status = pith_encoder_new(&encoder, &job->env, job->model, &why);
    if (status != PITH_OK) return cli_fail(cli_exit_of(status, CLI_OUTPUT), r->in, "%s", why.message);
    status = pith_encode(encoder, &source, &o, &job->bytes);
    progress_end(&job->bar);
    const pith_diag *read_fault = image_reader_diag(job->reader);
    if (read_fault->status != PITH_OK)
        code = cli_fail(cli_exit_of(read_fault->status, CLI_INPUT), r->in, "%s", read_fault->message);
    else if (status == PITH_E_LIMIT && held > 0 && cli_is_of_memory(pith_encoder_message(encoder)))
        code =
            cli_fail(CLI_OUTPUT, r->in, "%s, since the %s file takes %.0f MB: its format or orientation needs it whole",
                     pith_encoder_message(encoder), image_reader_facts(job->reader).file_type, 1e-6 * (double)held);
    else if (status == PITH_E_LIMIT && r->has_size && job->n_metadata_bytes > 0 && !insists && can_read_again(r->in))
        job->bare = true; /* encode() then tries again without metadata */
    else if (status == PITH_E_LIMIT && r->has_size && job->n_metadata_bytes > 0)
        code = cli_fail(CLI_OUTPUT, r->in, "%s; its metadata take %zu bytes, --strip leaves them out",
                        pith_encoder_message(encoder), job->n_metadata_bytes);
    else if (status != PITH_OK)
        code = cli_fail(cli_exit_of(status, CLI_INPUT), r->in, "%s", pith_encoder_message(encoder));
    job->timing.struct_size = sizeof job->timing;
    pith_encoder_timing(encoder, &job->timing);
    job->read_seconds = timed.seconds;
    pith_encoder_free(&encoder);
    return code;
}

static cli_exit write_bytes(encode_job *job) {
    pith_diag why = {0};
    double start = cli_seconds();
    /* A short write sets the stream's error flag, which the commit checks. */
    fwrite(job->bytes.data, 1, job->bytes.n_bytes, output_stream(job->out));
    pith_status status = output_commit(job->out, &why);
    job->write_seconds = cli_seconds() - start;
    return status == PITH_OK ? CLI_DONE : cli_fail(CLI_OUTPUT, job->request->out, "%s", why.message);
}

static void say_result(const encode_job *job, double all_seconds) {
    const pith_image_format *f = &job->format;
    const pith_timing *t = &job->timing;
    const char *out = job->request->out;
    cli_say(out, "%" PRIu32 "x%" PRIu32 " pixels in %zu bytes, %.4f bits per pixel", f->width, f->height,
            job->bytes.n_bytes, 8 * (double)job->bytes.n_bytes / ((double)f->width * f->height));
    cli_say(out,
            "opening the model %.3f s, reading %.3f s, binding the network %.3f s, running it %.3f s, coding %.3f s, "
            "writing %.3f s, in all %.3f s",
            job->model_seconds, job->read_seconds, t->bind_seconds, t->network_seconds - job->read_seconds,
            t->coding_seconds, job->write_seconds, all_seconds);
}

/* A file of less than half the requested size looks like a fault, so this says that more bytes would not help. */
static void say_best(const encode_job *job) {
    const cli_size *size = &job->request->size;
    const uint64_t allowed = cli_size_bytes(size, job->format.width, job->format.height);
    if (!job->request->has_size || job->bytes.n_bytes >= allowed / 2) return;
    const int effort = job->request->has_effort ? (int)job->request->effort : DEFAULT_EFFORT;
    cli_say(job->request->out, "%zu bytes are the best there is at effort %d, of %" PRIu64 " that were allowed",
            job->bytes.n_bytes, effort, allowed);
}

static void warn_of(const encode_job *job) {
    image_facts facts = image_reader_facts(job->reader);
    for (unsigned i = 0; i < facts.n_warnings; i++) cli_warn(job->request->in, "%s", facts.warnings[i]);
    if (job->bare) cli_warn(job->request->in, "its metadata were left out: --size leaves no room for them");
    if (job->n_metadata_bytes > job->bytes.n_bytes / 2)
        cli_warn(job->request->in, "its metadata take %zu of %zu bytes; --strip leaves them out", job->n_metadata_bytes,
                 job->bytes.n_bytes);
}

static cli_exit encode(const encode_request *r, batch_result *result) {
    encode_job job = {.request = r};
    double start = cli_seconds();
    cli_make_env(&job.env, &r->setup);
    if (!r->is_many) progress_start(&job.bar, &job.env);
    cli_exit code = open_all(&job);
    if (code == CLI_DONE) code = encode_picture(&job);
    if (code == CLI_DONE && job.bare) {
        image_close(&job.reader);
        code = open_picture(&job);
        if (code == CLI_DONE) code = encode_picture(&job);
    }
    if (code == CLI_DONE) code = write_bytes(&job);
    *result = (batch_result){job.format.width, job.format.height};
    if (code == CLI_DONE) warn_of(&job);
    if (code == CLI_DONE) say_best(&job);
    if (code == CLI_DONE && r->setup.verbose) say_result(&job, cli_seconds() - start);
    pith_bytes_free(&job.env, &job.bytes);
    output_close(&job.out);
    pith_model_free(&job.model);
    image_close(&job.reader);
    return code;
}

static cli_exit encode_one(void *user, const operand *item, batch_result *result) {
    encode_request r = *(const encode_request *)user;
    r.in = item->in;
    r.out = item->out;
    return encode(&r, result);
}

static cli_exit encode_all(encode_request *r, const cli_command *command, const operand_list *list) {
    batch b = {.command = command,
               .options = r->batch,
               .list = list,
               .rules = &naming,
               .run = encode_one,
               .is_whole = pith_file_is_whole,
               .user = r};
    r->is_many = list->is_many;
    return batch_run(&b, &r->setup);
}

static int run(const cli_command *command, int argc, char **argv) {
    model_share models = MODEL_SHARE_NONE;
    operand_list list = {0};
    encode_request r = {.method = PITH_METHOD_LATENT, .models = &models};
    cli_exit code = parse(&r, command, argc, argv);
    if (code == CLI_DONE) code = operands_read(&list, command, &r.batch.names, &naming, argv + optind, argc - optind);
    if (code == CLI_DONE) code = encode_all(&r, command, &list);
    operands_free(&list);
    model_share_end(&models);
    return (int)code;
}

const cli_command cli_encode = {"encode", "[OPTION...] IN [OUT.pith] | IN... [-o OUT]",
                                "Encodes pictures (PNG, JPEG, WebP, AVIF, HEIC, JPEG XL, TIFF, GIF, BMP, PPM) into "
                                ".pith files, beside them or in OUT.",
                                options, run};
