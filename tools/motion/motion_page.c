/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The page's text, put into the program by the assembler. PITH_PAGE_FOLDER is where it is: see cmake/tools.cmake. */
#include "messages/embed.h"
#include "motion/motion_html.h"

EMBED(motion_page_text, "motion_page.html");
