/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How slow the machine is while a test runs: what else it does makes the same
 * work take more of a thread's time, by caches and cores that are shared. */
#ifndef PITH_TESTS_MACHINE_SPEED_H
#define PITH_TESTS_MACHINE_SPEED_H

/* Times that a fixed piece of work, of some 10 ms, takes now of what it takes on a quiet machine of the slow kind that
 * the limits are made for: 1, or more, but never above MACHINE_SLOWEST, so that no limit is beyond being missed. */
#define MACHINE_SLOWEST 6.0
double machine_slowness(void);

#endif
