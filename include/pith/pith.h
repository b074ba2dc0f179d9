/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Pith: pictures stored as the quantised latent of an autoencoder.
 *
 * Ownership can be read from every signature. `const T *` is borrowed for the
 * call. `T **out` belongs to the caller, who frees it with the free function of
 * its type; that takes a T ** and clears it. Free functions accept NULL and
 * half-built objects. Where a call borrows for longer, its comment says so.
 *
 * Threads: a pith_model is immutable, and many encoders and decoders may use it
 * at once. An encoder or decoder belongs to one thread at a time.
 *
 * Errors: every call that can fail returns a pith_status. The message is in
 * the object (pith_encoder_message, pith_decoder_message) or in the pith_diag
 * passed in. If several things fail, the message is about the first. The
 * library never prints, never exits, and has no writable globals.
 *
 * Structs that may grow begin with `struct_size`; new fields are added at their end only. The size says which fields
 * the caller was compiled with. The caller sets it to sizeof the struct, or the function that fills in the defaults
 * does. This is how a program works with a library older or newer than the one it was built for:
 *   - Structs that the library reads: fields that an older caller lacks take their defaults. Fields of a newer caller
 *     that this library does not know must be 0, which always means "as before"; otherwise PITH_E_UNSUPPORTED.
 *   - Structs that the library fills: nothing is written beyond the size. Fields it does not know become 0.
 *   - A size too small for the size field itself (such as 0), or above PITH_MAX_STRUCT_BYTES: PITH_E_ARG.
 * Without a size are those that never change, because arrays or other structs hold them, or callbacks receive them:
 * pith_diag, pith_alloc, pith_log, pith_progress, pith_bytes, pith_span, pith_area, pith_image_format, pith_image,
 * pith_tile. */
#ifndef PITH_PITH_H
#define PITH_PITH_H

/* A library built with PITH_DECODER_ONLY has every function, and opens built-in models only. Those of the encoder,
 * pith_compare, pith_model_with_vae, pith_model_convert and pith_tiny_convert return PITH_E_UNSUPPORTED there, with a
 * message that says so; pith_quality_of_step returns -1. */

#include <stddef.h>
#include <stdint.h>

#include <pith/version.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32) && defined(PITH_BUILDING)
#define PITH_API __declspec(dllexport)
#elif defined(__GNUC__)
#define PITH_API __attribute__((visibility("default")))
#else
#define PITH_API
#endif
#if defined(__GNUC__)
#define PITH_MUST_CHECK __attribute__((warn_unused_result))
#else
#define PITH_MUST_CHECK
#endif

/* No struct with a size is larger. */
#define PITH_MAX_STRUCT_BYTES 4096

/* ---- status and diagnostics ---------------------------------------------- */

/* Numbers never change; new ones may be added. */
typedef enum pith_status {
    PITH_OK = 0,
    PITH_E_ARG = 1,            /* the call was wrong: a NULL, a value out of range */
    PITH_E_NOMEM = 2,          /* out of memory */
    PITH_E_IO = 3,             /* reading or writing failed */
    PITH_E_TRUNCATED = 4,      /* the data end too soon */
    PITH_E_FORMAT = 5,         /* the data break the rules of their format */
    PITH_E_VERSION = 6,        /* a file of a version this library cannot read */
    PITH_E_UNSUPPORTED = 7,    /* valid, but not something this library does */
    PITH_E_LIMIT = 8,          /* a limit of pith_env, or the requested size, would be exceeded */
    PITH_E_CHECKSUM = 9,       /* the data are damaged */
    PITH_E_MODEL_MISSING = 10, /* the model a file needs was not found */
    PITH_E_MODEL_SHAPE = 11,   /* a model file lacks a tensor, has one of the wrong shape, or another kind of network */
    PITH_E_MODEL_MISMATCH = 12, /* the file was not made with the model that was given */
    PITH_E_BACKEND = 13,        /* the network engine failed */
    PITH_E_ABORTED = 14,        /* a callback asked to stop */
    PITH_E_INTERNAL = 15,       /* a bug in the library */
    PITH_E_MODEL_VALUES = 16    /* a model's weights, or what its networks return, are not finite */
} pith_status;

