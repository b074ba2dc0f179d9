# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Every fuzz/fuzz_*.c defines LLVMFuzzerTestOneInput. With clang it becomes a
# libFuzzer program; otherwise fuzz/replay.c feeds it the files and folders it
# is given, and a test replays fuzz/corpus/NAME. The other fuzz/*.c are shared
# by all. fuzz_image, fuzz_metadata, fuzz_options and fuzz_clips are of the command, not of the library.
file(GLOB targets CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/fuzz_*.c)
set(replay ${PROJECT_SOURCE_DIR}/fuzz/replay.c)
file(GLOB shared CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/*.c)
list(REMOVE_ITEM shared ${targets} ${replay})
add_library(fuzz_shared STATIC ${shared} ${PROJECT_SOURCE_DIR}/tests/container_file.c)
target_include_directories(fuzz_shared PUBLIC ${PROJECT_SOURCE_DIR}/tests)
target_compile_definitions(fuzz_shared PRIVATE PITH_SOURCE_FOLDER="${PROJECT_SOURCE_DIR}")
target_link_libraries(fuzz_shared PUBLIC pith_internal)
foreach(source IN LISTS targets)
    get_filename_component(name ${source} NAME_WE)
    string(REGEX REPLACE "^fuzz_" "" corpus ${name})
    if(corpus MATCHES "^(image|metadata|options|clips)$" AND NOT TARGET pith_tools)
        continue()
    endif()
    if(CMAKE_C_COMPILER_ID MATCHES "Clang")
        add_executable(${name} ${source})
        target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    else()
        add_executable(${name} ${source} ${replay})
    endif()
    target_compile_options(${name} PRIVATE -Wno-missing-prototypes) # libFuzzer has no header to declare it
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    if(corpus MATCHES "^(image|metadata|options|clips)$")
        target_link_libraries(${name} PRIVATE pith_tools)
    endif()
    target_link_libraries(${name} PRIVATE fuzz_shared)
    if(PITH_TESTS AND NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        pith_test(replay_${corpus} ${name} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${corpus})
    endif()
endforeach()
