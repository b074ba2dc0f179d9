/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/slice_coder.h"

#include "base/status.h"

uint32_t sc_present(const mc_clip *clip, uint64_t slice) {
    uint64_t left = clip->n_samples - (slice << clip->log2_slice);
    return left > mc_slice(clip) ? mc_slice(clip) + 1 : (uint32_t)left;
}

uint32_t sc_group_keys(const mc_clip *clip, uint64_t group) {
    uint64_t left = mc_n_keys(clip) - group * SC_KEYS_A_GROUP;
    return left > SC_KEYS_A_GROUP ? SC_KEYS_A_GROUP : (uint32_t)left;
}

void sc_put_key(pose_slice *slice, uint32_t place, const pose_slice *groups, uint64_t first_group, uint64_t key) {
    const pose_slice *group = &groups[key / SC_KEYS_A_GROUP - first_group];
    for (uint32_t c = 0; c < slice->clip->n_channels; c++)
        *ps_at(slice, c, place) = *ps_at(group, c, key % SC_KEYS_A_GROUP);
}

/* ---- encode
 * ----------------------------------------------------------------------------------------------------------- */

typedef struct encode_task {
    pose_search *search;
    pose_slice *slice;
    uint64_t first; /* sample at place 0 */
} encode_task;

static pith_status encode_place(void *user, const ps_place *place) {
    encode_task *t = user;
    search_pose(t->search, t->slice, place, t->first + place->at);
    return PITH_OK;
}

static pith_status finish(rc_encoder *encoder, const byte_writer *out, pith_diag *diag) {
    rc_encoder_finish(encoder);
    return out->status == PITH_OK ? PITH_OK : diag_set(diag, out->status, "out of memory for a slice");
}

pith_status sc_encode_group(pose_search *s, pose_slice *group, uint64_t index, byte_writer *out, pith_diag *diag) {
    rc_encoder encoder;
    rc_encoder_init(&encoder, out);
    mm_begin(s->model, &encoder, NULL);
    group->present = sc_group_keys(group->clip, index);
    for (uint32_t k = 0; k < group->present; k++) {
        ps_place place = ps_place_key(k);
        search_pose(s, group, &place, (index * SC_KEYS_A_GROUP + k) << group->clip->log2_slice);
    }
    return finish(&encoder, out, diag);
}

pith_status sc_encode_slice(pose_search *s, pose_slice *slice, uint64_t index, byte_writer *out, pith_diag *diag) {
    rc_encoder encoder;
    rc_encoder_init(&encoder, out);
    mm_begin(s->model, &encoder, NULL);
    slice->present = sc_present(slice->clip, index);
    encode_task task = {s, slice, index << slice->clip->log2_slice};
    pith_status status = ps_each(slice, encode_place, &task);
    pith_status end = finish(&encoder, out, diag);
    return status == PITH_OK ? end : status;
}

/* ---- decode
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct decode_task {
    motion_model *model;
    pose_slice *slice;
    sc_range wanted;
    uint32_t n_missing; /* wanted places that are not yet decoded */
} decode_task;

static void decode_pose(motion_model *m, pose_slice *slice, const ps_place *place) {
    uint32_t pose = 0;
    for (uint32_t c = 0; c < slice->clip->n_channels; c++) {
        ps_prediction prediction = ps_predict(slice, c, place);
        int32_t numbers[3] = {0, 0, 0};
        uint32_t escape = 0;
        ps_code(slice, m, c, place, numbers, &escape, &pose);
        *ps_at(slice, c, place->at) = ps_value_of(&slice->clip->channels[c], &prediction, numbers, escape);
    }
}

/* Ends with PITH_E_ABORTED when nothing more is wanted. */
static pith_status decode_place(void *user, const ps_place *place) {
    decode_task *t = user;
    if (t->n_missing == 0) return PITH_E_ABORTED;
    decode_pose(t->model, t->slice, place);
    if (place->at >= t->wanted.first && place->at < t->wanted.end) t->n_missing--;
    return PITH_OK;
}

static pith_status check_end(const rc_decoder *decoder, pith_diag *diag) {
    if (rc_decoder_at_end(decoder)) return PITH_OK;
    return diag_set(diag, PITH_E_FORMAT, "the coded numbers do not end where their chunk does");
}

pith_status sc_decode_group(motion_model *m, pose_slice *group, uint32_t end, const pith_bytes *coded,
                            pith_diag *diag) {
    rc_decoder decoder;
    rc_decoder_init(&decoder, coded->data, coded->n_bytes);
    mm_begin(m, NULL, &decoder);
    for (uint32_t k = 0; k < group->present && k < end; k++) {
        ps_place place = ps_place_key(k);
        decode_pose(m, group, &place);
    }
    return end < group->present ? PITH_OK : check_end(&decoder, diag);
}

pith_status sc_decode_slice(motion_model *m, pose_slice *slice, sc_range wanted, const pith_bytes *coded,
                            pith_diag *diag) {
    uint32_t last = slice->n_samples - 1;
    if (wanted.first < 1) wanted.first = 1; /* the ends are poses between slices */
    if (wanted.end > last) wanted.end = last;
    if (wanted.end > slice->present) wanted.end = slice->present;
    decode_task task = {m, slice, wanted, wanted.end > wanted.first ? wanted.end - wanted.first : 0};
    if (task.n_missing == 0 && last > 1 && slice->present > 1) return PITH_OK;
    rc_decoder decoder;
    rc_decoder_init(&decoder, coded->data, coded->n_bytes);
    mm_begin(m, NULL, &decoder);
    pith_status status = ps_each(slice, decode_place, &task);
    if (status == PITH_E_ABORTED) return PITH_OK;
    return status == PITH_OK ? check_end(&decoder, diag) : status;
}
