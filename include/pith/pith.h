/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Pith: pictures stored as the quantised latent of an autoencoder.
 *
 * Ownership, readable from every signature: `const T *` is borrowed for the
 * call; `T **out` is the caller's and is freed by the free function of its
 * type, which takes a T ** and clears it; free functions accept NULL and
 * half-built objects. Any longer borrow is said at the declaration.
 *
 * Threads: a pith_model is immutable and may serve many encoders and decoders
 * at once; an encoder or decoder belongs to one thread at a time.
 *
 * Errors: every call that can fail returns a pith_status. The message is in
 * the object (pith_encoder_message, pith_decoder_message) or in the pith_diag
 * passed in; the first fault of a call wins. The library never prints, never
 * exits, and has no writable globals.
 *
 * Structs that grow begin with `struct_size`, and get new fields at their end alone. It says which fields the caller
 * was compiled with: sizeof the struct, set by the caller, or by the function that fills the struct with its defaults.
 * So a program works with an older and a newer library than its own:
 *   - A struct that the library reads: fields that an older caller lacks have their defaults. Those of a newer
 *     caller that this library does not know must be 0, which is always "as before"; else PITH_E_UNSUPPORTED.
 *   - A struct that the library fills: it writes no byte beyond the size. What it does not know is 0.
 *   - A size less than its own field's, as 0 is, or above PITH_MAX_STRUCT_BYTES was never set: PITH_E_ARG.
 * Without a size are values that never change, because arrays and other structs hold them, or callbacks are given them:
 * pith_diag, pith_alloc, pith_log, pith_progress, pith_bytes, pith_span, pith_area, pith_image_format, pith_image,
 * pith_tile. What more there may be to say has its place in a struct that grows, or in a new one. */
#ifndef PITH_PITH_H
#define PITH_PITH_H

#include <stddef.h>
#include <stdint.h>

#include <pith/version.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PITH_API __attribute__((visibility("default")))
#define PITH_MUST_CHECK __attribute__((warn_unused_result))
#else
#define PITH_API
#define PITH_MUST_CHECK
#endif

/* No struct that grows is larger. */
#define PITH_MAX_STRUCT_BYTES 4096

/* ---- status and diagnostics ---------------------------------------------- */

/* Numbers are fixed for ever; new ones are only added. */
typedef enum pith_status {
    PITH_OK = 0,
    PITH_E_ARG = 1,            /* the call was wrong: a NULL, a value out of range */
    PITH_E_NOMEM = 2,          /* the allocator said no */
    PITH_E_IO = 3,             /* reading or writing failed */
    PITH_E_TRUNCATED = 4,      /* the data end too early */
    PITH_E_FORMAT = 5,         /* the data are not what they should be */
    PITH_E_VERSION = 6,        /* a file of a version this library cannot read */
    PITH_E_UNSUPPORTED = 7,    /* valid, but not something this library does */
    PITH_E_LIMIT = 8,          /* a limit of pith_env, or the asked size, would be passed */
    PITH_E_CHECKSUM = 9,       /* the data are damaged */
    PITH_E_MODEL_MISSING = 10, /* the model a file needs was not found */
    PITH_E_MODEL_SHAPE = 11,   /* a model file lacks a tensor, has one of another shape, or a network of another kind */
    PITH_E_MODEL_MISMATCH = 12, /* a model was given that the file was not made with */
    PITH_E_BACKEND = 13,        /* the network engine failed */
    PITH_E_ABORTED = 14,        /* a callback asked to stop */
    PITH_E_INTERNAL = 15,       /* a fault of the library's own */
    PITH_E_MODEL_VALUES = 16    /* a model's weights, or what its networks make of a picture, are not finite */
} pith_status;

#define PITH_MESSAGE_BYTES 256

typedef struct pith_diag {
    pith_status status;
    char message[PITH_MESSAGE_BYTES]; /* one line, no newline; empty when status is PITH_OK */
} pith_diag;

/* "PITH_E_FORMAT" and so on; never NULL. */
PITH_API const char *pith_status_name(pith_status status);

/* The version of the library in use, as in version.h. */
PITH_API const char *pith_version_string(void);

