// The picture on the page: sent once, sent again when the server has let it go.
import {readText} from './maps.js';
import {ask, get, post, Refusal} from './server.js';

/** Maps and pictures are drawn at most this long; masks leave at the picture's own size. */
const longest = 1024;

export class Picture {
  /** What /v1/model said when the page was loaded: figures and exports name that model. */
  static model = null;

  /** Throws where the server has been started again with another model or data set since then. */
  static async #sameModel(signal) {
    const now = await get('/v1/model', {signal});
    if (Picture.model && JSON.stringify(now) !== JSON.stringify(Picture.model)) {
      throw new Refusal('The server runs another model or data set now: load the page anew', 409);
    }
  }

  /** Sends a file. `slice`: of a volume. */
  static async ofFile(file, slice, signal) {
    const path = '/v1/pictures' + (slice === undefined ? '' : `?slice=${slice}`);
    const send = () => get(path, {method: 'POST', body: file, signal, headers: {'Content-Type': 'application/octet-stream'}});
    return Picture.#of(await send(), {send, name: file.name || 'picture', file}, signal);
  }

  /** Opens a row of the data set. */
  static async ofRow(split, row, signal) {
    const path = `/v1/data/${encodeURIComponent(split)}/${row}`;
    const send = () => get(path, {method: 'POST', signal});
    const answer = await send();
    return Picture.#of(answer, {send, name: answer.image, row: path}, signal);
  }

  static async #of(answer, origin, signal) {
    await Picture.#sameModel(signal);
    const picture = Object.assign(new Picture(), answer, origin);
    picture.id = answer.picture;
    const scale = Math.min(1, longest / Math.max(answer.width, answer.height));
    picture.shownSize = [answer.width, answer.height].map(side => Math.max(1, Math.round(side * scale)));
    const shown = await ask(`/v1/pictures/${picture.id}?most=${longest}`, {signal});
    picture.bitmap = await createImageBitmap(await shown.blob(), {colorSpaceConversion: 'none'});
    return picture;
  }

  /** The answer of /v1/masks for `sentences`; `more` says size, format, threshold. */
  masks(sentences, more, signal) {
    return this.known(() => post('/v1/masks', {picture: this.id, prompts: sentences, size: this.shownSize, ...more}, signal));
  }

  /** The same with probabilities as maps, in requests of at most `most` sentences. */
  async maps(sentences, most, signal) {
    const masks = [];
    do {
      const some = sentences.slice(masks.length, masks.length + most);
      masks.push(...(await this.masks(some, {format: 'png'}, signal)).masks);
    } while (masks.length < sentences.length);
    return Promise.all(masks.map(async mask => ({...mask, map: await readText(mask.data)})));
  }

  /** The answer to `request`, which names this picture; it is sent again where the server has let it go. */
  async known(request) {
    try {
      return await request();
    } catch (failure) {
      if (!(failure instanceof Refusal) || failure.status !== 404) throw failure;
      await Picture.#sameModel();
      await this.send();
      return request();
    }
  }

  /** The ground truth as a PNG at the size that is shown. */
  async truthMask(signal) {
    const [width, height] = this.shownSize;
    return (await ask(`${this.row}/truth?width=${width}&height=${height}`, {signal})).blob();
  }
}
