/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Reads the structure of a .pith file in two passes: the first checks everything; the second, with
 * all counts verified, records the chunks. */
#include "container/ctr_read.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define CRC_BYTES 4u
#define CHECKSUM_BYTES 2u /* of a slice's symbols */

/* Reports a fault in the field that begins at `at`. */
#define FAIL_AT(s, at, ...)                                                                                            \
    do {                                                                                                               \
        (s)->position = (at);                                                                                          \
        st_fail((s), __VA_ARGS__);                                                                                     \
    } while (0)

/* ---- magic and version ---------------------------------------------------------- */

static void read_magic(stream *s, ctr_file *file) {
    size_t n = s->n_bytes < CTR_MAGIC_BYTES ? s->n_bytes : CTR_MAGIC_BYTES;
    if (n > 0 && memcmp(s->data, CTR_MAGIC, n) != 0) {
        st_fail(s, PITH_E_FORMAT, "not a Pith file");
        return;
    }
    (void)st_bytes(s, CTR_MAGIC_BYTES, "magic");
    uint8_t version = st_u8(s, "version");
    file->version_major = version >> 4;
    file->version_minor = version & 0x0fu;
    if (s->status == PITH_OK && file->version_major != CTR_VERSION_MAJOR && version != CTR_VERSION_DRAFT)
        FAIL_AT(s, CTR_MAGIC_BYTES, PITH_E_VERSION, "format version %u.%u, this library reads %u.x",
                (unsigned)file->version_major, (unsigned)file->version_minor, CTR_VERSION_MAJOR);
}

/* Whether the file may have what this version does not know. */
static bool is_newer(const ctr_file *file) {
    return file->version_major == CTR_VERSION_MAJOR && file->version_minor > CTR_VERSION_MINOR;
}

/* ---- chunks ------------------------------------------------------------------------ */

/* Reads the next chunk's extent. `label` receives the chunk's name, for messages. */
static void read_chunk(stream *s, ctr_chunk *chunk, char label[8]) {
    s->label = "chunk";
    *chunk = (ctr_chunk){.offset = s->position};
    chunk->type = st_u8(s, "type"); /* type */
    if (s->status != PITH_OK) return;
    ctr_chunk_name(chunk->type, label);
    s->label = label;
    size_t at = s->position;
    uint64_t length = st_leb128(s, CTR_MAX_PAYLOAD_BYTES, "length"); /* length */
    size_t left = st_left(s);
    if (s->status == PITH_OK && length > left)
        FAIL_AT(s, at, PITH_E_TRUNCATED, "a payload of %" PRIu64 " bytes, the file has %zu more", length, left);
    chunk->payload_bytes = (size_t)length;
    chunk->payload = st_bytes(s, (size_t)length, "payload"); /* payload */
    (void)st_u32le(s, "crc");                                /* crc */
    chunk->n_bytes = s->position - chunk->offset;
}

static size_t payload_offset(const ctr_chunk *chunk) {
    return chunk->offset + chunk->n_bytes - CRC_BYTES - chunk->payload_bytes;
}

static void check_chunk_limit(stream *s, const ctr_chunk *chunk, const pith_env *env) {
    if (s->status == PITH_OK && chunk->payload_bytes > env->max_chunk_bytes)
        FAIL_AT(s, chunk->offset, PITH_E_LIMIT, "a payload of %zu bytes, the limit is %" PRIu64, chunk->payload_bytes,
                env->max_chunk_bytes);
}

/* The last four bytes of a chunk are the CRC-32 of all bytes before them. */
static void check_crc(stream *s, const ctr_chunk *chunk) {
    if (s->status != PITH_OK) return;
    size_t covered = chunk->n_bytes - CRC_BYTES;
    const uint8_t *p = s->data + chunk->offset + covered;
    uint32_t stored = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    uint32_t computed = crc32_update(0, s->data + chunk->offset, covered);
    if (stored != computed)
        FAIL_AT(s, chunk->offset, PITH_E_CHECKSUM, "damaged: its CRC is %08" PRIx32 ", its bytes give %08" PRIx32,
                stored, computed);
}