/* ---- environment ---------------------------------------------------------- */

/* Memory. `alloc` returns n_bytes > 0 aligned for any type, or NULL. Both or
 * neither are set; with neither the C library's are used. What oneDNN and the
 * JSON reader allocate inside themselves does not pass through here. */
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

/* Progress and cancel. `report` is called by the thread that made the call, between
 * pieces of work (within 200 ms with built-in models, between layers with others)
 * with the stage's name and the part of the whole call that is done, 0..1, which
 * never gets less; any return other than 0 ends the call with PITH_E_ABORTED. A limit of time is a
 * report that looks at the clock. */
typedef struct pith_progress {
    int (*report)(void *user, const char *stage, double done);
    void *user;
} pith_progress;

/* Everything but `backend` is copied; calls that take a pith_env take NULL for the defaults. */
typedef struct pith_env {
    size_t struct_size;
    pith_alloc alloc;
    pith_log log;
    pith_progress progress;
    const char *backend; /* "onednn", "ref", or NULL for the best there is; borrowed for the call */
    int threads;         /* for the networks; 0 = as many as there are cores */

    /* What untrusted input may ask for. */
    uint32_t max_dimension;      /* width or height of a picture; default 65 535 */
    uint64_t max_pixels;         /* width x height; default 100 000 000 */
    uint64_t max_file_bytes;     /* a .pith file; default 1 GiB */
    uint64_t max_chunk_bytes;    /* the payload of any chunk; default 64 MiB */
    uint64_t max_metadata_bytes; /* of each kind of metadata; default 4 MiB */
    uint64_t max_model_bytes;    /* a weights file; default 16 GiB */
    uint64_t max_tensor_bytes;   /* one tensor of a weights file; default 1 GiB */
    uint32_t max_tensors;        /* in a weights file; default, and at most, 65 536 */
    uint32_t max_chunks;         /* in a .pith file; default 100 000 */
    double max_seconds;          /* one pith_encode or pith_decode; looked at as often as progress; 0 (default): any */
} pith_env;

PITH_API pith_status pith_env_defaults(pith_env *env, size_t struct_size);

/* ---- bytes, pictures ------------------------------------------------------- */

/* Bytes the library made; freed with the environment they were made with. */
typedef struct pith_bytes {
    uint8_t *data;
    size_t n_bytes;
} pith_bytes;

PITH_API void pith_bytes_free(const pith_env *env, pith_bytes *bytes);

/* Samples are interleaved, top row first, sRGB (unless the file carries a profile
 * that says otherwise, see pith_metadata). 8-bit samples are uint8_t,
 * 16-bit ones uint16_t in the machine's order, both over their full range. */
typedef struct pith_image_format {
    uint32_t width, height; /* >= 1 */
    uint8_t n_channels;     /* 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA (alpha not premultiplied) */
    uint8_t bit_depth;      /* 8 or 16 */
} pith_image_format;

/* Pixels in: rows are asked for once each, from the top. `read_rows` fills
 * n_rows rows starting at y, `stride_bytes` apart. */
typedef struct pith_source {
    size_t struct_size;
    pith_image_format format;
    pith_status (*read_rows)(void *user, uint32_t y, uint32_t n_rows, void *rows, size_t stride_bytes);
    void *user;
} pith_source;

/* Pixels out: `start`, unless it is NULL, is called once, then rows once each, from the top. */
typedef struct pith_sink {
    size_t struct_size;
    uint8_t bit_depth; /* 8 or 16: what the sink wants; 0 = 8 */
    pith_status (*start)(void *user, const pith_image_format *format);
    pith_status (*write_rows)(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes);
    void *user;
} pith_sink;

/* The simple case: a whole picture in memory. The image is borrowed for as
 * long as the source or sink made from it is used. As a sink its format must
 * be the picture's own (see pith_decoder_info). */
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

/* Opens a weights file and maps it; checks every tensor the networks need.
 * The model is shared: each pith_model_ref needs its own pith_model_free. */
PITH_API PITH_MUST_CHECK pith_status pith_model_open(pith_model **out, const pith_env *env, const char *path,
                                                     pith_diag *why);
