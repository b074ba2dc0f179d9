# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Every library Pith stands on; doc/dependencies.md says what each is for.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)
pkg_check_modules(NETTLE REQUIRED IMPORTED_TARGET nettle>=3.7)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib>=1.2.11)

if(PITH_ONEDNN)
    # Debian's CMake package of oneDNN insists on OpenCL's development files,
    # which nothing here uses, so the header and the library are found directly.
    find_path(DNNL_INCLUDE_DIR NAMES oneapi/dnnl/dnnl.h REQUIRED)
    find_library(DNNL_LIBRARY NAMES dnnl REQUIRED)
    file(STRINGS ${DNNL_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h dnnl_version_lines
         REGEX "define DNNL_VERSION_(MAJOR|MINOR|PATCH) ")
    string(REGEX REPLACE "[^0-9;]+" "" dnnl_version "${dnnl_version_lines}")
    string(REPLACE ";" "." dnnl_version "${dnnl_version}")
    if(dnnl_version VERSION_LESS 2.6 OR NOT dnnl_version VERSION_LESS 3)
        message(FATAL_ERROR "oneDNN 2.6 or a later 2.x is needed, found ${dnnl_version}; -DPITH_ONEDNN=OFF does without")
    endif()
    message(STATUS "oneDNN ${dnnl_version}: ${DNNL_LIBRARY}")
    add_library(pith_dnnl UNKNOWN IMPORTED)
    set_target_properties(pith_dnnl PROPERTIES
        IMPORTED_LOCATION ${DNNL_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${DNNL_INCLUDE_DIR})
endif()

if(PITH_TOOLS)
    pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng>=1.6)
    pkg_check_modules(JPEG REQUIRED IMPORTED_TARGET libjpeg>=2.0)
    pkg_check_modules(WEBP REQUIRED IMPORTED_TARGET libwebp>=1.0 libwebpdemux>=1.0 libwebpmux>=1.0)
    pkg_check_modules(LCMS REQUIRED IMPORTED_TARGET lcms2>=2.9)
    pkg_check_modules(EXPAT REQUIRED IMPORTED_TARGET expat>=2.4)
    # AUTO takes what is there; ON insists.
    foreach(format IN ITEMS AVIF JXL)
        set(package_AVIF libavif>=0.11)
        set(package_JXL libjxl>=0.7)
        if(PITH_${format} STREQUAL "AUTO")
            pkg_check_modules(${format} IMPORTED_TARGET ${package_${format}})
        elseif(PITH_${format})
            pkg_check_modules(${format} REQUIRED IMPORTED_TARGET ${package_${format}})
        endif()
        if(NOT ${format}_FOUND)
            message(NOTICE "pith is built without ${format}: such pictures will be refused")
        endif()
    endforeach()
endif()
if(PITH_TESTS)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka>=1.1.5)
endif()
