// A canvas with the picture and masks over it, a cross that keys move, and the pointer.
import {above} from './maps.js';

const rgb = color => [1, 3, 5].map(at => parseInt(color.slice(at, at + 2), 16));

/** Marks the pixels of a mask that touch another value; `inside(i)` says what belongs to it. */
function isEdge(mask, x, y) {
  const {width, height, values} = mask, i = y * width + x;
  return x === 0 || y === 0 || x === width - 1 || y === height - 1 ||
    !values[i - 1] || !values[i + 1] || !values[i - width] || !values[i + width];
}

/** A mask as pixels: filled with `opacity`, its edge opaque. */
function painted(mask, color, opacity) {
  const pixels = new ImageData(mask.width, mask.height), [r, g, b] = rgb(color);
  const inner = Math.round(255 * opacity);
  for (let y = 0, i = 0; y < mask.height; ++y) {
    for (let x = 0; x < mask.width; ++x, ++i) {
      if (!mask.values[i]) continue;
      const alpha = isEdge(mask, x, y) ? 255 : inner;
      if (!alpha) continue;
      pixels.data[4 * i] = r;
      pixels.data[4 * i + 1] = g;
      pixels.data[4 * i + 2] = b;
      pixels.data[4 * i + 3] = alpha;
    }
  }
  const canvas = new OffscreenCanvas(mask.width, mask.height);
  canvas.getContext('2d').putImageData(pixels, 0, 0);
  return canvas;
}

/** What a layer's mask is: as corrected by hand, else its probabilities above the threshold. */
export const maskOf = (layer, threshold) =>
  layer.corrected ?? (layer.map && above(layer.map, threshold));

export class Stage {
  cross = null;
  #pressed = false;

  /** `on` is called as on.point(x, y, how) with how = hover, paint, start, key or leave. */
  constructor(on) {
    this.figure = document.createElement('figure');
    this.figure.className = 'stage';
    this.canvas = document.createElement('canvas');
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute('role', 'application');
    this.caption = document.createElement('figcaption');
    this.figure.append(this.canvas, this.caption);
    this.on = on;
    this.#listen();
  }

  /** Draws `picture` and `layers`, whose masks are `maskOf`; `truth` (or null) as a white line. */
  draw(picture, layers, {threshold, opacity, truth}) {
    const [width, height] = picture.shownSize, {canvas} = this;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.setProperty('--aspect', width / height);
      this.cross = null;
    }
    const context = canvas.getContext('2d');
    context.clearRect(0, 0, width, height);
    context.drawImage(picture.bitmap, 0, 0, width, height);
    for (const layer of layers) {
      const mask = maskOf(layer, threshold);
      if (mask) context.drawImage(painted(mask, layer.color, opacity), 0, 0, width, height);
    }
    if (truth) context.drawImage(painted(truth, '#ffffff', 0), 0, 0, width, height);
    if (this.cross && document.activeElement === canvas) this.#drawCross(context);
  }

  #drawCross(context) {
    const {x, y} = this.cross, {width, height} = this.canvas;
    for (const [color, wide] of [['#000', 3], ['#fff', 1]]) {
      context.strokeStyle = color;
      context.lineWidth = wide;
      context.beginPath();
      context.moveTo(x + .5, 0); context.lineTo(x + .5, height);
      context.moveTo(0, y + .5); context.lineTo(width, y + .5);
      context.stroke();
    }
  }

  #at(event) {
    const box = this.canvas.getBoundingClientRect();
    const inside = (value, size) => Math.min(size - 1, Math.max(0, Math.floor(value * size)));
    return [inside((event.clientX - box.left) / box.width, this.canvas.width),
            inside((event.clientY - box.top) / box.height, this.canvas.height)];
  }

  #listen() {
    const {canvas} = this;
    canvas.addEventListener('pointerdown', event => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.#pressed = true;
      this.on.point(...this.#at(event), 'start');
    });
    for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, () => { this.#pressed = false; });
    canvas.addEventListener('pointermove', event => this.on.point(...this.#at(event), this.#pressed ? 'paint' : 'hover'));
    canvas.addEventListener('pointerleave', () => this.on.point(0, 0, 'leave'));
    canvas.addEventListener('blur', () => this.on.redraw());
    canvas.addEventListener('keydown', event => {
      const step = event.shiftKey ? 10 : 1;
      const move = {ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step]}[event.key];
      if (!move && event.key !== ' ') return;
      event.preventDefault();
      const at = this.cross ?? {x: canvas.width >> 1, y: canvas.height >> 1};
      const within = (value, size) => Math.min(size - 1, Math.max(0, value));
      this.cross = move ? {x: within(at.x + move[0], canvas.width), y: within(at.y + move[1], canvas.height)} : at;
      this.on.point(this.cross.x, this.cross.y, move ? 'key' : 'start');
      this.on.redraw();
    });
  }
}
