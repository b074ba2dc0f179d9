/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A file of weights appears when it is whole, and takes over the mode of what
 * it replaces. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "nameless.h"
#include "weights/whole_file.h"

static char folder[64], path[128];

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/pith-whole-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    return rmdir(folder);
}

static int n_files(void) {
    DIR *d = opendir(folder);
    if (!d) return -1;
    int n = -2; /* . and .. */
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

enum { DONE = 10, CANNOT, FAILED };

/* New, dropped, and in the place of an old one; while it is written the folder has `n_names` more. */
static int write_three(int n_names) {
    struct stat facts;
    whole_file f;
    if (whole_file_open(&f, path, NULL, NULL) != PITH_OK || write(f.fd, "new", 3) != 3) return FAILED;
    if (n_files() != n_names || whole_file_commit(&f, path, NULL, NULL) != PITH_OK || n_files() != 1) return FAILED;
    whole_file_close(&f, NULL);
    if (chmod(path, 0600) != 0) return FAILED;
    if (whole_file_open(&f, path, NULL, NULL) != PITH_OK || n_files() != 1 + n_names) return FAILED;
    whole_file_close(&f, NULL);
    if (n_files() != 1 || whole_file_open(&f, path, NULL, NULL) != PITH_OK || write(f.fd, "newer", 5) != 5)
        return FAILED;
    if (whole_file_commit(&f, path, NULL, NULL) != PITH_OK) return FAILED;
    whole_file_close(&f, NULL);
    if (n_files() != 1 || stat(path, &facts) != 0 || facts.st_size != 5) return FAILED;
    return (facts.st_mode & 0777) == 0600 && unlink(path) == 0 ? DONE : FAILED;
}

static void has_no_name_until_it_is_whole(void **state) {
    (void)state;
    if (!has_nameless_files(folder)) skip();
    assert_int_equal(write_three(0), DONE);
}

static void has_one_for_the_time_being_elsewhere(void **state) {
    (void)state;
    int result;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(forbid_nameless_files(folder) ? write_three(1) : CANNOT);
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    if (WEXITSTATUS(result) == CANNOT) {
        print_message("NOT CHECKED: a file system without O_TMPFILE (seccomp is not allowed here)\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(result), DONE);
}

static void says_why_it_cannot(void **state) {
    (void)state;
    whole_file f;
    pith_diag why = {0};
    assert_int_equal(whole_file_open(&f, "/nonexistent/file", NULL, &why), PITH_E_IO);
    assert_string_equal(why.message, "cannot be written: No such file or directory");
    whole_file_close(&f, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_no_name_until_it_is_whole),
        cmocka_unit_test(has_one_for_the_time_being_elsewhere),
        cmocka_unit_test(says_why_it_cannot),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