/* ---- HEAD ---------------------------------------------------------------------------- */

static uint32_t read_side(stream *s, const char *field) {
    size_t at = s->position;
    uint32_t side = (uint32_t)st_leb128(s, UINT32_MAX, field);
    if (s->status == PITH_OK && side == 0) FAIL_AT(s, at, PITH_E_FORMAT, "%s is 0", field);
    return side;
}

/* Reads a byte for which only the values first..last are defined so far. */
static uint8_t read_known(stream *s, unsigned first, unsigned last, const char *field) {
    size_t at = s->position;
    uint8_t value = st_u8(s, field);
    if (s->status == PITH_OK && (value < first || value > last))
        FAIL_AT(s, at, PITH_E_UNSUPPORTED, "%s %u is not known to this version", field, value);
    return value;
}

static void read_flags(stream *s, ctr_head *head, bool newer) {
    size_t at = s->position;
    uint8_t flags = st_u8(s, "flags");
    head->grey = flags & CTR_FLAG_GREY;
    head->alpha = flags & CTR_FLAG_ALPHA;
    head->deep = flags & CTR_FLAG_DEEP;
    head->residual = flags & CTR_FLAG_RESIDUAL;
    head->reduced = flags & CTR_FLAG_REDUCED;
    if (s->status == PITH_OK && (flags & ~CTR_FLAGS_KNOWN))
        FAIL_AT(s, at, newer ? PITH_E_UNSUPPORTED : PITH_E_FORMAT, "reserved bits of flags 0x%02x are set", flags);
}

static void read_geometry(stream *s, ctr_head *head) {
    size_t at = s->position;
    uint8_t geometry = st_u8(s, "geometry");
    head->n_latent = (uint8_t)((geometry & 0x1fu) + 1u);
    head->log2_downscale = geometry >> 5;
    if (s->status == PITH_OK && head->n_latent > 3u << (2 * head->log2_downscale))
        FAIL_AT(s, at, PITH_E_FORMAT, "%u latent channels for blocks of %ux%u pixels", head->n_latent,
                1u << head->log2_downscale, 1u << head->log2_downscale);
}

static void read_step_index(stream *s, ctr_head *head) {
    size_t at = s->position;
    head->step_index = st_u16le(s, "step_index");
    if (s->status == PITH_OK && head->step_index > CTR_MAX_STEP_INDEX)
        FAIL_AT(s, at, PITH_E_FORMAT, "step_index %u, the largest is %u", head->step_index, CTR_MAX_STEP_INDEX);
}

static void read_model_name(stream *s, ctr_head *head) {
    size_t at = s->position;
    uint8_t first = st_u8(s, "model_name");
    if (s->status != PITH_OK) return;
    if (first & 0x80u) {
        snprintf(head->model_name, sizeof head->model_name, "mini-%u", first & 0x7fu);
        if (first == 0x80u) FAIL_AT(s, at, PITH_E_FORMAT, "model_name mini-0");
        return;
    }
    if (first == 0 || first >= PITH_NAME_BYTES) {
        FAIL_AT(s, at, PITH_E_FORMAT, "model_name of %u bytes, 1 to %u are legal", first, PITH_NAME_BYTES - 1);
        return;
    }
    const uint8_t *text = st_bytes(s, first, "model_name");
    if (!text) return;
    memcpy(head->model_name, text, first);
    if (memchr(text, 0, first) || !ctr_name_is_legal(head->model_name))
        FAIL_AT(s, at, PITH_E_FORMAT, "model_name has characters other than a-z 0-9 . _ -, or begins with . _ -");
    else if (ctr_mini_number(head->model_name)) /* each name has only one valid encoding */
        FAIL_AT(s, at, PITH_E_FORMAT, "model_name %s in the long form", head->model_name);
}

