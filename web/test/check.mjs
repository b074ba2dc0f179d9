// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: 2026 The Pith authors
// The package in a real browser: serves it on loopback, lets a page decode files, and compares with what the command makes.
//   node check.mjs PACKAGE PITH CHROMIUM FILE...
// Prints a line for each check; the exit status is 1 if one fails. The pictures of the pages are put beside the package.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join, normalize } from 'node:path';

const [pack, pith, chromium, ...files] = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'pith-web-'));
const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.pith': 'image/x-pith' };
const original = join(work, 'original.png');
let failed = 0, report;

function say(good, text) {
    console.log(`${good ? 'ok  ' : 'FAIL'} ${text}`);
    failed += good ? 0 : 1;
}

// What the command decodes, as RGBA.
function native(file) {
    const out = join(work, 'native.pam');
    execFileSync(pith, ['decode', '--quiet', '--force', '--depth', '8', '--format', 'pam', file, out]);
    const data = readFileSync(out), end = data.indexOf('ENDHDR\n') + 7, head = data.subarray(0, end).toString();
    const value = name => +head.match(new RegExp(`^${name} (\\d+)`, 'm'))[1];
    const width = value('WIDTH'), height = value('HEIGHT'), depth = value('DEPTH'), rgba = Buffer.alloc(4 * width * height, 255);
    for (let i = 0; i < width * height; i++) {
        const p = data.subarray(end + i * depth, end + (i + 1) * depth);
        rgba.set(depth < 3 ? [p[0], p[0], p[0]] : p.subarray(0, 3), 4 * i);
        if (depth % 2 === 0) rgba[4 * i + 3] = p[depth - 1];
    }
    return { width, height, sha256: createHash('sha256').update(rgba).digest('hex') };
}

const page = `<!doctype html><title>test</title><script type="module">
import { decode } from '/pith-img.js';
const hex = bytes => [...new Uint8Array(bytes)].map(b => b.toString(16).padStart(2, '0')).join('');
const results = { pictures: [], errors: {}, elements: {} };
try {
    for (const file of ${JSON.stringify(files.map(f => basename(f)))}) {
        const bytes = await (await fetch('/files/' + file)).arrayBuffer(), begin = performance.now();
        let preview;
        try {
            const p = await decode(bytes, part => { if (part.kind === 'preview') preview = performance.now() - begin; }, { preview: true });
            results.pictures.push({ file, width: p.width, height: p.height, sha256: hex(await crypto.subtle.digest('SHA-256', p.pixels)), preview, total: performance.now() - begin });
        } catch (why) { results.pictures.push({ file, error: why.message }); }
    }
    const wrong = { empty: new ArrayBuffer(0), text: new TextEncoder().encode('not a picture').buffer };
    const cut = await (await fetch('/files/${basename(files[0])}')).arrayBuffer();
    wrong.cut = cut.slice(0, cut.byteLength / 2);
    for (const [name, bytes] of Object.entries(wrong)) results.errors[name] = await decode(bytes).then(() => '', why => why.message);
    const element = (src, alt) => new Promise(resolve => {
        const e = document.createElement('pith-img');
        e.addEventListener('load', () => resolve({ what: 'load', complete: e.complete, width: e.offsetWidth, label: e.shadowRoot.querySelector('canvas').getAttribute('aria-label') }));
        e.addEventListener('error', x => resolve({ what: 'error', message: x.detail.message, shown: e.shadowRoot.querySelector('[role=alert]')?.textContent }));
        e.alt = alt; e.src = src; document.body.append(e);
    });
    results.elements.good = await element('/files/${basename(files[0])}', 'A lighthouse');
    results.elements.missing = await element('/files/none.pith', 'Nothing');
    results.elements.text = await element('/text.html', 'Text');
} catch (why) { results.fault = String(why); }
await fetch('/report', { method: 'POST', body: JSON.stringify(results) });
</script>`;

