/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What an encoder with a size asks of lines of text, of a finished file: for bench/sizes.py.
 *   text_lost ORIGINAL DECODED     pictures that the command reads
 * One line: the blocks of text in the original (0: none, or not looked for), of those the blocks in stretches that
 * cannot be read, and the part of the text that counts as lost in the encoder's score. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "fidelity/text_lines.h"
#include "imageio/imageio.h"

static void require(pith_status status, const char *path, const char *why) {
    if (status == PITH_OK) return;
    fprintf(stderr, "text_lost: %s: %s\n", path, why);
    exit(2);
}

int main(int argc, char **argv) {
    pith_image original, decoded;
    image_facts facts;
    pith_diag diag = {0};
    fid_lines lines = {0};
    uint32_t n_text = 0, n_lost = 0;
    double part = 0;
    if (argc != 3) {
        fputs("usage: text_lost ORIGINAL DECODED\n", stderr);
        return 2;
    }
    require(image_load(&original, &facts, argv[1], NULL, &diag), argv[1], diag.message);
    require(image_load(&decoded, NULL, argv[2], NULL, &diag), argv[2], diag.message);
    if (original.format.bit_depth == 8 && !facts.had_alpha) {
        if (decoded.format.bit_depth != 8 || decoded.format.width != original.format.width ||
            decoded.format.height != original.format.height)
            require(PITH_E_ARG, argv[2], "not 8 bits, or not as large as the original");
        require(fid_lines_find(&lines, NULL, &original), argv[1], "out of memory");
        uint8_t *lost = mem_alloc(NULL, lines.across, lines.down);
        if (!lost) require(PITH_E_NOMEM, argv[1], "out of memory");
        n_text = lines.n_text;
        fid_lines_measure(&lines, &original, &decoded);
        part = fid_lines_lost(&lines);
        n_lost = fid_lines_take_lost(&lines, 0, lost);
        mem_free(NULL, lost);
        fid_lines_free(&lines, NULL);
    }
    printf("%u %u %.4f\n", n_text, n_lost, part);
    free(original.pixels);
    free(decoded.pixels);
    return 0;
}
