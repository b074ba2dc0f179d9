# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Windows: what POSIX has and MinGW lacks, before every source file and in every
# library and program (windows).
add_compile_definitions(__USE_MINGW_ANSI_STDIO=1 _WIN32_WINNT=0x0601 PITH_BUILDING)
add_compile_options(
    -include ${PROJECT_SOURCE_DIR}/windows/posix.h -I${PROJECT_SOURCE_DIR}/windows/include
    # MinGW's headers: gcc takes printf for Microsoft's, and isnan() narrows.
    -Wno-format -Wno-format-extra-args -Wno-float-conversion)
set(PITH_WINDOWS_SOURCES ${PROJECT_SOURCE_DIR}/windows/posix.c)
