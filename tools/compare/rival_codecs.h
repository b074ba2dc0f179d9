/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* JPEG, WebP, AVIF and JPEG XL by their own command line tools, for comparisons:
 * run as programs, where they are installed; nothing of them is linked. */
#ifndef PITH_TOOLS_COMPARE_RIVAL_CODECS_H
#define PITH_TOOLS_COMPARE_RIVAL_CODECS_H

#include <stdbool.h>
#include <stdint.h>

#define N_RIVALS 4
#define RIVAL_PATH_BYTES 512

typedef struct rival_codec {
    const char *name, *shown; /* "jxl", "JPEG XL" */
    const char *tool;         /* what is run */
    const char *media_type;   /* NULL when browsers do not show it */
    int most;                 /* settings are 0 (smallest file) to this */
    bool reads_ppm;           /* else PNG */
} rival_codec;

extern const rival_codec rival_codecs[N_RIVALS];

/* The tool is in one of the folders of PATH. */
bool rival_is_installed(const rival_codec *codec);

typedef enum rival_result {
    RIVAL_DONE,
    RIVAL_CANNOT, /* even the lowest setting gives a larger file */
    RIVAL_FAILED  /* the tool did not run to its end */
} rival_result;

/* The picture in `folder` (original.png, original.ppm) at the best setting whose
 * file has at most n_bytes; `path` is that file in the folder, where everything
 * that was tried stays. */
rival_result rival_best_under(char path[RIVAL_PATH_BYTES], const rival_codec *codec, const char *folder,
                              uint64_t n_bytes);

#endif