#define PITH_MESSAGE_BYTES 256

typedef struct pith_diag {
    pith_status status;
    char message[PITH_MESSAGE_BYTES]; /* one line, no newline; empty when status is PITH_OK */
} pith_diag;

/* The name of the constant, such as "PITH_E_FORMAT"; never NULL. */
PITH_API const char *pith_status_name(pith_status status);

/* The version of the library in use, as in version.h. */
PITH_API const char *pith_version_string(void);

/* ---- environment ---------------------------------------------------------- */

/* Memory. `alloc` returns n_bytes (never 0) aligned for any type, or NULL. Set both
 * functions or neither; with neither, the C library's are used. Memory that oneDNN
 * and the JSON reader allocate internally does not pass through here. */
typedef struct pith_alloc {
    void *(*alloc)(void *user, size_t n_bytes);
    void (*free)(void *user, void *block);
    void *user;
} pith_alloc;

typedef enum pith_log_level { PITH_LOG_WARNING = 1, PITH_LOG_INFO = 2 } pith_log_level;

typedef struct pith_log {
    void (*message)(void *user, pith_log_level level, const char *text);
    void *user;
} pith_log;

/* Progress and cancel. The thread that made the call calls `report` between pieces of
 * work: within 200 ms with built-in models, between layers with others. It is given the
 * name of the stage and how much of the whole call is done, 0..1, which never decreases.
 * Any return value other than 0 ends the call with PITH_E_ABORTED. To limit the time,
 * `report` can look at the clock. */
typedef struct pith_progress {
    int (*report)(void *user, const char *stage, double done);
    void *user;
} pith_progress;

/* Everything except `backend` is copied. Wherever a pith_env is a parameter, NULL means the defaults. */
typedef struct pith_env {
    size_t struct_size;
    pith_alloc alloc;
    pith_log log;
    pith_progress progress;
    const char *backend; /* "exact", "onednn", "ref", or NULL for the model's own; borrowed for the call */
    int threads;         /* for the networks; 0 = one for each core */

    /* Limits on what untrusted input may ask for. */
    uint32_t max_dimension;      /* width or height of a picture; default 65 535 */
    uint64_t max_pixels;         /* width x height; default 100 000 000 */
    uint64_t max_file_bytes;     /* a .pith file; default 1 GiB */
    uint64_t max_chunk_bytes;    /* the payload of any chunk; default 64 MiB */
    uint64_t max_metadata_bytes; /* of each kind of metadata; default 4 MiB */
    uint64_t max_model_bytes;    /* a weights file; default 16 GiB */
    uint64_t max_tensor_bytes;   /* one tensor of a weights file; default 1 GiB */
    uint32_t max_tensors;        /* in a weights file; default, and at most, 65 536 */
    uint32_t max_chunks;         /* in a .pith file; default 100 000 */
    double max_seconds;          /* for one pith_encode, pith_decode or pith_compare; checked as often as progress is
                                    reported; 0 (default): no limit */
} pith_env;

PITH_API pith_status pith_env_defaults(pith_env *env, size_t struct_size);

/* ---- bytes, pictures ------------------------------------------------------- */

/* Bytes allocated by the library. Free them with the environment they were made with. */
typedef struct pith_bytes {
    uint8_t *data;
    size_t n_bytes;
} pith_bytes;

PITH_API void pith_bytes_free(const pith_env *env, pith_bytes *bytes);

/* Samples are interleaved, top row first, and sRGB unless the file has a colour profile
 * (see pith_metadata). 8-bit samples are uint8_t, 16-bit samples are uint16_t in native
 * byte order; both use their full range. */
typedef struct pith_image_format {
    uint32_t width, height; /* >= 1 */
    uint8_t n_channels;     /* 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA (alpha not premultiplied) */
    uint8_t bit_depth;      /* 8 or 16 */
} pith_image_format;

/* Pixels in. Each row is requested once, from the top down. `read_rows` fills
 * n_rows rows from row y on, `stride_bytes` apart. */
