# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# pith-decode, a decoder by the public API alone, which needs no picture library:
# for targets that the command is not built for. Only on request; not installed.
add_executable(pith-decode EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/probe/pith_decode.c)
target_link_libraries(pith-decode PRIVATE pith_static)
if(EMSCRIPTEN) # for node: its files, and memory that grows from the embedded model's size
    target_link_options(pith-decode PRIVATE -sNODERAWFS=1 -sALLOW_MEMORY_GROWTH=1 -sINITIAL_MEMORY=128MB -sEXIT_RUNTIME=1)
endif()

# The decoder of web/: a module for pages, without files; the model comes from outside.
if(EMSCRIPTEN)
    add_executable(pith-web EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/web/pith_web.c)
    target_link_libraries(pith-web PRIVATE pith_static)
    set_target_properties(pith-web PROPERTIES OUTPUT_NAME pith SUFFIX .mjs)
    target_link_options(pith-web PRIVATE --no-entry -O3 -sMODULARIZE=1 -sEXPORT_ES6=1 -sENVIRONMENT=worker
        -sALLOW_MEMORY_GROWTH=1 -sINITIAL_MEMORY=64MB -sMAXIMUM_MEMORY=2GB -sEXPORT_NAME=createPith
        -sEXPORTED_FUNCTIONS=_malloc,_free -sEXPORTED_RUNTIME_METHODS=UTF8ToString,HEAPU8)
endif()
