# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Every bench/*.c that has a main() is a program in build/<preset>/bench/; the
# others are shared by all of them.
file(GLOB bench_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/*.c)
set(bench_programs "")
set(bench_shared "")
foreach(source IN LISTS bench_sources)
    file(STRINGS ${source} main_line REGEX "^int main\\(")
    if(main_line)
        list(APPEND bench_programs ${source})
    else()
        list(APPEND bench_shared ${source})
    endif()
endforeach()
foreach(source IN LISTS bench_programs)
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source} ${bench_shared})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/bench)
    target_link_libraries(${name} PRIVATE pith_internal)
    add_dependencies(${name} pith_models)
    if(name STREQUAL "bench_nn") # times the op cases that the tests compare
        target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/nn_cases.c)
        target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    endif()
endforeach()
