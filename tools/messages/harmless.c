/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "messages/harmless.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Length of the character there; 0: not UTF-8. */
static size_t character_bytes(const unsigned char *c) {
    const size_t n = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : c[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if ((c[i] & 0xc0) != 0x80) return 0;
    return n;
}

/* Control characters of ASCII and of Latin 1, and those that change the direction of writing. */
static bool is_control(const unsigned char *c, size_t n) {
    if (n == 1) return c[0] < 0x20 || c[0] == 0x7f;
    if (n == 2) return c[0] == 0xc2 && c[1] < 0xa0;
    return n == 3 && c[0] == 0xe2 &&
           ((c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) || (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9));
}

void make_harmless(char *text) {
    for (unsigned char *c = (unsigned char *)text; *c;) {
        const size_t n = character_bytes(c), n_here = n ? n : 1;
        if (n == 0 || is_control(c, n)) memset(c, '?', n_here);
        c += n_here;
    }
}
