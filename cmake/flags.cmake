# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Language, warnings and link options of everything that is ours.
include(CheckCSourceCompiles)
if(NOT WIN32 AND NOT EMSCRIPTEN)
    set(PITH_ELF ON) # what is linked
endif()
add_compile_options(-std=c17) # CMake itself knows C17 from 3.21 on
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON) # clang-tidy reads them
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# POSIX and madvise, which strict C17 hides. The empty value agrees with a
# plain `#define _GNU_SOURCE`.
add_compile_definitions(_GNU_SOURCE=)

add_compile_options(
    -Wall -Wextra -Wconversion -Wvla -Wstrict-prototypes -Wmissing-prototypes
    -ffp-contract=off # clang contracts by default, gcc -std=c17 does not: be the same
)
# A float is computed as a float: not as a double, which gcc's -std=c17 means on
# s390x, nor on the x87. Otherwise pictures would differ from machine to machine.
foreach(flags IN ITEMS "" "-fexcess-precision=fast" "-msse2 -mfpmath=sse")
    set(CMAKE_REQUIRED_FLAGS "-std=c17 ${flags}")
    string(MAKE_C_IDENTIFIER "PITH_PLAIN_FLOATS${flags}" is_plain)
    check_c_source_compiles("#include <float.h>
        _Static_assert(FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 16, \"\");
        int main(void) { return 0; }" ${is_plain})
    if(${is_plain})
        separate_arguments(flags)
        add_compile_options(${flags})
        break()
    endif()
endforeach()
unset(CMAKE_REQUIRED_FLAGS)
if(PITH_WERROR)
    add_compile_options(-Werror)
endif()

# The same bytes wherever the tree lies: paths in the binaries are relative to it.
add_compile_options(-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)

# Hardening, as Debian builds its packages; sanitizers bring their own.
if(NOT EMSCRIPTEN AND NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
    add_compile_options(-fstack-protector-strong)
    if(CMAKE_BUILD_TYPE MATCHES "Rel")
        add_compile_definitions(_FORTIFY_SOURCE=2)
    endif()
    if(PITH_ELF)
        add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
    elseif(WIN32)
        add_link_options(-fstack-protector-strong) # its functions are in a library there
    endif()
    include(CheckPIESupported)
    check_pie_supported(LANGUAGES C)
endif()

# Name only the libraries that are used.
if(PITH_ELF)
    add_link_options(-Wl,--as-needed)
endif()
