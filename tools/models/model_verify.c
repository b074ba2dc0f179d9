/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith model verify: checks every tensor and every value, computes the fingerprints again, and says whether the file is
 * a known public checkpoint. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <nettle/sha2.h>

#include "cli/progress.h"
#include "messages/tool_fail.h"
#include "models/known_checkpoints.h"
#include "models/model_about.h"

#define BLOCK_BYTES (1u << 20)

typedef struct verified {
    uint64_t n_values, n_file_bytes;
    char precision[PITH_NAME_BYTES];
    char latent[CLI_HEX_BYTES], decoder[CLI_HEX_BYTES];
    char sha256[SHA256_HEX_BYTES]; /* empty for a folder */
} verified;

static pith_status hash_stream(struct sha256_ctx *sha, FILE *file, uint64_t n_bytes, const pith_env *env,
                               pith_diag *why) {
    uint8_t *block = malloc(BLOCK_BYTES);
    pith_status status = block ? PITH_OK : tool_fail(why, PITH_E_NOMEM, "out of memory");
    uint64_t n_done = 0;
    size_t n = 1;
    while (status == PITH_OK && (n = fread(block, 1, BLOCK_BYTES, file)) > 0) {
        sha256_update(sha, n, block);
        n_done += n;
        if (env->progress.report)
            (void)env->progress.report(env->progress.user, "hashing the file", (double)n_done / (double)(n_bytes + 1));
    }
    if (status == PITH_OK && ferror(file)) status = tool_fail_errno(why, PITH_E_IO, "read");
    free(block);
    return status;
}

/* Of a regular file; none for a folder or the built-in model. */
static pith_status hash_file(verified *v, const char *path, const pith_env *env, pith_diag *why) {
    struct sha256_ctx sha;
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct stat st;
    if (strcmp(path, PITH_MODEL_BUILT_IN) == 0) return PITH_OK; /* no file */
    if (stat(path, &st) != 0) return tool_fail_errno(why, PITH_E_IO, "read");
    if (!S_ISREG(st.st_mode)) return PITH_OK;
    FILE *file = fopen(path, "rb");
    if (!file) return tool_fail_errno(why, PITH_E_IO, "open");
    sha256_init(&sha);
    pith_status status = hash_stream(&sha, file, (uint64_t)st.st_size, env, why);
    fclose(file);
    sha256_digest(&sha, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) snprintf(v->sha256 + 2 * i, 3, "%02x", digest[i]);
    return status;
}

static pith_status check_model(verified *v, pith_model *model, const pith_env *env, pith_diag *why) {
    uint8_t latent[PITH_FINGERPRINT_BYTES], decoder[PITH_FINGERPRINT_BYTES];
    pith_status status = pith_model_check_values(model, env, why);
    if (status != PITH_OK) return status;
    status = pith_model_latent_id(model, latent);
    if (status == PITH_OK) status = pith_model_decoder_id(model, decoder);
    if (status != PITH_OK) return tool_fail(why, status, "has no fingerprints: %s", pith_status_name(status));
    pith_model_contents contents = {.struct_size = sizeof contents};
    status = pith_model_get_contents(model, &contents);
    if (status != PITH_OK) return tool_fail(why, status, "cannot be described: %s", pith_status_name(status));
    memcpy(v->precision, contents.precision, sizeof v->precision);
    v->n_values = contents.n_parameters;
    v->n_file_bytes = contents.n_file_bytes;
    cli_hex(v->latent, latent);
    cli_hex(v->decoder, decoder);
    return PITH_OK;
}

static void print_known(const verified *v) {
    const known_checkpoint *is = known_checkpoint_by_digest(v->sha256);
    const known_checkpoint *like = known_checkpoint_by_size(v->n_file_bytes);
    if (is)
        printf("  known as    %s of %s\n", is->file, is->repository);
    else if (like)
        printf("  known as    none of the known checkpoints; has the size of %s of %s, but other contents\n",
               like->file, like->repository);
    else
        printf("  known as    none of the known checkpoints\n");
}

static cli_exit verify(const char *path) {
    verified v = {0};
    pith_env env;
    progress bar;
    pith_model *model = NULL;
    pith_diag why = {0};
    pith_env_defaults(&env, sizeof env);
    progress_start(&bar, &env);
    pith_status status = pith_model_open(&model, &env, path, &why);
    if (status == PITH_OK) status = check_model(&v, model, &env, &why);
    if (status == PITH_OK) status = hash_file(&v, path, &env, &why);
    pith_model_free(&model);
    progress_end(&bar);
    if (status != PITH_OK) return cli_fail(cli_exit_of(status, CLI_MODEL), path, "%s", why.message);
    cli_shown shown;
    printf("%s\n  values      %" PRIu64 ", all finite\n  precision   %s\n  latent id   %s\n  decoder id  %s\n",
           cli_show(&shown, path), v.n_values, v.precision, v.latent, v.decoder);
    if (*v.sha256) printf("  sha256      %s\n", v.sha256);
    print_known(&v);
    return CLI_DONE;
}

cli_exit model_verify(char **paths, int n_paths) {
    cli_exit worst = CLI_DONE;
    for (int i = 0; i < n_paths; i++) {
        cli_exit code = verify(paths[i]);
        if (code > worst) worst = code;
    }
    return worst;
}
