# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# pith_core, static: base, entropy, codec, residual, exact, container, fidelity, motion. It
# needs the C library and nothing else, and is all there is with PITH_CORE_ONLY.
function(pith_sources out)
    set(all "")
    foreach(folder IN LISTS ARGN)
        file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${folder}/*.c)
        list(APPEND all ${found})
    endforeach()
    if(NOT PITH_ONEDNN)
        list(FILTER all EXCLUDE REGEX "/nn_onednn[^/]*\\.c$")
    endif()
    set(${out} ${all} PARENT_SCOPE)
endfunction()

set(PITH_LIBM m)
add_library(pith_headers INTERFACE)
target_include_directories(pith_headers INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)

pith_sources(core_sources base entropy codec residual exact container fidelity motion)
if(PITH_DECODER_ONLY)
    pith_decoder_sources(core_sources)
endif()
add_library(pith_core_objects OBJECT ${core_sources})
target_link_libraries(pith_core_objects PRIVATE pith_headers)
add_library(pith_core STATIC $<TARGET_OBJECTS:pith_core_objects>)
target_link_libraries(pith_core PUBLIC pith_headers ${PITH_LIBM})

# Files of made-up symbols, for tests/golden and scripts/check-constants; and what
# must be the same on every machine, for scripts/check-exact.
if(PITH_TESTS)
    foreach(probe IN ITEMS symbols exact figures)
        add_executable(pith-${probe} ${PROJECT_SOURCE_DIR}/tests/probe/pith_${probe}.c)
        target_link_libraries(pith-${probe} PRIVATE pith_core)
    endforeach()
endif()
