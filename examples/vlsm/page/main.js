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
  words: new Words({}), redraw, say, sayLater, forget: layer => brush.forget(layer),
};
const sentences = new Sentences(page, at('sentences'), at('sentence-form'));
const stages = [0, 1].map(index => new Stage({point: (x, y, how) => point(index, x, y, how), redraw}));

let later = 0;
/** Says something in the live region, at once. */
function say(text, bad = false) {
  clearTimeout(later);
  at('status').textContent = text;
  at('status').classList.toggle('bad', bad);
}

/** Says it when typing rests, so that a screen reader does not hear every letter's result. */
function sayLater(text) {
  clearTimeout(later);
  later = setTimeout(() => say(text), 500);
}

const failed = failure => say(failure.message, true);

let first = 0;  // of the two that are side by side
/** The layers of each stage: all on one, or two neighbors side by side, the chosen one among them. */
function placed() {
  const visible = sentences.layers.filter(layer => layer.shown.checked);
  if (!at('beside').checked || visible.length < 2) return [visible];
  const chosen = visible.indexOf(sentences.chosen);
  if (chosen >= 0 && (chosen < first || chosen > first + 1)) first = chosen;
  first = Math.min(first, visible.length - 2);
  return [[visible[first]], [visible[first + 1]]];
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
  if (pointed) at('probe').textContent = probe();
  const shares = placed();
  const truth = at('truth').checked ? page.truth : null;
  const figures = stages.slice(0, shares.length).map(stage => stage.figure);
  if (at('stages').children.length !== figures.length) at('stages').replaceChildren(...figures);
  shares.forEach((layers, i) => {
    stages[i].draw(picture, layers, {threshold, opacity, truth});
    stages[i].canvas.classList.toggle('brushing', brush.active);
    stages[i].caption.textContent = shares.length > 1 ? layers[0].of || '(empty prompt)' : picture.name;
    const said = layers.filter(layer => layer.map).map(layer => sentences.summary(layer)).join('; ');
    stages[i].canvas.setAttribute('aria-label', `${picture.name}, ${picture.width} by ${picture.height} pixels. ${said || 'No mask yet'}. Arrow keys read the probability.`);
  });
}

/** The layer that a stage's pointer reads and paints; undefined where none is shown. */
function layerOf(index) {
  const shares = placed();
  if (shares.length > 1) return shares[index][0];
  return shares[0].includes(sentences.chosen) ? sentences.chosen : shares[0].at(-1);
}

let pointed = null;  // where the pointer or the cross is: [stage, x, y]
function probe() {
  const {picture} = page;
  if (!pointed || !picture) return '';
  const [index, x, y] = pointed, [width, height] = picture.shownSize;
  const place = `x ${Math.floor((x + .5) * picture.width / width)}, y ${Math.floor((y + .5) * picture.height / height)}`;
  const map = layerOf(index)?.map;
  return map ? `${place}: probability ${(map.values[y * map.width + x] / 255).toFixed(2)}` : place;
}

function point(index, x, y, how) {
  pointed = how === 'leave' ? null : [index, x, y];
  const layer = layerOf(index);
  if (brush.active && layer && (how === 'start' || how === 'paint')) {
    if (how === 'start') sentences.choose(layer);
    if (sentences.isDone(layer) && brush.paint(layer, page.threshold, x, y, how === 'start')) {
      sentences.describe(layer);
      redraw();
    }
  }
  at('probe').textContent = probe();
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
    pointed = null;
    for (const layer of sentences.layers) brush.forget(layer);
    if (!picture.row) document.querySelector('#rows [aria-current]')?.removeAttribute('aria-current');
    at('welcome').hidden = true;
    at('below').hidden = false;
    at('truth-line').hidden = !page.truth;
    at('slices').hidden = !(picture.slices > 1);
    at('slice').max = picture.slices - 1;
    at('slice').value = picture.slice;
    showSlice();
    at('notices').replaceChildren(...(picture.notices ?? []).map(text => Object.assign(document.createElement('li'), {textContent: text})));
    showPrompts(at('prompts'), page.reads && picture.prompts, text => sentences.change(sentences.chosen, text));
    at('score').hidden = !page.truth;
    say(`${picture.name}: ${picture.width} by ${picture.height} pixels, encoded in ${Math.round(picture.milliseconds.encode)} ms`);
    redraw();
    await sentences.refreshAll();
  } catch (failure) {
    if (page.picture) at('slice').value = page.picture.slice;
    showSlice();
    failed(failure);
  }
}

const showSlice = () => { at('slices').querySelector('output').textContent = `${Number(at('slice').value) + 1} of ${page.picture?.slices ?? 1}`; };
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
  slider('threshold', value => {
    page.threshold = value;
    for (const layer of sentences.layers) if (sentences.isDone(layer)) sentences.describe(layer);
    for (const score of document.querySelectorAll('td.dice, td.iou')) score.textContent = '';  // of the older threshold
    redraw();
  });
  slider('opacity', value => { page.opacity = value; redraw(); });
  slider('brush-size', value => { brush.size = value; });
  at('truth').addEventListener('change', redraw);
  at('beside').addEventListener('change', redraw);
  at('slice').addEventListener('input', showSlice);
  at('slice').addEventListener('change', () => page.picture.file && openFile(page.picture.file, Number(at('slice').value)));
  at('brush').addEventListener('change', () => { brush.active = at('brush').checked; at('brushes').hidden = !brush.active; redraw(); });
  for (const choice of document.getElementsByName('brush')) choice.addEventListener('change', () => { brush.value = 255 * choice.value; });
  at('undo').addEventListener('click', () => { const layer = brush.undo(); if (layer) sentences.describe(layer); redraw(); });
  at('reset').addEventListener('click', () => { brush.reset(sentences.chosen); sentences.describe(sentences.chosen); redraw(); });

  const withMask = act => async () => {
    if (!sentences.chosen.map) return say('There is no mask yet: open a picture and write a sentence.', true);
    if (!sentences.isDone(sentences.chosen)) return say('The mask of this sentence is still on its way.', true);
    try { await act(sentences.chosen); } catch (failure) { failed(failure); }
  };
  at('save').addEventListener('click', withMask(async layer => {
    const saved = await save(page.picture, layer, page.threshold);
    say(`Saved: ${saved.mask}, row ${saved.rows} of ${saved.file}`);
  }));
  at('score').addEventListener('click', () =>
    scorePrompts(at('prompts'), page.picture, page.truth, () => page.threshold, page.model.limits.prompts).catch(failed));
  const sentence = layer => page.reads ? [layer.of] : [];
  const exporters = {
    mask: layer => exportMask(page.picture, layer, sentence(layer), page.threshold),
    overlay: () => exportOverlay(page.picture, [...at('stages').querySelectorAll('canvas')]),
    json: () => exportJson(page.picture, page.model, sentences, page.threshold),
  };
  for (const button of document.querySelectorAll('[data-export]')) button.addEventListener('click', withMask(exporters[button.dataset.export]));
}

async function start() {
  sentences.add();
  listen();
  const model = page.model = Picture.model = await get('/v1/model');
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
    for (const {field, button} of sentences.layers) field.hidden = button.hidden = true;
    at('sentences-title').textContent = 'Mask of this model, which reads no sentence';
  }
  if (model.data) await new DataSet(at('set'), (split, row) => open(signal => Picture.ofRow(split, row, signal)), failed).start();
}

start().catch(failed);

export {page, sentences};
