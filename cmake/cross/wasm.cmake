# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# WebAssembly by Emscripten (Debian: emscripten), with libraries in
# PITH_CROSS_ROOT that scripts/platform-libraries built.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PITH_CROSS_ROOT)
if(NOT EMSCRIPTEN_ROOT)
    set(EMSCRIPTEN_ROOT /usr/share/emscripten)
endif()
include(${EMSCRIPTEN_ROOT}/cmake/Modules/Platform/Emscripten.cmake)
list(APPEND CMAKE_FIND_ROOT_PATH ${PITH_CROSS_ROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${PITH_CROSS_ROOT}/lib/pkgconfig)
