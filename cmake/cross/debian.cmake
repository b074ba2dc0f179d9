# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Debian's cross compiler with the libraries of a Debian root of that machine:
#   -DPITH_CROSS_TRIPLET=aarch64-linux-gnu -DPITH_CROSS_ROOT=FOLDER
# scripts/check-platforms makes such roots, and runs the programs with qemu.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PITH_CROSS_TRIPLET PITH_CROSS_ROOT)
string(REGEX REPLACE "-.*" "" machine "${PITH_CROSS_TRIPLET}")
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${machine})
set(CMAKE_C_COMPILER ${PITH_CROSS_TRIPLET}-gcc)
set(CMAKE_SYSROOT ${PITH_CROSS_ROOT})
set(CMAKE_LIBRARY_ARCHITECTURE ${PITH_CROSS_TRIPLET})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${machine} -L ${PITH_CROSS_ROOT})
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${PITH_CROSS_ROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${PITH_CROSS_ROOT}/usr/lib/${PITH_CROSS_TRIPLET}/pkgconfig:${PITH_CROSS_ROOT}/usr/share/pkgconfig)
