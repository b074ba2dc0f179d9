/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Two of the context models restart in each channel and learn its own statistics. The others continue and learn what
 * the channels share. */
#include "codec/lat_model.h"

#include "entropy/logistic.h"

#define COUNT_SHARED 20 /* initial count of a counter: the weight of the prior */
#define COUNT_CHANNEL 10
#define LIMIT_SHARED 250 /* largest count of a counter */
#define LIMIT_CHANNEL 120
#define RATE_LEVEL 6 /* learning rates of the two sets of mixing weights */
#define RATE_CLASS 5
#define INPUT_DISTRIBUTION LAT_N_CONTEXTS
#define INPUT_CONSTANT (LAT_N_CONTEXTS + 1)
#define CONSTANT (LOGISTIC_ONE / 4)
#define DISTRIBUTION_MAX (9 * LOGISTIC_ONE)

static bool is_of_channel(unsigned model) { return model == 1 || model == 6; }

pith_status lat_model_init(lat_model *m, const pith_alloc *alloc, uint32_t n_channels) {
    m->prior = &lat_prior_generic;
    return lat_contexts_init(&m->contexts, alloc, n_channels);
}

void lat_model_free(lat_model *m, const pith_alloc *alloc) { lat_contexts_free(&m->contexts, alloc); }

static void start_counters(lat_model *m, bool of_channel) {
    uint32_t slot = 0;
    for (unsigned i = 0; i < LAT_N_CONTEXTS; i++) {
        uint32_t end = slot + lat_context_sizes[i] * (uint32_t)LAT_N_DECISIONS;
        for (; slot < end; slot++) {
            if (is_of_channel(i) != of_channel) continue;
            m->counters[slot].probability = (uint16_t)logistic_squash(m->prior->odds[slot] * (LOGISTIC_ONE / 16));
            m->counters[slot].count = of_channel ? COUNT_CHANNEL : COUNT_SHARED;
        }
    }
}

void lat_model_begin_slice(lat_model *m, uint32_t height, uint32_t width) {
    m->contexts.prior = m->prior;
    lat_contexts_begin_slice(&m->contexts, height, width);
    start_counters(m, false);
    for (unsigned i = 0; i < LAT_N_WEIGHT_SETS; i++)
        for (unsigned j = 0; j < LAT_N_INPUTS; j++)
            m->weights[i][j] = m->prior->weights[i * LAT_N_INPUTS + j] * (MIX_WEIGHT_ONE / 4096);
}

void lat_model_begin_channel(lat_model *m, uint32_t channel) {
    lat_contexts_begin_channel(&m->contexts, channel);
    start_counters(m, true);
}

void lat_model_end_channel(lat_model *m, uint32_t channel) {
    lat_contexts_end_channel(&m->contexts, channel);
    if (m->observe_channel) m->observe_channel(m->observe_user, m, channel);
}

static int32_t clamp(int32_t v, int32_t limit) { return v > limit ? limit : v < -limit ? -limit : v; }

/* `distribution`: log odds from the logistic distribution alone. */
static uint32_t mix(lat_model *m, uint32_t decision, int32_t distribution) {
    const lat_view *v = &m->view;
    uint32_t base = 0;
    for (unsigned i = 0; i < LAT_N_CONTEXTS; i++) {
        m->slots[i] = (uint16_t)((base + v->contexts[i]) * LAT_N_DECISIONS + decision);
        m->inputs[i] = logistic_stretch(m->counters[m->slots[i]].probability);
        base += lat_context_sizes[i];
    }
    m->inputs[INPUT_DISTRIBUTION] = clamp(distribution, DISTRIBUTION_MAX);
    m->inputs[INPUT_CONSTANT] = CONSTANT;
    m->sets[0] = m->weights[v->select_level * LAT_N_DECISIONS + decision];
    m->sets[1] = m->weights[(LAT_N_SELECT_LEVEL + (uint32_t)v->select_class) * LAT_N_DECISIONS + decision];
    int32_t sum = 0;
    for (int i = 0; i < 2; i++) {
        int32_t x = mix_predict(m->sets[i], m->inputs, LAT_N_INPUTS);
        m->errors[i] = -(int32_t)logistic_squash(x);
        sum += x;
    }
    return logistic_squash(sum >> 1);
}

/* A distance from the prediction (in 1/256) divided by the scale of the distribution. */
static int32_t in_scales(const lat_view *v, int32_t distance_256) {
    return distance_256 * lat_inverse_scale[v->level] >> 8;
}

uint32_t lat_model_zero(lat_model *m) {
    const lat_view *v = &m->view;
    int32_t near = logistic_softplus(in_scales(v, 128 - v->fraction));
    int32_t far = logistic_softplus(in_scales(v, 128 + v->fraction));
    return mix(m, 0, lat_inverse_scale_log[v->level] - far - logistic_softplus(near - far));
}

uint32_t lat_model_away(lat_model *m) {
    const lat_view *v = &m->view;
    int32_t near = logistic_softplus(in_scales(v, 128 - v->fraction));
    int32_t far = logistic_softplus(in_scales(v, 128 + v->fraction));
    return mix(m, 1, near - far);
}

uint32_t lat_model_above(lat_model *m, uint32_t magnitude, bool away) {
    static const uint8_t decisions[LAT_N_UNARY + 1] = {0, 2, 3, 4, 5, 6, 6, 7, 7, 7, 8, 8, 8, 8, 8};
    const lat_view *v = &m->view;
    int32_t distance = (2 * (int32_t)magnitude - 1) * 128 + (away ? v->fraction : -v->fraction);
    int32_t odds = logistic_softplus(-in_scales(v, distance)) - lat_inverse_scale_log[v->level];
    return mix(m, decisions[magnitude], odds);
}

void lat_model_learn(lat_model *m, unsigned bit) {
    if (m->observe) m->observe(m->observe_user, m, bit);
    for (unsigned i = 0; i < LAT_N_CONTEXTS; i++)
        mix_counter_update(&m->counters[m->slots[i]], bit, is_of_channel(i) ? LIMIT_CHANNEL : LIMIT_SHARED);
    int32_t target = bit ? 65536 : 0;
    mix_learn(m->sets[0], m->inputs, LAT_N_INPUTS, target + m->errors[0], RATE_LEVEL);
    mix_learn(m->sets[1], m->inputs, LAT_N_INPUTS, target + m->errors[1], RATE_CLASS);
}
