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

#include "cli/cli.h"
#include "files/interrupt.h"
#include "files/output_file.h"
#include "nameless.h"

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

static const output_rules pith_rules = {.kind = FILE_PITH};
#define OLD "\xf0PIT old" /* begins as a .pith file does */

static output_file *start_by(const output_rules *rules, const char *name) {
    output_file *f;
    pith_diag why = {0};
    if (output_open(&f, name, rules, &why) != PITH_OK) fail_msg("%s", why.message);
    fputs("new", output_stream(f));
    return f;
}

static output_file *start(const char *name) { return start_by(&pith_rules, name); }

static void finish(output_file *f) {
    pith_diag why = {0};
    if (output_commit(f, &why) != PITH_OK) fail_msg("%s", why.message);
    output_close(&f);
}

static void assert_refused(const output_rules *rules, const char *name, pith_status status, const char *message) {
    output_file *f;
    pith_diag why = {0};
    assert_int_equal(output_open(&f, name, rules, &why), status);
    assert_null(f);
    assert_string_equal(why.message, message);
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
    put(path, OLD);
    f = start(path);
    output_close(&f);
    assert_text(path, OLD);
    f = start(path);
    assert_int_equal(output_commit(f, NULL), PITH_OK);
    output_close(&f);
    assert_text(path, "new");
    assert_int_equal(n_files(), 1);
    unlink(path);
}

static void a_link_stays_a_link(void **state) {
    (void)state;
    put(other, OLD);
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

/* ---- what must stay ------------------------------------------------------------------------ */

static void a_file_of_another_kind_stays(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"\xff\xd8\xff\xe0 a photo", "is a JPEG, and a .pith file would replace it; --force does"},
        {"P6 1 1 255 abc", "is a PNM, and a .pith file would replace it; --force does"},
        {"letters", "is a file of another kind, and a .pith file would replace it; --force does"},
    };
    const output_rules forced = {.kind = FILE_PITH, .force = true};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(path, cases[i].text);
        assert_refused(&pith_rules, path, PITH_E_IO, cases[i].message);
        assert_text(path, cases[i].text);
        finish(start_by(&forced, path));
        assert_text(path, "new");
    }
    put(path, "");
    finish(start(path)); /* of an empty one nothing is lost */
    assert_text(path, "new");
    unlink(path);
}

static void a_name_of_another_kind_is_refused(void **state) {
    (void)state;
    char photo[128];
    snprintf(photo, sizeof photo, "%s/a.JPG", folder);
    assert_refused(&pith_rules, photo, PITH_E_ARG,
                   "is a name for a JPEG, and a .pith file is written; --force does it");
    put(photo, OLD);
    assert_refused(&pith_rules, photo, PITH_E_IO,
                   "is called like a JPEG, and a .pith file would replace it; --force does");
    assert_int_equal(symlink("a.JPG", path), 0);
    assert_refused(&pith_rules, path, PITH_E_IO,
                   "is called like a JPEG, and a .pith file would replace it; --force does");
    const output_rules any = {.kind = FILE_PITH, .any_name = true}, only_new = {.kind = FILE_PITH, .only_new = true};
    finish(start_by(&any, photo));
    assert_text(photo, "new");
    unlink(path);
    put(path, OLD);
    assert_refused(&only_new, path, PITH_E_IO, "is there already; name an OUT, or --force replaces it");
    unlink(path);
    unlink(photo);
}

static void what_comes_meanwhile_stays(void **state) {
    (void)state;
    const output_rules only_new = {.kind = FILE_PITH, .only_new = true};
    const struct {
        const output_rules *rules;
        const char *text;
    } cases[] = {{&pith_rules, "letters"}, {&only_new, OLD}};
    for (size_t i = 0; i < 2; i++) {
        output_file *f = start_by(cases[i].rules, path);
        put(path, cases[i].text);
        pith_diag why = {0};
        assert_int_equal(output_commit(f, &why), PITH_E_IO);
        assert_non_null(strstr(why.message, "--force"));
        output_close(&f);
        assert_text(path, cases[i].text);
        assert_int_equal(n_files(), 1);
        unlink(path);
    }
}

static void the_mode_stays(void **state) {
    (void)state;
    put(path, OLD);
    assert_int_equal(chmod(path, 0600), 0);
    struct stat facts;
    if (geteuid() == 0) assert_int_equal(chown(path, 12345, 54321), 0);
    finish(start(path));
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);
    if (geteuid() == 0) assert_true(facts.st_uid == 12345 && facts.st_gid == 54321);
    assert_int_equal(chmod(path, 0464), 0);
    finish(start_by(&(output_rules){.kind = FILE_PITH, .force = true}, path));
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0464);
    unlink(path);
}

static void a_read_only_file_stays(void **state) {
    (void)state;
    put(path, OLD);
    assert_int_equal(chmod(path, 0444), 0);
    assert_refused(&pith_rules, path, PITH_E_IO, "is read-only; --force replaces it");
    assert_text(path, OLD);
    unlink(path);
}

