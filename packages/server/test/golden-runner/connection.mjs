import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fill } from './template.mjs';

const ANSWER_MS = 30_000;
const NOBODY = 65534;
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Reads `http://HOST:PORT`, `https://…` or `unix:/PATH`. */
export function parseBase(text) {
  if (text.startsWith('unix:')) return { path: text.slice(5) };
  const { protocol, hostname, port } = new URL(text);
  const tls = protocol === 'https:';
  return { host: hostname, port: Number(port) || (tls ? 443 : 80), tls };
}

/** A socket whose bytes are pulled. */
export class Wire {
  #chunks = [];
  #buffer = Buffer.alloc(0);
  #ended = false;
  #wake = () => {};

  constructor(socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#wake();
    });
    for (const event of ['end', 'close', 'error']) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  /** Connects; as nobody over a unix socket, unless `asRoot`: peers are told apart by their uid. */
  static open(base, asRoot = false) {
    return new Promise((resolve, reject) => {
      const drop = base.path !== undefined && process.getuid() === 0 && !asRoot;
      if (drop) process.seteuid(NOBODY);
      const options = { ...base, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] };
      const socket = base.tls ? connectTls(options) : connectPlain(options);
      if (drop) process.seteuid(0);
      socket.once('error', reject);
      socket.once(base.tls ? 'secureConnect' : 'connect', () => {
        socket.setNoDelay(true);
        resolve(new Wire(socket));
      });
    });
  }

  /** Waits for more until `deadline` (ms of Date.now); false when there is none. */
  async more(deadline) {
    if (this.#chunks.length === 0 && !this.#ended) {
      await new Promise((resolve) => {
        const timer = setTimeout(
          resolve,
          Math.min(MAX_TIMER_MS, Math.max(0, deadline - Date.now())),
        );
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = () => {};
    }
    if (this.#chunks.length === 0) return false;
    this.#buffer = Buffer.concat([this.#buffer, ...this.#chunks]);
    this.#chunks = [];
    return true;
  }

  /** The bytes before `separator`, which is dropped; undefined when it did not come in time. */
  async until(separator, deadline) {
    for (;;) {
      const at = this.#buffer.indexOf(separator);
      if (at >= 0) {
        const bytes = this.#buffer.subarray(0, at);
        this.#buffer = this.#buffer.subarray(at + separator.length);
        return bytes;
      }
      if (!(await this.more(deadline))) return undefined;
    }
  }

  /** At most `count` bytes, fewer when no more came in time. */
  async take(count, deadline) {
    while (this.#buffer.length < count && (await this.more(deadline)));
    const bytes = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(bytes.length);
    return bytes;
  }

  /** Status and headers, names in lower case; undefined when the connection ended. */
  async head(deadline) {
    const head = await this.until('\r\n\r\n', deadline);
    if (head === undefined) return undefined;
    const [first, ...lines] = head.toString('latin1').split('\r\n');
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers[name] = name in headers ? [headers[name], value].flat() : value;
    }
    return { status: Number(first.split(' ')[1]), headers };
  }
}

/** The path of a request as it is sent. */
export function targetOf(request, prefix, values) {
  const query = request.query ? `?${fill(request.query, values)}` : '';
  const bare = /^\/redfish/.test(request.path);
  return `${bare ? '' : prefix}${request.path}${query}`;
}

function bodyOf(request, values) {
  if (request.body_fill) return Buffer.alloc(request.body_fill.length, request.body_fill.byte);
  if (request.body_base64) return Buffer.from(request.body_base64, 'base64');
  return Buffer.from(fill(request.body ?? '', values));
}

/** Sends a request and reads its answer; `{closed: true}` when there was none. */
export async function exchange(target, request, values, options = {}) {
  const wire = await Wire.open(target.base, options.asRoot);
  const body = bodyOf(request, values);
  const headers = Object.entries(request.headers ?? {});
  const has = (wanted) => headers.some(([name]) => name.toLowerCase() === wanted);
  if (body.length > 0 && !has('content-length') && !has('transfer-encoding')) {
    headers.push(['Content-Length', String(body.length)]);
  }
  if (!request.hold) headers.push(['Connection', 'close']);
  const lines = headers.map(([name, value]) => `${name}: ${fill(String(value), values)}\r\n`);
  const path = options.frontPath
    ? targetOf(request, '', values)
    : targetOf(request, target.prefix, values);
  wire.socket.write(
    `${request.method} ${path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: golden/1\r\n${lines.join('')}\r\n`,
  );
  if (body.length > 0) wire.socket.write(body);
  if (request.hold) return { held: wire.socket };
  const deadline = Date.now() + (options.readMs ?? ANSWER_MS);
  const head = await wire.head(deadline);
  const answer =
    head === undefined
      ? { closed: true }
      : options.firstPart
        ? { ...head, body: await firstPartHead(wire, deadline), terminated: false }
        : await readBody(wire, head, request, deadline);
  wire.socket.destroy();
  return answer;
}

/** The boundary and the headers of the first part of a stream without end. */
async function firstPartHead(wire, deadline) {
  return (await wire.until('\r\n\r\n', deadline)) ?? Buffer.alloc(0);
}

async function readBody(wire, head, request, deadline) {
  const { status, headers } = head;
  if (request.method === 'HEAD' || status === 204) {
    return { status, headers, body: Buffer.alloc(0), terminated: true };
  }
  if (headers['transfer-encoding'] === 'chunked') {
    const parts = [];
    for (;;) {
      const line = await wire.until('\r\n', deadline);
      const size = line === undefined ? -1 : Number.parseInt(line.toString(), 16);
      if (size <= 0) {
        return { status, headers, body: Buffer.concat(parts), terminated: size === 0 };
      }
      parts.push(await wire.take(size, deadline));
      await wire.until('\r\n', deadline);
    }
  }
  const length = Number(headers['content-length'] ?? Number.MAX_SAFE_INTEGER);
  return { status, headers, body: await wire.take(length, deadline), terminated: true };
}