/* The same from a file's bytes, which are borrowed until the model's end. Of one file alone: TAESD's are two. */
PITH_API PITH_MUST_CHECK pith_status pith_model_open_memory(pith_model **out, const pith_env *env, const void *data,
                                                            size_t n_bytes, pith_diag *why);
/* As a path: the model that the library was linked with. The archive has one, unless it was built without
 * (PITH_EMBED_MODEL); PITH_E_MODEL_MISSING where there is none. */
#define PITH_MODEL_BUILT_IN ":built-in"
/* The built-in model: the first mini.safetensors in the folders below, then any other file of such a model there, then
 * PITH_MODEL_BUILT_IN. A message names the file that it is about. PITH_E_MODEL_MISSING, saying where it was looked for
 * and what to do. */
PITH_API PITH_MUST_CHECK pith_status pith_model_open_default(pith_model **out, const pith_env *env, pith_diag *why);
/* The folders of models, in the order of the search and separated by colons: those of $PITH_MODELS, share/pith/models
 * beside the folder of the running program and beside that of the shared library, $XDG_DATA_HOME/pith/models
 * (~/.local/share/pith/models). Returns their length, of which n_bytes - 1 are written, as snprintf does. */
PITH_API size_t pith_model_folders(char *folders, size_t n_bytes);
/* The same model with another autoencoder of its latent space: that of the file `path`, a
 * Stable Diffusion autoencoder or checkpoint with the same encoder (sd-vae-ft-mse is one for all
 * 1.x models), or TAESD. What either encodes the other decodes. PITH_E_MODEL_MISMATCH when the
 * latent space is another, as far as the file tells: TAESD's tells its channels alone.
 * PITH_E_UNSUPPORTED when `model` is not of kind "sd1". Keeps a reference to `model`. */
PITH_API PITH_MUST_CHECK pith_status pith_model_with_vae(pith_model **out, pith_model *model, const char *path,
                                                         pith_diag *why);
PITH_API pith_model *pith_model_ref(pith_model *model);
PITH_API void pith_model_free(pith_model **model);

/* Fingerprints: first 8 bytes of SHA-256 over the tensors concerned, see doc/format.md: the encoder's, which tell the
 * latent space, and the decoder's, which may be gigabytes. F32, F16 and BF16 files of the same model share both, an
 * int8 one has the latent_id. */
PITH_API PITH_MUST_CHECK pith_status pith_model_latent_id(pith_model *model, uint8_t id[PITH_FINGERPRINT_BYTES]);
PITH_API PITH_MUST_CHECK pith_status pith_model_decoder_id(pith_model *model, uint8_t id[PITH_FINGERPRINT_BYTES]);

