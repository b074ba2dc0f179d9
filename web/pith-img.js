// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 The Pith authors
// <pith-img src="photo.pith" alt="...">: a .pith picture, as <img> is for others. Its preview comes first, then the picture.
// Events: load, with detail { info, milliseconds }; error, with detail { message }. Attributes: src, alt, width, height.

let worker, count = 0;
const waiting = new Map();

function start() {
    worker = new Worker(new URL('./pith-worker.js', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }) => waiting.get(data.id)?.(data);
    worker.onerror = event => {
        for (const tell of [...waiting.values()]) tell({ error: event.message || 'the worker did not start' });
    };
}

/**
 * Decodes a .pith file. `each` is called with every part as it comes: { info }, then { kind: 'preview' } and { kind: 'picture' },
 * both with width, height, pixels (ArrayBuffer of RGBA) and milliseconds.
 * @param {ArrayBuffer} bytes  the file; handed over to the worker
 * @param {(part: object) => void} [each]
 * @param {{ preview?: boolean }} [options]
 * @returns {Promise<object>} the picture, with its info
 */
export function decode(bytes, each = () => {}, { preview = false } = {}) {
    if (!worker) start();
    const id = ++count;
    let info;
    return new Promise((resolve, reject) => {
        waiting.set(id, part => {
            if (part.error) {
                waiting.delete(id);
                return reject(new Error(part.error));
            }
            if (part.info) info = part.info;
            each(part);
            if (part.kind === 'picture') {
                waiting.delete(id);
                resolve({ ...part, info });
            }
        });
        worker.postMessage({ id, bytes, preview }, [bytes]);
    });
}

/** Puts a decoded part onto a canvas of its size. */
export function paint(canvas, part) {
    canvas.width = part.width;
    canvas.height = part.height;
    canvas.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(part.pixels), part.width, part.height), 0, 0);
}

const style = `
:host { display: inline-block; max-width: 100%; }
:host([hidden]) { display: none; }
canvas { display: block; width: 100%; height: 100%; }
[part=error] { display: block; padding: .5em; border: 1px solid currentColor; font: .9em system-ui, sans-serif; }`;

export class PithImg extends HTMLElement {
    static observedAttributes = ['src', 'alt'];
    #canvas = document.createElement('canvas');
    #turn = 0; // of the newest src: what an older one brings is dropped
    complete = false;

    constructor() {
        super();
        const root = this.attachShadow({ mode: 'open' });
        const sheet = document.createElement('style');
        sheet.textContent = style;
        this.#canvas.setAttribute('role', 'img');
        this.#canvas.setAttribute('part', 'picture');
        root.append(sheet, this.#canvas);
    }

    get src() { return this.getAttribute('src') ?? ''; }
    set src(value) { this.setAttribute('src', value); }
    get alt() { return this.getAttribute('alt') ?? ''; }
    set alt(value) { this.setAttribute('alt', value); }

    attributeChangedCallback(name) {
        if (name === 'alt') {
            // As of an <img>: an empty alt says that the picture is decoration.
            this.#canvas.setAttribute('role', this.getAttribute('alt') === '' ? 'presentation' : 'img');
            this.#canvas.setAttribute('aria-label', this.alt);
        }
        if (name === 'src' && this.isConnected) this.#load();
    }

    connectedCallback() {
        if (this.hasAttribute('src')) this.#load();
    }

    /** Shows a file that is in memory. */
    async show(bytes) {
        const turn = ++this.#turn;
        this.complete = false;
        this.shadowRoot.querySelector('[part=error]')?.remove();
        const begin = performance.now();
        try {
            const picture = await decode(bytes, part => {
                if (turn !== this.#turn) return;
                if (part.info) this.#canvas.style.aspectRatio = `${part.info.width} / ${part.info.height}`;
                if (part.info && !this.style.width && !this.hasAttribute('width')) this.style.width = `${part.info.width}px`;
                if (part.kind) paint(this.#canvas, part);
                if (part.kind === 'preview') this.dispatchEvent(new CustomEvent('preview'));
            }, { preview: true });
            if (turn !== this.#turn) return;
            this.complete = true;
            this.dispatchEvent(new CustomEvent('load', { detail: { info: picture.info, milliseconds: performance.now() - begin } }));
        } catch (why) {
            if (turn === this.#turn) this.#fail(why.message);
        }
    }

    async #load() {
        const turn = ++this.#turn;
        for (const side of ['width', 'height']) if (this.hasAttribute(side)) this.style[side] = `${parseFloat(this.getAttribute(side))}px`;
        try {
            const response = await fetch(new URL(this.src, document.baseURI));
            if (!response.ok) throw new Error(`${this.src}: ${response.status} ${response.statusText}`);
            const bytes = await response.arrayBuffer();
            if (turn === this.#turn) await this.show(bytes);
        } catch (why) {
            if (turn === this.#turn) this.#fail(why.message);
        }
    }

    #fail(message) {
        const note = document.createElement('span');
        note.setAttribute('part', 'error');
        note.setAttribute('role', 'alert');
        note.textContent = this.alt ? `${this.alt} (${message})` : message;
        this.shadowRoot.append(note);
        this.#canvas.width = this.#canvas.height = 0;
        this.dispatchEvent(new CustomEvent('error', { detail: { message } }));
    }
}

if (!customElements.get('pith-img')) customElements.define('pith-img', PithImg);