const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://x').pathname);
    if (path === '/report') {
        let text = '';
        request.on('data', d => { text += d; });
        request.on('end', () => { response.end(); report(JSON.parse(text)); });
        return;
    }
    if (path === '/test.html' || path === '/text.html') {
        response.setHeader('Content-Type', 'text/html');
        return void response.end(path === '/test.html' ? page : 'hello');
    }
    // The viewer as it is, with a picture that comes late: the browser waits for that before it takes its own.
    if (path === '/slow.png') return void setTimeout(() => response.end(), 6000);
    if (path === '/viewer/shot.html') {
        response.setHeader('Content-Type', 'text/html');
        return void response.end(readFileSync(join(pack, 'viewer/index.html'), 'utf8').replace('</body>', '<img src="/slow.png" alt="" hidden></body>'));
    }
    const inside = path === '/original.png' ? original : path.startsWith('/files/') ? files.find(f => basename(f) === basename(path)) : join(pack, normalize(path));
    try {
        const data = readFileSync(inside);
        response.setHeader('Content-Type', types[extname(path)] ?? 'application/octet-stream');
        response.end(data);
    } catch {
        response.statusCode = 404;
        response.end('not here');
    }
});
await new Promise(done => server.listen(0, '127.0.0.1', done));
const at = `http://127.0.0.1:${server.address().port}`;

const flags = ['--headless', '--disable-gpu', '--no-first-run', '--disable-extensions', `--user-data-dir=${work}/profile`, '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'];
if (process.getuid?.() === 0) flags.push('--no-sandbox'); // Chromium refuses to run as root with it
const browser = (...more) => spawn(chromium, [...flags, ...more], { stdio: 'ignore' });

// One page that reports by itself.
const process1 = browser('--remote-debugging-port=0', `${at}/test.html`);
const results = await Promise.race([new Promise(done => { report = done; }), new Promise(done => setTimeout(() => done(null), 150000))]);
process1.kill();
if (!results || results.fault) {
    say(false, results ? results.fault : 'the page did not report within 150 s');
} else {
    for (const p of results.pictures) {
        const wanted = native(files.find(f => basename(f) === p.file));
        const same = p.sha256 === wanted.sha256 && p.width === wanted.width && p.height === wanted.height;
        say(same, `${p.file}: ${p.error ?? `${p.width}x${p.height}, preview ${p.preview.toFixed(0)} ms, picture ${p.total.toFixed(0)} ms`}${same ? '' : ', not the pixels of the command'}`);
    }
    for (const [name, message] of Object.entries(results.errors)) say(message.length > 0, `${name} file: ${message || 'no error'}`);
    const { good, missing, text } = results.elements;
    say(good.what === 'load' && good.complete && good.width > 0 && good.label === 'A lighthouse', `<pith-img>: ${JSON.stringify(good)}`);
    say(missing.what === 'error' && missing.shown?.startsWith('Nothing ('), `a missing file: ${missing.shown}`);
    say(text.what === 'error' && text.shown?.startsWith('Text ('), `a file of text: ${text.shown}`);
}

// The viewer, to be looked at.
const first = basename(files[0]);
execFileSync(pith, ['decode', '--quiet', files[0], original]);
for (const [name, asked] of [['viewer', `file=/files/${first}&original=/original.png`], ['viewer-error', 'file=/text.html?.pith']]) {
    const shot = join(dirname(pack), `${name}.png`);
    rmSync(shot, { force: true });
    const shots = browser('--window-size=1100,1000', `--screenshot=${shot}`, `${at}/viewer/shot.html#${asked}`);
    await new Promise(done => { shots.on('exit', done); setTimeout(() => { shots.kill(); done(); }, 60000); });
    let bytes = 0;
    try { bytes = readFileSync(shot).length; } catch { /* said below */ }
    say(bytes > (name === 'viewer' ? 100000 : 5000), `${shot}: ${bytes} bytes`);
}
writeFileSync(join(dirname(pack), 'report.json'), JSON.stringify(results));
server.close();
server.closeAllConnections?.();
rmSync(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
process.exit(failed ? 1 : 0);
