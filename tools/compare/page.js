'use strict';
let size = document.querySelector('.sizes [aria-pressed=true]').dataset.size;

function press(group, button) {
    group.querySelectorAll('button').forEach(b => b.setAttribute('aria-pressed', String(b === button)));
}

function show(article) {
    const codec = article.querySelector('.tabs [aria-pressed=true]');
    let shown = false;
    article.querySelectorAll('.coded').forEach(i => {
        i.hidden = i.dataset.size !== size || i.dataset.codec !== codec.dataset.codec;
        shown = shown || !i.hidden;
    });
    article.querySelectorAll('table').forEach(t => { t.hidden = t.dataset.size !== size; });
    const row = article.querySelectorAll('table[data-size="' + size + '"] tbody tr')[codec.dataset.codec];
    const none = article.querySelector('.none');
    none.hidden = shown;
    none.textContent = shown ? '' : row.cells[1].textContent;
    article.querySelector('.right').textContent =
        codec.textContent + (shown ? ', ' + row.cells[1].textContent + ' bytes' : '');
}

document.querySelectorAll('article').forEach(article => {
    const stage = article.querySelector('.stage');
    let at = 50;
    function move(to) {
        at = Math.min(100, Math.max(0, to));
        stage.style.setProperty('--at', at + '%');
        stage.setAttribute('aria-valuenow', Math.round(at));
    }
    function follow(e) {
        const r = stage.getBoundingClientRect();
        move((e.clientX - r.left) / r.width * 100);
    }
    stage.addEventListener('pointerdown', e => { stage.setPointerCapture(e.pointerId); follow(e); });
    stage.addEventListener('pointermove', e => { if (e.buttons || e.pointerType === 'mouse') follow(e); });
    stage.addEventListener('keydown', e => {
        const to = {
            ArrowLeft: at - 2, ArrowDown: at - 2, ArrowRight: at + 2, ArrowUp: at + 2,
            PageDown: at - 10, PageUp: at + 10, Home: 0, End: 100
        }[e.key];
        if (to !== undefined) { move(to); e.preventDefault(); }
    });
    const tabs = article.querySelector('.tabs');
    tabs.addEventListener('click', e => {
        if (e.target.dataset.codec) { press(tabs, e.target); show(article); }
    });
    show(article);
});

const sizes = document.querySelector('.sizes');
sizes.addEventListener('click', e => {
    if (!e.target.dataset.size) return;
    size = e.target.dataset.size;
    press(sizes, e.target);
    document.querySelectorAll('article').forEach(show);
});
