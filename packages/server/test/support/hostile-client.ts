import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { silentLog } from '../../src/core/log.ts';
import { until } from '../../src/core/state.ts';
import { Ocr } from '../../src/video/ocr.ts';
import { FakeGpioDriver, fakeGpio } from '../fakes/fake-gpio-driver.ts';
import { FakeVideoSource } from '../fakes/fake-video-source.ts';
import { NullHidDriver } from '../fakes/null-hid-driver.ts';
import { checkAnswer } from './contract-check.ts';
import { FrontRig } from './front-rig.ts';
import type { Field, HostileRequest } from './hostile-requests.ts';
import { changedParts, MachineFootprint } from './machine-footprint.ts';
import { RawHttp } from './raw-http.ts';

/** A source that shows a small picture whenever somebody looks. */
class PictureSource extends FakeVideoSource {
  override open(params: Parameters<FakeVideoSource['open']>[0]) {
    const feed = super.open(params);
    const setWatched = feed.setWatched.bind(feed);
    feed.setWatched = (watched) => {
      setWatched(watched);
      if (watched) setImmediate(() => feed.pushFilled(32, 16, [1, 2, 3]));
    };
    return feed;
  }
}

/** A server of its own and one who sends it requests, one after another, over a kept connection. */
export class HostileClient {
  readonly rig: FrontRig;
  readonly #gpio: FakeGpioDriver;
  readonly #footprint: MachineFootprint;
  readonly #errors: readonly string[];
  readonly #history: string[] = [];
  #connection: RawHttp | undefined;
  #cookie = '';
  /** How many answers came, by status. */
  readonly statuses = new Map<number, number>();

  private constructor(rig: FrontRig, gpio: FakeGpioDriver, errors: readonly string[]) {
    this.rig = rig;
    this.#gpio = gpio;
    this.#footprint = new MachineFootprint(rig, gpio);
    this.#errors = errors;
  }

  /** `drive`: whether the machine has one now. */
  static async start({ drive }: { readonly drive: boolean }): Promise<HostileClient> {
    const errors: string[] = [];
    const log = {
      ...silentLog,
      child: () => log,
      error: (fields: object, message: string) => {
        errors.push(`${message} ${'err' in fields ? String((fields.err as Error).stack) : ''}`);
      },
    };
    const gpio = new FakeGpioDriver({ relay: false, button: false, lamp: false });
    const output = { mode: 'output', driver: 'fake', inverted: false, busyDelayMs: 0 } as const;
    const pulse = { delayMs: 1, minDelayMs: 1, maxDelayMs: 3 };
    const rig = await FrontRig.start({
      log,
      hidDriver: new NullHidDriver(),
      source: new PictureSource(),
      ocr: new Ocr({ langs: [], tessdata: '', log, program: '/nonexistent/tesseract' }),
      gpio: fakeGpio({
        drivers: new Map([['fake', gpio]]),
        channels: new Map([
          ['relay', { ...output, pin: 'relay', switch: true, pulse: undefined }],
          ['button', { ...output, pin: 'button', switch: false, pulse }],
          ['lamp', { mode: 'input', driver: 'fake', pin: 'lamp', inverted: false }],
        ]),
      }),
    });
    const client = new HostileClient(rig, gpio, errors);
    rig.msd.exist(drive);
    await until(rig.machine.msd.state, ({ online }) => online === drive);
    rig.machine.streamer.acquire();
    return client;
  }

  async close(): Promise<void> {
    this.#connection?.close();
    await this.rig.machine.gpio[Symbol.asyncDispose]();
    await this.rig.machine.switch[Symbol.asyncDispose]();
    await this.rig.close();
    await this.#gpio[Symbol.asyncDispose]();
  }

  /** The last requests: what one leaves behind shows in the next. */
  get history(): readonly string[] {
    return this.#history;
  }

  /** Sends a request. Rejects when its answer is not in the contract, or an error changed a state. */
  async send(request: HostileRequest): Promise<void> {
    if (this.#cookie === '') this.#cookie = await this.rig.login();
    this.#connection ??= await RawHttp.open(this.rig.port);
    this.#history.push(String(Reflect.get(request, fc.toStringMethod)?.call(request)));
    if (this.#history.length > 4) this.#history.shift();
    const before = this.#footprint.take();
    const bytes = bytesOf(request, this.#cookie);
    const hasBody = request.method !== 'HEAD';
    const answer = await this.#connection.ask(bytes, { hasBody });
    this.statuses.set(answer.status, (this.statuses.get(answer.status) ?? 0) + 1);
    if (answer.closes) this.#hangUp();
    if (this.#errors.length > 0) throw new Error(`The log has errors: ${this.#errors.join('\n')}`);
    const isRefused = request.loggedIn && (answer.status === 403 || answer.status === 401);
    // Logins of others and ends of sessions may have ended this one.
    if (isRefused || /^auth(Logout|EndSession)$/.test(request.name)) this.#cookie = '';
    if (!isRefused || request.oddity !== 'none') {
      if (hasBody) checkAnswer(request, answer);
    }
    if (answer.status >= 300) {
      const changed = changedParts(before, this.#footprint.take());
      if (changed.length > 0) throw new Error(`${answer.status} changed ${changed.join()}`);
    }
  }

  #hangUp(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}

/** The bytes of a request; what it does not say is as every client says it. */
export function bytesOf(request: HostileRequest, cookie: string): Buffer {
  const { method, target, body } = request;
  const said = new Set(request.headers.map(([name]) => name.toLowerCase()));
  const chunked = request.chunked || said.has('transfer-encoding');
  const usual: Field[] = [['Host', '127.0.0.1']];
  if (request.loggedIn) usual.push(['Cookie', cookie]);
  if (chunked) usual.push(['Transfer-Encoding', 'chunked']);
  else if (body !== undefined) usual.push(['Content-Length', String(body.length)]);
  const lines = [...usual.filter(([name]) => !said.has(name.toLowerCase())), ...request.headers];
  const head = `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  const content = body ?? Buffer.alloc(0);
  const framed = chunked
    ? Buffer.concat([
        ...(content.length > 0
          ? [Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from('\r\n')]
          : []),
        Buffer.from('0\r\n\r\n'),
      ])
    : content;
  return Buffer.concat([Buffer.from(head, 'latin1'), framed]);
}

/** A web server with an image that can be fetched, and others that cannot. */
export async function imageServer(): Promise<{ urls: readonly string[]; server: Server }> {
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/gone')) response.writeHead(404).end();
    else if (request.url?.startsWith('/cut')) {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      response.destroy();
    } else if (request.url?.startsWith('/loop')) {
      response.writeHead(302, { location: '/loop' }).end();
    } else response.end('an image');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const paths = ['/a.img', '/%ff%2f..%00', '/gone', '/cut', '/loop', '/'];
  const broken = [
    'http://127.0.0.1:1/x',
    'http://[::1',
    'ftp://127.0.0.1/x',
    'http://127.0.0.1:99999/',
  ];
  return { urls: [...paths.map((path) => base + path), ...broken], server };
}
