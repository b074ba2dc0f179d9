# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Headers, libraries, pith.pc, the CMake package, models and documents. All of
# it may be moved as a whole: paths are relative to where the files lie.
include(CMakePackageConfigHelpers)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/pith DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
install(TARGETS pith_shared pith_static EXPORT pith
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})

set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pith)
install(EXPORT pith NAMESPACE pith:: FILE pith-targets.cmake DESTINATION ${cmake_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/pith-config.cmake.in
                              ${CMAKE_CURRENT_BINARY_DIR}/pith-config.cmake INSTALL_DESTINATION ${cmake_dir}
                              PATH_VARS PITH_MODELS_FOLDER)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/pith-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pith-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/pith-config-version.cmake
        DESTINATION ${cmake_dir})

file(RELATIVE_PATH pc_to_prefix "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
list(TRANSFORM PITH_LINK_NAMES PREPEND "-l" OUTPUT_VARIABLE pc_private)
list(JOIN pc_private " " pc_private)
configure_file(${PROJECT_SOURCE_DIR}/cmake/pith.pc.in ${CMAKE_CURRENT_BINARY_DIR}/pith.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pith.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/models/ DESTINATION ${PITH_MODELS_FOLDER}
        FILES_MATCHING PATTERN "*.safetensors")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/doc/ DESTINATION ${CMAKE_INSTALL_DOCDIR}
        FILES_MATCHING PATTERN "*.md" PATTERN "pith.magic")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# Manual pages, from Markdown, where there is a lowdown that can.
set(man_pages "")
execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/make-man ${PROJECT_SOURCE_DIR}/doc/man/pith.md
                        ${CMAKE_CURRENT_BINARY_DIR}/man/try.1 ${PROJECT_VERSION}
                RESULT_VARIABLE no_lowdown OUTPUT_QUIET ERROR_QUIET)
if(NOT no_lowdown)
    file(GLOB man_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/doc/man/*.md)
    foreach(source IN LISTS man_sources)
        get_filename_component(name ${source} NAME_WE)
        set(page ${CMAKE_CURRENT_BINARY_DIR}/man/${name}.1)
        add_custom_command(OUTPUT ${page}
            COMMAND ${PROJECT_SOURCE_DIR}/scripts/make-man ${source} ${page} ${PROJECT_VERSION}
            DEPENDS ${source} ${PROJECT_SOURCE_DIR}/scripts/make-man VERBATIM)
        list(APPEND man_pages ${page})
    endforeach()
    add_custom_target(man_pages ALL DEPENDS ${man_pages})
    add_dependencies(product man_pages)
    install(FILES ${man_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
else()
    message(NOTICE "pith is built without manual pages: lowdown makes them, and is missing or too old")
endif()
