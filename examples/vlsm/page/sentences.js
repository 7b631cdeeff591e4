// The list of sentences, each a layer of color with its mask; typing asks for it anew.
import {readText, scores, share} from './maps.js';
import {Newest} from './server.js';
import {maskOf} from './stage.js';
import {chipsOf} from './words.js';

const colors = ['#56b4e9', '#ff8a47', '#2fc99b', '#e59bcd', '#f0d442', '#d0d5da'];
const percent = part => `${(100 * part).toFixed(part < .01 ? 2 : 1)} %`;

export class Sentences {
  layers = [];
  chosen = null;
  #all = new Newest();

  /** `page`: {picture, truth, threshold, reads, words, redraw(), say(text, bad)}. */
  constructor(page, list, form) {
    Object.assign(this, {page, list, form});
  }

  add(text = '', asked = false) {
    const item = this.form.content.firstElementChild.cloneNode(true);
    const used = this.layers.map(layer => layer.color);
    const layer = {
      item, asked, map: null, corrected: null, newest: new Newest(),
      color: colors.find(color => !used.includes(color)) ?? colors[this.layers.length % colors.length],
      field: item.querySelector('.sentence'), shown: item.querySelector('input[type=checkbox]'),
      output: item.querySelector('output'), chips: item.querySelector('.chips'),
    };
    item.style.setProperty('--layer', layer.color);
    layer.field.setAttribute('aria-label', `Sentence ${this.layers.length + 1}`);
    layer.field.value = text;
    layer.field.hidden = !this.page.reads;
    layer.field.addEventListener('input', () => this.change(layer, layer.field.value));
    item.addEventListener('focusin', () => this.choose(layer));
    layer.shown.addEventListener('change', () => this.page.redraw());
    item.querySelector('.remove').addEventListener('click', () => this.remove(layer));
    this.layers.push(layer);
    this.list.append(item);
    this.choose(layer);
    this.showChips(layer);
    return layer;
  }

  remove(layer) {
    layer.newest.stop();
    this.layers.splice(this.layers.indexOf(layer), 1);
    layer.item.remove();
    if (!this.layers.length) this.add();
    if (this.chosen === layer) this.choose(this.layers.at(-1));
    this.chosen.field.focus();
    this.page.redraw();
  }

  choose(layer) {
    if (this.chosen === layer) return;
    this.chosen = layer;
    for (const {item} of this.layers) item.classList.toggle('chosen', item === layer.item);
    this.page.redraw();
  }

  /** Puts `text` into a layer and asks for its mask. */
  change(layer, text) {
    if (layer.field.value !== text) layer.field.value = text;
    layer.asked = true;
    this.showChips(layer);
    return this.refresh([layer], layer.newest);
  }

  showChips(layer) {
    layer.chips.replaceChildren(...chipsOf(this.page.words, layer.field.value, text => {
      this.change(layer, text);
      layer.field.focus();
    }));
  }

  /** All masks anew, in one request: another picture. */
  refreshAll() {
    for (const layer of this.layers) {
      layer.newest.stop();
      layer.map = layer.corrected = null;
      layer.output.textContent = '';
    }
    return this.refresh(this.layers.filter(layer => layer.asked || !this.page.reads), this.#all);
  }

  async refresh(layers, newest) {
    const {picture} = this.page, began = performance.now();
    if (!picture || !layers.length) return;
    const sentences = this.page.reads ? layers.map(layer => layer.field.value) : [];
    try {
      const answer = await newest.run(async signal => {
        const said = await picture.masks(sentences, {format: 'png'}, signal);
        return {...said, maps: await Promise.all(said.masks.map(mask => readText(mask.data)))};
      });
      if (!answer || picture !== this.page.picture) return;
      layers.forEach((layer, i) => {
        if (this.page.reads && layer.field.value !== sentences[i]) return;  // typed on meanwhile
        Object.assign(layer, {map: answer.maps[i], of: layer.field.value, corrected: null, cut: answer.masks[i].cut});
      });
      this.page.redraw();
      requestAnimationFrame(() => {
        const milliseconds = Math.round(performance.now() - began);
        for (const layer of layers) layer.milliseconds = milliseconds, this.describe(layer);
        this.page.say(layers.map(layer => this.summary(layer)).join('; '));
      });
    } catch (failure) {
      for (const layer of layers) {
        layer.map = null;
        layer.output.textContent = failure.message;
        layer.output.classList.add('bad');
      }
      this.page.redraw();
      this.page.say(failure.message, true);
    }
  }

  /** Part of the picture, scores where the truth is known: numbers for people. */
  figures(layer) {
    const mask = maskOf(layer, this.page.threshold);
    if (!mask) return null;
    const {truth} = this.page;
    return {share: share(mask), ...(truth && truth.values.length === mask.values.length ? scores(mask, truth) : {})};
  }

  describe(layer) {
    const found = this.figures(layer);
    if (!found) return;
    const parts = [`${percent(found.share)} of the picture`];
    if (found.dice !== undefined) parts.push(`Dice ${found.dice.toFixed(3)}`, `IoU ${found.iou.toFixed(3)}`);
    parts.push(layer.corrected ? 'corrected by hand' : `${layer.milliseconds} ms`);
    if (layer.cut) parts.push('the end of the sentence was cut off');
    layer.output.textContent = parts.join(' · ');
    layer.output.dataset.milliseconds = layer.milliseconds;
    layer.output.classList.remove('bad');
  }

  summary(layer) {
    const found = this.figures(layer);
    if (!found) return '';
    const name = this.page.reads ? (layer.field.value ? `“${layer.field.value}”` : 'The empty prompt') : 'The mask';
    const score = found.dice === undefined ? '' : `, Dice ${found.dice.toFixed(3)}`;
    return `${name}: ${percent(found.share)} of the picture${score}, ${layer.milliseconds} ms`;
  }
}
