// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 The Pith authors
// How alike the faces of decoded pictures are to those of the originals: cosines
// of face-api's 128 numbers for a face. Used by bench/faces.sh.
//   node faces.mjs NODE_MODULES <LIST
// LIST: lines of codec, budget, name, bytes, original.ppm, decoded.ppm (- when
// there is none), separated by tabs. Prints codec, budget, name, bytes, face
// (found, lost, or whole: none in the original, so the picture is the face) and
// cosine; then a line for each two originals that both show a face.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const modules = process.argv[2];
const at = join(modules, '@vladmandic/face-api');

// face-api with the TensorFlow in it is made for browsers: it gets as much of a
// window as it asks for, and the files from the disk.
const faceapi = new Function('require', '__dirname', 'window', `${readFileSync(join(at, 'dist/face-api.js'), 'utf8')}
    return faceapi;`)(createRequire(import.meta.url), at, { document: {} });
const { tf, nets } = faceapi;
tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
tf.env().platform.fetch = async (path) => ({ ok: true, arrayBuffer: async () => readFileSync(path) });
tf.setWasmPaths(`${join(modules, '@tensorflow/tfjs-backend-wasm/dist')}/`, true);
if (!(await tf.setBackend('wasm'))) throw new Error('TensorFlow did not start');
// A buffer of its own: face-api takes all of the memory behind it.
faceapi.env.monkeyPatch({ readFile: async (path) => Buffer.from(new Uint8Array(readFileSync(path)).buffer) });
for (const net of [nets.ssdMobilenetv1, nets.faceLandmark68Net, nets.faceRecognitionNet]) {
    await net.loadFromDisk(join(at, 'model'));
}

function readPpm(path) {
    const file = readFileSync(path);
    const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(file.toString('latin1', 0, 64));
    if (!header) throw new Error(`${path}: not a PPM of 8 bits`);
    const [width, height] = [Number(header[1]), Number(header[2])];
    const pixels = file.subarray(header[0].length, header[0].length + width * height * 3);
    return tf.tensor3d(Int32Array.from(pixels), [height, width, 3], 'int32');
}

// Shared part of two boxes: intersection over union.
function overlap(a, b) {
    const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    const both = Math.max(width, 0) * Math.max(height, 0);
    return both / (a.area + b.area - both);
}

function cosine(a, b) {
    const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

// The face of a picture, { box, descriptor }: the largest one or, where that of
// the original is known, the one in its place. Nothing when there is none.
async function faceOf(picture, original) {
    const found = await faceapi.detectAllFaces(picture).withFaceLandmarks().withFaceDescriptors();
    const faces = found.map(({ detection, descriptor }) => ({ box: detection.box, descriptor: Array.from(descriptor) }));
    const worth = ({ box }) => (original ? overlap(box, original.box) : box.area);
    const best = faces.sort((a, b) => worth(b) - worth(a))[0];
    return best && (!original || worth(best) > 0.3) ? best : undefined;
}
const whole = async (picture) => ({ descriptor: Array.from(await nets.faceRecognitionNet.computeFaceDescriptor(picture)) });

const originals = new Map();
for (const line of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
    const [codec, budget, name, bytes, originalPath, decodedPath] = line.split('\t');
    if (!originals.has(name)) {
        const picture = readPpm(originalPath);
        originals.set(name, (await faceOf(picture)) ?? (await whole(picture)));
        picture.dispose();
    }
    if (decodedPath === '-') {
        console.log([codec, budget, name, '-', '-', '-'].join('\t'));
        continue;
    }
    const original = originals.get(name);
    const picture = readPpm(decodedPath);
    const face = await (original.box ? faceOf(picture, original) : whole(picture));
    picture.dispose();
    const similarity = face ? cosine(original.descriptor, face.descriptor) : 0;
    console.log([codec, budget, name, bytes, !face ? 'lost' : face.box ? 'found' : 'whole', similarity.toFixed(4)].join('\t'));
}
const people = [...originals].filter(([, face]) => face.box);
people.forEach(([name, face], i) => {
    for (const [other, otherFace] of people.slice(i + 1)) {
        console.log(['other faces', '-', `${name} ${other}`, '-', 'found', cosine(face.descriptor, otherFace.descriptor).toFixed(4)].join('\t'));
    }
});
