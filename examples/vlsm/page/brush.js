// Correcting a mask by hand.
import {maskOf} from './stage.js';

export class Brush {
  active = false;
  size = 12;
  value = 255;
  #undo = [];
  #last = null;

  /** One stroke's beginning on `layer`, or its way on: paints from the last point to (x, y). */
  paint(layer, threshold, x, y, begins) {
    if (!layer.map) return false;
    if (begins || !layer.corrected || this.#undo.at(-1)?.layer !== layer) {
      this.#undo.push({layer, before: layer.corrected});
      if (this.#undo.length > 20) this.#undo.shift();
      const {width, height, values} = maskOf(layer, threshold);
      layer.corrected = {width, height, values: values.slice()};
      this.#last = null;
    }
    const [fromX, fromY] = this.#last ?? [x, y];
    const steps = Math.max(1, Math.ceil(Math.hypot(x - fromX, y - fromY) / Math.max(1, this.size / 4)));
    for (let step = 1; step <= steps; ++step) {
      this.#dot(layer.corrected, Math.round(fromX + (x - fromX) * step / steps), Math.round(fromY + (y - fromY) * step / steps));
    }
    this.#last = [x, y];
    return true;
  }

  #dot({width, height, values}, x, y) {
    const radius = this.size / 2, reach = Math.floor(radius);
    for (let row = Math.max(0, y - reach); row <= Math.min(height - 1, y + reach); ++row) {
      for (let column = Math.max(0, x - reach); column <= Math.min(width - 1, x + reach); ++column) {
        if (Math.hypot(column - x, row - y) <= radius) values[row * width + column] = this.value;
      }
    }
  }

  /** Takes the last stroke back, and returns its layer. */
  undo() {
    const last = this.#undo.pop();
    if (last) last.layer.corrected = last.before;
    return last?.layer;
  }

  /** The layer's mask as the model found it. */
  reset(layer) {
    layer.corrected = null;
    this.forget(layer);
  }

  /** Forgets the strokes on a layer: what they corrected is gone. */
  forget(layer) {
    this.#undo = this.#undo.filter(stroke => stroke.layer !== layer);
    this.#last = null;
  }
}