/* The fields that the header of an exact picture lacks. */
static void read_latent_fields(stream *s, ctr_head *head) {
    read_geometry(s, head);
    read_step_index(s, head);
    head->prior_id = read_known(s, 0, CTR_N_PRIORS - 1, "prior_id");
    if (s->status == PITH_OK && head->method == PITH_METHOD_PALETTE && head->prior_id)
        st_fail(s, PITH_E_FORMAT, "prior_id %u with a palette", head->prior_id);
    read_model_name(s, head);
    const uint8_t *id = st_bytes(s, PITH_FINGERPRINT_BYTES, "latent_id");
    if (id) memcpy(head->latent_id, id, PITH_FINGERPRINT_BYTES);
    head->recipe = read_known(s, 0, CTR_N_RECIPES - 1, "recipe");
}

static pith_status read_head(ctr_file *file, const ctr_chunk *chunk, pith_diag *diag) {
    ctr_head *head = &file->head;
    stream s;
    st_init(&s, chunk->payload, chunk->payload_bytes, "HEAD", payload_offset(chunk), diag);
    head->width = read_side(&s, "width");
    head->height = read_side(&s, "height");
    read_flags(&s, head, is_newer(file));
    head->method = read_known(&s, PITH_METHOD_LATENT, PITH_METHOD_EXACT, "method");
    if (head->method != PITH_METHOD_EXACT) read_latent_fields(&s, head);
    if (s.status == PITH_OK && head->method == PITH_METHOD_EXACT && head->residual)
        st_fail(&s, PITH_E_FORMAT, "a residual of an exact picture");
    if (s.status == PITH_OK && head->method != PITH_METHOD_EXACT && head->reduced)
        st_fail(&s, PITH_E_FORMAT, "fewer colours of a picture that is not exact");
    if (s.status == PITH_OK && st_left(&s) > 0 && !is_newer(file))
        st_fail(&s, PITH_E_FORMAT, "%zu bytes more than version %u.%u has", st_left(&s), (unsigned)file->version_major,
                (unsigned)file->version_minor);
    return s.status;
}

static pith_status check_limits(const ctr_head *head, const pith_env *env, pith_diag *diag) {
    uint32_t longest = head->width > head->height ? head->width : head->height;
    if (longest > env->max_dimension)
        return diag_set(diag, PITH_E_LIMIT, "a picture of %" PRIu32 "x%" PRIu32 ", the limit of a side is %" PRIu32,
                        head->width, head->height, env->max_dimension);
    if ((uint64_t)head->width * head->height > env->max_pixels)
        return diag_set(diag, PITH_E_LIMIT, "a picture of %" PRIu32 "x%" PRIu32 ", the limit is %" PRIu64 " pixels",
                        head->width, head->height, env->max_pixels);
    uint64_t n_slices = (uint64_t)ctr_slice_count(head) + ctr_residual_count(head) + ctr_alpha_count(head);
    if (n_slices >= env->max_chunks)
        return diag_set(diag, PITH_E_LIMIT,
                        "a picture of %" PRIu64 " slices and a header, the limit is %" PRIu32 " chunks", n_slices,
                        env->max_chunks);
    return PITH_OK;
}

/* ---- chunk order ------------------------------------------------------------------------ */

static void place_alpha(stream *s, ctr_file *file, const ctr_chunk *chunk) {
    size_t at = chunk->offset;
    if (file->n_alpha == 0) file->first_alpha = file->n_chunks;
    if (file->n_slices != ctr_slice_count(&file->head))
        FAIL_AT(s, at, PITH_E_FORMAT, "before the last latent slice");
    else if (file->first_alpha + file->n_alpha != file->n_chunks)
        FAIL_AT(s, at, PITH_E_FORMAT, "apart from the slices of alpha before it");
    else if (file->n_alpha == ctr_alpha_count(&file->head))
        FAIL_AT(s, at, PITH_E_FORMAT, "one slice of alpha more than the %" PRIu32 " of the picture", file->n_alpha);
    file->n_alpha++;
}

