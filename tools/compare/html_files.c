/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The page's own files, put into the program by the assembler. PITH_PAGE_FOLDER
 * is where they are: see cmake/tools.cmake. */
#include "compare/html_page.h"
#include "messages/embed.h"

EMBED(html_page_text, "page.html");
EMBED(html_picture_text, "page_picture.html");
EMBED(html_style, "page.css");
EMBED(html_script, "page.js");