typedef struct pith_source {
    size_t struct_size;
    pith_image_format format;
    pith_status (*read_rows)(void *user, uint32_t y, uint32_t n_rows, void *rows, size_t stride_bytes);
    void *user;
} pith_source;

/* Pixels out. `start` is called once (it may be NULL), then each row is delivered once, from the top down. */
typedef struct pith_sink {
    size_t struct_size;
    uint8_t bit_depth; /* 8 or 16: what the sink wants; 0 = 8 */
    pith_status (*start)(void *user, const pith_image_format *format);
    pith_status (*write_rows)(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes);
    void *user;
} pith_sink;

/* The simple case: a whole picture in memory. The image is borrowed for as
 * long as the source or sink made from it is in use. For a sink, the image's
 * format must be that of the decoded picture (see pith_decoder_info). */
typedef struct pith_image {
    pith_image_format format;
    void *pixels;
    size_t stride_bytes;
} pith_image;

PITH_API pith_status pith_source_from_image(pith_source *source, size_t struct_size, const pith_image *image);
PITH_API pith_status pith_sink_to_image(pith_sink *sink, size_t struct_size, pith_image *image);

/* ---- model ------------------------------------------------------------------ */

typedef struct pith_model pith_model;

#define PITH_NAME_BYTES 32
#define PITH_FINGERPRINT_BYTES 8
#define PITH_HASH_BYTES 32

/* Opens a weights file and maps it; checks every tensor the networks need.
 * The model is shared: each pith_model_ref needs its own pith_model_free. */
PITH_API PITH_MUST_CHECK pith_status pith_model_open(pith_model **out, const pith_env *env, const char *path,
                                                     pith_diag *why);
/* The same from the bytes of one file, which are borrowed for as long as the model lives. (TAESD, which has two
 * files, cannot be opened this way.) */
PITH_API PITH_MUST_CHECK pith_status pith_model_open_memory(pith_model **out, const pith_env *env, const void *data,
                                                            size_t n_bytes, pith_diag *why);
/* As a path: the model embedded in the library. The static library has one unless it was built without
 * (PITH_EMBED_MODEL). PITH_E_MODEL_MISSING if there is none. */
#define PITH_MODEL_BUILT_IN ":built-in"
/* Opens the built-in model: the first in the folders of pith_model_folders, in each of them mini.safetensors, else
 * mini-N.safetensors of the largest N; else any other file of such a model there, else PITH_MODEL_BUILT_IN. Messages
 * name the file they are about. PITH_E_MODEL_MISSING if there is none; the message says where it was looked for and
 * what to do. */
PITH_API PITH_MUST_CHECK pith_status pith_model_open_default(pith_model **out, const pith_env *env, pith_diag *why);
/* Between the folders of PITH_MODELS and of pith_model_folders. */
#ifdef _WIN32
#define PITH_FOLDER_SEPARATOR ";"
#else
#define PITH_FOLDER_SEPARATOR ":"
#endif

/* The folders that are searched for models, in that order: those of $PITH_MODELS, then
 * share/pith/models next to the folder of the running program and next to that of the shared library, then
 * $XDG_DATA_HOME/pith/models (~/.local/share/pith/models). As with snprintf, at most n_bytes - 1 characters and a 0 are
 * written, and the whole length is returned. */
PITH_API size_t pith_model_folders(char *folders, size_t n_bytes);
/* Replaces the model's autoencoder with another one for the same latent space, from the file `path`: a Stable
 * Diffusion autoencoder or checkpoint with the same encoder (such as sd-vae-ft-mse for all 1.x models), or TAESD.
 * Either model decodes what the other encodes. PITH_E_MODEL_MISMATCH if the latent space is a different one; for TAESD
 * only the number of channels can be checked. PITH_E_UNSUPPORTED if `model` is not of kind "sd1". Keeps a reference to
 * `model`. */
PITH_API PITH_MUST_CHECK pith_status pith_model_with_vae(pith_model **out, pith_model *model, const char *path,
                                                         pith_diag *why);
PITH_API pith_model *pith_model_ref(pith_model *model);
PITH_API void pith_model_free(pith_model **model);

