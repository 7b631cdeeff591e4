// What belongs together on the page.
import {Brush} from './brush.js';
import {DataSet, scorePrompts, showPrompts} from './dataset.js';
import {exportJson, exportMask, exportOverlay, save} from './exports.js';
import {above, read} from './maps.js';
import {Picture} from './picture.js';
import {get, Newest} from './server.js';
import {Sentences} from './sentences.js';
import {Stage} from './stage.js';
import {showWords, Words} from './words.js';

const at = id => document.getElementById(id);
const brush = new Brush();
const opening = new Newest();
const page = {
  picture: null, truth: null, model: null, reads: true, threshold: .5, opacity: .4,
  words: new Words({}), redraw, say,
};
const sentences = new Sentences(page, at('sentences'), at('sentence-form'));
const stages = [0, 1].map(index => new Stage({point: (x, y, how) => point(index, x, y, how), redraw}));

function say(text, bad = false) {
  at('status').textContent = text;
  at('status').classList.toggle('bad', bad);
}

const failed = failure => say(failure.message, true);

/** The layers of each stage: all on one, or the chosen one and its neighbor side by side. */
function placed() {
  const visible = sentences.layers.filter(layer => layer.shown.checked);
  if (!at('beside').checked || visible.length < 2) return [visible];
  const chosen = Math.max(0, visible.indexOf(sentences.chosen)), start = Math.min(chosen, visible.length - 2);
  return [[visible[start]], [visible[start + 1]]];
}

let waiting = false;
function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    draw();
  });
}

function draw() {
  const {picture, threshold, opacity} = page;
  if (!picture) return;
  const shares = placed();
  const truth = at('truth').checked ? page.truth : null;
  const figures = stages.slice(0, shares.length).map(stage => stage.figure);
  if (at('stages').children.length !== figures.length) at('stages').replaceChildren(...figures);
  shares.forEach((layers, i) => {
    stages[i].draw(picture, layers, {threshold, opacity, truth});
    stages[i].canvas.classList.toggle('brushing', brush.active);
    stages[i].caption.textContent = shares.length > 1 ? layers[0].field.value || '(empty prompt)' : picture.name;
    const said = layers.filter(layer => layer.map).map(layer => sentences.summary(layer)).join('; ');
    stages[i].canvas.setAttribute('aria-label', `${picture.name}, ${picture.width} by ${picture.height} pixels. ${said || 'No mask yet.'} Arrow keys read the probability.`);
  });
}

/** The layer that a stage's pointer reads and paints. */
const layerOf = index => placed().length > 1 ? placed()[index][0] : sentences.chosen;

function point(index, x, y, how) {
  const layer = layerOf(index), {picture} = page;
  if (how === 'leave' || !picture) return at('probe').textContent = '';
  if (brush.active && (how === 'start' || how === 'paint') && brush.paint(layer, page.threshold, x, y, how === 'start')) {
    sentences.describe(layer);
    redraw();
  }
  const [width] = picture.shownSize, scale = picture.width / width;
  const place = `x ${Math.floor((x + .5) * scale)}, y ${Math.floor((y + .5) * scale)}`;
  const value = layer.map?.values[y * layer.map.width + x];
  at('probe').textContent = value === undefined ? place : `${place}: probability ${(value / 255).toFixed(2)}`;
  if (how === 'key') say(at('probe').textContent);
}

/** Opens a picture by `source(signal)`; an older one that is still on its way is dropped. */
async function open(source) {
  say('The picture is being read …');
  try {
    const opened = await opening.run(async signal => {
      const picture = await source(signal);
      return {picture, truth: picture.truth ? await read(await picture.truthMask(signal)) : null};
    });
    if (!opened) return;
    const {picture} = opened;
    Object.assign(page, opened);
    brush.forget();
    at('welcome').hidden = true;
    at('below').hidden = false;
    at('truth-line').hidden = !page.truth;
    at('slices').hidden = !(picture.slices > 1);
    at('slice').max = picture.slices - 1;
    at('slice').value = picture.slice;
    at('slices').querySelector('output').textContent = `${picture.slice + 1} of ${picture.slices}`;
    at('notices').replaceChildren(...(picture.notices ?? []).map(text => Object.assign(document.createElement('li'), {textContent: text})));
    showPrompts(at('prompts'), page.reads && picture.prompts, text => sentences.change(sentences.chosen, text));
    at('score').hidden = !page.truth;
    say(`${picture.name}: ${picture.width} by ${picture.height} pixels, encoded in ${Math.round(picture.milliseconds.encode)} ms`);
    redraw();
    await sentences.refreshAll();
  } catch (failure) {
    failed(failure);
  }
}

const openFile = (file, slice) => open(signal => Picture.ofFile(file, slice, signal));

