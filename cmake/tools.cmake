# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# The pith command. It is built on the public API alone: include/ is its only
# include folder, and it links the archive in which all else is local.
file(GLOB tool_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/*.c ${PROJECT_SOURCE_DIR}/tools/*/*.c)
set(tool_main ${PROJECT_SOURCE_DIR}/tools/main.c)
list(REMOVE_ITEM tool_sources ${tool_main} ${PROJECT_SOURCE_DIR}/tools/completions.c)
if(WIN32)
    enable_language(RC)
    list(APPEND tool_main ${PROJECT_SOURCE_DIR}/windows/command/start.c ${PROJECT_SOURCE_DIR}/windows/command/pith.rc)
endif()
if(tool_sources)
    add_library(pith_tools STATIC ${tool_sources})
    target_include_directories(pith_tools PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/tools)
    target_link_libraries(pith_tools PUBLIC
        PkgConfig::PNG PkgConfig::JPEG PkgConfig::WEBP PkgConfig::LCMS PkgConfig::EXPAT PkgConfig::JANSSON PkgConfig::NETTLE
        Threads::Threads ${PITH_LIBM})
    # The pages of `pith compare --html` and `pith motion compare --html`: the assembler reads their files.
    foreach(page_source IN ITEMS compare/html_files.c motion/motion_page.c)
        get_filename_component(page_folder ${PROJECT_SOURCE_DIR}/tools/${page_source} DIRECTORY)
        file(GLOB page_files CONFIGURE_DEPENDS ${page_folder}/*page*)
        set_source_files_properties(${PROJECT_SOURCE_DIR}/tools/${page_source} PROPERTIES
            COMPILE_DEFINITIONS "PITH_PAGE_FOLDER=\"${page_folder}\"" OBJECT_DEPENDS "${page_files}")
    endforeach()
    if(GIF_FOUND) # giflib has no pkg-config file
        target_include_directories(pith_tools PUBLIC ${GIF_INCLUDE_DIR})
        target_link_libraries(pith_tools PUBLIC ${GIF_LIBRARY})
        target_compile_definitions(pith_tools PUBLIC PITH_WITH_GIF)
    endif()
    foreach(format IN ITEMS AVIF JXL TIFF HEIF)
        if(${format}_FOUND)
            target_link_libraries(pith_tools PUBLIC PkgConfig::${format})
            target_compile_definitions(pith_tools PUBLIC PITH_WITH_${format})
        endif()
    endforeach()
    if(tool_main)
        add_executable(pith ${tool_main})
        target_link_libraries(pith PRIVATE pith_tools pith_static)
        add_dependencies(pith pith_models)
        add_dependencies(product pith)
        install(TARGETS pith RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
        include(cmake/completions.cmake)
    endif()
endif()