/* Fingerprints: the first 8 bytes of SHA-256 over some of the tensors (doc/format.md). latent_id covers the encoder,
 * and so identifies the latent space. decoder_id covers the decoder, which may be gigabytes. F32, F16 and BF16 files of
 * one model share both; its int8 file shares the latent_id. */
PITH_API PITH_MUST_CHECK pith_status pith_model_latent_id(pith_model *model, uint8_t id[PITH_FINGERPRINT_BYTES]);
PITH_API PITH_MUST_CHECK pith_status pith_model_decoder_id(pith_model *model, uint8_t id[PITH_FINGERPRINT_BYTES]);

/* Bits of pith_model_contents.parts. */
typedef enum pith_model_part {
    PITH_PART_AUTOENCODER = 1,
    PITH_PART_DENOISER = 2,
    PITH_PART_TEXT_ENCODER = 4,
    PITH_PART_EMPTY_PROMPT = 8 /* a constant: what a text encoder makes of an empty text */
} pith_model_part;

/* What a model's file holds. */
typedef struct pith_model_contents {
    size_t struct_size;
    char name[PITH_NAME_BYTES];      /* "mini-1" */
    char kind[PITH_NAME_BYTES];      /* "mini", "sd1" */
    char precision[PITH_NAME_BYTES]; /* "F32", "F16", "BF16", "int8", or several: "F16+int8" */
    uint32_t parts;                  /* pith_model_part, or'ed */
    uint32_t n_latent;               /* latent channels */
    uint32_t downscale;              /* pixels a latent position is wide and high: 8 */
    uint32_t is_converted;           /* 1: made by pith_model_convert */
    uint64_t n_parameters;
    uint64_t n_file_bytes;
    float log2_step_q0, log2_step_q100; /* log2 of the step at quality 0 and 100 */
} pith_model_contents;

/* Does not read the weights. */
PITH_API PITH_MUST_CHECK pith_status pith_model_get_contents(const pith_model *model, pith_model_contents *contents);

/* The quality at which latents without a residual have this step, for a model with these steps at quality 0 and
 * 100. Below 0 or above 100 if no quality has it. */
PITH_API float pith_quality_of_step(float log2_step_q0, float log2_step_q100, float step);

/* Reads every value. PITH_E_MODEL_VALUES if one is not finite, as stored or after rounding
 * to binary16. PITH_E_CHECKSUM if a converted file does not have the fingerprints that it
 * states. Progress goes to `env` (may be NULL). */
PITH_API PITH_MUST_CHECK pith_status pith_model_check_values(pith_model *model, const pith_env *env, pith_diag *why);

typedef enum pith_precision {
    PITH_PRECISION_FP16 = 1,
    PITH_PRECISION_INT8 = 2,   /* large matrices and convolutions in 8 bits, the rest fp16 */
    PITH_PRECISION_DECODER = 3 /* of a built-in model the decoder alone, as it is; encoding: PITH_E_UNSUPPORTED */
} pith_precision;

/* Writes a compact copy of a model. For Stable Diffusion: the autoencoder and the U-Net in
 * that precision, and a constant instead of the text encoder. For a built-in model, which is
 * fp16 already: int8, or its decoder alone. The copy has the same latent_id, so each model decodes what the
 * other encodes. An fp16 copy also has the same decoder_id. An int8 copy has its own, because
 * a residual corrects the picture of one decoder and must not be used with another. The file
 * appears under its name once it is complete and replaces any file there; PITH_E_ARG if that
 * file is the model itself. An int8 model cannot be converted back to fp16. Progress and
 * cancel are those of `env` (may be NULL). */
PITH_API PITH_MUST_CHECK pith_status pith_model_convert(pith_model *model, const pith_env *env,
                                                        pith_precision precision, const char *path, pith_diag *why);

/* The same for TAESD, which is not a model by itself but serves pith_model_with_vae: `in` is
 * either of its two files, or a file that holds both. *is_tiny says whether `in` could be opened
 * and is TAESD; if not, nothing is written and the status is not PITH_OK. */
PITH_API PITH_MUST_CHECK pith_status pith_tiny_convert(const char *in, const pith_env *env, pith_precision precision,
                                                       const char *path, int *is_tiny, pith_diag *why);

