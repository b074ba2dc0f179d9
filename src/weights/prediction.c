/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Reads each tool's notes on how a model was trained. */
#include "weights/prediction.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#define FAULT_BYTES 160

/* True if some name equals `mark` or ends with it after a dot. */
static bool has_mark(const tensor_table *raw, const char *mark) {
    const size_t k = strlen(mark);
    for (size_t i = 0; i < tensor_table_count(raw); i++) {
        const char *name = tensor_table_at(raw, i)->name;
        const size_t n = strlen(name);
        if (n >= k && strcmp(name + (n - k), mark) == 0 && (n == k || name[n - k - 1] == '.')) return true;
    }
    return false;
}

pith_status prediction_from_marks(tensor_table *to, const tensor_table *raw) {
    pith_status status = PITH_OK;
    const char *said = tensor_table_meta(raw, "modelspec.prediction_type");
    if (said) PITH_TRY(tensor_table_set_meta(to, PREDICTION_KEY, strcmp(said, "v") == 0 ? PREDICTION_V : said));
    if (has_mark(raw, "v_pred")) PITH_TRY(tensor_table_set_meta(to, PREDICTION_KEY, PREDICTION_V));
    if (has_mark(raw, "ztsnr")) PITH_TRY(tensor_table_set_meta(to, ZERO_SNR_KEY, "true"));
    if (has_mark(raw, "scaled_fp8"))
        PITH_TRY(tensor_table_set_meta(to, UNET_FAULT_KEY, "has floats of 8 bits with scales, which are not read"));
cleanup:
    return status;
}

/* The value after the key in a line, without quotes. Returns its length, or 0 if the line has another key. */
static size_t value_of_key(const char **value, const char *line, size_t n, const char *key) {
    static const char around[] = " \t\r\"'";
    const size_t k = strlen(key);
    while (n > 0 && (*line == ' ' || *line == '\t')) line++, n--;
    if (n <= k || strncmp(line, key, k) != 0 || line[k] != ':') return 0;
    line += k + 1;
    n -= k + 1;
    while (n > 0 && strchr(around, *line)) line++, n--;
    *value = line;
    size_t length = 0;
    while (length < n && line[length] != '#' && !strchr(around, line[length])) length++;
    return length;
}

pith_status prediction_from_yaml(tensor_table *to, const char *text, size_t n_bytes) {
    for (size_t at = 0; at < n_bytes;) {
        const char *line = text + at, *end = memchr(line, '\n', n_bytes - at), *value = NULL;
        const size_t n = end ? (size_t)(end - line) : n_bytes - at;
        const size_t length = value_of_key(&value, line, n, "parameterization");
        if (length == 1 && *value == 'v') return tensor_table_set_meta(to, PREDICTION_KEY, PREDICTION_V);
        at += n + 1;
    }
    return PITH_OK;
}

/* Checks the noise schedule of the training, if the file describes it. */
static bool is_usual_schedule(const json_t *json, char fault[FAULT_BYTES]) {
    static const struct {
        const char *key;
        double value;
    } numbers[] = {{"beta_start", 0.00085}, {"beta_end", 0.012}, {"num_train_timesteps", 1000}};
    const char *schedule = json_string_value(json_object_get(json, "beta_schedule"));
    if (schedule && strcmp(schedule, "scaled_linear") != 0) {
        snprintf(fault, FAULT_BYTES,
                 "was trained with a beta_schedule of %.40s, Stable Diffusion 1.x with scaled_linear", schedule);
        return false;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const json_t *number = json_object_get(json, numbers[i].key);
        if (!json_is_number(number) || fabs(json_number_value(number) - numbers[i].value) < 1e-9) continue;
        snprintf(fault, FAULT_BYTES, "was trained with a %s of %g, Stable Diffusion 1.x with %g", numbers[i].key,
                 json_number_value(number), numbers[i].value);
        return false;
    }
    return true;
}

pith_status prediction_from_scheduler(tensor_table *to, const char *text, size_t n_bytes) {
    pith_status status = PITH_OK;
    char fault[FAULT_BYTES];
    json_t *json = json_loadb(text, n_bytes, 0, NULL);
    const char *kind = json_string_value(json_object_get(json, "prediction_type"));
    if (kind) PITH_TRY(tensor_table_set_meta(to, PREDICTION_KEY, kind));
    if (json_is_true(json_object_get(json, "rescale_betas_zero_snr")))
        PITH_TRY(tensor_table_set_meta(to, ZERO_SNR_KEY, "true"));
    if (!is_usual_schedule(json, fault)) PITH_TRY(tensor_table_set_meta(to, UNET_FAULT_KEY, fault));
cleanup:
    json_decref(json);
    return status;
}
