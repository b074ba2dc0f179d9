/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Linked with the whole of pith_core and the C library only: proves that the
 * coder and the container need neither weights nor networks. */
#include <string.h>

#include <pith/pith.h>

int main(void) {
    return strcmp(pith_version_string(), PITH_VERSION_STRING) == 0 && strcmp(pith_status_name(PITH_OK), "PITH_OK") == 0
               ? 0
               : 1;
}
