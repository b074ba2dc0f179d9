/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* PNG's conformance: tests/reference/make_pngs.py makes files of every kind,
 * with what should be seen, and broken ones. All read right to the sample, or
 * are refused. Skipped where there is no Python. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imageio/imageio.h"

static char folder[64];

static bool run(const char *format, const char *a, const char *b) {
    char line[4096];
    snprintf(line, sizeof line, format, a, b);
    return system(line) == 0; /* NOLINT: names of our own making */
}

static int make_files(void **state) {
    (void)state;
    const char *source = getenv("PITH_SOURCE_DIR");
    snprintf(folder, sizeof folder, "/tmp/pith-pngs-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    if (!run("python3 -c 'import zlib' %s %s", "2>/dev/null", "")) return 0;
    return run("python3 '%s/tests/reference/make_pngs.py' '%s'", source ? source : "../..", folder) ? 0 : -1;
}

static int remove_files(void **state) {
    (void)state;
    return run("rm -r '%s'%s", folder, "") ? 0 : -1;
}

/* Calls for every .png in that part of the folder; returns how many there are. */
static unsigned for_every_png(const char *part, void (*look)(const char *path)) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, part);
    DIR *files = opendir(path);
    if (!files) {
        print_message("skipped: python3 is not there to make the files\n");
        skip();
        return 0;
    }
    unsigned n = 0;
    for (struct dirent *entry; (entry = readdir(files)) != NULL;) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".png") != 0) continue;
        snprintf(path, sizeof path, "%s/%s/%s", folder, part, entry->d_name);
        look(path);
        n++;
    }
    closedir(files);
    return n;
}

static void assert_as_expected(const char *path) {
    char expected[512];
    pith_image p, q;
    pith_diag why = {0};
    snprintf(expected, sizeof expected, "%.*s.ppm", (int)(strlen(path) - 4), path);
    if (image_load(&p, NULL, path, NULL, &why) != PITH_OK) fail_msg("%s: %s", path, why.message);
    if (image_load(&q, NULL, expected, NULL, &why) != PITH_OK) fail_msg("%s: %s", expected, why.message);
    if (memcmp(&p.format, &q.format, sizeof p.format) != 0) fail_msg("%s: another size or kind", path);
    if (memcmp(p.pixels, q.pixels, p.stride_bytes * p.format.height) != 0) fail_msg("%s: other samples", path);
    free(p.pixels);
    free(q.pixels);
}

static void good_files_read_right(void **state) {
    (void)state;
    assert_true(for_every_png("good", assert_as_expected) >= 150);
}

static void assert_refused(const char *path) {
    pith_image p;
    pith_diag why = {0};
    pith_status status = image_load(&p, NULL, path, NULL, &why);
    if (status == PITH_OK) fail_msg("%s was read", path);
    if (status != PITH_E_FORMAT && status != PITH_E_TRUNCATED && status != PITH_E_LIMIT)
        fail_msg("%s: %s, %s", path, pith_status_name(status), why.message);
    assert_true(why.message[0] != '\0' && !strchr(why.message, '\n'));
}

static void broken_files_are_refused(void **state) {
    (void)state;
    assert_true(for_every_png("broken", assert_refused) >= 38);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files_read_right),
        cmocka_unit_test(broken_files_are_refused),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
