/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Output files appear only when whole; and the values of the command line. */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli.h"
#include "output_file.h"

static char folder[64];
static char path[128], other[128];

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/pith-output-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    return rmdir(folder);
}

static int n_files(void) {
    DIR *d = opendir(folder);
    assert_non_null(d);
    int n = -2; /* . and .. */
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

static void put(const char *name, const char *text) {
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void assert_text(const char *name, const char *text) {
    char found[64] = "";
    FILE *f = fopen(name, "r");
    assert_non_null(f);
    found[fread(found, 1, sizeof found - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(found, text);
}

static output_file *start(const char *name) {
    output_file *f;
    pith_diag why = {0};
    if (output_open(&f, name, &why) != PITH_OK) fail_msg("%s", why.message);
    fputs("new", output_stream(f));
    return f;
}

static void a_commit_makes_the_file(void **state) {
    (void)state;
    mode_t before = umask(027);
    output_file *f = start(path);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(output_commit(f, NULL), PITH_OK);
    output_close(&f);
    assert_null(f);
    umask(before);
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0640);
    assert_text(path, "new");
    assert_int_equal(n_files(), 1);
    unlink(path);
}

static void without_a_commit_nothing_changes(void **state) {
    (void)state;
    output_file *f = start(path);
    output_close(&f);
    assert_int_equal(n_files(), 0);
    put(path, "old");
    f = start(path);
    output_close(&f);
    assert_text(path, "old");
    f = start(path);
    assert_int_equal(output_commit(f, NULL), PITH_OK);
    output_close(&f);
    assert_text(path, "new");
    assert_int_equal(n_files(), 1);
    unlink(path);
}

static void a_link_stays_a_link(void **state) {
    (void)state;
    put(other, "old");
    assert_int_equal(symlink("other", path), 0);
    output_file *f = start(path);
    assert_int_equal(output_commit(f, NULL), PITH_OK);
    output_close(&f);
    struct stat facts;
    assert_int_equal(lstat(path, &facts), 0);
    assert_true(S_ISLNK(facts.st_mode));
    assert_text(other, "new");
    assert_int_equal(n_files(), 2);
    unlink(path);
    unlink(other);
}

static void a_device_is_written_to_and_not_replaced(void **state) {
    (void)state;
    output_file *f = start("/dev/null");
    assert_int_equal(output_commit(f, NULL), PITH_OK);
    output_close(&f);
    struct stat facts;
    assert_int_equal(stat("/dev/null", &facts), 0);
    assert_true(S_ISCHR(facts.st_mode));
    if (access("/dev/full", W_OK) != 0) return;
    pith_diag why = {0};
    f = start("/dev/full");
    assert_int_equal(output_commit(f, &why), PITH_E_IO);
    assert_string_equal(why.message, "cannot write: No space left on device");
    output_close(&f);
}

static void says_why_it_cannot(void **state) {
    (void)state;
    static const char *const names[] = {"/tmp", "/nonexistent/file", "/dev/null/file", "", "/proc/file"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        output_file *f;
        pith_diag why = {0};
        assert_int_equal(output_open(&f, names[i], &why), PITH_E_IO);
        assert_null(f);
        assert_int_equal(strncmp(why.message, "cannot write: ", 14), 0);
    }
}

static void a_signal_removes_the_half_file(void **state) {
    (void)state;
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    put(path, "old");
    for (size_t i = 0; i < 3; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            signal(numbers[i], SIG_DFL); /* whoever runs the tests may ignore it */
            output_file *f;
            if (output_open(&f, path, NULL) != PITH_OK) _exit(1);
            raise(numbers[i]);
            _exit(2);
        }
        int result;
        assert_int_equal(waitpid(child, &result, 0), child);
        assert_true(WIFEXITED(result));
        assert_int_equal(WEXITSTATUS(result), 130);
        assert_int_equal(n_files(), 1);
        assert_text(path, "old");
    }
    unlink(path);
}

/* ---- values ------------------------------------------------------------------------------ */

static void numbers_are_plain_and_in_range(void **state) {
    (void)state;
    double v;
    assert_true(cli_parse_number(&v, "50", 0, 100) && fabs(v - 50) < 1e-12);
    assert_true(cli_parse_number(&v, "0", 0, 100));
    assert_true(cli_parse_number(&v, "99.5", 0, 100) && fabs(v - 99.5) < 1e-12);
    static const char *const bad[] = {
        "",   "-1", "101", "1e1",   "nan", "inf", "0x10",
        "5 ", " 5", "5%",  "1.2.3", ".",   "1,5", "1111111111111111111111111111111111111111"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (cli_parse_number(&v, bad[i], 0, 100)) fail_msg("\"%s\" was taken", bad[i]);
}

static void sizes_have_units(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t n_bytes; /* for 512x512 */
    } good[] = {{"5000", 5000},   {"5k", 5000},      {"5K", 5000},      {"5kB", 5000},
                {"5KiB", 5120},   {"1.5M", 1500000}, {"1MiB", 1048576}, {"0.15bpp", 4915},
                {"8bpp", 262144}, {"0.00001bpp", 0}, {"1B", 1}};
    cli_size size;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!cli_parse_size(&size, good[i].text)) fail_msg("\"%s\" was refused", good[i].text);
        assert_int_equal(cli_size_bytes(&size, 512, 512), good[i].n_bytes);
    }
    static const char *const bad[] = {
        "", "0", "-5", "k", "5q", "5 k", "0bpp", "0.5", "1e3", "99999999999999999999", "2000bpp"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (cli_parse_size(&size, bad[i])) fail_msg("\"%s\" was taken", bad[i]);
}

static void every_status_has_its_exit(void **state) {
    (void)state;
    assert_int_equal(cli_exit_of(PITH_OK, CLI_INPUT), 0);
    assert_int_equal(cli_exit_of(PITH_E_ARG, CLI_INPUT), 1);
    assert_int_equal(cli_exit_of(PITH_E_FORMAT, CLI_INPUT), 2);
    assert_int_equal(cli_exit_of(PITH_E_IO, CLI_OUTPUT), 4);
    assert_int_equal(cli_exit_of(PITH_E_MODEL_MISMATCH, CLI_INPUT), 3);
    assert_int_equal(cli_exit_of(PITH_E_LIMIT, CLI_INPUT), 4);
    assert_int_equal(cli_exit_of(PITH_E_ABORTED, CLI_INPUT), 130);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_makes_the_file),
        cmocka_unit_test(without_a_commit_nothing_changes),
        cmocka_unit_test(a_link_stays_a_link),
        cmocka_unit_test(a_device_is_written_to_and_not_replaced),
        cmocka_unit_test(says_why_it_cannot),
        cmocka_unit_test(a_signal_removes_the_half_file),
        cmocka_unit_test(numbers_are_plain_and_in_range),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(every_status_has_its_exit),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
