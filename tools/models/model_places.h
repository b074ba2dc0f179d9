/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Where other programs keep checkpoints: the Hugging Face cache
 * ($HF_HOME/hub, ~/.cache/huggingface/hub), ComfyUI and AUTOMATIC1111 in the
 * home folder; and what in $PITH_MODELS is a .ckpt file or a diffusers folder. */
#ifndef PITH_TOOLS_MODELS_MODEL_PLACES_H
#define PITH_TOOLS_MODELS_MODEL_PLACES_H

#include "models/model_find.h"

/* Adds what is not in the list yet, each file or folder once however many links
 * lead to it. False: out of memory. */
bool model_places_add(model_list *list);

#endif
