import { sleep } from '../../core/sleep.ts';
import type { SerialAnswer, SerialDevice } from './serial-device.ts';
import { type OpenPort, SilenceError } from './serial-line.ts';

/** How patient the driver is with a device. */
export interface SerialPatience {
  /** How long an answer may take, ms. */
  readonly answerMs: number;
  /** How often a request is sent before the device is given up, and how often of that unanswered. */
  readonly attempts: number;
  readonly silentAttempts: number;
  /** Between two of them, ms. */
  readonly pauseMs: number;
  /** How many failures in a row are not told. */
  readonly untold: number;
}

/** Sends requests until the device has them. */
export class Requester {
  readonly #device: SerialDevice;
  readonly #patience: SerialPatience;
  readonly #silent: () => void;
  #failures = 0;

  /** `silent` is called each time that no answer comes; what it throws ends the request. */
  constructor(device: SerialDevice, patience: SerialPatience, silent: () => void) {
    this.#device = device;
    this.#patience = patience;
    this.#silent = silent;
  }

  /** The answer to a request. Rejects with a SilenceError when there is none, or as the port does. */
  async send(
    port: OpenPort,
    request: Uint8Array,
  ): Promise<Exclude<SerialAnswer, { kind: 'again' }>> {
    const { answerMs, attempts, silentAttempts, pauseMs, untold } = this.#patience;
    let silences = 0;
    let next = request;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await port.ask(next, this.#device.reader(request), answerMs);
      if (answer && answer.kind !== 'again') {
        this.#failures = 0;
        return answer;
      }
      next = answer?.request ?? request;
      this.#failures += 1;
      if (!answer) {
        silences += 1;
        this.#silent();
      }
      if (attempt >= attempts || silences >= silentAttempts) {
        throw new SilenceError(this.#failures <= untold);
      }
      await sleep(pauseMs, port.signal);
    }
  }
}
