# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# What desktops need: the media type, and where gdk-pixbuf is installed, a loader for it and an entry for thumbnails.
# doc/desktop.md says how they are made known.
set(PITH_PIXBUF AUTO CACHE STRING "Build the gdk-pixbuf loader: ON, OFF, or AUTO, where gdk-pixbuf is installed")
install(FILES ${PROJECT_SOURCE_DIR}/desktop/pith.xml DESTINATION ${CMAKE_INSTALL_DATADIR}/mime/packages)
if(PITH_PIXBUF STREQUAL "AUTO" AND NOT WIN32 AND NOT CMAKE_CROSSCOMPILING)
    pkg_check_modules(PIXBUF QUIET IMPORTED_TARGET gdk-pixbuf-2.0>=2.36 gmodule-2.0)
elseif(PITH_PIXBUF AND NOT PITH_PIXBUF STREQUAL "AUTO")
    pith_need(PIXBUF libgdk-pixbuf-2.0-dev gdk-pixbuf-2.0>=2.36 gmodule-2.0)
endif()
if(NOT PIXBUF_FOUND)
    message(STATUS "pith is built without the gdk-pixbuf loader: gdk-pixbuf-2.0 is not used")
    return()
endif()
pkg_get_variable(pixbuf_version gdk-pixbuf-2.0 gdk_pixbuf_binary_version)
add_library(pith_pixbuf MODULE ${PROJECT_SOURCE_DIR}/desktop/pixbuf_loader.c)
set_target_properties(pith_pixbuf PROPERTIES OUTPUT_NAME pixbufloader-pith
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/desktop)
target_link_libraries(pith_pixbuf PRIVATE pith_shared PkgConfig::PIXBUF)
add_dependencies(product pith_pixbuf)
# Beside the loaders of a gdk-pixbuf under the same prefix.
install(TARGETS pith_pixbuf LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/gdk-pixbuf-2.0/${pixbuf_version}/loaders)
install(FILES ${PROJECT_SOURCE_DIR}/desktop/pith.thumbnailer DESTINATION ${CMAKE_INSTALL_DATADIR}/thumbnailers)
if(PITH_TESTS)
    add_executable(pith-pixbuf ${PROJECT_SOURCE_DIR}/tests/probe/pith_pixbuf.c)
    target_link_libraries(pith-pixbuf PRIVATE PkgConfig::PIXBUF)
endif()
