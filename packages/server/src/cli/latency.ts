import { once } from 'node:events';
import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  type Client,
  createClient,
  KEY_NAMES,
  type KeyName,
  keyFrame,
  type SocketLike,
} from '@crashcart/api';
import { WebSocket } from 'ws';
import type { Rect } from '../core/video-source.ts';
import { readText, writeFileAtomic } from '../platform/files.ts';
import { remoteAgent } from '../platform/remote-agent.ts';
import { fetchOver } from '../platform/remote-fetch.ts';
import { loadJpegTurbo } from '../video/jpeg-turbo.ts';
import { CliError, type CliIo, runCommand, UsageError } from './io.ts';
import { latencyPlot } from './latency-plot.ts';
import { type ProbeTarget, probeLatency } from './latency-probe.ts';
import { latencyReport, percentilesOf } from './latency-report.ts';

const USAGE = `Usage: crashcart latency --url URL --passwd-file FILE [OPTIONS]

Presses a key of a machine behind any crashcart or PiKVM, waits until its picture changes, and
writes a report. The key must change the picture, as a letter at a prompt does. docs/video.md

  --url URL           where the server is, such as https://kvm.lan or https://kvm.lan/m/lab1
  --user USER         (admin)
  --passwd-file FILE  its first line is the password
  --insecure          do not check the certificate
  --key KEY           what is pressed (KeyX)
  --undo KEY          what takes it back, or "none" (Backspace)
  --region X,Y,W,H    px: where the change is looked for (anywhere)
  --count N           presses (50)
  --pause SECONDS     before each (0.5); 10 shows a machine that has gone quiet
  --timeout SECONDS   how long a change is waited for (5)
  --out FILE          the report; its plot is beside it as .svg (latency.md)
  -h, --help          this text`;

