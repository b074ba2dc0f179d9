# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# The kernels of the portable engine, once for each instruction set that a machine of
# this kind may have. Sums are the same on all: -ffp-contract=off (flags.cmake) forbids
# fused products, and nothing here may allow them.
set(vec_kernels ${PROJECT_SOURCE_DIR}/src/nn/nn_vec_kernels.c)
set(PITH_VEC_OBJECTS "")
set_property(SOURCE ${vec_kernels} APPEND PROPERTY COMPILE_OPTIONS -O3 -fno-trapping-math)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
    set_property(SOURCE ${PROJECT_SOURCE_DIR}/src/nn/nn_vec_find.c APPEND PROPERTY COMPILE_DEFINITIONS NN_VEC_X86=1)
    foreach(isa IN ITEMS v2 v3 v4)
        add_library(pith_vec_${isa} OBJECT ${vec_kernels})
        target_compile_options(pith_vec_${isa} PRIVATE -march=x86-64-${isa})
        target_compile_definitions(pith_vec_${isa} PRIVATE NN_VEC_ISA=${isa})
        target_link_libraries(pith_vec_${isa} PRIVATE pith_headers)
        list(APPEND PITH_VEC_OBJECTS $<TARGET_OBJECTS:pith_vec_${isa}>)
        list(APPEND PITH_VEC_TARGETS pith_vec_${isa})
    endforeach()
endif()
