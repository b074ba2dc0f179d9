/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "models/known_checkpoints.h"

#include <stddef.h>
#include <string.h>

static const known_checkpoint known[] = {
    {"sd-v1-4.ckpt", "CompVis/stable-diffusion-v-1-4-original", 4265380512,
     "fe4efff1e174c627256e44ec2991ba279b3816e364b49f9be2abc0b3ff3f8556"},
    {"v1-5-pruned-emaonly.safetensors", "stable-diffusion-v1-5/stable-diffusion-v1-5", 4265146304,
     "6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa"},
    {"v1-5-pruned-emaonly.ckpt", "stable-diffusion-v1-5/stable-diffusion-v1-5", 0,
     "cc6cb27103417325ff94f52b7a5d2dde45a7515b25c255d8e396c90014281516"},
    {"vae-ft-mse-840000-ema-pruned.safetensors", "stabilityai/sd-vae-ft-mse-original", 334641190,
     "735e4c3a447a3255760d7f86845f09f937809baa529c17370d83e4c3758f3c75"},
    {"vae-ft-mse-840000-ema-pruned.ckpt", "stabilityai/sd-vae-ft-mse-original", 0,
     "c6a580b13a5bc05a5e16e4dbb80608ff2ec251a162311590c1f34c013d7f3dab"},
    {"diffusion_pytorch_model.safetensors", "stabilityai/sd-vae-ft-mse", 0,
     "a1d993488569e928462932c8c38a0760b874d166399b14414135bd9c42df5815"},
};
#define N_KNOWN (sizeof known / sizeof *known)

const known_checkpoint *known_checkpoint_by_digest(const char sha256[SHA256_HEX_BYTES]) {
    for (size_t i = 0; i < N_KNOWN; i++)
        if (strcmp(known[i].sha256, sha256) == 0) return &known[i];
    return NULL;
}

const known_checkpoint *known_checkpoint_by_size(uint64_t n_bytes) {
    for (size_t i = 0; i < N_KNOWN; i++)
        if (known[i].n_bytes && known[i].n_bytes == n_bytes) return &known[i];
    return NULL;
}