const OPTIONS = {
  url: { type: 'string', default: '' },
  user: { type: 'string', default: 'admin' },
  'passwd-file': { type: 'string', default: '' },
  insecure: { type: 'boolean', default: false },
  key: { type: 'string', default: 'KeyX' },
  undo: { type: 'string', default: 'Backspace' },
  region: { type: 'string', default: '' },
  count: { type: 'string', default: '50' },
  pause: { type: 'string', default: '0.5' },
  timeout: { type: 'string', default: '5' },
  out: { type: 'string', default: 'latency.md' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** There is no secret in a report. */
const PUBLIC = { mode: 0o644 };
const MOST_PRESSES = 10_000;
const LONGEST_WAIT_S = 600;

/** `crashcart latency`: measures input to pixel. Resolves to 0, 1 or 2. */
export function latencyCommand(argv: readonly string[], io: CliIo): Promise<number> {
  return runCommand(io, async () => {
    const options = parse(argv);
    if (!options) {
      io.stdout.write(`${USAGE}\n`);
      return 0;
    }
    const { address, region, out } = options;
    const passwd = (await readText(options.passwdFile))?.split(/\r?\n/)[0];
    if (passwd === undefined) throw new CliError(`There is no file ${options.passwdFile}`);
    const agent = remoteAgent(address);
    const client = createClient({
      baseUrl: address.url.href,
      credentials: { user: options.user, passwd },
      fetch: fetchOver(agent),
      webSocket: (url, headers) =>
        new WebSocket(url, { headers, agent, perMessageDeflate: false }) as unknown as SocketLike,
    });
    const { target, close } = await connect(client, options.key, options.undo);
    try {
      const found = await probeLatency(target, options);
      const where = region ? `in ${Object.values(region).join(',')}` : 'anywhere';
      const { host, pathname } = address.url;
      const told = { target: `${host}${pathname}`.replace(/\/$/, ''), key: options.key };
      const date = new Date().toISOString();
      const plot = out.replace(/(\.\w+)?$/, '.svg');
      const report = latencyReport({ ...found, ...told, region: where, date }, basename(plot));
      await writeFileAtomic(out, report, PUBLIC);
      await writeFileAtomic(plot, latencyPlot(found.timesMs, told.target), PUBLIC);
      const line = percentilesOf(found.timesMs).map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`);
      io.stdout.write(`${line.join(', ')}\n${out}\n${plot}\n`);
      return 0;
    } finally {
      close();
    }
  });
}

/** The pictures and the keyboard of a server. */
async function connect(client: Client, key: KeyName, undo: KeyName | undefined) {
  const turbo = await loadJpegTurbo();
  // Who is refused is told so in words: a socket only says that it was.
  await client.call('authCheck');
  const events = client.events({ stream: false });
  const pictures = client.video('jpeg');
  const waiting: { readonly jpeg: Uint8Array; readonly atMs: number }[] = [];
  const news = new EventTarget();
  const readPictures = async () => {
    for await (const jpeg of pictures) {
      waiting.push({ jpeg, atMs: performance.now() });
      news.dispatchEvent(new Event('picture'));
    }
  };
  const readEvents = async () => {
    for await (const _ of events);
  };
  await Promise.all([events.opened, pictures.opened]);
  void readPictures().catch(() => undefined);
  void readEvents().catch(() => undefined);
  const target: ProbeTarget = {
    key(pressed) {
      const atMs = performance.now();
      events.sendFrame(keyFrame(key, pressed));
      return atMs;
    },
    undo() {
      if (undo) events.sendFrame(keyFrame(undo, true, true));
    },
    async next(signal) {
      const ready = waiting.shift();
      if (ready) return ready;
      await once(news, 'picture', { signal });
      return target.next(signal);
    },
    decode: (jpeg) => turbo.decode(Buffer.from(jpeg)),
    sleep: (ms) => delay(ms),
  };
  const close = () => {
    events.close();
    pictures.close();
  };
  return { target, close };
}

function parse(argv: readonly string[]) {
  let values: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];
  try {
    ({ values } = parseArgs({ args: [...argv], options: OPTIONS }));
  } catch (error) {
    const text = error instanceof Error ? error.message.split('. ')[0] : String(error);
    throw new UsageError(`${text}. \`crashcart latency --help\` lists the options.`);
  }
  if (values.help) return undefined;
  if (values.url === '' || values['passwd-file'] === '') throw new UsageError(USAGE);
  if (!URL.canParse(values.url) || !/^https?:/.test(values.url)) {
    throw new UsageError(`--url takes http://… or https://…, not "${values.url}"`);
  }
  const url = new URL(values.url);
  return {
    address: { url, unix: undefined, verify: !values.insecure, fingerprint: undefined },
    user: values.user,
    passwdFile: values['passwd-file'],
    key: keyOf('key', values.key),
    undo: values.undo === 'none' ? undefined : keyOf('undo', values.undo),
    region: regionOf(values.region),
    count: numberOf('count', values.count, 1, MOST_PRESSES),
    pauseMs: numberOf('pause', values.pause, 0, LONGEST_WAIT_S) * 1000,
    timeoutMs: numberOf('timeout', values.timeout, 0.1, LONGEST_WAIT_S) * 1000,
    out: values.out,
  };
}

function keyOf(name: string, text: string): KeyName {
  const key = KEY_NAMES.find((each) => each === text);
  if (key) return key;
  throw new UsageError(`--${name} takes a key name such as KeyX or Enter, not "${text}"`);
}

function numberOf(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} takes a number from ${min} to ${max}, not "${text}"`);
}

function regionOf(text: string): Rect | undefined {
  if (text === '') return undefined;
  const numbers = /^\d{1,5}(,\d{1,5}){3}$/.test(text) ? text.split(',').map(Number) : [];
  const [x = 0, y = 0, width = 0, height = 0] = numbers;
  if (width > 0 && height > 0) return { x, y, width, height };
  throw new UsageError(`--region takes X,Y,WIDTH,HEIGHT in px, not "${text}"`);
}
