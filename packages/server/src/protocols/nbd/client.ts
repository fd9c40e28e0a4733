import { ByteQueue } from './byte-queue.ts';
import {
  COMMAND,
  frame,
  GREETING,
  GREETING_BYTES,
  HANDSHAKE_FLAG,
  INFO,
  MAX_OPTION_BYTES,
  MAX_REQUEST_BYTES,
  NbdError,
  OPTION,
  OPTION_ERROR,
  OPTION_MAGIC,
  OPTION_REPLY,
  OPTION_REPLY_HEADER_BYTES,
  OPTION_REPLY_MAGIC,
  PADDING_BYTES,
  REPLY_BYTES,
  REPLY_MAGIC,
  REQUEST_MAGIC,
  viewOf,
} from './wire.ts';

/** Who uses an `NbdClient`. */
export interface NbdClientSink {
  /** Bytes for the server, in order. */
  send(bytes: Uint8Array): void;
  /** TLS begins here: `secured` is to be called when it stands. Only where it was asked for. */
  secure(): void;
  /** The export can be read. */
  ready(facts: NbdExportFacts): void;
  /** All bytes of a read. */
  data(cookie: bigint, bytes: Uint8Array): void;
  /** A read failed, with an error of Linux. */
  failed(cookie: bigint, error: number): void;
}

/** What a server tells of an export. */
export interface NbdExportFacts {
  readonly sizeBytes: number;
  /** Longest read that the server takes, bytes. */
  readonly maxReadBytes: number;
}

/** What is wanted of a server. */
export interface NbdClientOptions {
  /** Empty is the server's own choice. */
  readonly exportName: string;
  /** Whether nothing is said before TLS stands. */
  readonly tls: boolean;
}

type State =
  | 'greeting'
  | 'tls'
  | 'securing'
  | 'go'
  | 'old-facts'
  | 'old-padding'
  | 'replies'
  | 'data';

const FACTS_BYTES = 10;
const TEXT = new TextEncoder();

/** Our side of a connection to somebody's NBD server, which we only read from. */
export class NbdClient {
  readonly #sink: NbdClientSink;
  readonly #name: Uint8Array;
  readonly #tls: boolean;
  readonly #input = new ByteQueue();
  readonly #reads = new Map<bigint, number>();
  #state: State = 'greeting';
  #flags = 0;
  #sizeBytes: number | undefined;
  #maxReadBytes = MAX_REQUEST_BYTES;
  #header: { readonly type: number; readonly length: number } | undefined;
  #current = 0n;
  #lastCookie = 0n;

  constructor(sink: NbdClientSink, { exportName, tls }: NbdClientOptions) {
    this.#sink = sink;
    this.#name = TEXT.encode(exportName);
    this.#tls = tls;
  }

  /** Takes bytes of the server, cut anywhere. Throws NbdError when it breaks the protocol. */
  push(bytes: Uint8Array): void {
    this.#input.push(bytes);
    while (this.#step());
  }

  /** TLS stands: what comes and goes from now on is inside it. */
  secured(): void {
    if (this.#state === 'securing') this.#go();
  }

  /** Asks for bytes once the export is ready; the cookie that their arrival will name. */
  read(offset: number, length: number): bigint {
    this.#lastCookie += 1n;
    const cookie = this.#lastCookie;
    this.#reads.set(cookie, length);
    this.#request(COMMAND.read, cookie, offset, length);
    return cookie;
  }

  /** Tells the server that we go. */
  disconnect(): void {
    if (this.#state === 'replies' || this.#state === 'data')
      this.#request(COMMAND.disconnect, 0n, 0, 0);
  }

  #request(command: number, cookie: bigint, offset: number, length: number): void {
    this.#sink.send(
      frame([REQUEST_MAGIC, 4], [0, 2], [command, 2], [cookie, 8], [offset, 8], [length, 4]),
    );
  }

  /** Whether something whole was there. */
  #step(): boolean {
    switch (this.#state) {
      case 'greeting':
        return this.#readGreeting();
      case 'tls':
      case 'go':
        return this.#readOptionReply();
      case 'securing':
        if (this.#input.take(1)) throw new NbdError('The server did not wait for TLS');
        return false;
      case 'old-facts':
        return this.#readFacts();
      case 'old-padding':
        return this.#readPadding();
      case 'replies':
        return this.#readReply();
      case 'data':
        return this.#readData();
    }
  }

  #readGreeting(): boolean {
    const bytes = this.#input.take(GREETING_BYTES);
    if (!bytes) return false;
    if (GREETING.some((byte, at) => bytes[at] !== byte)) {
      throw new NbdError('There is no NBD server of the newstyle protocol');
    }
    this.#flags = viewOf(bytes).getUint16(GREETING.length);
    if ((this.#flags & HANDSHAKE_FLAG.fixedNewstyle) === 0) {
      throw new NbdError('The NBD server is too old: it has no options');
    }
    const ours = HANDSHAKE_FLAG.fixedNewstyle | (this.#flags & HANDSHAKE_FLAG.noZeroes);
    this.#sink.send(frame([ours, 4]));
    if (this.#tls) {
      this.#option(OPTION.startTls, new Uint8Array());
      this.#state = 'tls';
    } else this.#go();
    return true;
  }

  #go(): void {
    const wanted = [[1, 2] as const, [INFO.blockSize, 2] as const];
    this.#option(OPTION.go, frame([this.#name.length, 4], this.#name, ...wanted));
    this.#state = 'go';
  }

  #option(option: number, data: Uint8Array): void {
    this.#sink.send(frame([OPTION_MAGIC, 8], [option, 4], [data.length, 4], data));
  }

