# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# The library, compiled once and linked four ways:
#   pith_core      static: what needs nothing else (core.cmake)
#   pith_internal  static, every symbol: what the tests link
#   pith_shared    libpith.so, only pith_*
#   pith_static    libpith.a, only pith_*: one relocatable object, the rest local
#                  (where objects are not ELF, every symbol)
pith_sources(rest_sources weights nn model picture networks stages search api)
if(PITH_DECODER_ONLY)
    pith_decoder_sources(rest_sources)
    pith_sources(absent_sources decoder_only)
    list(APPEND rest_sources ${absent_sources})
endif()
set(embedded_source ${PROJECT_SOURCE_DIR}/src/networks/model_embedded.c)
list(REMOVE_ITEM rest_sources ${embedded_source})

add_library(pith_rest_objects OBJECT ${rest_sources})
target_link_libraries(pith_rest_objects PRIVATE pith_headers PkgConfig::JANSSON PkgConfig::NETTLE PkgConfig::ZLIB Threads::Threads)
if(PITH_ONEDNN)
    target_compile_definitions(pith_rest_objects PRIVATE PITH_HAVE_ONEDNN=1)
    target_link_libraries(pith_rest_objects PRIVATE pith_dnnl)
endif()

# From the folder of the installed library to that of the models.
set(PITH_MODELS_FOLDER ${CMAKE_INSTALL_DATADIR}/pith/models)
file(RELATIVE_PATH library_to_models /prefix/${CMAKE_INSTALL_LIBDIR} /prefix/${PITH_MODELS_FOLDER})
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/networks/model_default.c PROPERTIES
    COMPILE_DEFINITIONS "PITH_LIBRARY_TO_MODELS=\"${library_to_models}\"")

# The model inside the library, or none: the only difference between the objects of archive and shared library.
set(embedded_model ${PROJECT_SOURCE_DIR}/models/mini-5.safetensors)
add_library(pith_no_model OBJECT ${embedded_source})
add_library(pith_embedded_model OBJECT EXCLUDE_FROM_ALL ${embedded_source})
target_compile_definitions(pith_embedded_model PRIVATE "PITH_EMBED_FILE=\"${embedded_model}\"")
target_link_libraries(pith_no_model PRIVATE pith_headers)
target_link_libraries(pith_embedded_model PRIVATE pith_headers)
set_property(SOURCE ${embedded_source} APPEND PROPERTY OBJECT_DEPENDS ${embedded_model})
set(PITH_STATIC_MODEL pith_no_model)
set(PITH_SHARED_MODEL pith_no_model)
if(PITH_EMBED_MODEL STREQUAL "STATIC" OR PITH_EMBED_MODEL STREQUAL "ALL")
    set(PITH_STATIC_MODEL pith_embedded_model)
endif()
if(PITH_EMBED_MODEL STREQUAL "ALL")
    set(PITH_SHARED_MODEL pith_embedded_model)
elseif(NOT PITH_EMBED_MODEL MATCHES "^(STATIC|OFF)$")
    message(FATAL_ERROR "PITH_EMBED_MODEL is ${PITH_EMBED_MODEL}, must be STATIC, ALL or OFF")
endif()

include(cmake/vec.cmake)
set(PITH_OBJECTS $<TARGET_OBJECTS:pith_core_objects> $<TARGET_OBJECTS:pith_rest_objects> ${PITH_VEC_OBJECTS})
if(WIN32)
    add_library(pith_windows_objects OBJECT ${PITH_WINDOWS_SOURCES})
    list(APPEND PITH_OBJECTS $<TARGET_OBJECTS:pith_windows_objects>)
endif()
set(PITH_LINK PkgConfig::JANSSON PkgConfig::NETTLE PkgConfig::ZLIB Threads::Threads ${PITH_LIBM} ${CMAKE_DL_LIBS})
set(PITH_LINK_NAMES jansson nettle z pthread m ${CMAKE_DL_LIBS}) # the same for whoever links the installed archive
if(PITH_ONEDNN)
    # oneDNN's threads are libgomp's, with either compiler; our kernels join them.
    list(PREPEND PITH_LINK pith_dnnl gomp)
    list(PREPEND PITH_LINK_NAMES dnnl gomp)
endif()

add_library(pith_internal STATIC ${PITH_OBJECTS} $<TARGET_OBJECTS:pith_no_model>)
target_link_libraries(pith_internal PUBLIC pith_headers ${PITH_LINK})
if(PITH_ONEDNN)
    target_compile_definitions(pith_internal INTERFACE PITH_HAVE_ONEDNN=1)
endif()

add_library(pith_shared SHARED ${PITH_OBJECTS} $<TARGET_OBJECTS:${PITH_SHARED_MODEL}>)
set_target_properties(pith_shared PROPERTIES
    OUTPUT_NAME pith EXPORT_NAME pith VERSION ${PROJECT_VERSION} SOVERSION ${PITH_ABI_VERSION})
target_include_directories(pith_shared PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(pith_shared PRIVATE ${PITH_LINK})
if(PITH_ELF AND NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
    target_link_options(pith_shared PRIVATE -Wl,-z,defs)
endif()

set(localised ${CMAKE_CURRENT_BINARY_DIR}/pith_localised.o)
set(static_objects ${PITH_OBJECTS} $<TARGET_OBJECTS:${PITH_STATIC_MODEL}>)
if(PITH_ELF)
    add_custom_command(OUTPUT ${localised}
        COMMAND ${CMAKE_LINKER} -r -o ${localised} ${static_objects}
        COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${localised}
        DEPENDS ${static_objects}
        COMMENT "Making the symbols of libpith.a local, but for pith_*"
        COMMAND_EXPAND_LISTS VERBATIM)
    set_source_files_properties(${localised} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    add_library(pith_static STATIC ${localised})
else() # other formats of objects have no hidden symbols to make local
    add_library(pith_static STATIC ${static_objects})
endif()
add_dependencies(pith_static pith_core_objects pith_rest_objects ${PITH_VEC_TARGETS} ${PITH_STATIC_MODEL}) # make does not see it through the command
set_target_properties(pith_static PROPERTIES OUTPUT_NAME pith EXPORT_NAME pith-static LINKER_LANGUAGE C)
target_include_directories(pith_static PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
foreach(lib IN LISTS PITH_LINK)
    target_link_libraries(pith_static INTERFACE $<BUILD_INTERFACE:${lib}>)
endforeach()
foreach(name IN LISTS PITH_LINK_NAMES)
    target_link_libraries(pith_static INTERFACE $<INSTALL_INTERFACE:${name}>)
endforeach()

# Where the programs of the build tree look, as those of an installation do.
set(PITH_MODELS_DIR ${CMAKE_BINARY_DIR}/share/pith/models)
file(GLOB model_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/models/*.safetensors)
set(model_copies "")
foreach(model IN LISTS model_files)
    get_filename_component(name ${model} NAME)
    add_custom_command(OUTPUT ${PITH_MODELS_DIR}/${name}
        COMMAND ${CMAKE_COMMAND} -E make_directory ${PITH_MODELS_DIR}
        COMMAND ${CMAKE_COMMAND} -E copy ${model} ${PITH_MODELS_DIR}/${name}
        DEPENDS ${model} VERBATIM)
    list(APPEND model_copies ${PITH_MODELS_DIR}/${name})
endforeach()
add_custom_target(pith_models ALL DEPENDS ${model_copies})

# What is installed, without tests, benches and fuzzers.
add_custom_target(product)
add_dependencies(product pith_shared pith_static pith_models)