static void place_metadata(stream *s, ctr_file *file, const ctr_chunk *chunk, const pith_env *env) {
    uint32_t *index = &file->metadata[chunk->type - CTR_CHUNK_METADATA];
    if (*index)
        FAIL_AT(s, chunk->offset, PITH_E_FORMAT, "a second one");
    else if (chunk->payload_bytes == 0)
        FAIL_AT(s, chunk->offset, PITH_E_FORMAT, "is empty");
    else if (chunk->payload_bytes > env->max_metadata_bytes)
        FAIL_AT(s, chunk->offset, PITH_E_LIMIT, "%zu bytes of metadata, the limit is %" PRIu64, chunk->payload_bytes,
                env->max_metadata_bytes);
    *index = file->n_chunks;
}

/* Residual slices come after all latent slices and are contiguous. */
static void place_residual(stream *s, ctr_file *file, const ctr_chunk *chunk) {
    size_t at = chunk->offset;
    if (file->n_residual == 0) file->first_residual = file->n_chunks;
    if (file->n_slices != ctr_slice_count(&file->head))
        FAIL_AT(s, at, PITH_E_FORMAT, "before the last latent slice");
    else if (file->first_residual + file->n_residual != file->n_chunks)
        FAIL_AT(s, at, PITH_E_FORMAT, "apart from the residual slices before it");
    else if (file->n_residual == ctr_residual_count(&file->head))
        FAIL_AT(s, at, PITH_E_FORMAT, "one residual slice more than the %" PRIu32 " announced", file->n_residual);
    else if (file->n_residual == 0 && chunk->payload_bytes < CTR_RECIPE_BYTES)
        FAIL_AT(s, at, PITH_E_FORMAT, "a payload of %zu bytes is too short for a recipe", chunk->payload_bytes);
    file->n_residual++;
}

static void place_bound(stream *s, ctr_file *file, const ctr_chunk *chunk) {
    if (file->bound)
        FAIL_AT(s, chunk->offset, PITH_E_FORMAT, "a second one");
    else if (chunk->payload_bytes != CTR_BOUND_BYTES)
        FAIL_AT(s, chunk->offset, PITH_E_FORMAT, "a payload of %zu bytes, it has %u", chunk->payload_bytes,
                CTR_BOUND_BYTES);
    else if (chunk->payload[0] < 1 || chunk->payload[0] > CTR_MAX_LEVEL)
        FAIL_AT(s, chunk->offset, PITH_E_FORMAT, "level %u", chunk->payload[0]);
    else if (!file->head.residual && file->head.method != PITH_METHOD_EXACT)
        FAIL_AT(s, chunk->offset, PITH_E_FORMAT, "a promise in a file without a residual, whose recipe it needs");
    file->bound = file->n_chunks;
}

static void place_hash(stream *s, ctr_file *file, const ctr_chunk *chunk) {
    if (file->hash)
        FAIL_AT(s, chunk->offset, PITH_E_FORMAT, "a second one");
    else if (chunk->payload_bytes != CTR_HASH_BYTES)
        FAIL_AT(s, chunk->offset, PITH_E_FORMAT, "a payload of %zu bytes, it has %u", chunk->payload_bytes,
                CTR_HASH_BYTES);
    file->hash = file->n_chunks;
}

static void place_tint(stream *s, ctr_file *file, const ctr_chunk *chunk) {
    if (file->tint)
        FAIL_AT(s, chunk->offset, PITH_E_FORMAT, "a second one");
    else if (chunk->payload_bytes != CTR_TINT_BYTES)
        FAIL_AT(s, chunk->offset, PITH_E_FORMAT, "a payload of %zu bytes, it has %u", chunk->payload_bytes,
                CTR_TINT_BYTES);
    else if (file->head.grey || file->head.method == PITH_METHOD_EXACT)
        FAIL_AT(s, chunk->offset, PITH_E_FORMAT, "a tint of a picture that is %s", file->head.grey ? "grey" : "exact");
    file->tint = file->n_chunks;
}

static void place_chroma(stream *s, ctr_file *file, const ctr_chunk *chunk) {
    if (file->chroma)
        FAIL_AT(s, chunk->offset, PITH_E_FORMAT, "a second one");
    else if (file->head.grey || file->head.method != PITH_METHOD_LATENT)
        FAIL_AT(s, chunk->offset, PITH_E_FORMAT, "colours of a picture that is grey or of another method");
    file->chroma = file->n_chunks;
}

