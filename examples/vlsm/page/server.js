// The interface of the server: requests, their errors, and the newest request of a kind.

/** An answer that is no success: one line for people, and the status. */
export class Refusal extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

const wait = (milliseconds, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, milliseconds);
  signal?.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); });
});

/** Asks for `path`; a server with too much to do is asked again when it says so. */
export async function ask(path, options = {}) {
  for (let tries = 0;; ++tries) {
    let answer;
    try {
      answer = await fetch(path, options);
    } catch (failure) {
      if (failure.name === 'AbortError') throw failure;
      throw new Refusal('The server does not answer; is vlsm serve still running?', 0);
    }
    if (answer.ok) return answer;
    if (answer.status === 503 && tries < 5) {
      await wait(1000 * (Number(answer.headers.get('Retry-After')) || 1), options.signal);
      continue;
    }
    const said = await answer.json().catch(() => ({}));
    throw new Refusal(said.error ?? `The server answers ${answer.status}`, answer.status);
  }
}

/** The JSON that `path` answers. */
export const get = async (path, options) => (await ask(path, options)).json();

/** The JSON that `path` answers to a JSON body. */
export const post = (path, body, signal) => get(path, {
  method: 'POST', signal, headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body),
});

/** Of several tasks only the newest counts: an older one is aborted, and its result never arrives. */
export class Newest {
  #running = null;

  /** The result of `task(signal)`, or undefined where a newer task or `stop` came in between. */
  async run(task) {
    this.stop();
    const mine = this.#running = new AbortController();
    try {
      const result = await task(mine.signal);
      return mine.signal.aborted ? undefined : result;
    } catch (failure) {
      if (mine.signal.aborted) return undefined;
      throw failure;
    } finally {
      if (this.#running === mine) this.#running = null;
    }
  }

  stop() {
    this.#running?.abort();
    this.#running = null;
  }
}
