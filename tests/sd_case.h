/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Networks of Stable Diffusion at any width with random weights, ready to run:
 * what its tests and benchmarks share. A fault ends the program. */
#ifndef PITH_TESTS_SD_CASE_H
#define PITH_TESTS_SD_CASE_H

#include "model/taesd.h"
#include "model/text.h"
#include "model/unet.h"
#include "model/vae.h"

#include "random_sd.h"

/* The published configuration, but for the widths: 128 and 320 are the real ones. */
vae_config sd_case_vae(uint32_t width);
unet_config sd_case_unet(uint32_t width);
text_config sd_case_text(void);
taesd_config sd_case_taesd(void);

/* Adds the weights of the whole network to r, at whatever size it will run. */
void sd_case_add_vae(random_sd *r, const vae_config *config);
void sd_case_add_unet(random_sd *r, const unet_config *config);
void sd_case_add_text(random_sd *r, const text_config *config);
void sd_case_add_taesd(random_sd *r, const taesd_config *config);

/* A plan bound to a backend of its own. */
typedef struct sd_net {
    nn_plan *plan;
    nn_backend *backend;
    nn_net *net;
} sd_net;

/* Takes the plan over. */
sd_net sd_net_open(nn_plan *plan, const tensor_table *weights, const char *backend);
void sd_net_run(const sd_net *net, const nn_given *inputs, size_t n_inputs, const nn_binding *outputs,
                size_t n_outputs);
void sd_net_close(sd_net *net);

#endif