static void a_link_to_nothing_makes_what_it_names(void **state) {
    (void)state;
    char between[128];
    snprintf(between, sizeof between, "%s/between", folder);
    assert_int_equal(symlink("between", path), 0);
    assert_int_equal(symlink(other, between), 0);
    finish(start(path));
    struct stat facts;
    assert_int_equal(lstat(path, &facts), 0);
    assert_true(S_ISLNK(facts.st_mode));
    assert_int_equal(lstat(other, &facts), 0);
    assert_true(S_ISREG(facts.st_mode));
    unlink(other);
    assert_int_equal(symlink("between", other), 0); /* in a circle */
    output_file *f;
    assert_int_equal(output_open(&f, path, &pith_rules, NULL), PITH_E_IO);
    assert_null(f);
    unlink(path);
    unlink(between);
    unlink(other);
}

/* ---- a file without a name, and where there is none ------------------------------------------- */

static void what_is_written_has_no_name(void **state) {
    (void)state;
    if (!has_nameless_files(folder)) skip();
    output_file *f = start(path);
    fflush(output_stream(f));
    assert_int_equal(n_files(), 0);
    finish(f);
    assert_text(path, "new");
    put(path, OLD);
    f = start(path);
    assert_int_equal(n_files(), 1);
    finish(f);
    assert_text(path, "new");
    assert_int_equal(n_files(), 1);
    unlink(path);
}

enum { CHILD_DONE = 10, CHILD_CANNOT, CHILD_FAILED };

static int make_with_names(void) {
    if (!forbid_nameless_files(folder)) return CHILD_CANNOT;
    output_file *f;
    for (int i = 0; i < 2; i++) { /* new, then in the place of the first */
        if (output_open(&f, path, &pith_rules, NULL) != PITH_OK) return CHILD_FAILED;
        fputs(OLD, output_stream(f));
        fflush(output_stream(f));
        if (n_files() != i + 1) return CHILD_FAILED;
        if (output_commit(f, NULL) != PITH_OK || n_files() != 1) return CHILD_FAILED;
        output_close(&f);
    }
    if (output_open(&f, path, &pith_rules, NULL) != PITH_OK) return CHILD_FAILED;
    output_close(&f);
    if (n_files() != 1 || output_open(&f, path, &pith_rules, NULL) != PITH_OK) return CHILD_FAILED;
    signal(SIGTERM, SIG_DFL);
    interrupt_catch();
    raise(SIGTERM);
    return CHILD_FAILED;
}

static void where_there_is_none_a_name_serves(void **state) {
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(make_with_names());
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    if (WEXITSTATUS(result) == CHILD_CANNOT) {
        print_message("NOT CHECKED: a file system without O_TMPFILE (seccomp is not allowed here)\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(result), 128 + SIGTERM);
    assert_int_equal(n_files(), 1);
    assert_text(path, OLD);
    unlink(path);
}

static void says_why_it_cannot(void **state) {
    (void)state;
    static const char *const names[] = {"/tmp", "/nonexistent/file", "/dev/null/file", "", "/proc/file"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        output_file *f;
        pith_diag why = {0};
        assert_int_equal(output_open(&f, names[i], &pith_rules, &why), PITH_E_IO);
        assert_null(f);
        assert_int_equal(strncmp(why.message, "cannot write: ", 14), 0);
    }
}

static void a_signal_removes_the_half_file(void **state) {
    (void)state;
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    put(path, OLD);
    for (size_t i = 0; i < 3; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            signal(numbers[i], SIG_DFL); /* whoever runs the tests may ignore it */
            output_file *f;
            if (output_open(&f, path, &pith_rules, NULL) != PITH_OK) _exit(1);
            raise(numbers[i]);
            _exit(2);
        }
        int result;
        assert_int_equal(waitpid(child, &result, 0), child);
        assert_true(WIFEXITED(result));
        assert_int_equal(WEXITSTATUS(result), 128 + numbers[i]);
        assert_int_equal(n_files(), 1);
        assert_text(path, OLD);
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
        cmocka_unit_test(a_file_of_another_kind_stays),
        cmocka_unit_test(a_name_of_another_kind_is_refused),
        cmocka_unit_test(what_comes_meanwhile_stays),
        cmocka_unit_test(the_mode_stays),
        cmocka_unit_test(a_read_only_file_stays),
        cmocka_unit_test(a_link_to_nothing_makes_what_it_names),
        cmocka_unit_test(what_is_written_has_no_name),
        cmocka_unit_test(where_there_is_none_a_name_serves),
        cmocka_unit_test(says_why_it_cannot),
        cmocka_unit_test(a_signal_removes_the_half_file),
        cmocka_unit_test(numbers_are_plain_and_in_range),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(every_status_has_its_exit),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
