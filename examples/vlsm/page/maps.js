// Probabilities and masks as bytes, and what is computed from them.

/** A map of one byte a pixel: {width, height, values}. */
const map = (width, height, values = new Uint8Array(width * height)) => ({width, height, values});

/** The bytes of a picture, its red samples; a grey PNG's are its values. */
function samples(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext('2d', {willReadFrequently: true});
  context.drawImage(bitmap, 0, 0);
  const {data} = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const result = map(bitmap.width, bitmap.height);
  for (let i = 0; i < result.values.length; ++i) result.values[i] = data[4 * i];
  return result;
}

/** The map that a grey PNG holds. */
export async function read(blob) {
  const bitmap = await createImageBitmap(blob, {colorSpaceConversion: 'none', imageOrientation: 'none'});
  try {
    return samples(bitmap);
  } finally {
    bitmap.close();
  }
}

/** The bytes of base64. */
export const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));

/** The map that a grey PNG in base64 holds. */
export const readText = text => read(new Blob([bytes(text)], {type: 'image/png'}));

/** 255 where a probability of `probabilities` (255 is 1) is above `threshold`, else 0. */
export function above(probabilities, threshold) {
  const result = map(probabilities.width, probabilities.height);
  const least = 255 * threshold;
  for (let i = 0; i < result.values.length; ++i) result.values[i] = probabilities.values[i] > least ? 255 : 0;
  return result;
}

/** A grey PNG of a map, as a Blob. */
export function write({width, height, values}) {
  const pixels = new ImageData(width, height);
  for (let i = 0; i < values.length; ++i) {
    pixels.data[4 * i] = pixels.data[4 * i + 1] = pixels.data[4 * i + 2] = values[i];
    pixels.data[4 * i + 3] = 255;
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d').putImageData(pixels, 0, 0);
  return canvas.convertToBlob({type: 'image/png'});
}

/** The part of a mask that is set, 0 to 1. */
export const share = mask => mask.values.reduce((sum, value) => sum + (value > 0), 0) / mask.values.length;

/** Dice and IoU of two masks of one size; two empty masks agree: 1. */
export function scores(mask, truth) {
  let both = 0, either = 0;
  for (let i = 0; i < mask.values.length; ++i) {
    const a = mask.values[i] > 0, b = truth.values[i] > 0;
    both += a && b;
    either += a || b;
  }
  return either ? {dice: 2 * both / (both + either), iou: both / either} : {dice: 1, iou: 1};
}
