# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# pith-decode, a decoder by the public API alone, which needs no picture library:
# for targets that the command is not built for. Only on request; not installed.
add_executable(pith-decode EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/probe/pith_decode.c)
target_link_libraries(pith-decode PRIVATE pith_static)
if(EMSCRIPTEN) # for node: its files, and memory that grows from the embedded model's size
    target_link_options(pith-decode PRIVATE -sNODERAWFS=1 -sALLOW_MEMORY_GROWTH=1 -sINITIAL_MEMORY=128MB -sEXIT_RUNTIME=1)
endif()
