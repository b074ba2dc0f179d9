/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith model: lists the models and shows what they contain. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/cli_json.h"
#include "models/model_about.h"
#include "models/model_catalogue.h"

static const cli_option options[] = {
    {CLI_TO, "to", "fp16|int8|decoder", "convert: to fp16, to int8 at half the size, or to the decoder alone"},
    {CLI_FORCE, "force", NULL, "convert: replace whatever is there"},
    CLI_OPTION_QUIET,
    CLI_OPTION_JSON,
    {'v', "verbose", NULL, "list: also name the files that cannot be used, and say why"},
    CLI_OPTION_HELP,
    {0},
};

static void print_text(const model_catalogue *catalogue) {
    for (size_t i = 0; i < catalogue->n_entries; i++) {
        const model_entry *e = &catalogue->entries[i];
        char latent[CLI_HEX_BYTES], decoder[CLI_HEX_BYTES] = "-", parts[MODEL_PARTS_BYTES];
        cli_hex(latent, e->ids.latent);
        if (e->ids.has_decoder) cli_hex(decoder, e->ids.decoder);
        model_parts_text(parts, e->contents.parts);
        cli_shown name, path;
        printf("%-10s %-6s latent %s decoder %-16s %10" PRIu64 " bytes  %s  (%s; %s)\n",
               cli_show(&name, e->contents.name), e->contents.kind, latent, decoder, e->contents.n_file_bytes,
               cli_show(&path, e->path), parts, e->contents.precision);
    }
}

static cli_exit print_json(const model_catalogue *catalogue) {
    json_t *array = json_array();
    for (size_t i = 0; i < catalogue->n_entries; i++) {
        const model_entry *e = &catalogue->entries[i];
        const pith_model_contents *c = &e->contents;
        char latent[CLI_HEX_BYTES], decoder[CLI_HEX_BYTES];
        cli_hex(latent, e->ids.latent);
        cli_hex(decoder, e->ids.decoder);
        json_t *model =
            json_pack("{so so ss so so sI sI so si si so}", "name", json_text(c->name), "kind", json_text(c->kind),
                      "latent_id", latent, "decoder_id", e->ids.has_decoder ? json_string(decoder) : json_null(),
                      "parts", model_parts_json(c->parts), "bytes", (json_int_t)c->n_file_bytes, "parameters",
                      (json_int_t)c->n_parameters, "precision", json_text(c->precision), "latent_channels",
                      (int)c->n_latent, "downscale", (int)c->downscale, "path", json_text(e->path));
        json_array_append_new(array, model);
    }
    return json_print(array);
}

static cli_exit list_models(bool as_json, bool verbose) {
    pith_env env;
    model_catalogue catalogue;
    pith_env_defaults(&env, sizeof env);
    if (model_catalogue_make(&catalogue, &env, verbose ? MODEL_WARN_ALL : MODEL_WARN_INSTALLED) != PITH_OK)
        return cli_fail(CLI_OUTPUT, NULL, "out of memory");
    cli_exit code = CLI_DONE;
    if (as_json)
        code = print_json(&catalogue);
    else if (catalogue.n_entries > 0)
        print_text(&catalogue);
    else
        cli_say(NULL, "no model is installed in %s", catalogue.list.folders);
    model_catalogue_free(&catalogue);
    return code;
}

static int run(const cli_command *command, int argc, char **argv) {
    const char *argument;
    const char *to = NULL;
    bool as_json = false, verbose = false, force = false;
    for (int option; (option = cli_next_option(command, argc, argv, &argument)) != 0;) {
        if (option < 0) return CLI_USAGE;
        if (option == CLI_HELP) return cli_show_help(command);
        as_json = as_json || option == CLI_JSON;
        verbose = verbose || option == 'v';
        force = force || option == CLI_FORCE;
        if (option == CLI_QUIET) cli_be_quiet();
        if (option != CLI_TO) continue;
        if (strcmp(argument, "fp16") != 0 && strcmp(argument, "int8") != 0 && strcmp(argument, "decoder") != 0)
            return cli_usage(command, "--to takes fp16, int8 or decoder, not \"%s\"", argument);
        to = argument;
    }
    const char *what = optind < argc ? argv[optind] : "";
    char **operands = argv + optind + 1;
    int n_operands = argc - optind - 1;
    if ((to || force) && strcmp(what, "convert") != 0) return cli_usage(command, "--to and --force are for convert");
    if (strcmp(what, "list") == 0 && n_operands == 0) return (int)list_models(as_json, verbose);
    if (strcmp(what, "info") == 0) {
        if (n_operands == 0) return cli_usage(command, "info: at least one model, a PATH or a NAME, is needed");
        return (int)model_info(operands, n_operands, as_json);
    }
    if (strcmp(what, "convert") == 0) return (int)model_convert(command, operands, n_operands, to, force);
    if (strcmp(what, "verify") == 0) {
        if (n_operands == 0) return cli_usage(command, "verify: at least one PATH is needed");
        if (as_json) return cli_usage(command, "verify: does not print JSON");
        return (int)model_verify(operands, n_operands);
    }
    return cli_usage(command, "\"list\", \"info\", \"verify\" or \"convert\" is needed");
}

const cli_command cli_model = {
    "model", "[OPTION...] list | info MODEL... | verify PATH... | convert IN OUT",
    "Lists the models there are, shows what a model's file holds, verifies it, makes a compact copy.", options, run};
