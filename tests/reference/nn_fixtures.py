#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Writes tests/data/nn_fixtures.safetensors: each op of src/nn on small
tensors, computed by PyTorch in float64 from inputs rounded to float32.

    /usr/bin/python3 tests/reference/nn_fixtures.py tests/data/nn_fixtures.safetensors

Case NAME has inputs NAME.x (and .y, .z), weights NAME.weight and NAME.bias, and
the result NAME.out. tests/test_nn_ref.c has the same cases by name."""
import json
import struct
import sys

import torch
import torch.nn.functional as F

torch.manual_seed(20260101)
tensors = {}


def values(*shape, scale=1.0, shift=0.0, dtype=torch.float32):
    """Random values that a float32 (or the given type) holds exactly."""
    return (torch.randn(*shape, dtype=torch.float64) * scale + shift).to(dtype)


def case(name, function, **inputs):
    for key, tensor in inputs.items():
        tensors[f"{name}.{key}"] = tensor
    wide = {key: tensor.double() for key, tensor in inputs.items()}
    tensors[f"{name}.out"] = function(**wide).float().contiguous()


def conv(stride=1, padding=0, extra=None):
    def run(x, weight, bias):
        if extra:
            x = F.pad(x, extra)
        return F.conv2d(x, weight, bias, stride=stride, padding=padding)
    return run


def convs():
    kernel = dict(weight=values(6, 5, 3, 3), bias=values(6))
    case("conv1", conv(), x=values(2, 5, 7, 3), weight=values(6, 5, 1, 1), bias=values(6))
    case("conv3", conv(padding=1), x=values(2, 5, 7, 3), **kernel)
    case("conv3_wide", conv(padding=1), x=values(1, 19, 4, 21), weight=values(17, 19, 3, 3), bias=values(17))
    case("conv3_one_pixel", conv(padding=1), x=values(1, 5, 1, 1), **kernel)
    case("conv3_one_row", conv(padding=1), x=values(1, 5, 1, 9), **kernel)
    case("stride2_odd", conv(2, 1), x=values(2, 5, 7, 5), **kernel)
    case("stride2_even", conv(2, 1), x=values(1, 5, 6, 8), **kernel)
    case("stride2_one_pixel", conv(2, 1), x=values(1, 5, 1, 1), **kernel)
    case("pad_rb_odd", conv(2, 0, (0, 1, 0, 1)), x=values(2, 5, 7, 5), **kernel)
    case("pad_rb_even", conv(2, 0, (0, 1, 0, 1)), x=values(1, 5, 6, 8), **kernel)
    for name, dtype in (("conv3_f16", torch.float16), ("conv3_bf16", torch.bfloat16)):
        case(name, conv(padding=1), x=values(1, 5, 4, 6), weight=values(6, 5, 3, 3, dtype=dtype),
             bias=values(6, dtype=dtype))


def linears():
    case("linear", lambda x, weight, bias: F.linear(x, weight, bias), x=values(2, 1, 5, 7), weight=values(9, 7),
         bias=values(9))
    case("linear_no_bias", lambda x, weight: F.linear(x, weight), x=values(2, 1, 5, 7), weight=values(9, 7))
    case("linear_of_conv1", lambda x, weight, bias: F.linear(x, weight[:, :, 0, 0], bias), x=values(1, 1, 3, 4),
         weight=values(5, 4, 1, 1), bias=values(5))


def norms():
    def group(n_groups, epsilon):
        return lambda x, weight, bias: F.group_norm(x, n_groups, weight, bias, epsilon)

    def layer(epsilon):
        return lambda x, weight, bias: F.layer_norm(x, x.shape[-1:], weight, bias, epsilon)

    kernel = dict(weight=values(12), bias=values(12))
    case("group_norm", group(4, 1e-5), x=values(2, 12, 5, 3), **kernel)
    case("group_norm_all", group(1, 1e-6), x=values(1, 12, 3, 3, shift=5.0), **kernel)
    case("group_norm_epsilon", group(4, 1e-2), x=values(2, 12, 5, 3, scale=0.1), **kernel)
    case("group_norm_flat", group(4, 1e-6), x=torch.full((1, 12, 2, 2), 3.0), **kernel)
    case("layer_norm", layer(1e-5), x=values(2, 1, 4, 12), **kernel)
    case("layer_norm_epsilon", layer(1e-2), x=values(2, 1, 4, 12, scale=0.1), **kernel)


def arithmetic():
    x = torch.cat([torch.linspace(-30, 30, 41), torch.linspace(-2, 2, 40)]).reshape(1, 3, 3, 9)
    for name, function in (("relu", lambda x: F.relu(x)), ("silu", lambda x: F.silu(x)), ("gelu", lambda x: F.gelu(x)),
                           ("quick_gelu", lambda x: x * torch.sigmoid(1.702 * x)), ("tanh", lambda x: torch.tanh(x))):
        case(name, function, x=x)
    case("scale", lambda x: x * 0.25 - 3, x=values(1, 2, 3, 5))
    case("add", lambda x, y: x + y, x=values(2, 3, 4, 5), y=values(2, 3, 4, 5))
    case("add_spread", lambda x, y: x + y, x=values(2, 3, 4, 5), y=values(2, 3, 1, 1))
    case("add_spread_all", lambda x, y: x + y, x=values(2, 3, 4, 5), y=values(1, 3, 1, 1))
    case("mul", lambda x, y: x * y, x=values(2, 1, 4, 5), y=values(2, 1, 4, 5))
    case("mul_spread", lambda x, y: x * y, x=values(2, 3, 4, 5), y=values(2, 3, 1, 1))


def moves():
    case("concat", lambda x, y: torch.cat([x, y], 1), x=values(2, 3, 2, 5), y=values(2, 4, 2, 5))
    case("slice_channels", lambda x: x[:, 2:5], x=values(2, 6, 2, 3))
    case("slice_features", lambda x: x[..., 3:7], x=values(2, 1, 3, 8))
    case("upsample2", lambda x: F.interpolate(x, scale_factor=2, mode="nearest"), x=values(2, 3, 3, 5))
    case("unshuffle", lambda x: F.pixel_unshuffle(x, 3), x=values(2, 2, 6, 9))
    case("shuffle", lambda x: F.pixel_shuffle(x, 3), x=values(2, 18, 2, 5))
    case("to_sequence", lambda x: x.flatten(2).transpose(1, 2).unsqueeze(1), x=values(2, 5, 3, 4))
    case("to_picture", lambda x: x[:, 0].transpose(1, 2).reshape(2, 5, 3, 4), x=values(2, 1, 12, 5))


def attentions():
    def attend(n_heads, causal):
        def run(x, y, z):
            heads = [t[:, 0].unflatten(-1, (n_heads, -1)).transpose(1, 2) for t in (x, y, z)]
            scores = heads[0] @ heads[1].transpose(-1, -2) / heads[0].shape[-1] ** 0.5
            if causal:
                hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
                scores = scores.masked_fill(hidden, float("-inf"))
            return (scores.softmax(-1) @ heads[2]).transpose(1, 2).flatten(2).unsqueeze(1)
        return run

    case("attention", attend(2, False), x=values(2, 1, 5, 8), y=values(2, 1, 7, 8), z=values(2, 1, 7, 8))
    case("attention_one_head", attend(1, False), x=values(1, 1, 9, 6), y=values(1, 1, 9, 6), z=values(1, 1, 9, 6))
    case("attention_causal", attend(3, True), x=values(2, 1, 7, 12), y=values(2, 1, 7, 12), z=values(2, 1, 7, 12))
    case("attention_sharp", attend(2, False), x=values(1, 1, 4, 8, scale=30.0), y=values(1, 1, 6, 8, scale=30.0),
         z=values(1, 1, 6, 8))


def write(path):
    names = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
    header, blobs, at = {}, [], 0
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        raw = tensor.view(torch.int16) if tensor.element_size() == 2 else tensor
        blob = raw.numpy().tobytes()
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


if __name__ == "__main__":
    for group in (convs, linears, norms, arithmetic, moves, attentions):
        group()
    write(sys.argv[1])