/* ---- encoder ---------------------------------------------------------------- */

typedef struct pith_encoder pith_encoder;

/* How a picture is coded: as a latent; as a latent in 256 dithered colours and zlib (the
 * published baseline, kept for comparison, with one size and no quality); or exactly, pixel
 * by pixel, which loses nothing and needs no model. */
typedef enum pith_method { PITH_METHOD_LATENT = 1, PITH_METHOD_PALETTE = 2, PITH_METHOD_EXACT = 3 } pith_method;

/* Stored with the picture byte for byte, and never interpreted. */
typedef enum pith_metadata {
    PITH_METADATA_ICC = 0,  /* the samples' ICC profile, where they are not sRGB */
    PITH_METADATA_EXIF = 1, /* starting at the TIFF header ("II*" or "MM") */
    PITH_METADATA_XMP = 2   /* an XMP packet */
} pith_metadata;
#define PITH_N_METADATA 3

/* Borrowed bytes. */
typedef struct pith_span {
    const uint8_t *data;
    size_t n_bytes;
} pith_span;

/* Part of a picture, in its pixels. */
typedef struct pith_area {
    uint32_t x, y, width, height;
} pith_area;

/* Bounds on the error of every tile of 32x32 pixels (doc/tile-error.md). The numbers
 * are stored in files. */
typedef enum pith_level {
    PITH_LEVEL_NONE = 0,
    PITH_LEVEL_LOOSE = 1,  /* nothing large is missing, nothing large is invented */
    PITH_LEVEL_NORMAL = 2, /* what is readable stays readable; texture may be softer */
    PITH_LEVEL_STRICT = 3  /* close to what a high-quality JPEG keeps */
} pith_level;

/* Bits of pith_encode_options.extras. */
typedef enum pith_extra {
    PITH_EXTRA_HASH = 1 /* the hash of the decoded picture, in 14 bytes, for pith_decode to compare with. The finished
                           file is decoded for it. PITH_E_ARG with a built-in model on the engine "onednn" */
} pith_extra;

typedef struct pith_encode_options {
    size_t struct_size;
    float quality;             /* 0 smallest .. 100 best; default 50; used when max_bytes is 0 */
    int effort;                /* 0: the network alone; 1 (default): its errors are corrected; 2: also a search for the
                                  symbols that give the best picture, if the model allows one; 3: a longer search */
    uint64_t max_bytes;        /* > 0: the best quality whose file has at most this many bytes */
    pith_method method;        /* default PITH_METHOD_LATENT; a palette needs max_bytes 0 and ignores quality */
    pith_level faithful;       /* no tile's error exceeds the level's bound; needs max_bytes 0 */
    uint64_t max_memory_bytes; /* most memory in use at any time, including the networks' but not the caller's own rows.
                                  Tiles and threads are chosen to keep to it; PITH_E_LIMIT if they cannot.
                                  0 (default): 1 000 000 000 with built-in models, no bound with others */
    int lossless;              /* 1: every sample is kept, whatever the size. Excludes max_bytes, faithful and method
                                  palette. Quality, effort and the model are not used */
    const pith_area *protect;  /* parts whose errors count most; borrowed for the call; NULL = none */
    size_t n_protect;
    pith_span icc, exif, xmp; /* metadata, see pith_metadata; borrowed for the call; n_bytes 0 = none */
    uint64_t extras;          /* bits of pith_extra: what else the file holds; default 0 */
} pith_encode_options;

PITH_API pith_status pith_encode_options_defaults(pith_encode_options *options, size_t struct_size);

/* The encoder keeps a reference to the model, which may be NULL if only lossless files are made. */
PITH_API PITH_MUST_CHECK pith_status pith_encoder_new(pith_encoder **out, const pith_env *env, pith_model *model,
                                                      pith_diag *why);
PITH_API void pith_encoder_free(pith_encoder **encoder);

/* Encodes one picture into a complete .pith file in memory. PITH_E_LIMIT if no
 * quality fits into max_bytes. */