static const char *slice_word(const ctr_head *head) {
    return head->method == PITH_METHOD_EXACT ? "slice" : "latent slice";
}

/* Checks that a chunk after HEAD is allowed at its position, and counts it. */
static void place_chunk(stream *s, ctr_file *file, const ctr_chunk *chunk, const pith_env *env) {
    size_t at = chunk->offset;
    if (chunk->type == ctr_slice_type(&file->head)) {
        if (file->n_slices == 0) file->first_slice = file->n_chunks;
        if (file->first_slice + file->n_slices != file->n_chunks)
            FAIL_AT(s, at, PITH_E_FORMAT, "apart from the %ss before it", slice_word(&file->head));
        else if (file->n_slices == ctr_slice_count(&file->head))
            FAIL_AT(s, at, PITH_E_FORMAT, "one %s more than the %" PRIu32 " of the picture", slice_word(&file->head),
                    file->n_slices);
        else if (chunk->payload_bytes < CHECKSUM_BYTES)
            FAIL_AT(s, at, PITH_E_FORMAT, "a payload of %zu bytes is too short for a checksum", chunk->payload_bytes);
        file->n_slices++;
    } else if (chunk->type == CTR_CHUNK_LATENT || chunk->type == CTR_CHUNK_EXACT) {
        FAIL_AT(s, at, PITH_E_FORMAT, "a slice in a file of another method");
    } else if (chunk->type == CTR_CHUNK_PALETTE) {
        if (file->head.method != PITH_METHOD_PALETTE)
            FAIL_AT(s, at, PITH_E_FORMAT, "a palette in a file of another method");
        else if (file->palette)
            FAIL_AT(s, at, PITH_E_FORMAT, "a second palette");
        file->palette = file->n_chunks;
    } else if (chunk->type == CTR_CHUNK_HEAD) {
        FAIL_AT(s, at, PITH_E_FORMAT, "a second header");
    } else if (chunk->type == CTR_CHUNK_ALPHA) {
        place_alpha(s, file, chunk);
    } else if (chunk->type >= CTR_CHUNK_METADATA && chunk->type < CTR_CHUNK_METADATA + PITH_N_METADATA) {
        place_metadata(s, file, chunk, env);
    } else if (chunk->type == CTR_CHUNK_RESIDUAL) {
        place_residual(s, file, chunk);
    } else if (chunk->type == CTR_CHUNK_BOUND) {
        place_bound(s, file, chunk);
    } else if (chunk->type == CTR_CHUNK_HASH) {
        place_hash(s, file, chunk);
    } else if (chunk->type == CTR_CHUNK_TINT) {
        place_tint(s, file, chunk);
    } else if (chunk->type == CTR_CHUNK_CHROMA) {
        place_chroma(s, file, chunk);
    } else if (!(chunk->type & CTR_CHUNK_SKIPPABLE)) {
        FAIL_AT(s, at, PITH_E_UNSUPPORTED, "a chunk of unknown type 0x%02x that may not be skipped", chunk->type);
    }
    file->n_chunks++;
}

