/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "messages/standard_error.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* A descriptor belongs to the process, so its state does too. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned n_hushed;
static int real_handle = STDERR_FILENO; /* where standard error goes while it is hushed */

static char status_line[128];

static void put(const char *text) {
    size_t n_left = strlen(text);
    while (n_left > 0) {
        ssize_t n = write(real_handle, text, n_left);
        if (n <= 0) return; /* nobody is listening */
        text += n;
        n_left -= (size_t)n;
    }
}

void standard_error_write(const char *text) {
    pthread_mutex_lock(&lock);
    if (status_line[0]) put("\r\033[K");
    put(text);
    put(status_line);
    pthread_mutex_unlock(&lock);
}

void standard_error_status(const char *line) {
    pthread_mutex_lock(&lock);
    if (status_line[0]) put("\r\033[K");
    strncpy(status_line, line, sizeof status_line - 1);
    put(status_line);
    pthread_mutex_unlock(&lock);
}

void standard_error_hush(void) {
    pthread_mutex_lock(&lock);
    if (n_hushed++ == 0) {
        int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (saved >= 0 && nowhere >= 0 && dup2(nowhere, STDERR_FILENO) >= 0)
            real_handle = saved;
        else if (saved >= 0)
            close(saved);
        if (nowhere >= 0) close(nowhere);
    }
    pthread_mutex_unlock(&lock);
}

void standard_error_hush_end(void) {
    pthread_mutex_lock(&lock);
    if (--n_hushed == 0 && real_handle != STDERR_FILENO) {
        dup2(real_handle, STDERR_FILENO);
        close(real_handle);
        real_handle = STDERR_FILENO;
    }
    pthread_mutex_unlock(&lock);
}
