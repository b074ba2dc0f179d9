# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# The networks of Stable Diffusion: what their tests need beside what all
# others have.
if(PITH_TOOLS)
    target_compile_definitions(test_sd_networks PRIVATE PITH_HAVE_PNG=1)
    target_link_libraries(test_sd_networks PRIVATE PkgConfig::PNG)
endif()
# Threads that spin while they wait are slow where tests run side by side.
set_property(TEST test_sd_networks test_sd_models APPEND PROPERTY ENVIRONMENT OMP_WAIT_POLICY=passive)