function slider(id, change) {
  const range = at(id), output = range.parentElement.querySelector('output');
  range.addEventListener('input', () => {
    output.textContent = range.step < 1 ? Number(range.value).toFixed(2) : range.value;
    change(Number(range.value));
  });
}

function listen() {
  at('file').addEventListener('change', () => {
    if (at('file').files[0]) openFile(at('file').files[0]);
    at('file').value = '';
  });
  addEventListener('dragover', event => { event.preventDefault(); document.body.classList.add('dropping'); });
  addEventListener('dragleave', event => event.relatedTarget ?? document.body.classList.remove('dropping'));
  addEventListener('drop', event => {
    event.preventDefault();
    document.body.classList.remove('dropping');
    if (event.dataTransfer.files[0]) openFile(event.dataTransfer.files[0]);
  });
  addEventListener('paste', event => { if (event.clipboardData.files[0]) openFile(event.clipboardData.files[0]); });

  at('add').addEventListener('click', () => sentences.add().field.focus());
  at('contrast').addEventListener('click', () => {
    const {field} = sentences.chosen, contrary = page.words.contrary(field.value);
    if (contrary === field.value) return say('No word of this sentence has an opposite.');
    const layer = sentences.add('', true);
    sentences.change(layer, contrary);
    layer.field.focus();
  });
  slider('threshold', value => { page.threshold = value; sentences.layers.forEach(layer => sentences.describe(layer)); redraw(); });
  slider('opacity', value => { page.opacity = value; redraw(); });
  slider('brush-size', value => { brush.size = value; });
  at('truth').addEventListener('change', redraw);
  at('beside').addEventListener('change', redraw);
  at('slice').addEventListener('change', () => page.picture.file && openFile(page.picture.file, Number(at('slice').value)));
  at('brush').addEventListener('change', () => { brush.active = at('brush').checked; at('brushes').hidden = !brush.active; redraw(); });
  for (const choice of document.getElementsByName('brush')) choice.addEventListener('change', () => { brush.value = 255 * choice.value; });
  at('undo').addEventListener('click', () => { const layer = brush.undo(); if (layer) sentences.describe(layer); redraw(); });
  at('reset').addEventListener('click', () => { brush.reset(sentences.chosen); sentences.describe(sentences.chosen); redraw(); });

  const withMask = act => async () => {
    if (!sentences.chosen.map) return say('There is no mask yet: open a picture and write a sentence.', true);
    try { await act(sentences.chosen); } catch (failure) { failed(failure); }
  };
  at('save').addEventListener('click', withMask(async layer => {
    const saved = await save(page.picture, layer, page.threshold);
    say(`Saved: ${saved.mask}, row ${saved.rows} of ${saved.file}`);
  }));
  at('score').addEventListener('click', () =>
    scorePrompts(at('prompts'), page.picture, page.truth, page.threshold, page.model.limits.prompts).catch(failed));
  const sentence = layer => page.reads ? [layer.field.value] : [];
  const exporters = {
    mask: layer => exportMask(page.picture, layer, sentence(layer), page.threshold),
    overlay: () => exportOverlay(page.picture, stages[0].canvas),
    json: () => exportJson(page.picture, page.model, sentences, page.threshold),
  };
  for (const button of document.querySelectorAll('[data-export]')) button.addEventListener('click', withMask(exporters[button.dataset.export]));
}

async function start() {
  sentences.add();
  listen();
  const model = page.model = await get('/v1/model');
  page.reads = model.prompts;
  page.threshold = model.threshold;
  at('threshold').value = model.threshold;
  at('threshold').parentElement.querySelector('output').textContent = model.threshold.toFixed(2);
  at('model').textContent = [model.model, model.weights, `${(model.parameters / 1e6).toFixed(1)} M parameters`, model.precision].filter(Boolean).join(' · ');
  at('formats').textContent = model.formats.map(format => format.toUpperCase()).join(', ');
  at('save').hidden = !model.saves;
  if (page.reads) {
    page.words = new Words(await get('/v1/words'));
    showWords(at('words'), page.words,
      (attribute, value) => {
        const {chosen} = sentences;
        sentences.change(chosen, page.words.with(chosen.field.value, attribute, value, chosen.field.selectionStart ?? chosen.field.value.length));
      },
      text => { sentences.change(sentences.chosen, text); sentences.chosen.field.focus(); });
  } else {
    for (const id of ['add', 'contrast']) at(id).hidden = true;
    for (const {field} of sentences.layers) field.hidden = true;
    at('sentences-title').textContent = 'Mask of this model, which reads no sentence';
  }
  if (model.data) await new DataSet(at('set'), (split, row) => open(signal => Picture.ofRow(split, row, signal)), failed).start();
}

start().catch(failed);

export {page, sentences};
