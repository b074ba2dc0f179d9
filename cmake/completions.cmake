# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# What makes bash, zsh and fish complete the command, printed from its option tables.
if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR OR WIN32)
    message(STATUS "pith is built without completions for shells: the program that prints them cannot run here")
    return()
endif()
add_executable(pith-completions ${PROJECT_SOURCE_DIR}/tools/completions.c)
target_link_libraries(pith-completions PRIVATE pith_tools pith_static)
set(completions "")
function(pith_completion shell name folder)
    set(out ${CMAKE_BINARY_DIR}/completions/${shell}/${name})
    add_custom_command(OUTPUT ${out}
        COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/completions/${shell}
        COMMAND pith-completions ${shell} > ${out}.new
        COMMAND ${CMAKE_COMMAND} -E rename ${out}.new ${out}
        DEPENDS pith-completions VERBATIM)
    install(FILES ${out} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder})
    set(completions ${completions} ${out} PARENT_SCOPE)
endfunction()
pith_completion(bash pith bash-completion/completions)
pith_completion(zsh _pith zsh/site-functions)
pith_completion(fish pith.fish fish/vendor_completions.d)
add_custom_target(pith_shell_completions ALL DEPENDS ${completions})
add_dependencies(product pith_shell_completions)