  #readOptionReply(): boolean {
    this.#header ??= this.#readOptionHeader();
    if (!this.#header) return false;
    const { type, length } = this.#header;
    const data = this.#input.take(length);
    if (!data) return false;
    this.#header = undefined;
    if (this.#state === 'tls') this.#tlsAnswer(type, data);
    else this.#goAnswer(type, data);
    return true;
  }

  #readOptionHeader() {
    const bytes = this.#input.take(OPTION_REPLY_HEADER_BYTES);
    if (!bytes) return undefined;
    const view = viewOf(bytes);
    const asked = this.#state === 'tls' ? OPTION.startTls : OPTION.go;
    if (view.getBigUint64(0) !== OPTION_REPLY_MAGIC || view.getUint32(8) !== asked) {
      throw new NbdError('The server answers something else than it was asked');
    }
    const length = view.getUint32(16);
    if (length > MAX_OPTION_BYTES) throw new NbdError(`An answer has ${length} bytes`);
    return { type: view.getUint32(12), length };
  }

  #tlsAnswer(type: number, data: Uint8Array): void {
    if (type !== OPTION_REPLY.ack) throw refusal(type, data);
    this.#state = 'securing';
    this.#sink.secure();
  }

  #goAnswer(type: number, data: Uint8Array): void {
    if (type === OPTION_REPLY.info) this.#note(data);
    else if (type === OPTION_REPLY.ack) this.#becomeReady();
    else if (type === OPTION_REPLY.unsupported) {
      this.#option(OPTION.exportName, this.#name);
      this.#state = 'old-facts';
    } else throw refusal(type, data);
  }

  #note(data: Uint8Array): void {
    const view = viewOf(data);
    const kind = data.length < 2 ? undefined : view.getUint16(0);
    if (kind === INFO.export && data.length === 2 + FACTS_BYTES) {
      this.#sizeBytes = sizeFrom(view.getBigUint64(2));
    }
    if (kind === INFO.blockSize && data.length === 14) {
      this.#maxReadBytes = Math.min(MAX_REQUEST_BYTES, view.getUint32(10));
    }
  }

  #readFacts(): boolean {
    const bytes = this.#input.take(FACTS_BYTES);
    if (!bytes) return false;
    this.#sizeBytes = sizeFrom(viewOf(bytes).getBigUint64(0));
    this.#state = 'old-padding';
    return true;
  }

  #readPadding(): boolean {
    const isNone = (this.#flags & HANDSHAKE_FLAG.noZeroes) !== 0;
    if (!this.#input.take(isNone ? 0 : PADDING_BYTES)) return false;
    this.#becomeReady();
    return true;
  }

  #becomeReady(): void {
    if (this.#sizeBytes === undefined) throw new NbdError('The server does not tell the size');
    this.#state = 'replies';
    this.#sink.ready({ sizeBytes: this.#sizeBytes, maxReadBytes: this.#maxReadBytes });
  }

  #readReply(): boolean {
    const bytes = this.#input.take(REPLY_BYTES);
    if (!bytes) return false;
    const view = viewOf(bytes);
    const cookie = view.getBigUint64(8);
    if (view.getUint32(0) !== REPLY_MAGIC || !this.#reads.has(cookie)) {
      throw new NbdError('The server answers something else than it was asked');
    }
    const error = view.getUint32(4);
    if (error === 0) {
      this.#current = cookie;
      this.#state = 'data';
      return true;
    }
    this.#reads.delete(cookie);
    this.#sink.failed(cookie, error);
    return true;
  }

  #readData(): boolean {
    const bytes = this.#input.take(this.#reads.get(this.#current) ?? 0);
    if (!bytes) return false;
    this.#reads.delete(this.#current);
    this.#state = 'replies';
    this.#sink.data(this.#current, bytes);
    return true;
  }
}

function sizeFrom(size: bigint): number {
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new NbdError(`The export has ${size} bytes`);
  return Number(size);
}

function refusal(type: number, data: Uint8Array): NbdError {
  const text = new TextDecoder().decode(data.subarray(0, 200)).replaceAll(/\p{C}/gu, ' ').trim();
  const said = text === '' ? '' : `: ${text}`;
  if (type === OPTION_REPLY.unknown) return new NbdError(`There is no export of this name${said}`);
  if (type === OPTION_REPLY.tlsRequired) {
    return new NbdError(`The server wants TLS; write nbds:// instead of nbd://${said}`);
  }
  const kind = type >= OPTION_ERROR ? `error ${type - OPTION_ERROR}` : `answer ${type}`;
  return new NbdError(`The server refuses the export (${kind})${said}`);
}
