# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# The networks of Stable Diffusion: pith-run, which runs one of them on tensors
# from a file and is not installed, and what their tests and their benchmark
# need beside what all others have.
if(PITH_TESTS)
    # Random checkpoints, for the tests of the command.
    add_executable(pith-checkpoint ${PROJECT_SOURCE_DIR}/tests/probe/pith_checkpoint.c ${PROJECT_SOURCE_DIR}/tests/ckpt_file.c
        ${PROJECT_SOURCE_DIR}/tests/random_sd.c ${PROJECT_SOURCE_DIR}/tests/sd_case.c ${PROJECT_SOURCE_DIR}/tests/sd_files.c)
    target_include_directories(pith-checkpoint PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(pith-checkpoint PRIVATE pith_internal)
    add_executable(pith-run ${PROJECT_SOURCE_DIR}/tests/probe/pith_run.c)
    target_link_libraries(pith-run PRIVATE pith_internal)
    if(PITH_PYTHON3)
        pith_test(pith_run ${PITH_PYTHON3} ${PROJECT_SOURCE_DIR}/tests/probe/pith_run.py $<TARGET_FILE:pith-run>
            $<IF:$<BOOL:${PITH_ONEDNN}>,onednn,exact>)
        set_property(TEST pith_run APPEND PROPERTY ENVIRONMENT OMP_WAIT_POLICY=passive)
    endif()
    if(PITH_TOOLS)
        target_compile_definitions(test_sd_networks PRIVATE PITH_HAVE_PNG=1)
        target_link_libraries(test_sd_networks PRIVATE PkgConfig::PNG)
    endif()
    set_tests_properties(test_sd_windows PROPERTIES TIMEOUT 900)
    # Threads that spin while they wait are slow where tests run side by side.
    set_property(TEST test_sd_networks test_sd_windows test_sd_models APPEND PROPERTY ENVIRONMENT OMP_WAIT_POLICY=passive)
endif()
if(PITH_BENCH)
    foreach(name IN ITEMS bench_sd bench_windows)
        target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/random_sd.c ${PROJECT_SOURCE_DIR}/tests/sd_case.c)
        target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    endforeach()
endif()

# Mutated files through the command. Not under sanitizers, whose own memory is
# far above the limit; there the same happens inside test_damage.
if(PITH_TESTS AND TARGET pith)
    add_executable(pith-mutants ${PROJECT_SOURCE_DIR}/tests/probe/pith_mutants.c ${PROJECT_SOURCE_DIR}/fuzz/mend.c
        ${PROJECT_SOURCE_DIR}/tests/container_file.c ${PROJECT_SOURCE_DIR}/tests/machine_speed.c)
    target_include_directories(pith-mutants PRIVATE ${PROJECT_SOURCE_DIR}/fuzz ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(pith-mutants PRIVATE pith_internal)
    if(NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
        pith_test(mutants ${PROJECT_SOURCE_DIR}/scripts/mutants 300 1 ${CMAKE_BINARY_DIR})
    endif()
endif()
