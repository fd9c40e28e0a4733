import { KvmError, type OcrState, valid } from '@crashcart/api';
import { anySignal } from '../core/any-signal.ts';
import type { Log } from '../core/log.ts';
import { type ReadonlyCell, StateCell } from '../core/state.ts';
import { commandOutput } from '../platform/command-output.ts';
import { filterThrough } from '../platform/filter-process.ts';
import { loadJpegTurbo } from './jpeg-turbo.ts';
import { type OcrRegion, ocrInput } from './ocr-input.ts';

/** What an `Ocr` is made of. */
export interface OcrOptions {
  /** Languages of requests that name none, e.g. `eng`; what is not installed is left out. */
  readonly langs: readonly string[];
  /** Where the language data is; '' = where tesseract has it. */
  readonly tessdata: string;
  readonly log: Log;
  /** How long one picture may take, ms (20 000). */
  readonly timeoutMs?: number;
  /** The program (tesseract). */
  readonly program?: string;
}

/** What to read of a picture. */
export interface OcrRequest {
  /** None = the default ones. */
  readonly langs: readonly string[];
  readonly region: OcrRegion;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 20_000;
/** Pictures that are read or wait for it, of all clients together. */
const MOST_PICTURES = 8;
/** Text in rows as on a screen, with the blanks between its columns. */
const AS_ON_SCREEN = ['--psm', '6', '-c', 'preserve_interword_spaces=1'];

/** Text recognition by tesseract, one picture at a time and in one thread; machines share it. */
export class Ocr {
  readonly #given: OcrOptions;
  readonly #state = new StateCell<OcrState>({
    enabled: false,
    langs: { default: [], available: [] },
  });
  readonly #controller = new AbortController();
  #refreshing: Promise<void> | undefined;
  #pictures = 0;
  /** Settles when the last picture that waits is done. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: OcrOptions) {
    this.#given = options;
  }

  /** As the wire has it; disabled until `refresh` has found tesseract. */
  get state(): ReadonlyCell<OcrState> {
    return this.#state;
  }

  /** Looks again which languages are installed. Never rejects. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#list().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /**
   * The text on a JPEG file. Throws UnavailableError without tesseract, when it takes too long and
   * when too many pictures wait; ValidatorError for a language or region that is none.
   */
  async recognize(jpeg: Buffer, { langs, region, signal }: OcrRequest): Promise<string> {
    const known = await this.#languages(langs);
    if (this.#pictures >= MOST_PICTURES) {
      throw new KvmError('UnavailableError', 'Too many pictures are being read, try again later');
    }
    this.#pictures += 1;
    const reading = this.#last
      .then(() => this.#read(jpeg, { langs: known, region, signal }))
      .finally(() => {
        this.#pictures -= 1;
      });
    this.#last = reading.catch(() => undefined);
    return reading;
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#controller.abort(new KvmError('UnavailableError'));
    await this.#last;
    await this.#refreshing;
  }

  async #list(): Promise<void> {
    const { program = 'tesseract', langs, log } = this.#given;
    const { signal } = this.#controller;
    try {
      const printed = await commandOutput([program, ...this.#data, '--list-langs'], { signal });
      // The first line says where they are.
      const available = printed
        .split('\n')
        .slice(1)
        .map((line) => line.trim())
        .filter((line) => line !== '')
        .sort();
      const known = langs.filter((name) => available.includes(name));
      this.#state.set({ enabled: true, langs: { default: known, available } });
    } catch (error) {
      this.#state.set({ enabled: false, langs: { default: [], available: [] } });
      if (!signal.aborted) log.info({ cause: String(error) }, 'There is no text recognition');
    }
  }

  get #data(): readonly string[] {
    const { tessdata } = this.#given;
    return tessdata === '' ? [] : ['--tessdata-dir', tessdata];
  }

  async #languages(asked: readonly string[]): Promise<readonly string[]> {
    const { langs } = this.#state.value;
    const isNew = asked.some((name) => !langs.available.includes(name));
    if (isNew || langs.available.length === 0) await this.refresh();
    const { enabled, langs: now } = this.#state.value;
    if (!enabled) {
      throw new KvmError(
        'UnavailableError',
        'Text recognition needs tesseract: apt install tesseract-ocr',
      );
    }
    const chosen = asked.length === 0 ? now.default : asked;
    if (chosen.length === 0) {
      throw new KvmError(
        'UnavailableError',
        'No language of kvmd.ocr.langs is installed: apt install tesseract-ocr-eng',
      );
    }
    return valid.list(valid.oneOf('OCR lang', now.available, { exact: true }))(chosen);
  }

  async #read(jpeg: Buffer, { langs, region, signal }: OcrRequest): Promise<string> {
    const { program = 'tesseract', timeoutMs = TIMEOUT_MS } = this.#given;
    const timeout = AbortSignal.timeout(timeoutMs);
    const ended = anySignal([signal, timeout, this.#controller.signal]);
    ended.throwIfAborted();
    const picture = await (await loadJpegTurbo()).decode(jpeg);
    const args = ['-', '-', ...this.#data, '-l', langs.join('+'), ...AS_ON_SCREEN];
    // A second thread costs others more than it gains here.
    const env = { ...process.env, OMP_THREAD_LIMIT: '1' };
    try {
      const input = ocrInput(picture, region);
      const output = await filterThrough(program, args, input, ended, env);
      const pieces: Uint8Array[] = [];
      for await (const piece of output) pieces.push(piece);
      return Buffer.concat(pieces).toString('utf8');
    } catch (error) {
      if (!timeout.aborted) throw error;
      const seconds = timeoutMs / 1000;
      throw new KvmError('UnavailableError', `Reading the text took more than ${seconds} s`);
    }
  }
}