PITH_API PITH_MUST_CHECK pith_status pith_encode(pith_encoder *encoder, const pith_source *source,
                                                 const pith_encode_options *options, pith_bytes *out);

/* Why the last call failed; "" if it did not. Valid until the next call. */
PITH_API const char *pith_encoder_message(const pith_encoder *encoder);

/* Seconds spent in the stages of the last pith_encode or pith_decode. */
typedef struct pith_timing {
    size_t struct_size;
    double bind_seconds;    /* preparing the networks (for the first picture of a size) */
    double network_seconds; /* running them, including pixel conversion */
    double coding_seconds;  /* entropy coding */
} pith_timing;

PITH_API pith_status pith_encoder_timing(const pith_encoder *encoder, pith_timing *timing);

/* ---- decoder ---------------------------------------------------------------- */

typedef struct pith_decoder pith_decoder;

typedef struct pith_info {
    size_t struct_size;
    pith_image_format format; /* of the decoded picture, for an 8-bit sink */
    pith_method method;
    uint64_t n_file_bytes;
    uint32_t version_major, version_minor; /* of the bitstream */
    char model_name[PITH_NAME_BYTES];
    uint8_t latent_id[PITH_FINGERPRINT_BYTES];
    uint32_t n_latent, latent_width, latent_height; /* 0 for an exact picture, as are step and prior: it has no model */
    uint32_t downscale;                             /* for an exact picture 8, that of its preview */
    double step; /* 2^(step_index / 64 - 16); for a palette, the step with as much noise */
    uint16_t step_index;
    uint8_t prior_id;
    uint8_t source_bit_depth; /* of the original picture: 8 or 16 */
    uint8_t recipe;           /* 0: the networks see the whole picture; 1: windows, which are blended */
    int lossless;             /* 1: every visible sample is that of the original */
    uint32_t n_slices;
    uint32_t n_chunks;
    pith_level faithful;      /* what the file promises, .. */
    double bound, worst_tile; /* .. as a tile's error, and the worst tile when it was encoded; 0 without a promise */
    uint64_t n_residual_bytes;
    uint8_t residual_decoder_id[PITH_FINGERPRINT_BYTES]; /* whose pictures it corrects; 0 without one */
    uint8_t picture_hash[PITH_FINGERPRINT_BYTES];        /* how the hash of the picture begins; 0 without one */
} pith_info;

/* Opens the model that a file needs, found by the fingerprint of its latent space: PITH_MODEL_BUILT_IN, or one of those
 * in the folders of pith_model_folders, whatever its file is called; of several, that with the decoder that the file's
 * residual was made for. `info` is that of pith_decoder_info. *out is NULL for an exact picture, which needs no model.
 * PITH_E_MODEL_MISSING if there is none: the message names the model, its latent space, and where to get it. */
PITH_API PITH_MUST_CHECK pith_status pith_model_find(pith_model **out, const pith_env *env, const pith_info *info,
                                                     pith_diag *why);

typedef struct pith_chunk_info {
    size_t struct_size;
    char name[8];     /* "HEAD", "LATN"; "?" and two hex digits if unknown */
    uint8_t type;     /* as in the file, bit 7 = may be skipped */
    uint64_t offset;  /* of the type byte, from the start of the file */
    uint64_t n_bytes; /* of the whole chunk, header and CRC included */
} pith_chunk_info;

PITH_API PITH_MUST_CHECK pith_status pith_decoder_new(pith_decoder **out, const pith_env *env, pith_diag *why);
PITH_API void pith_decoder_free(pith_decoder **decoder);

/* Reads and checks the whole structure of a file: header, chunks, CRCs. Needs
 * no model. `data` is borrowed until the next open or until the decoder is freed. */
PITH_API PITH_MUST_CHECK pith_status pith_decoder_open(pith_decoder *decoder, const uint8_t *data, size_t n_bytes);
PITH_API PITH_MUST_CHECK pith_status pith_decoder_info(pith_decoder *decoder, pith_info *info);
PITH_API PITH_MUST_CHECK pith_status pith_decoder_chunk(pith_decoder *decoder, uint32_t index, pith_chunk_info *chunk);

