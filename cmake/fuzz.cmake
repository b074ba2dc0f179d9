# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Every fuzz/fuzz_*.c defines LLVMFuzzerTestOneInput. With clang it becomes a
# libFuzzer program; otherwise fuzz/replay.c feeds it the files and folders it
# is given, and a test replays fuzz/corpus/NAME.
file(GLOB targets CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/fuzz_*.c)
foreach(source IN LISTS targets)
    get_filename_component(name ${source} NAME_WE)
    if(CMAKE_C_COMPILER_ID MATCHES "Clang")
        add_executable(${name} ${source})
        target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    else()
        add_executable(${name} ${source} ${PROJECT_SOURCE_DIR}/fuzz/replay.c)
    endif()
    target_compile_options(${name} PRIVATE -Wno-missing-prototypes) # libFuzzer has no header to declare it
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    target_link_libraries(${name} PRIVATE pith_internal)
    string(REGEX REPLACE "^fuzz_" "" corpus ${name})
    if(PITH_TESTS AND NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        pith_test(replay_${corpus} ${name} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${corpus})
    endif()
endforeach()
