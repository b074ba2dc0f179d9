/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How a long measurement is stopped. */
#ifndef PITH_FIDELITY_LOOK_H
#define PITH_FIDELITY_LOOK_H

#include <pith/pith.h>

/* Asked between rows whether to go on; what is not PITH_OK ends the call. `ask` may be NULL. */
typedef struct fid_look {
    pith_status (*ask)(void *user);
    void *user;
} fid_look;

static inline pith_status fid_look_on(fid_look look) { return look.ask ? look.ask(look.user) : PITH_OK; }

#endif
