# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Every library Pith stands on; doc/dependencies.md says what each is for.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# pith_need(PREFIX DEBIAN-PACKAGE MODULE...): what the build cannot do without, as PkgConfig::PREFIX.
macro(pith_need prefix package)
    pkg_check_modules(${prefix} QUIET IMPORTED_TARGET ${ARGN})
    if(NOT ${prefix}_FOUND)
        string(REPLACE ";" ", " modules "${ARGN}")
        message(FATAL_ERROR "${modules}: needed, and missing or older (Debian: ${package})")
    endif()
endmacro()

pith_need(JANSSON libjansson-dev jansson>=2.13)
pith_need(NETTLE nettle-dev nettle>=3.7)
pith_need(ZLIB zlib1g-dev zlib>=1.2.11)

# oneDNN 3 has another interface. With AUTO the build goes on without oneDNN where
# there is none that serves; from here on PITH_ONEDNN says whether it is used.
if(PITH_ONEDNN)
    # Debian's CMake package of oneDNN insists on OpenCL's development files,
    # which nothing here uses, so the header and the library are found directly.
    find_path(DNNL_INCLUDE_DIR NAMES oneapi/dnnl/dnnl.h)
    find_library(DNNL_LIBRARY NAMES dnnl)
    set(dnnl_version "none")
    if(DNNL_INCLUDE_DIR AND DNNL_LIBRARY)
        file(STRINGS ${DNNL_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h dnnl_version_lines
             REGEX "define DNNL_VERSION_(MAJOR|MINOR|PATCH) +[0-9]")
        string(REGEX REPLACE "[^0-9;]+" "" dnnl_version "${dnnl_version_lines}")
        string(REPLACE ";" "." dnnl_version "${dnnl_version}")
    endif()
    if(dnnl_version VERSION_GREATER_EQUAL 2.6 AND dnnl_version VERSION_LESS 3)
        message(STATUS "oneDNN ${dnnl_version}: ${DNNL_LIBRARY}")
        add_library(pith_dnnl UNKNOWN IMPORTED)
        set_target_properties(pith_dnnl PROPERTIES
            IMPORTED_LOCATION ${DNNL_LIBRARY}
            INTERFACE_INCLUDE_DIRECTORIES ${DNNL_INCLUDE_DIR})
    elseif(PITH_ONEDNN STREQUAL "AUTO")
        message(NOTICE "pith is built without oneDNN (2.6 or a later 2.x is needed, found: ${dnnl_version})")
        set(PITH_ONEDNN OFF)
    else()
        message(FATAL_ERROR "oneDNN 2.6 or a later 2.x is needed, found: ${dnnl_version}; -DPITH_ONEDNN=OFF does without")
    endif()
endif()

# Unsets FORMAT_FOUND where the format's reader does not compile with the library that was found.
function(pith_try_reader format)
    if(NOT ${format}_FOUND)
        return()
    endif()
    string(TOLOWER ${format} name)
    set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
    unset(compiles CACHE)
    try_compile(compiles ${CMAKE_CURRENT_BINARY_DIR}/try_${name} SOURCES ${PROJECT_SOURCE_DIR}/tools/imageio/imageio_${name}.c
        CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${PROJECT_SOURCE_DIR}/include;${PROJECT_SOURCE_DIR}/tools"
        COMPILE_DEFINITIONS -D_GNU_SOURCE= -DPITH_WITH_${format}
        LINK_LIBRARIES PkgConfig::${format}
        OUTPUT_VARIABLE said)
    if(NOT compiles)
        file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/try_${name}.log "${said}")
        message(NOTICE "tools/imageio/imageio_${name}.c does not compile with ${name} ${${format}_VERSION}:"
                       " ${CMAKE_CURRENT_BINARY_DIR}/try_${name}.log")
        set(${format}_FOUND FALSE PARENT_SCOPE)
    endif()
    unset(compiles CACHE)
endfunction()

if(PITH_TOOLS)
    pith_need(PNG libpng-dev libpng>=1.6)
    pith_need(JPEG libjpeg-dev libjpeg>=2.0)
    pith_need(WEBP libwebp-dev libwebp>=0.6 libwebpdemux>=0.6 libwebpmux>=0.6)
    pith_need(LCMS liblcms2-dev lcms2>=2.9)
    pith_need(EXPAT libexpat1-dev expat>=2.4)
    # AUTO takes what is there and what the reader compiles with; ON insists.
    foreach(format IN ITEMS AVIF JXL TIFF HEIF)
        set(package_AVIF libavif>=0.11)
        set(package_JXL libjxl>=0.7)
        set(package_TIFF libtiff-4>=4.5)
        set(package_HEIF libheif>=1.13)
        if(PITH_${format} STREQUAL "AUTO")
            pkg_check_modules(${format} IMPORTED_TARGET ${package_${format}})
            pith_try_reader(${format})
        elseif(PITH_${format})
            pith_need(${format} "or -DPITH_${format}=OFF" ${package_${format}})
        endif()
        if(NOT ${format}_FOUND)
            message(NOTICE "pith is built without ${format} (${package_${format}}): such pictures will be refused")
        endif()
    endforeach()
    if(PITH_GIF)
        find_path(GIF_INCLUDE_DIR NAMES gif_lib.h)
        find_library(GIF_LIBRARY NAMES gif)
        if(GIF_INCLUDE_DIR AND GIF_LIBRARY)
            set(GIF_FOUND 1)
        elseif(NOT PITH_GIF STREQUAL "AUTO")
            message(FATAL_ERROR "giflib was not found; -DPITH_GIF=OFF does without")
        endif()
    endif()
    if(NOT GIF_FOUND)
        message(NOTICE "pith is built without GIF: such pictures will be refused")
    endif()
endif()
if(PITH_TESTS)
    pith_need(CMOCKA "libcmocka-dev, by scripts/deps test" cmocka>=1.1.5)
endif()
