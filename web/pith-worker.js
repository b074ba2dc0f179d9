// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 The Pith authors
// Decodes in a worker: fetches the model once, keeps it in the Cache API, and answers one request after the other.
// A request is { id, bytes: ArrayBuffer, preview }; the answers are { id, info }, { id, kind: 'preview' | 'picture', width, height,
// pixels, milliseconds }, and { id, error } in their place.
import createPith from './pith.mjs';
import { model } from './pith-model.js'; // { file, sha256 }: made when the package is built

const CACHE = 'pith-models';
let ready;

// The URL has the hash in it, so that what is cached under it never changes.
async function fetchModel() {
    const url = new URL(model.file, import.meta.url);
    const cache = globalThis.caches ? await caches.open(CACHE).catch(() => null) : null; // there is none where the page is not secure
    const kept = cache && (await cache.match(url));
    const response = kept || (await fetch(url));
    if (!response.ok) throw new Error(`the model ${url} cannot be fetched: ${response.status}`);
    if (cache && !kept) await cache.put(url, response.clone()).catch(() => {}); // a full disk is no reason to fail
    return new Uint8Array(await response.arrayBuffer());
}

// Bytes in the decoder's memory; freed by the next of the same kind.
function place(pith, bytes) {
    const at = pith._malloc(bytes.length || 1);
    if (!at) throw new Error('out of memory');
    pith.HEAPU8.set(bytes, at);
    return at;
}

function check(pith, status) {
    if (status) throw new Error(pith.UTF8ToString(pith._web_message()) || `error ${status}`);
}

async function start() {
    const pith = await createPith();
    return { pith, file: 0, hasModel: null };
}

// Opened when a file first needs it: exact pictures do without.
function needModel(state) {
    state.hasModel ??= fetchModel().then(bytes => {
        check(state.pith, state.pith._web_open_model(place(state.pith, bytes), bytes.length));
    });
    return state.hasModel;
}

function decode(pith, preview) {
    const begin = performance.now();
    check(pith, pith._web_decode(preview ? 1 : 0));
    const width = pith._web_width(), height = pith._web_height(), at = pith._web_pixels();
    const pixels = pith.HEAPU8.slice(at, at + 4 * width * height);
    return { kind: preview ? 'preview' : 'picture', width, height, pixels: pixels.buffer, milliseconds: performance.now() - begin };
}

async function answer({ id, bytes, preview }) {
    const state = await (ready ??= start()), { pith } = state;
    pith._free(state.file);
    state.file = 0;
    state.file = place(pith, new Uint8Array(bytes));
    check(pith, pith._web_open(state.file, bytes.byteLength));
    const info = JSON.parse(pith.UTF8ToString(pith._web_info()));
    postMessage({ id, info });
    if (info.method !== 'exact') await needModel(state);
    const send = part => postMessage({ id, ...part }, [part.pixels]);
    if (preview) send(decode(pith, true));
    send(decode(pith, false));
}

// One after the other: the decoder has one file open.
let last = Promise.resolve();
onmessage = ({ data }) => {
    last = last.then(() => answer(data)).catch(why => postMessage({ id: data.id, error: why.message }));
};
postMessage({ started: true });
