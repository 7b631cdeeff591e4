// What leaves the page: files to download, and corrected masks saved beside the data.
import {bytes, write} from './maps.js';
import {post} from './server.js';
import {maskOf} from './stage.js';

function download(blob, name) {
  const link = Object.assign(document.createElement('a'), {href: URL.createObjectURL(blob), download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const stem = picture => picture.name.replace(/\.(nii\.gz|[^.]+)$/i, '');

async function enlarged(mask, width, height) {
  const canvas = new OffscreenCanvas(width, height), context = canvas.getContext('2d');
  const small = await createImageBitmap(await write(mask));
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, width, height);
  return canvas.convertToBlob({type: 'image/png'});
}

/** The mask at the picture's own size: the tool's, or the one corrected by hand. */
export async function exportMask(picture, layer, sentences, threshold) {
  let blob;
  if (layer.corrected) {
    blob = await enlarged(layer.corrected, picture.width, picture.height);
  } else {
    const answer = await picture.masks(sentences, {format: 'mask', threshold, size: 'picture'});
    blob = new Blob([bytes(answer.masks[0].data)], {type: 'image/png'});
  }
  download(blob, `${stem(picture)}_mask.png`);
}

/** The canvases as they are shown, beside each other. */
export async function exportOverlay(picture, canvases) {
  const [{width, height}] = canvases, all = new OffscreenCanvas(width * canvases.length, height);
  canvases.forEach((canvas, i) => all.getContext('2d').drawImage(canvas, i * width, 0));
  download(await all.convertToBlob({type: 'image/png'}), `${stem(picture)}_overlay.png`);
}

/** What stands on the page: model, picture, threshold and each sentence with its figures. */
export function exportJson(picture, model, sentences, threshold) {
  const masks = sentences.layers.filter(layer => sentences.isDone(layer)).map(layer => ({
    sentence: layer.of, ...sentences.figures(layer), corrected: layer.corrected !== null, milliseconds: layer.milliseconds,
  }));
  const {width, height, name, slice, slices} = picture;
  const text = JSON.stringify({model: model.model, weights: model.weights, vlsm: model.version, picture: {name, width, height, slice, slices}, scored_at: picture.shownSize, threshold, masks}, null, 2);
  download(new Blob([text + '\n'], {type: 'application/json'}), `${stem(picture)}.json`);
}

async function inBase64(blob) {
  const all = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  for (let i = 0; i < all.length; i += 0x8000) text += String.fromCharCode(...all.subarray(i, i + 0x8000));
  return btoa(text);
}

/** Saves the layer's mask and sentence as a row of annotations; the server's answer. */
export async function save(picture, layer, threshold) {
  const prompt = layer.of;
  const mask = await inBase64(await write(maskOf(layer, threshold)));
  return picture.known(() => post('/v1/annotations', {picture: picture.id, prompt, mask}));
}
