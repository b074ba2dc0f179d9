/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Compiled twice, with and without PITH_EMBED_FILE (a path); see
 * cmake/library.cmake. The assembler reads the file, because compilers take minutes
 * for a C array of 13 MB. */
#include "networks/model_embedded.h"

#ifdef PITH_EMBED_FILE
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define SYMBOL TEXT(__USER_LABEL_PREFIX__) "pith_embedded_model" /* with this platform's prefix for C names */

/* By the format of objects: a section of constants, what ends it, and a symbol that stays in the library. */
#if defined(_WIN32)
#define CONSTANTS ".section .rdata$pith_model,\"dr\"\n"
#define CODE ".text\n"
#define HIDDEN(symbol)
#elif defined(__wasm__)
#define CONSTANTS ".section .rodata.pith_embedded_model,\"\",@\n"
#define CODE ".section .text,\"\",@\n"
#define HIDDEN(symbol) ".hidden " symbol "\n.type " symbol ",@object\n.size " symbol ", 1\n"
#else
#define CONSTANTS ".section .rodata.pith_embedded_model, \"a\"\n"
#define CODE ".previous\n"
#define HIDDEN(symbol) ".hidden " symbol "\n"
#endif

__asm__(CONSTANTS ".balign 64\n"
                  ".globl " SYMBOL "\n"
                  ".globl " SYMBOL "_end\n" HIDDEN(SYMBOL) HIDDEN(SYMBOL "_end") SYMBOL ":\n"
                                                                                        ".incbin \"" PITH_EMBED_FILE
                                                                                        "\"\n" SYMBOL "_end:\n"
                                                                                        ".byte 0\n" CODE);

extern const uint8_t pith_embedded_model[] __attribute__((visibility("hidden")));
extern const uint8_t pith_embedded_model_end[] __attribute__((visibility("hidden")));

const uint8_t *model_embedded(size_t *n_bytes) {
    *n_bytes = (size_t)(pith_embedded_model_end - pith_embedded_model);
    return pith_embedded_model;
}
#else
const uint8_t *model_embedded(size_t *n_bytes) {
    *n_bytes = 0;
    return NULL;
}
#endif
