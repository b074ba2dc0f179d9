/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Numbers and sizes from the command line. The program never calls setlocale,
 * so the decimal point is a point. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/cli.h"

#define MAX_BYTES 9e15 /* whole numbers are exact in a double up to here */

/* The number at the start of `text`, plain decimal; NULL when there is none. */
static const char *leading_number(double *value, const char *text) {
    size_t n = strspn(text, "0123456789.");
    if (n == 0 || n > 30) return NULL;
    char digits[32];
    memcpy(digits, text, n);
    digits[n] = '\0';
    char *end;
    *value = strtod(digits, &end);
    return *end == '\0' && isfinite(*value) ? text + n : NULL;
}

bool cli_parse_number(double *value, const char *text, double minimum, double maximum) {
    const char *rest = leading_number(value, text);
    return rest && *rest == '\0' && *value >= minimum && *value <= maximum;
}

bool cli_parse_size(cli_size *size, const char *text) {
    static const struct {
        const char *unit;
        double factor;
    } units[] = {{"", 1},     {"B", 1},         {"k", 1e3}, {"kB", 1e3}, {"KiB", 1024},      {"M", 1e6},
                 {"MB", 1e6}, {"MiB", 1048576}, {"G", 1e9}, {"GB", 1e9}, {"GiB", 1073741824}};
    const char *rest = leading_number(&size->value, text);
    if (!rest || size->value <= 0) return false;
    size->per_pixel = strcasecmp(rest, "bpp") == 0;
    if (size->per_pixel) return size->value <= 1000;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcasecmp(rest, units[i].unit) != 0) continue;
        size->value *= units[i].factor;
        return size->value >= 1 && size->value <= MAX_BYTES;
    }
    return false;
}

uint64_t cli_size_bytes(const cli_size *size, uint32_t width, uint32_t height) {
    double bytes = size->per_pixel ? size->value * width * height / 8 : size->value;
    return (uint64_t)(bytes < MAX_BYTES ? bytes : MAX_BYTES);
}

/* A whole number at *text, of at most 32 bits and without a sign; moves *text behind it. */
static bool whole_number(uint32_t *value, const char **text) {
    size_t n = strspn(*text, "0123456789");
    if (n == 0 || n > 10) return false;
    unsigned long long number = strtoull(*text, NULL, 10);
    *text += n;
    *value = (uint32_t)number;
    return number <= UINT32_MAX;
}

static bool skip(const char **text, char c) { return *(*text)++ == c; }

bool cli_parse_region(pith_area *region, const char *text) {
    *region = (pith_area){0};
    if (!whole_number(&region->width, &text) || !skip(&text, 'x') || !whole_number(&region->height, &text))
        return false;
    if (region->width == 0 || region->height == 0) return false;
    if (*text == '\0') return true;
    return skip(&text, '+') && whole_number(&region->x, &text) && skip(&text, '+') && whole_number(&region->y, &text) &&
           *text == '\0';
}

bool cli_parse_rectangle(pith_area *area, const char *text) {
    uint32_t *const fields[] = {&area->x, &area->y, &area->width, &area->height};
    for (size_t i = 0; i < 4; i++)
        if ((i > 0 && !skip(&text, ',')) || !whole_number(fields[i], &text)) return false;
    return *text == '\0' && area->width > 0 && area->height > 0;
}

static const char *const level_names[] = {[PITH_LEVEL_NONE] = "none",
                                          [PITH_LEVEL_LOOSE] = "loose",
                                          [PITH_LEVEL_NORMAL] = "normal",
                                          [PITH_LEVEL_STRICT] = "strict"};
#define N_LEVELS (sizeof level_names / sizeof level_names[0])

bool cli_parse_level(pith_level *level, const char *text) {
    for (size_t i = PITH_LEVEL_LOOSE; i < N_LEVELS; i++)
        if (strcmp(text, level_names[i]) == 0) {
            *level = (pith_level)i;
            return true;
        }
    return false;
}

const char *cli_level_name(pith_level level) { return (size_t)level < N_LEVELS ? level_names[level] : "?"; }
