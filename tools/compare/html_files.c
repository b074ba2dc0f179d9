/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The page's own files, put into the program by the assembler. PITH_PAGE_FOLDER
 * is where they are: see cmake/tools.cmake. */
#include "compare/html_page.h"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define SYMBOL(name) TEXT(__USER_LABEL_PREFIX__) #name /* as C calls it here */

/* By the format of objects: a section of constants, and what ends it. */
#if defined(_WIN32)
#define CONSTANTS(name) ".section .rdata$" #name ",\"dr\"\n"
#define CODE ".text\n"
#else
#define CONSTANTS(name) ".section .rodata." #name ", \"a\"\n"
#define CODE ".previous\n"
#endif

#define EMBED(name, file)                                                                                              \
    __asm__(CONSTANTS(name) ".globl " SYMBOL(name) "\n" SYMBOL(name) ":\n"                                             \
                                                                     ".incbin \"" PITH_PAGE_FOLDER "/" file "\"\n"     \
                                                                     ".byte 0\n" CODE)

EMBED(html_page_text, "page.html");
EMBED(html_picture_text, "page_picture.html");
EMBED(html_style, "page.css");
EMBED(html_script, "page.js");