static pith_status check_chunks(ctr_file *file, stream *s, const pith_env *env, pith_diag *diag) {
    char label[8] = "";
    ctr_chunk chunk;
    while (s->status == PITH_OK && st_left(s) > 0) {
        size_t at = s->position;
        if (file->n_chunks >= env->max_chunks)
            return diag_set(diag, PITH_E_LIMIT, "more than %" PRIu32 " chunks, the limit (byte %zu)", env->max_chunks,
                            at);
        read_chunk(s, &chunk, label);
        check_chunk_limit(s, &chunk, env);
        check_crc(s, &chunk);
        if (s->status == PITH_OK) place_chunk(s, file, &chunk, env);
    }
    if (s->status == PITH_OK && file->n_slices != ctr_slice_count(&file->head)) {
        s->label = "file";
        st_fail(s, PITH_E_TRUNCATED, "ends after %" PRIu32 " of %" PRIu32 " %ss", file->n_slices,
                ctr_slice_count(&file->head), slice_word(&file->head));
    } else if (s->status == PITH_OK && file->n_alpha != ctr_alpha_count(&file->head)) {
        s->label = "file";
        st_fail(s, PITH_E_TRUNCATED, "ends after %" PRIu32 " of %" PRIu32 " slices of alpha", file->n_alpha,
                ctr_alpha_count(&file->head));
    } else if (s->status == PITH_OK && file->n_residual != ctr_residual_count(&file->head)) {
        s->label = "file";
        st_fail(s, PITH_E_TRUNCATED, "ends after %" PRIu32 " of %" PRIu32 " residual slices", file->n_residual,
                ctr_residual_count(&file->head));
    }
    if (s->status == PITH_OK && file->head.method == PITH_METHOD_PALETTE && !file->palette) {
        s->label = "file";
        st_fail(s, PITH_E_TRUNCATED, "ends without a palette");
    }
    return s->status;
}

/* Reads the first chunk, which must be HEAD. */
static pith_status check_head(ctr_file *file, stream *s, const pith_env *env, pith_diag *diag) {
    char label[8] = "";
    ctr_chunk chunk;
    read_chunk(s, &chunk, label);
    check_chunk_limit(s, &chunk, env);
    if (s->status == PITH_OK && chunk.type != CTR_CHUNK_HEAD)
        FAIL_AT(s, chunk.offset, PITH_E_FORMAT, "the first chunk is not HEAD");
    check_crc(s, &chunk);
    if (s->status != PITH_OK) return s->status;
    file->n_chunks = 1;
    pith_status status = read_head(file, &chunk, diag);
    return status == PITH_OK ? check_limits(&file->head, env, diag) : status;
}

/* The second pass; only memory can run out here, since the first pass checked the rest. */
static pith_status note_chunks(ctr_file *file, stream *s, const pith_alloc *alloc, pith_diag *diag) {
    char label[8] = "";
    file->chunks = mem_alloc(alloc, file->n_chunks, sizeof *file->chunks);
    if (!file->chunks) return diag_set(diag, PITH_E_NOMEM, "out of memory for %" PRIu32 " chunks", file->n_chunks);
    for (uint32_t i = 0; i < file->n_chunks; i++) read_chunk(s, &file->chunks[i], label);
    return s->status;
}

pith_status ctr_read(ctr_file *file, const uint8_t *data, size_t n_bytes, const pith_env *env, pith_diag *diag) {
    if (!file || (!data && n_bytes) || !env) return diag_set(diag, PITH_E_ARG, "container: an argument is NULL");
    *file = (ctr_file){0};
    pith_status status = PITH_OK;
    if (n_bytes > env->max_file_bytes) {
        status =
            diag_set(diag, PITH_E_LIMIT, "a file of %zu bytes, the limit is %" PRIu64, n_bytes, env->max_file_bytes);
        goto cleanup;
    }
    stream s;
    st_init(&s, data, n_bytes, "file", 0, diag);
    read_magic(&s, file);
    PITH_TRY(s.status);
    size_t first_chunk = s.position;
    PITH_TRY(check_head(file, &s, env, diag));
    PITH_TRY(check_chunks(file, &s, env, diag));
    s.position = first_chunk;
    PITH_TRY(note_chunks(file, &s, &env->alloc, diag));

cleanup:
    if (status != PITH_OK) ctr_file_free(file, env);
    return status;
}

pith_status ctr_read_start(ctr_head *head, size_t *end, const uint8_t *data, size_t n_bytes, const pith_env *env,
                           pith_diag *diag) {
    ctr_file file = {0};
    stream s;
    st_init(&s, data, n_bytes, "file", 0, diag);
    read_magic(&s, &file);
    pith_status status = s.status == PITH_OK ? check_head(&file, &s, env, diag) : s.status;
    *head = file.head;
    *end = s.position;
    return status;
}

