// The list of sentences, each a layer of color with its mask; typing asks for it anew.
import {scores, share} from './maps.js';
import {Newest} from './server.js';
import {maskOf} from './stage.js';
import {chipsOf} from './words.js';

const colors = ['#56b4e9', '#ff8a47', '#2fc99b', '#e59bcd', '#f0d442', '#9b7bff'];
const percent = part => `${(100 * part).toFixed(part < .01 ? 2 : 1)} %`;

export class Sentences {
  layers = [];
  chosen = null;
  #all = new Newest();

  /** `page`: {picture, truth, threshold, model, reads, words, redraw(), say(text, bad), sayLater(text), forget(layer)}. */
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
    layer.field.value = text;
    layer.field.hidden = !this.page.reads;
    layer.field.addEventListener('input', () => this.change(layer, layer.field.value));
    item.addEventListener('focusin', () => this.choose(layer));
    layer.shown.addEventListener('change', () => this.page.redraw());
    layer.button = item.querySelector('.remove');
    layer.button.hidden = !this.page.reads;
    layer.button.addEventListener('click', () => this.remove(layer));
    this.layers.push(layer);
    this.list.append(item);
    this.number();
    this.choose(layer);
    this.showChips(layer);
    return layer;
  }

  /** Numbers the layers in their names. */
  number() {
    this.layers.forEach(({field, shown, button}, i) => {
      field.setAttribute('aria-label', `Sentence ${i + 1}`);
      shown.setAttribute('aria-label', `Show the mask of sentence ${i + 1}`);
      button.setAttribute('aria-label', `Remove sentence ${i + 1}`);
    });
  }

  /** Whether the layer's mask is that of the sentence in its field. */
  isDone(layer) {
    return layer.map !== null && (!this.page.reads || layer.of === layer.field.value);
  }

  remove(layer) {
    layer.newest.stop();
    this.page.forget(layer);
    this.layers.splice(this.layers.indexOf(layer), 1);
    layer.item.remove();
    if (!this.layers.length) this.add();
    this.number();
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
    const still = layers.map((layer, i) => () => !this.page.reads || layer.field.value === sentences[i]);
    try {
      const masks = await newest.run(signal => picture.maps(sentences, this.page.model.limits.prompts, signal));
      if (!masks || picture !== this.page.picture) return;
      layers = layers.filter((layer, i) => {
        if (!still[i]()) return false;  // typed on meanwhile
        if (layer.corrected) this.page.forget(layer);
        Object.assign(layer, {map: masks[i].map, of: layer.field.value, corrected: null, cut: masks[i].cut});
        return true;
      });
      this.page.redraw();
      requestAnimationFrame(() => {
        for (const layer of layers) {
          layer.milliseconds = Math.round(performance.now() - began);
          this.describe(layer);
        }
        this.page.sayLater(layers.map(layer => this.summary(layer)).join('; '));
      });
    } catch (failure) {
      layers.forEach((layer, i) => {
        if (!still[i]()) return;
        this.page.forget(layer);
        layer.map = layer.corrected = null;
        layer.output.textContent = failure.message;
        layer.output.classList.add('bad');
      });
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

  /** What a layer's mask is, in words: of the sentence that it was found by. */
  summary(layer) {
    const found = this.figures(layer);
    if (!found) return '';
    const name = this.page.reads ? (layer.of ? `“${layer.of}”` : 'The empty prompt') : 'The mask';
    const score = found.dice === undefined ? '' : `, Dice ${found.dice.toFixed(3)}`;
    return `${name}: ${percent(found.share)} of the picture${score}`;
  }
}
