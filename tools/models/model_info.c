/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith model info: what a weights file holds. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "models/model_about.h"
#include "models/model_cache.h"
#include "models/model_find.h"

static const struct {
    pith_model_part part;
    const char *text, *key;
} parts_known[] = {
    {PITH_PART_AUTOENCODER, "autoencoder", "autoencoder"},
    {PITH_PART_DENOISER, "U-Net", "unet"},
    {PITH_PART_TEXT_ENCODER, "text encoder", "text_encoder"},
    {PITH_PART_EMPTY_PROMPT, "empty prompt", "empty_prompt"},
};
#define N_PARTS (sizeof parts_known / sizeof *parts_known)

void model_parts_text(char text[MODEL_PARTS_BYTES], uint32_t parts) {
    text[0] = '\0';
    for (size_t i = 0; i < N_PARTS; i++) {
        size_t n = strlen(text);
        if (parts & parts_known[i].part)
            snprintf(text + n, MODEL_PARTS_BYTES - n, "%s%s", n ? ", " : "", parts_known[i].text);
    }
}

json_t *model_parts_json(uint32_t parts) {
    json_t *array = json_array();
    for (size_t i = 0; i < N_PARTS; i++)
        if (parts & parts_known[i].part) json_array_append_new(array, json_string(parts_known[i].key));
    return array;
}

static bool is_int8(const pith_model_contents *c) { return strstr(c->precision, "int8") != NULL; }

static void print_text(const char *name, const pith_model_contents *c, const char *latent, const char *decoder) {
    char parts[MODEL_PARTS_BYTES];
    cli_shown shown;
    model_parts_text(parts, c->parts);
    printf("%s\n", cli_show(&shown, name));
    printf("  model       %s, kind %s%s\n", cli_show(&shown, c->name), c->kind,
           c->is_converted ? ", converted by Pith" : "");
    printf("  latent      %" PRIu32 " channels, 1/%" PRIu32 " of the picture's size\n", c->n_latent, c->downscale);
    printf("  parts       %s\n", parts);
    printf("  parameters  %" PRIu64 ", %s\n", c->n_parameters, c->precision);
    printf("  bytes       %" PRIu64 "\n", c->n_file_bytes);
    printf("  latent id   %s\n  decoder id  %s%s\n", latent, decoder,
           !c->is_converted ? ""
           : is_int8(c)     ? " (the former that of the model it was made from)"
                            : " (both those of the model it was made from)");
}

static json_t *contents_json(const char *name, const pith_model_contents *c, const char *latent, const char *decoder) {
    return json_pack("{so so so sb si si so sI so sI ss ss}", "file", json_text(name), "name", json_text(c->name),
                     "kind", json_text(c->kind), "converted", (int)c->is_converted, "latent_channels", (int)c->n_latent,
                     "downscale", (int)c->downscale, "parts", model_parts_json(c->parts), "parameters",
                     (json_int_t)c->n_parameters, "precision", json_text(c->precision), "bytes",
                     (json_int_t)c->n_file_bytes, "latent_id", latent, "decoder_id", decoder);
}

static cli_exit show(const char *name, const pith_env *env, json_t *array) {
    pith_model *model = NULL;
    pith_model_contents contents = {.struct_size = sizeof contents};
    model_cache cache;
    model_ids ids;
    char latent[CLI_HEX_BYTES], decoder[CLI_HEX_BYTES];
    cli_exit code = model_for_encode(&model, env, name);
    if (code != CLI_DONE) return code;
    pith_status status = pith_model_get_contents(model, &contents);
    model_cache_load(&cache);
    if (status == PITH_OK) status = model_cache_get(&ids, &cache, name, model, true);
    model_cache_close(&cache);
    pith_diag why = {0};
    if (status == PITH_E_MODEL_VALUES) status = pith_model_check_values(model, env, &why); /* names the tensor */
    pith_model_free(&model);
    if (why.status != PITH_OK) return cli_fail(cli_exit_of(status, CLI_MODEL), name, "%s", why.message);
    if (status != PITH_OK)
        return cli_fail(cli_exit_of(status, CLI_MODEL), name, "no fingerprint: %s", pith_status_name(status));
    cli_hex(latent, ids.latent);
    cli_hex(decoder, ids.decoder);
    if (array)
        json_array_append_new(array, contents_json(name, &contents, latent, decoder));
    else
        print_text(name, &contents, latent, decoder);
    return CLI_DONE;
}

cli_exit model_info(char **names, int n_names, bool as_json) {
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    json_t *array = as_json ? json_array() : NULL;
    cli_exit worst = CLI_DONE;
    for (int i = 0; i < n_names; i++) {
        cli_exit code = show(names[i], &env, array);
        if (code > worst) worst = code;
    }
    if (as_json) {
        cli_exit code = json_print(array);
        if (code > worst) worst = code;
    }
    return worst;
}
