# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Every tests/test_*.c is a cmocka program and a test, every tests/cli/*.sh a
# test run by bash, every tests/test_*.py one run by Python; other tests/*.c are shared by all of them. A test that
# exits with 77 counts as skipped.
set(test_environment
    PITH_SOURCE_DIR=${PROJECT_SOURCE_DIR}
    PITH_BUILD_DIR=${CMAKE_BINARY_DIR}
    OMP_WAIT_POLICY=passive # two tests share the cores: waiting threads must not spin
    # Leaks that the system's libraries keep on purpose.
    LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/lsan.supp:print_suppressions=0
    UBSAN_OPTIONS=print_stacktrace=1)

function(pith_test name)
    add_test(NAME ${name} COMMAND ${ARGN})
    set_tests_properties(${name} PROPERTIES
        ENVIRONMENT "${test_environment}" SKIP_RETURN_CODE 77 TIMEOUT 300)
endfunction()

file(GLOB support_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*.c)
file(GLOB test_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/test_*.c)
if(test_sources)
    list(REMOVE_ITEM support_sources ${test_sources})
endif()
add_library(test_support STATIC ${support_sources})
target_include_directories(test_support PUBLIC ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(test_support PUBLIC pith_internal PkgConfig::CMOCKA)
foreach(source IN LISTS test_sources)
    get_filename_component(name ${source} NAME_WE)
    if(name MATCHES "^test_tools_" AND NOT TARGET pith_tools)
        continue()
    endif()
    add_executable(${name} ${source})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    if(name MATCHES "^test_tools_")
        target_link_libraries(${name} PRIVATE pith_tools)
    endif()
    target_link_libraries(${name} PRIVATE test_support)
    pith_test(${name} ${name})
endforeach()

target_link_options(test_own_files PRIVATE -Wl,--wrap=ctr_read)

# It counts a thread's work, of which waiting for other threads is none, however busy the machine.
set_property(TEST test_cancel APPEND PROPERTY ENVIRONMENT OMP_WAIT_POLICY=passive)

# The core stands alone: whole, with the C library and nothing else.
add_executable(core_alone ${PROJECT_SOURCE_DIR}/tests/link/core_alone.c)
set_target_properties(core_alone PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
target_link_libraries(core_alone PRIVATE -Wl,--whole-archive pith_core -Wl,--no-whole-archive)
pith_test(core_alone core_alone)

if(TARGET pith)
    file(GLOB cli_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/cli/*.sh)
    foreach(script IN LISTS cli_tests)
        get_filename_component(name ${script} NAME_WE)
        pith_test(cli_${name} bash ${script})
    endforeach()
endif()

# Tests of the benches' Python, and the training code where Debian's Python has PyTorch.
find_program(PITH_PYTHON3 python3 HINTS /usr/bin) # Debian's, which has numpy, before a user's own
if(PITH_PYTHON3)
    file(GLOB python_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/test_*.py)
    foreach(script IN LISTS python_tests)
        get_filename_component(name ${script} NAME_WE)
        pith_test(${name} ${PITH_PYTHON3} ${script})
    endforeach()
endif()
if(PITH_PYTHON3 AND TARGET pith AND NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
    pith_test(train ${PITH_PYTHON3} ${PROJECT_SOURCE_DIR}/train/test_train.py)
endif()

# The Python package, on a wheel of its own.
if(TARGET pith AND NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
    pith_test(python bash ${PROJECT_SOURCE_DIR}/scripts/python-wheel --test ${CMAKE_BINARY_DIR})
endif()

file(GLOB examples CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.c)
foreach(source IN LISTS examples)
    get_filename_component(name ${source} NAME_WE)
    add_executable(example_${name} ${source})
    set_target_properties(example_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/examples)
    target_link_libraries(example_${name} PRIVATE pith_shared)
    add_dependencies(example_${name} pith_models)
endforeach()
