#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""pith-run, network by network, against ../shared/sd's expected results, on a
checkpoint file as the world writes them (by make_checkpoint.py, in a temporary
folder); without that folder one that pith-checkpoint makes, each engine against
the reference. Needs numpy; exits with 77 (skipped) without it.

  tests/probe/pith_run.py PITH-RUN BACKEND...
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.path.join(HERE, '..', '..', '..', 'shared', 'sd')
BOUND = 1e-5  # relative rms


def skip(why):
    print('SKIPPED:', why)
    sys.exit(77)


try:
    import numpy as np
except ImportError:
    skip('no numpy')
sys.dont_write_bytecode = True
sys.path.insert(0, SHARED)
try:
    import make_checkpoint as mc  # noqa: E402
except ImportError:
    mc = None


def write_tensors(path, tensors):
    header, blocks, at = {}, [], 0
    for name, value in tensors.items():
        data = np.ascontiguousarray(value, '<f4').tobytes()
        header[name] = {'dtype': 'F32', 'shape': list(value.shape), 'data_offsets': [at, at + len(data)]}
        blocks.append(data)
        at += len(data)
    text = json.dumps(header).encode()
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text + b''.join(blocks))


def read_tensors(path):
    """Of F32, as pith-run writes them."""
    with open(path, 'rb') as f:
        data = f.read()
    start = 8 + struct.unpack('<Q', data[:8])[0]
    header = json.loads(data[8:start])
    header.pop('__metadata__', None)
    return {k: np.frombuffer(data[start + h['data_offsets'][0]:start + h['data_offsets'][1]], '<f4').reshape(h['shape'])
            for k, h in header.items()}


def run(program, backend, model, network, inputs, folder):
    """The tensors that pith-run gives."""
    source, target = os.path.join(folder, 'in.safetensors'), os.path.join(folder, 'out.safetensors')
    write_tensors(source, inputs)
    subprocess.run([program, '--backend', backend, model, network, source, target], check=True)
    return read_tensors(target)


def compare(what, got, expected):
    got, expected = got.astype(np.float64), expected.astype(np.float64)
    assert got.shape == expected.shape, (what, got.shape, expected.shape)
    error = np.sqrt(np.mean((got - expected) ** 2) / np.mean(expected ** 2))
    print('%-32s relative rms %.2e' % (what, error))
    return bool(error <= BOUND)


def refused(program, model, network, inputs, folder, status, says):
    """Whether it ends with that status and says why in one line."""
    source, target = os.path.join(folder, 'bad.safetensors'), os.path.join(folder, 'none.safetensors')
    write_tensors(source, inputs)
    r = subprocess.run([program, model, network, source, target], stderr=subprocess.PIPE, text=True)
    fine = r.returncode == status and says in r.stderr and r.stderr.count('\n') == 1 and not os.path.exists(target)
    if not fine:
        print('%s: exit status %d, not %d: %s' % (network, r.returncode, status, r.stderr))
    return fine