/* Bits of pith_model_contents.parts. */
typedef enum pith_model_part {
    PITH_PART_AUTOENCODER = 1,
    PITH_PART_DENOISER = 2,
    PITH_PART_TEXT_ENCODER = 4,
    PITH_PART_EMPTY_PROMPT = 8 /* the constant that a text encoder makes of no text */
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

/* Reads no weights. */
PITH_API PITH_MUST_CHECK pith_status pith_model_get_contents(const pith_model *model, pith_model_contents *contents);

/* The quality at which latents alone have this step, for a model with these steps at quality 0 and
 * 100; below 0 or above 100 where no quality gives it. */
PITH_API float pith_quality_of_step(float log2_step_q0, float log2_step_q100, float step);

/* Reads every value: PITH_E_MODEL_VALUES when one is not finite, as stored or rounded
 * to binary16; PITH_E_CHECKSUM when a converted file's fingerprints are not those
 * that it says. Progress goes to `env` (may be NULL). */
PITH_API PITH_MUST_CHECK pith_status pith_model_check_values(pith_model *model, const pith_env *env, pith_diag *why);

typedef enum pith_precision {
    PITH_PRECISION_FP16 = 1,
    PITH_PRECISION_INT8 = 2 /* large matrices and convolutions in 8 bits, the rest fp16 */
} pith_precision;

/* Writes a compact copy of a model. Of Stable Diffusion: autoencoder and U-Net in
 * that precision, a constant in the place of the text encoder. Of a built-in one,
 * which is fp16 already: int8 only. The copy has the same latent_id, so either
 * decodes what the other encoded; one of fp16 also has the same decoder_id, one of
 * int8 its own, so that residuals, which mend one decoder's picture, are not used
 * with the other. The file appears under its name when it is whole, in the place of any
 * that is there; PITH_E_ARG when that is the model. An int8 model
 * is not made fp16 again. Progress and cancel are those of `env` (may be NULL). */
PITH_API PITH_MUST_CHECK pith_status pith_model_convert(pith_model *model, const pith_env *env,
                                                        pith_precision precision, const char *path, pith_diag *why);

/* The same of TAESD, which is no model by itself, for pith_model_with_vae: of
 * either of its two files, or the one. *is_tiny says whether `in` was opened and
 * is TAESD; if not, nothing is written and the status is not PITH_OK. */
PITH_API PITH_MUST_CHECK pith_status pith_tiny_convert(const char *in, const pith_env *env, pith_precision precision,
                                                       const char *path, int *is_tiny, pith_diag *why);

/* ---- encoder ---------------------------------------------------------------- */

typedef struct pith_encoder pith_encoder;

/* How a picture is coded: as a latent; as a latent in 256 dithered colours and zlib, the
 * published baseline, which has one size and no quality and is there to compare with; or
 * exactly, pixel by pixel, where nothing is lost and no model is needed. */
typedef enum pith_method { PITH_METHOD_LATENT = 1, PITH_METHOD_PALETTE = 2, PITH_METHOD_EXACT = 3 } pith_method;

/* Kept beside the picture byte for byte, and never interpreted. */
typedef enum pith_metadata {
    PITH_METADATA_ICC = 0,  /* the samples' ICC profile, where they are not sRGB */
    PITH_METADATA_EXIF = 1, /* from the TIFF header ("II*" or "MM") on */
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

/* What may be promised of every tile of 32x32 pixels: doc/tile-error.md. The numbers
 * go into files. */
typedef enum pith_level {
    PITH_LEVEL_NONE = 0,
    PITH_LEVEL_LOOSE = 1,  /* nothing large is missing, nothing large is invented */
    PITH_LEVEL_NORMAL = 2, /* what is readable stays so; texture may be softer */
    PITH_LEVEL_STRICT = 3  /* near what a JPEG of high quality keeps */
} pith_level;

typedef struct pith_encode_options {
    size_t struct_size;
    float quality;             /* 0 smallest .. 100 best; default 50; used when max_bytes is 0 */
    int effort;                /* 0: the network alone; 1 (default): what it got wrong is mended; 2: and a search for
                                  the symbols of the best picture, where the model can; 3: a longer one */
    uint64_t max_bytes;        /* > 0: the best quality whose file has at most so many bytes */
    pith_method method;        /* default PITH_METHOD_LATENT; with a palette max_bytes is 0, quality not used */
    pith_level faithful;       /* with max_bytes 0: no tile's error is above the level's bound */
    uint64_t max_memory_bytes; /* that the call may take at a time, the network's included, the caller's own rows not;
                                  tiles and threads are chosen by it, PITH_E_LIMIT where it cannot be done.
                                  0 (default): 1 000 000 000 with built-in models, no bound with others */
    int lossless;              /* 1: every sample as it is, whatever it takes. Excludes max_bytes, faithful, and method
                                  palette; quality and effort are not used, and no model */
    const pith_area *protect;  /* parts whose errors count most, borrowed for the call; NULL = none */
    size_t n_protect;
    pith_span icc, exif, xmp; /* metadata, see pith_metadata; borrowed for the call; n_bytes 0 = none */
} pith_encode_options;

PITH_API pith_status pith_encode_options_defaults(pith_encode_options *options, size_t struct_size);

/* The encoder keeps a reference to the model; NULL will do for what is lossless. */
PITH_API PITH_MUST_CHECK pith_status pith_encoder_new(pith_encoder **out, const pith_env *env, pith_model *model,
                                                      pith_diag *why);
PITH_API void pith_encoder_free(pith_encoder **encoder);

/* Encodes one picture into a whole .pith file in memory. PITH_E_LIMIT when no
 * quality gives max_bytes or less. */
PITH_API PITH_MUST_CHECK pith_status pith_encode(pith_encoder *encoder, const pith_source *source,
                                                 const pith_encode_options *options, pith_bytes *out);

/* Why the last call failed; "" when it did not. Valid until the next call. */
PITH_API const char *pith_encoder_message(const pith_encoder *encoder);

/* Seconds spent in the stages of the last pith_encode or pith_decode. */
typedef struct pith_timing {
    size_t struct_size;
    double bind_seconds;    /* making the networks ready (first picture of a size) */
    double network_seconds; /* running them, pixel conversion included */
    double coding_seconds;  /* entropy coding */
} pith_timing;

PITH_API pith_status pith_encoder_timing(const pith_encoder *encoder, pith_timing *timing);

/* ---- decoder ---------------------------------------------------------------- */

typedef struct pith_decoder pith_decoder;

typedef struct pith_info {
    size_t struct_size;
    pith_image_format format; /* of the picture as it will be decoded to an 8-bit sink */
    pith_method method;
    uint64_t n_file_bytes;
    uint32_t version_major, version_minor; /* of the bitstream */
    char model_name[PITH_NAME_BYTES];
    uint8_t latent_id[PITH_FINGERPRINT_BYTES];
    uint32_t n_latent, latent_width, latent_height; /* 0 of an exact picture, as are step and prior; it has no model */
    uint32_t downscale;                             /* 8 of an exact picture: of its preview */
    double step; /* 2^(step_index / 64 - 16); of a palette: the step of as much noise */
    uint16_t step_index;
    uint8_t prior_id;
    uint8_t source_bit_depth; /* of the picture that was encoded: 8 or 16 */
    uint8_t recipe;           /* 0: the networks see the whole picture; 1: in windows that are blended */
    int lossless;             /* 1: the picture that was encoded, sample by sample (of what can be seen) */
    uint32_t n_slices;
    uint32_t n_chunks;
    pith_level faithful;      /* what the file promises .. */
    double bound, worst_tile; /* .. as an error of a tile, and the worst when it was made; 0 without */
    uint64_t n_residual_bytes;
    uint8_t residual_decoder_id[PITH_FINGERPRINT_BYTES]; /* the decoder whose pictures it mends; 0 without one */
} pith_info;

typedef struct pith_chunk_info {
    size_t struct_size;
    char name[8];     /* "HEAD", "LATN"; "?" and two hex digits when unknown */
    uint8_t type;     /* as in the file, bit 7 = may be skipped */
    uint64_t offset;  /* of the type byte, from the start of the file */
    uint64_t n_bytes; /* of the whole chunk, header and CRC included */
} pith_chunk_info;

PITH_API PITH_MUST_CHECK pith_status pith_decoder_new(pith_decoder **out, const pith_env *env, pith_diag *why);
PITH_API void pith_decoder_free(pith_decoder **decoder);

/* Reads and checks the whole structure of a file: header, chunks, CRCs. Needs
 * no model. `data` is borrowed until the next open or the decoder's end. */
PITH_API PITH_MUST_CHECK pith_status pith_decoder_open(pith_decoder *decoder, const uint8_t *data, size_t n_bytes);
PITH_API PITH_MUST_CHECK pith_status pith_decoder_info(pith_decoder *decoder, pith_info *info);
PITH_API PITH_MUST_CHECK pith_status pith_decoder_chunk(pith_decoder *decoder, uint32_t index, pith_chunk_info *chunk);

/* The file's metadata of a kind; NULL and 0 bytes when it has none. Borrowed
 * from the opened file's bytes. */
PITH_API PITH_MUST_CHECK pith_status pith_decoder_metadata(pith_decoder *decoder, pith_metadata kind,
                                                           const uint8_t **data, size_t *n_bytes);

/* The same as pith_decoder_open for a file that may be damaged: what pith_decoder_open refuses for
 * truncation or a checksum after the header is opened as far as it is whole,
 * and slices that are lost, or do not decode, come out as the network's picture
 * of nothing. What mends the whole picture (TINT, CHRM, a residual) is left out where it is damaged, which
 * env.log is told. After pith_decode, pith_decoder_lost tells which: how many areas
 * of the picture, in pixels, and the index-th of them unless `area` is NULL. */
PITH_API PITH_MUST_CHECK pith_status pith_decoder_open_damaged(pith_decoder *decoder, const uint8_t *data,
                                                               size_t n_bytes);
PITH_API uint32_t pith_decoder_lost(const pith_decoder *decoder, uint32_t index, pith_area *area);

typedef struct pith_decode_options {
    size_t struct_size;
    int steps;        /* of denoising, 0..1000; 0 = none; -1 (default): what suits the model. A palette has 2 or none */
    float realism;    /* 0..1: how much texture is added that the file does not hold, but that such a picture may well
                         have had; always the same for a file. Default 0: none. PITH_E_ARG with models that make none;
                         a picture with a residual gets none, with a warning */
    pith_area region; /* width and height 0 (default): the whole picture. Only what the region needs is decoded */
    int preview;      /* 1: a pixel for every latent position that the region lies in, that is 1/8 of its size rounded
                         up, from the latents alone: no network runs, no residual is read. Default 0 */
    int no_residual;  /* 1: what the network alone makes of it */
    uint64_t max_memory_bytes; /* as in pith_encode_options; the file's bytes are the caller's */
} pith_decode_options;

PITH_API pith_status pith_decode_options_defaults(pith_decode_options *options, size_t struct_size);

/* Decodes the opened file; `options` may be NULL. PITH_E_MODEL_MISMATCH when
 * the model is another than the file names; PITH_E_CHECKSUM when the latents
 * do not come out right. An exact picture needs no model: `model` may be NULL,
 * and is not looked at; what the options say of networks has no meaning for it. */
PITH_API PITH_MUST_CHECK pith_status pith_decode(pith_decoder *decoder, pith_model *model,
                                                 const pith_decode_options *options, const pith_sink *sink);
PITH_API const char *pith_decoder_message(const pith_decoder *decoder);
PITH_API pith_status pith_decoder_timing(const pith_decoder *decoder, pith_timing *timing);

/* ---- fidelity ---------------------------------------------------------------- */

#define PITH_TILE 32 /* pixels a tile is wide and high, on a grid from the top left */

typedef struct pith_tile {
    float error;   /* 0: equal */
    float sure;    /* no decoded picture whose samples are all within 2 of this one's has a larger error */
    uint32_t x, y; /* the pixel around which the largest was found */
} pith_tile;

/* The largest error that a level allows in a tile; 0 for what is not a level. */
PITH_API float pith_level_bound(pith_level level);

/* The errors of all tiles, row by row of tiles, from the left: ceil(width / 32) *
 * ceil(height / 32) of them, which is n_tiles. Both pictures have 8 bits a sample,
 * 1 or 3 channels, and one size (PITH_E_ARG otherwise); when only one of them is
 * grey its samples count for all three colours. `env` may be NULL. */
PITH_API PITH_MUST_CHECK pith_status pith_measure_tiles(const pith_env *env, const pith_image *original,
                                                        const pith_image *decoded, pith_tile *tiles, size_t n_tiles,
                                                        pith_diag *why);

/* SSIMULACRA 2.1 (J. Sneyers, 2023): how far apart two pictures are to the eye. 100: equal, 90: hardly told
 * apart, 50: medium, below 0: ruin; NaN when a side is under 8 pixels. `decoded` is the distorted one: the measure is
 * not symmetric. Pictures of one size, 8 or 16 bits a sample, 1 or 3 channels, sRGB (PITH_E_ARG otherwise); grey is
 * RGB with three equal channels. A scale with a side under 4 is left out, so that below 113 pixels a side there are
 * fewer than six (the reference tool then weighs the others as if they stood elsewhere). Takes 24 bytes a pixel.
 * `env` may be NULL. */
PITH_API PITH_MUST_CHECK pith_status pith_ssimulacra2(const pith_env *env, const pith_image *original,
                                                      const pith_image *decoded, double *score, pith_diag *why);

#ifdef __cplusplus
}
#endif

#endif
