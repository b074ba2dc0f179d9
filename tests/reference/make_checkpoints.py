#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Write checkpoints of one small random network in every format, for the tests.

  make_checkpoints.py SD_FOLDER OUT_FOLDER

SD_FOLDER holds make_checkpoint.py; its values are computed once and kept, so
that all the files together take little longer than one. Without torch no .ckpt
is written."""
import functools
import os
import sys
import zipfile


def write_ckpts(mc, make, out):
    try:
        import torch
    except ImportError:
        return
    make('f32.ckpt', '--format', 'ckpt')
    make('f16.ckpt', '--format', 'ckpt', '--dtype', 'f16', '--ckpt-extras')
    # no dict around them, parameters rather than tensors, a later protocol, values that begin inside their storage
    tensors = {}
    for key, shape in mc.model_shapes(32, 32).items():
        values = torch.from_numpy(mc.weight(1, key, shape).copy())
        room = torch.zeros(values.numel() + 3, dtype=values.dtype)
        room[3:] = values.flatten()
        tensors[key] = torch.nn.Parameter(room[3:].reshape(values.shape), requires_grad=False)
    torch.save(tensors, os.path.join(out, 'flat.ckpt'), pickle_protocol=4)
    # convolutions in channels_last, every other matrix transposed in its storage
    for i, (key, t) in enumerate(tensors.items()):
        if t.dim() == 4:
            tensors[key] = t.data.contiguous(memory_format=torch.channels_last)
        elif t.dim() == 2 and i % 2:
            tensors[key] = t.data.T.contiguous().T
    path = os.path.join(out, 'strided.ckpt')
    torch.save(tensors, path)
    # packed anew by an archiver, and something behind its end
    packed = os.path.join(out, 'packed.ckpt')
    with zipfile.ZipFile(path) as stored, zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED) as deflated:
        for name in stored.namelist():
            deflated.writestr(name, stored.read(name))
    with open(packed, 'ab') as file:
        file.write(b'trailer' * 100)


def main():
    sd, out = sys.argv[1:3]
    sys.dont_write_bytecode = True
    sys.path.insert(0, sd)
    import make_checkpoint as mc
    mc.values = functools.lru_cache(maxsize=None)(mc.values)
    weight = mc.weight
    mc.weight = lambda seed, key, shape: weight(seed, key, tuple(shape))

    def make(name, *options):
        sys.argv = ['make_checkpoint.py', '--vae-ch', '32', '--unet-ch', '32', *options, '-o', os.path.join(out, name)]
        mc.main()

    make('f32.safetensors')
    make('f16.safetensors', '--dtype', 'f16', '--order', 'sorted')
    make('vae.safetensors', '--parts', 'vae')
    make('old', '--format', 'diffusers', '--vae-attn', 'old')
    make('new', '--format', 'diffusers', '--vae-attn', 'new', '--dtype', 'f16')
    write_ckpts(mc, make, out)


if __name__ == '__main__':
    main()
