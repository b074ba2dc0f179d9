/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "compare/measure.h"

pith_status measure_images(pith_compare_result *result, const pith_env *env, const pith_image *original,
                           const pith_image *decoded, const pith_compare_options *options, pith_diag *why) {
    pith_source a, b;
    pith_source_from_image(&a, sizeof a, original);
    pith_source_from_image(&b, sizeof b, decoded);
    *result = (pith_compare_result){.struct_size = sizeof *result};
    return pith_compare(env, &a, &b, options, result, why);
}

pith_status measure_figures(pith_compare_result *result, const pith_env *env, const pith_image *original,
                            const pith_image *decoded, pith_diag *why) {
    pith_compare_options options;
    pith_compare_options_defaults(&options, sizeof options);
    options.measures = MEASURE_FIGURES;
    return measure_images(result, env, original, decoded, &options, why);
}