def read_png(path):
    """An 8-bit RGB picture, [h, w, 3]; not interlaced."""
    data, at, packed = open(path, 'rb').read(), 8, b''
    while at < len(data):
        n, kind = struct.unpack('>I4s', data[at:at + 8])
        if kind == b'IHDR':
            w, h = struct.unpack('>II', data[at + 8:at + 16])
        if kind == b'IDAT':
            packed += data[at + 8:at + 8 + n]
        at += n + 12
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(h, 1 + 3 * w)
    picture = np.zeros((h, w, 3), np.int64)
    for y in range(h):
        left = np.zeros(3, np.int64)
        above = picture[y - 1] if y else np.zeros((w, 3), np.int64)
        corner = np.zeros(3, np.int64)
        for x in range(w):
            p = left + above[x] - corner
            far = np.abs(np.stack([p - left, p - above[x], p - corner]))
            paeth = np.where((far[0] <= far[1]) & (far[0] <= far[2]), left, np.where(far[1] <= far[2], above[x], corner))
            guess = (0, left, above[x], (left + above[x]) // 2, paeth)[rows[y, 0]]
            corner = above[x]
            left = picture[y, x] = (rows[y, 1 + 3 * x:4 + 3 * x] + guess) & 255
    return picture


def write_taesd(folder):
    """The two original files; returns the path of one."""
    known = json.load(open(os.path.join(SHARED, 'taesd_keys.json')))
    files = {'taesd_encoder': {}, 'taesd_decoder': {}}
    for key, shape in known.items():
        gain = 0.1 if key.endswith('.bias') else 1 / np.prod(shape[1:]) ** 0.5
        part, name = key.split('.', 1)
        data = mc.values(1, key, shape, 0, gain).astype('<f4').tobytes()
        files[part][name] = ('F32', shape, data)
    for part, tensors in files.items():
        mc.write_safetensors(os.path.join(folder, part + '.safetensors'), tensors)
    return os.path.join(folder, 'taesd_encoder.safetensors')


def check_all(program, backends, folder):
    expected = {tag: mc.read_safetensors(os.path.join(SHARED, 'expected', tag + '.safetensors'))
                for tag in ('small_192x128', 'taesd_192x128', 'empty_prompt_context')}
    small, tiny = expected['small_192x128'], expected['taesd_192x128']
    empty = expected['empty_prompt_context']['context']
    context = mc.values(1, 'context', (1, 77, 768))
    png = read_png(os.path.join(SHARED, 'expected', 'small_192x128.input.png'))
    image = (png / 127.5 - 1).transpose(2, 0, 1)[None]
    noisy = {'latent': small['xt_t100'], 't': np.array([100.0])}
    model, taesd = os.path.join(folder, 'sd.safetensors'), write_taesd(folder)
    mc.write_single(model, mc.model_shapes(32, 64, True), 1, 'F16', 'file')
    fine = []
    for b in backends:
        got = run(program, b, model, 'vae-encode', {'image': image}, folder)
        moments = np.concatenate([got['mean'], got['logvar']], 1)
        fine.append(compare('vae-encode, ' + b, moments, small['moments']))
        got = run(program, b, model, 'vae-decode', {'latent': small['latent']}, folder)
        fine.append(compare('vae-decode, ' + b, got['image'][:, :, ::16, ::16], small['decoded_s16']))
        got = run(program, b, model, 'unet', {**noisy, 'context': context}, folder)
        fine.append(compare('unet, ' + b, got['eps'], small['eps_t100_rand']))
        got = run(program, b, model, 'text', {}, folder)
        fine.append(compare('text, ' + b, got['context'], empty))
        told = run(program, b, model, 'unet', {**noisy, 'context': got['context']}, folder)
        got = run(program, b, model, 'unet', noisy, folder)
        fine.append(compare('unet, its own empty prompt, ' + b, got['eps'], told['eps']))
        got = run(program, b, taesd, 'taesd-encode', {'image': image}, folder)
        fine.append(compare('taesd-encode, ' + b, got['latent'], tiny['latent']))
        got = run(program, b, taesd, 'taesd-decode', {'latent': tiny['latent']}, folder)
        fine.append(compare('taesd-decode, ' + b, (got['image'] + 1) / 2, tiny['image']))
    return all(fine) and refuses_all(program, model, taesd, image, noisy, folder)


def refuses_all(program, model, taesd, image, noisy, folder):
    fine, zeros, latent = [], np.zeros, noisy['latent']
    fine.append(refused(program, model, 'vae-encode', {'latent': latent}, folder, 2, 'lacks the tensor image'))
    fine.append(refused(program, model, 'vae-encode', {'image': zeros((1, 3, 60, 64))}, folder, 2, 'multiples of 8'))
    fine.append(refused(program, model, 'vae-decode', {'latent': zeros((1, 5, 8, 8))}, folder, 2, '5 channels'))
    fine.append(refused(program, model, 'unet', {**noisy, 'latent': zeros((1, 4, 8, 9))}, folder, 2, 'multiples of 8'))
    fine.append(refused(program, model, 'taesd-encode', {'image': image}, folder, 3, 'no tensor taesd_'))
    fine.append(refused(program, taesd, 'text', {}, folder, 3, 'no tensor text.'))
    return all(fine)


def check_engines(program, backends, folder):
    """Without expected results: every engine gives what the reference does, and that is something."""
    maker = os.path.join(os.path.dirname(program), 'pith-checkpoint')
    model = os.path.join(folder, 'sd.safetensors')
    subprocess.run([maker, '--dtype', 'f16', '-o', model], check=True)
    subprocess.run([maker, 'autoencoders', folder], check=True)
    taesd = os.path.join(folder, 'taesd_encoder.safetensors')
    draw = np.random.default_rng(1).standard_normal
    image, latent = np.tanh(draw((1, 3, 64, 128))), draw((1, 4, 8, 16))
    noisy = {'latent': latent, 't': np.array([100.0])}
    told = {**noisy, 'context': draw((1, 77, 768))}
    fine = []
    for file, network, inputs in ((model, 'vae-encode', {'image': image}), (model, 'vae-decode', {'latent': latent}),
                                  (model, 'unet', told), (taesd, 'taesd-encode', {'image': image}),
                                  (taesd, 'taesd-decode', {'latent': latent})):
        expected = run(program, 'ref', file, network, inputs, folder)
        assert all(np.std(v) > 0.01 for v in expected.values()), network
        for backend in backends:
            got = run(program, backend, file, network, inputs, folder)
            assert got.keys() == expected.keys(), (network, got.keys())
            fine += [compare('%s %s, %s' % (network, k, backend), got[k], expected[k]) for k in expected]
    fine.append(refused(program, model, 'unet', noisy, folder, 3, 'neither a text encoder'))
    return all(fine) and refuses_all(program, model, taesd, image, told, folder)


def main():
    program, backends = os.path.abspath(sys.argv[1]), sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if (check_all if mc else check_engines)(program, backends, folder) else 1)


if __name__ == '__main__':
    main()
