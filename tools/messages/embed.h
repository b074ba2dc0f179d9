/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Files put into the program by the assembler, with a zero byte after them. PITH_PAGE_FOLDER is where they are. */
#ifndef PITH_TOOLS_MESSAGES_EMBED_H
#define PITH_TOOLS_MESSAGES_EMBED_H

#define EMBED_TEXT_OF(x) #x
#define EMBED_TEXT(x) EMBED_TEXT_OF(x)
#define EMBED_SYMBOL(name) EMBED_TEXT(__USER_LABEL_PREFIX__) #name /* as C calls it here */

/* By the format of objects: a section of constants, and what ends it. */
#if defined(_WIN32)
#define EMBED_CONSTANTS(name) ".section .rdata$" #name ",\"dr\"\n"
#define EMBED_CODE ".text\n"
#else
#define EMBED_CONSTANTS(name) ".section .rodata." #name ", \"a\"\n"
#define EMBED_CODE ".previous\n"
#endif

#define EMBED(name, file)                                                                                              \
    __asm__(EMBED_CONSTANTS(name) ".globl " EMBED_SYMBOL(name) "\n" EMBED_SYMBOL(name) ":\n"                           \
                                                                                       ".incbin \"" PITH_PAGE_FOLDER   \
                                                                                       "/" file "\"\n"                 \
                                                                                       ".byte 0\n" EMBED_CODE)

#endif
