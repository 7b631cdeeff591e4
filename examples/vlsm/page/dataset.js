// Browsing a data set in the study's layout: its pictures, and a picture's prompts with their scores.
import {above, scores} from './maps.js';
import {get, Newest} from './server.js';

const page = 24;
const first = prompt => Array.isArray(prompt) ? prompt[0] : prompt;

export class DataSet {
  #from = 0;
  #newest = new Newest();

  /** `open(split, row)` opens a picture, `fail(error)` says what went wrong. */
  constructor(box, open, fail) {
    Object.assign(this, {box, open, fail});
    this.split = box.querySelector('#split');
    this.split.addEventListener('change', () => this.show(0));
    box.querySelector('#earlier').addEventListener('click', () => this.show(this.#from - page));
    box.querySelector('#later').addEventListener('click', () => this.show(this.#from + page));
  }

  async start() {
    const set = await get('/v1/data');
    this.rows = new Map(set.splits.map(({name, rows}) => [name, rows]));
    this.split.replaceChildren(...set.splits.map(({name, rows}) => new Option(`${name} (${rows})`, name)));
    this.box.querySelector('h2').textContent = `Data set ${set.name}`;
    this.box.hidden = false;
    const usual = set.splits.find(({name}) => name === 'test') ?? set.splits[0];
    if (!usual) return;
    this.split.value = usual.name;
    await this.show(0);
  }

  async show(from) {
    const split = this.split.value, rows = this.rows.get(split);
    this.#from = Math.max(0, Math.min(from, rows - 1));
    try {
      const answer = await this.#newest.run(signal => get(`/v1/data/${encodeURIComponent(split)}?from=${this.#from}&count=${page}`, {signal}));
      if (!answer) return;
      this.box.querySelector('#rows').replaceChildren(...answer.rows.map(row => this.#button(split, row)));
      this.box.querySelector('#range').textContent = rows ? `${this.#from + 1} to ${this.#from + answer.rows.length} of ${rows}` : 'no pictures';
      this.box.querySelector('#earlier').disabled = this.#from === 0;
      this.box.querySelector('#later').disabled = this.#from + page >= rows;
    } catch (failure) {
      this.fail(failure);
    }
  }

  #button(split, {row, image}) {
    const item = document.createElement('li'), button = document.createElement('button');
    const picture = Object.assign(new Image(), {alt: '', loading: 'lazy', width: 160, height: 160});
    picture.src = `/v1/data/${encodeURIComponent(split)}/${row}/picture?most=160`;
    button.type = 'button';
    button.append(picture, image);
    button.addEventListener('click', () => {
      for (const other of this.box.querySelectorAll('#rows button')) other.removeAttribute('aria-current');
      button.setAttribute('aria-current', 'true');
      this.open(split, row);
    });
    item.append(button);
    return item;
  }
}

/** Shows the prompts of an opened row; `take(sentence)` puts one into the chosen layer. */
export function showPrompts(box, prompts, take) {
  box.hidden = !prompts;
  const levels = Object.entries(prompts ?? {});
  box.querySelector('tbody').replaceChildren(...levels.map(([level, prompt]) => {
    const row = document.createElement('tr'), button = document.createElement('button');
    button.type = 'button';
    button.textContent = first(prompt) || '(empty)';
    button.addEventListener('click', () => take(first(prompt)));
    const cell = document.createElement('td');
    cell.append(button);
    const name = Object.assign(document.createElement('th'), {textContent: level, scope: 'row'});
    row.append(name, cell, ...['dice', 'iou'].map(score => Object.assign(document.createElement('td'), {className: `n ${score}`})));
    return row;
  }));
}

/** Asks for the masks of all prompts at once and writes their scores into the table, at the `threshold()` of that moment. */
export async function scorePrompts(box, picture, truth, threshold, most) {
  const sentences = Object.values(picture.prompts).map(first), rows = box.querySelectorAll('tbody tr');
  for (const [i, {map}] of (await picture.maps(sentences, most)).entries()) {
    const score = scores(above(map, threshold()), truth);
    rows[i].querySelector('.dice').textContent = score.dice.toFixed(3);
    rows[i].querySelector('.iou').textContent = score.iou.toFixed(3);
  }
}
