/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Only in the command for Windows: the standard streams carry bytes, not text. */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>

__attribute__((constructor)) static void carry_bytes(void) {
    for (int handle = 0; handle <= 2; handle++)
        if (_get_osfhandle(handle) >= 0) _setmode(handle, _O_BINARY);
    _fmode = _O_BINARY;
}