/* The file's metadata of one kind; NULL and 0 bytes if it has none. Borrowed
 * from the bytes of the opened file. */
PITH_API PITH_MUST_CHECK pith_status pith_decoder_metadata(pith_decoder *decoder, pith_metadata kind,
                                                           const uint8_t **data, size_t *n_bytes);

/* Like pith_decoder_open, for a file that may be damaged. If it is truncated or a checksum after the header is wrong,
 * what is intact is opened. Slices that are lost or do not decode come out as what the network makes of zeros. Damaged
 * data that would correct the whole picture (TINT, CHRM, a residual) are left out, with a warning to env.log. After
 * pith_decode, pith_decoder_lost returns the number of lost areas, and stores the one of this index, in pixels, unless
 * `area` is NULL. */
PITH_API PITH_MUST_CHECK pith_status pith_decoder_open_damaged(pith_decoder *decoder, const uint8_t *data,
                                                               size_t n_bytes);
PITH_API uint32_t pith_decoder_lost(const pith_decoder *decoder, uint32_t index, pith_area *area);

typedef struct pith_decode_options {
    size_t struct_size;
    int steps;        /* of denoising, 0..1000; -1 (default): what suits the model. A palette takes 2 or none */
    float realism;    /* 0..1: how much texture to add that is not in the file but plausible for such a picture. Always
                         the same for a file. Default 0: none. PITH_E_ARG if the model cannot make any. A picture with
                         a residual gets none, with a warning */
    pith_area region; /* width and height 0 (default): the whole picture. Only what it needs is decoded */
    int preview;      /* 1: one pixel for each latent position of the region, so 1/8 of its size, rounded up. Made from
                         the latents alone: no network runs, and no residual is read. Default 0 */
    int no_residual;  /* 1: leave the residual out: the picture as the network alone makes it */
    uint64_t max_memory_bytes; /* as in pith_encode_options; the bytes of the file do not count */
    int hash;                  /* 1: pith_decoder_hash gives the hash of what is decoded. Default 0: only where it is
                                  compared with the file's */
    int check; /* the file's hash of its picture is compared if the whole picture is decoded by the defaults above, in
                  as many bits as the original had, from a file opened by pith_decoder_open; with built-in models not
                  by the engine "onednn". Default 0: a difference is a warning to env.log. 1: it is PITH_E_CHECKSUM,
                  after the last row; PITH_E_UNSUPPORTED if the file has no hash; PITH_E_ARG if what is decoded cannot
                  be compared */
} pith_decode_options;

PITH_API pith_status pith_decode_options_defaults(pith_decode_options *options, size_t struct_size);

/* Decodes the opened file; `options` may be NULL. PITH_E_MODEL_MISMATCH if the file
 * was made with another model, PITH_E_CHECKSUM if the latents do not match their
 * checksum. An exact picture needs no model: `model` may be NULL and is ignored, and
 * so are the options about networks. */
PITH_API PITH_MUST_CHECK pith_status pith_decode(pith_decoder *decoder, pith_model *model,
                                                 const pith_decode_options *options, const pith_sink *sink);
PITH_API const char *pith_decoder_message(const pith_decoder *decoder);

/* Whether a picture is the one that the file's hash is of. */
typedef enum pith_hash_check {
    PITH_HASH_UNCHECKED = 0, /* the file has none, or it is of another picture than was decoded */
    PITH_HASH_EQUAL = 1,
    PITH_HASH_DIFFERENT = 2 /* another engine or version gives other samples, or the file is damaged */
} pith_hash_check;

typedef struct pith_hash {
    size_t struct_size;
    uint8_t sha256[PITH_HASH_BYTES]; /* of the size and the samples (doc/format.md, section 25) */
    int is_made;                     /* 0: the last pith_decode failed, or had no need of a hash; sha256 is 0 */
    pith_hash_check check;
} pith_hash;

/* The hash of what the last pith_decode delivered. */
PITH_API PITH_MUST_CHECK pith_status pith_decoder_hash(const pith_decoder *decoder, pith_hash *hash);
PITH_API pith_status pith_decoder_timing(const pith_decoder *decoder, pith_timing *timing);

/* ---- the simple case ----------------------------------------------------------- */