bool ctr_chunk_at(ctr_chunk *chunk, const uint8_t *data, size_t n_bytes, size_t at) {
    char label[8];
    stream s;
    st_init(&s, data, n_bytes, "file", 0, NULL);
    s.position = at;
    read_chunk(&s, chunk, label);
    return s.status == PITH_OK;
}

bool ctr_chunk_is_whole(const ctr_chunk *chunk, const uint8_t *data) {
    stream s;
    st_init(&s, data, chunk->offset + chunk->n_bytes, "file", 0, NULL);
    check_crc(&s, chunk);
    return s.status == PITH_OK;
}

void ctr_file_free(ctr_file *file, const pith_env *env) {
    if (!file) return;
    mem_free(env ? &env->alloc : NULL, file->chunks);
    *file = (ctr_file){0};
}

const ctr_chunk *ctr_palette(const ctr_file *file) { return &file->chunks[file->palette]; }

const ctr_chunk *ctr_alpha_chunk(const ctr_file *file, uint32_t index) {
    return &file->chunks[file->first_alpha + index];
}

pith_status ctr_read_slice(const ctr_file *file, uint32_t index, ctr_slice *slice, pith_diag *diag) {
    if (!file || !slice || index >= file->n_slices) return diag_set(diag, PITH_E_ARG, "no such latent slice");
    const ctr_chunk *chunk = &file->chunks[file->first_slice + index];
    char label[8];
    stream s;
    ctr_chunk_name(chunk->type, label);
    st_init(&s, chunk->payload, chunk->payload_bytes, label, payload_offset(chunk), diag);
    slice->checksum = st_u16le(&s, "checksum");
    slice->coded_bytes = st_left(&s);
    slice->coded = st_bytes(&s, slice->coded_bytes, "coded");
    return s.status;
}

pith_status ctr_read_recipe(const ctr_file *file, ctr_recipe *recipe, pith_diag *diag) {
    if (!file || !recipe || file->n_residual == 0) return diag_set(diag, PITH_E_ARG, "no residual");
    const ctr_chunk *chunk = &file->chunks[file->first_residual];
    stream s;
    st_init(&s, chunk->payload, chunk->payload_bytes, "RESD", payload_offset(chunk), diag);
    const uint8_t *id = st_bytes(&s, PITH_FINGERPRINT_BYTES, "decoder_id");
    if (id) memcpy(recipe->decoder_id, id, PITH_FINGERPRINT_BYTES);
    recipe->n_steps = st_u16le(&s, "steps");
    return s.status;
}

pith_status ctr_read_residual(const ctr_file *file, uint32_t index, const uint8_t **coded, size_t *coded_bytes,
                              pith_diag *diag) {
    if (!file || index >= file->n_residual) return diag_set(diag, PITH_E_ARG, "no such residual slice");
    const ctr_chunk *chunk = &file->chunks[file->first_residual + index];
    size_t skip = index == 0 ? CTR_RECIPE_BYTES : 0;
    *coded = chunk->payload + skip;
    *coded_bytes = chunk->payload_bytes - skip;
    return PITH_OK;
}

bool ctr_read_tint(const ctr_file *file, ctr_tint *tint) {
    if (!file->tint) return false;
    const uint8_t *p = file->chunks[file->tint].payload;
    for (int i = 0; i < 6; i++) tint->ends[i / 3][i % 3] = p[i];
    return true;
}

const uint8_t *ctr_hash(const ctr_file *file) { return file->hash ? file->chunks[file->hash].payload : NULL; }

pith_status ctr_read_bound(const ctr_file *file, ctr_bound *bound, pith_diag *diag) {
    if (!file || !bound || !file->bound) return diag_set(diag, PITH_E_ARG, "no bound");
    const ctr_chunk *chunk = &file->chunks[file->bound];
    stream s;
    st_init(&s, chunk->payload, chunk->payload_bytes, "BOND", payload_offset(chunk), diag);
    bound->level = st_u8(&s, "level");
    bound->bound = st_u32le(&s, "bound");
    bound->worst = st_u32le(&s, "worst");
    return s.status;
}
