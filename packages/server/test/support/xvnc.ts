import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  execFile,
  spawn,
} from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import type { Picture } from './picture.ts';

const run = promisify(execFile);

/** TigerVNC's key for passwords in files, the bits of each byte the other way round. */
const FILE_KEY = Buffer.from('e84ad660c4721ae0', 'hex');

/** A password as TigerVNC's option `Password` has it. */
function obfuscated(passwd: string): string {
  const cipher = createCipheriv('des-ede3', Buffer.concat([FILE_KEY, FILE_KEY, FILE_KEY]), null);
  const padded = Buffer.alloc(8);
  padded.write(passwd, 'latin1');
  return cipher.setAutoPadding(false).update(padded).toString('hex');
}

/** What an Xvnc is started with. */
export interface XvncOptions {
  /** WIDTHxHEIGHT. */
  readonly geometry?: string;
  /** As `SecurityTypes`. */
  readonly security?: string;
  readonly passwd?: string;
  readonly args?: readonly string[];
  /** The port of one that was there before. */
  readonly port?: number;
}

/** A window of an X client that tells every event: xev over the whole screen. */
export interface XEvents extends Disposable {
  /** Resolves when what was told since the start passes; rejects after `ms` with what it was. */
  waitFor(passes: RegExp, ms?: number): Promise<void>;
  readonly text: string;
}

/** TigerVNC's X server, which is its VNC server, too. */
export class Xvnc implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #display: string;
  #log = '';

  private constructor(child: ChildProcess, port: number, display: string) {
    this.#child = child;
    this.port = port;
    this.#display = display;
  }

  /** Resolves when it can be connected; rejects with its output when it ends before. */
  static async start(options: XvncOptions = {}): Promise<Xvnc> {
    const { geometry = '640x480', security = 'None', passwd, args = [] } = options;
    const port = options.port ?? (await freePort());
    const child = spawn(
      'Xvnc',
      [
        ...['-displayfd', '3', '-rfbport', String(port), '-interface', '127.0.0.1'],
        ...['-geometry', geometry, '-depth', '24', '-SecurityTypes', security],
        ...(passwd === undefined ? [] : ['-Password', obfuscated(passwd)]),
        ...['-nolisten', 'tcp', '-nocursor', ...args],
      ],
      { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
    );
    let log = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    const told = child.stdio[3] as Readable;
    const display = await new Promise<string>((resolve, reject) => {
      told.setEncoding('utf8').once('data', (text: string) => resolve(`:${text.trim()}`));
      child.once('error', reject);
      child.once('close', () => reject(new Error(`Xvnc ended:\n${log}`)));
    });
    const xvnc = new Xvnc(child, port, display);
    child.stderr?.on('data', (text: string) => {
      xvnc.#log += text;
    });
    return xvnc;
  }

  /** What it has told since it was ready. */
  get log(): string {
    return this.#log;
  }

  /** Runs an X client to its end; resolves with what it says. */
  async client(program: string, ...args: readonly string[]): Promise<Buffer> {
    const env = { ...process.env, DISPLAY: this.#display };
    const limits = { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 } as const;
    return (await run(program, [...args], { env, ...limits })).stdout;
  }

  /** The screen as X has it. */
  async picture(): Promise<Picture> {
    const { width, height, pixels } = await this.#dump();
    return { width, height, data: pixels };
  }

  /** Shows a picture over the screen: the colour 0xRRGGBB of each place; gone when it is disposed. */
  async show(colourAt: (x: number, y: number) => number): Promise<Disposable> {
    const { file, pixels, width, height } = await this.#dump();
    const before = Buffer.from(pixels);
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) pixels.writeUInt32LE(colourAt(x, y), (y * width + x) * 4);
    }
    const child = this.#open('xwud', '-geometry', `${width}x${height}+0+0`);
    child.stdin.end(file);
    while ((await this.#dump()).pixels.equals(before)) await delay(50);
    return { [Symbol.dispose]: () => void child.kill('SIGKILL') };
  }

  /** An XWD file (X11/XWDFile.h): it begins with 32-bit fields, big endian. */
  async #dump() {
    const file = await this.client('xwd', '-root', '-silent');
    const field = (index: number) => file.readUInt32BE(index * 4);
    const [width, height, rowBytes, colours] = [field(4), field(5), field(12), field(19)];
    if (field(11) !== 32 || rowBytes !== width * 4) throw new Error('The dump has other pixels');
    return { file, width, height, pixels: file.subarray(field(0) + colours * 12) };
  }

  #open(program: string, ...args: readonly string[]): ChildProcessWithoutNullStreams {
    const child = spawn(program, [...args], { env: { ...process.env, DISPLAY: this.#display } });
    child.stderr.resume();
    return child;
  }

  /** Opens a window over the screen that tells its events; resolves when it is there. */
  async events(): Promise<XEvents> {
    const { width, height } = await this.picture();
    const child = this.#open('xev', '-geometry', `${width}x${height}+0+0`);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    const events: XEvents = {
      get text() {
        return text;
      },
      waitFor: (passes, ms = 20_000) =>
        new Promise((resolve, reject) => {
          const settle = () => {
            clearTimeout(timer);
            child.stdout.off('data', look);
          };
          const look = () => {
            if (!passes.test(text)) return;
            settle();
            resolve();
          };
          const timer = setTimeout(() => {
            settle();
            reject(new Error(`${passes} did not come: ${text.slice(-3000)}`));
          }, ms);
          child.stdout.on('data', look);
          look();
        }),
      [Symbol.dispose]: () => void child.kill('SIGKILL'),
    };
    await events.waitFor(/Expose event/);
    return events;
  }

  /** Stands still, or goes on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'close');
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGTERM');
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