/* A picture in memory into a file in memory, with the default model and settings, of a quality of 0..100. `env` may be
 * NULL. Free the file with pith_bytes_free. */
PITH_API PITH_MUST_CHECK pith_status pith_encode_image(const pith_env *env, const pith_image *image, float quality,
                                                       pith_bytes *file, pith_diag *why);

/* A file in memory into a picture in memory, of 8 bits, with the model of pith_model_find. n_channels: 3 RGB (grey in
 * three equal channels, what is transparent on white), 4 RGBA (255 where the file has no alpha), 0 as in the file. The
 * colours are those of the file: where it has a profile, pith_decoder_metadata gives it. `env` may be NULL. Free the
 * pixels with pith_image_free; *image is 0 on failure. */
PITH_API PITH_MUST_CHECK pith_status pith_decode_image(const pith_env *env, const void *file, size_t n_bytes,
                                                       uint8_t n_channels, pith_image *image, pith_diag *why);

/* Frees the pixels of a picture that the library made, with the environment that it was made with, and clears it. */
PITH_API void pith_image_free(const pith_env *env, pith_image *image);

/* ---- comparison -------------------------------------------------------------- */

#define PITH_TILE 32 /* width and height of a tile in pixels; the grid starts at the top left */

typedef struct pith_tile {
    float error;   /* 0: equal */
    float sure;    /* bounds the error of any decoded picture whose samples are all within 2 of this one's */
    uint32_t x, y; /* the pixel around which the largest error was found */
} pith_tile;

/* The largest error that a level allows in a tile; 0 for any other value. */
PITH_API float pith_level_bound(pith_level level);

/* Bits of pith_compare_options.measures. */
typedef enum pith_measure {
    PITH_MEASURE_PSNR = 1,
    PITH_MEASURE_MS_SSIM = 2,
    PITH_MEASURE_SSIMULACRA2 = 4,
    PITH_MEASURE_TILES = 8 /* the errors of tiles: doc/tile-error.md */
} pith_measure;

typedef struct pith_compare_options {
    size_t struct_size;
    uint32_t measures; /* bits of pith_measure: what to measure; default: all four */
    pith_tile *tiles;  /* NULL (default), or room for every tile, row by row from the top left; only with TILES */
    size_t n_tiles;    /* ceil(width / 32) * ceil(height / 32) */
} pith_compare_options;

PITH_API pith_status pith_compare_options_defaults(pith_compare_options *options, size_t struct_size);

/* A figure is NaN if it was not asked for, or if the picture is too small for it. */
typedef struct pith_compare_result {
    size_t struct_size;
    double psnr_db;     /* of the mean squared error over all RGB samples; INFINITY if equal */
    double ms_ssim;     /* 1: equal. Z. Wang, E. Simoncelli, A. Bovik 2003: on R, G and B; needs 176 pixels a side */
    double ssimulacra2; /* 100: equal, 90: hardly distinguishable, 50: medium, below 0: ruined. SSIMULACRA 2.1
                           (J. Sneyers 2023); needs 8 pixels a side; from 113 on the same as the reference tool */
    double worst_tile;  /* the largest error of a tile */
} pith_compare_result;

/* Measures how far `decoded` is from `original`; the measures are not symmetric. The pictures must have the same size
 * (otherwise PITH_E_ARG), each in any format that the encoder takes. They are compared as sRGB, whatever profile goes
 * with them. Grey counts as RGB with three equal channels. Samples of 8 and of 16 bits are compared over their full
 * range; for tiles, 16 bits are rounded to 8. If either picture has alpha, both are put on white and on black, and the
 * worse of the two figures counts, for each tile too. Memory: both pictures, a second copy of them if there is alpha,
 * and 24 bytes per pixel. Progress, cancel and limits are those of `env`; `env` and `options` may be NULL. */
PITH_API PITH_MUST_CHECK pith_status pith_compare(const pith_env *env, const pith_source *original,
                                                  const pith_source *decoded, const pith_compare_options *options,
                                                  pith_compare_result *result, pith_diag *why);

#ifdef __cplusplus
}
#endif

#endif
