# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# PITH_DECODER_ONLY: leaves the encoder, the metrics, Stable Diffusion, the readers
# of checkpoints and the writers of models out of a list of the library's sources,
# and puts src/decoder_only in their place.
function(pith_decoder_sources sources)
    set(left_out
        search/.* stages/encode_stage api/encoder api/compare api/promise fidelity/.*
        "networks/(kind_sd1|sd1_tiled|sd_weights|convert|model_vae)" "model/(unet|vae|text|taesd|sd_config|schedule)"
        "weights/(ckpt_.*|pickle_.*|zip_.*|diffusers_open|prediction|safetensors_write|whole_file)")
    set(kept ${${sources}})
    foreach(pattern IN LISTS left_out)
        list(FILTER kept EXCLUDE REGEX "/src/${pattern}\\.c$")
    endforeach()
    set(${sources} ${kept} PARENT_SCOPE)
endfunction()
