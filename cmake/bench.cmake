# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Every bench/*.c is a program of its own in build/<preset>/bench/.
file(GLOB benches CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/*.c)
foreach(source IN LISTS benches)
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
    target_link_libraries(${name} PRIVATE pith_internal)
    add_dependencies(${name} pith_models)
endforeach()
