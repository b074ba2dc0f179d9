/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* For files/interrupt.c: there is no such call, so a folder of compare --html stays when it is interrupted. */
#ifndef PITH_WINDOWS_SYS_SYSCALL_H
#define PITH_WINDOWS_SYS_SYSCALL_H
#define SYS_getdents64 0
struct dirent64 {
    unsigned short d_reclen;
    char d_name[1];
};
static inline long syscall(long number, int handle, void *entries, unsigned long n_bytes) {
    return (void)number, (void)handle, (void)entries, (void)n_bytes, -1L;
}
#endif
