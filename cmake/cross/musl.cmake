# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# musl-gcc (Debian: musl-tools), everything static, with libraries in
# PITH_CROSS_ROOT that scripts/platform-libraries built.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PITH_CROSS_ROOT)
set(CMAKE_C_COMPILER musl-gcc)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_FIND_ROOT_PATH ${PITH_CROSS_ROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} ${PITH_CROSS_ROOT}/lib/pkgconfig)
