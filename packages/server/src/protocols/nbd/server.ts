import { ByteQueue } from './byte-queue.ts';
import {
  CHUNK,
  CHUNK_FLAG_DONE,
  CHUNK_MAGIC,
  COMMAND,
  COMMAND_FLAG_WHOLE,
  frame,
  GREETING,
  HANDSHAKE_FLAG,
  INFO,
  MAX_OPTION_BYTES,
  MAX_REQUEST_BYTES,
  NBD_ERROR,
  NbdError,
  OPTION,
  OPTION_HEADER_BYTES,
  OPTION_MAGIC,
  OPTION_REPLY,
  OPTION_REPLY_MAGIC,
  PADDING_BYTES,
  REPLY_MAGIC,
  REQUEST_BYTES,
  REQUEST_MAGIC,
  TRANSMISSION_FLAG,
  viewOf,
} from './wire.ts';

/** What a client wants to read; it lies within the export. */
export interface NbdRead {
  /** Names the request in its reply. */
  readonly cookie: bigint;
  /** Bytes. */
  readonly offset: number;
  /** Bytes, at least 1. */
  readonly length: number;
}

/** Who uses an `NbdServer`. */
export interface NbdServerSink {
  /** Bytes for the client, in order. */
  send(bytes: Uint8Array): void;
  /** Is to be answered by `reply` or `refuse`, in any order. */
  read(request: NbdRead): void;
  /** The client wants to go; what was sent before is to arrive. */
  end(): void;
}

/** What a read-only server shows to everybody. */
const FLAGS =
  TRANSMISSION_FLAG.hasFlags |
  TRANSMISSION_FLAG.readOnly |
  TRANSMISSION_FLAG.sendFlush |
  TRANSMISSION_FLAG.doNotFragment |
  TRANSMISSION_FLAG.multipleConnections;
const NAME_BYTES = 4;

/** Our side of one connection of a client to the one export that there is, which is read-only. */
export class NbdServer {
  readonly #sink: NbdServerSink;
  readonly #sizeBytes: number;
  readonly #preferredBytes: number;
  readonly #input = new ByteQueue();
  #state: 'flags' | 'options' | 'requests' | 'ended' = 'flags';
  #noZeroes = false;
  #structured = false;
  #skip = 0;
  #header: { readonly option: number; readonly length: number } | undefined;

  /** Greets the client. `preferredBytes` is the length of reads that costs least, a power of two. */
  constructor(
    sink: NbdServerSink,
    { sizeBytes, preferredBytes }: { readonly sizeBytes: number; readonly preferredBytes: number },
  ) {
    this.#sink = sink;
    this.#sizeBytes = sizeBytes;
    this.#preferredBytes = preferredBytes;
    sink.send(frame(GREETING, [HANDSHAKE_FLAG.fixedNewstyle | HANDSHAKE_FLAG.noZeroes, 2]));
  }

  /** Takes bytes of the client, cut anywhere. Throws NbdError when it breaks the protocol. */
  push(bytes: Uint8Array): void {
    this.#input.push(bytes);
    while (this.#step());
  }

  /** Answers a read with all of its bytes. */
  reply({ cookie, offset }: NbdRead, bytes: Uint8Array): void {
    if (this.#structured) {
      this.#sendChunk(CHUNK.offsetData, cookie, 8 + bytes.length, frame([offset, 8]));
    } else this.#sendSimple(cookie, 0);
    this.#sink.send(bytes);
  }

  /** Answers a read with an error, of `NBD_ERROR`. */
  refuse(cookie: bigint, error: number): void {
    if (!this.#structured) this.#sendSimple(cookie, error);
    else this.#sendChunk(CHUNK.error, cookie, 6, frame([error, 4], [0, 2]));
  }

  #sendSimple(cookie: bigint, error: number): void {
    this.#sink.send(frame([REPLY_MAGIC, 4], [error, 4], [cookie, 8]));
  }

  #sendChunk(type: number, cookie: bigint, length: number, head: Uint8Array): void {
    const kind = [[CHUNK_FLAG_DONE, 2] as const, [type, 2] as const];
    this.#sink.send(frame([CHUNK_MAGIC, 4], ...kind, [cookie, 8], [length, 4], head));
  }

  /** Whether something whole was there. */
  #step(): boolean {
    switch (this.#state) {
      case 'flags':
        return this.#readFlags();
      case 'options':
        return this.#readOption();
      case 'requests':
        return this.#skip > 0 ? this.#skipPayload() : this.#readRequest();
      case 'ended':
        return false;
    }
  }

  #readFlags(): boolean {
    const bytes = this.#input.take(4);
    if (!bytes) return false;
    const flags = viewOf(bytes).getUint32(0);
    const unknown = flags & ~(HANDSHAKE_FLAG.fixedNewstyle | HANDSHAKE_FLAG.noZeroes);
    if (unknown !== 0) throw new NbdError(`The client has flags that we do not have: ${flags}`);
    this.#noZeroes = (flags & HANDSHAKE_FLAG.noZeroes) !== 0;
    this.#state = 'options';
    return true;
  }

  #readOption(): boolean {
    this.#header ??= this.#readOptionHeader();
    if (!this.#header) return false;
    const { option, length } = this.#header;
    const data = this.#input.take(length);
    if (!data) return false;
    this.#header = undefined;
    this.#answer(option, data);
    return true;
  }

  #readOptionHeader() {
    const bytes = this.#input.take(OPTION_HEADER_BYTES);
    if (!bytes) return undefined;
    const view = viewOf(bytes);
    if (view.getBigUint64(0) !== OPTION_MAGIC) throw new NbdError('This is no option of NBD');
    const length = view.getUint32(12);
    if (length > MAX_OPTION_BYTES) throw new NbdError(`An option has ${length} bytes`);
    return { option: view.getUint32(8), length };
  }

  #answer(option: number, data: Uint8Array): void {
    switch (option) {
      case OPTION.exportName:
        this.#begin(data);
        break;
      case OPTION.abort:
        this.#reply(option, OPTION_REPLY.ack);
        this.#end();
        break;
      case OPTION.list:
        if (data.length > 0) this.#reply(option, OPTION_REPLY.invalid);
        else {
          this.#reply(option, OPTION_REPLY.server, frame([0, NAME_BYTES]));
          this.#reply(option, OPTION_REPLY.ack);
        }
        break;
      case OPTION.info:
      case OPTION.go:
        this.#tell(option, nameIn(data));
        break;
      case OPTION.structuredReply:
        this.#structured = data.length === 0;
        this.#reply(option, this.#structured ? OPTION_REPLY.ack : OPTION_REPLY.invalid);
        break;
      default:
        this.#reply(option, OPTION_REPLY.unsupported);
    }
  }

  /** The oldest option, which has no way to be refused. */
  #begin(name: Uint8Array): void {
    if (name.length > 0) throw new NbdError('There is no export of this name');
    this.#sink.send(frame([this.#sizeBytes, 8], [FLAGS, 2]));
    if (!this.#noZeroes) this.#sink.send(new Uint8Array(PADDING_BYTES));
    this.#state = 'requests';
  }

  #tell(option: number, name: Uint8Array | undefined): void {
    if (name === undefined) this.#reply(option, OPTION_REPLY.invalid);
    else if (name.length > 0) this.#reply(option, OPTION_REPLY.unknown);
    else {
      const facts = frame([INFO.export, 2], [this.#sizeBytes, 8], [FLAGS, 2]);
      const lengths = [[1, 4] as const, [this.#preferredBytes, 4] as const];
      const sizes = frame([INFO.blockSize, 2], ...lengths, [MAX_REQUEST_BYTES, 4]);
      this.#reply(option, OPTION_REPLY.info, facts);
      this.#reply(option, OPTION_REPLY.info, sizes);
      this.#reply(option, OPTION_REPLY.ack);
      if (option === OPTION.go) this.#state = 'requests';
    }
  }

  #reply(option: number, type: number, data: Uint8Array = new Uint8Array()): void {
    const header = [[option, 4] as const, [type, 4] as const, [data.length, 4] as const];
    this.#sink.send(frame([OPTION_REPLY_MAGIC, 8], ...header, data));
  }

  #readRequest(): boolean {
    const bytes = this.#input.take(REQUEST_BYTES);
    if (!bytes) return false;
    const view = viewOf(bytes);
    if (view.getUint32(0) !== REQUEST_MAGIC) throw new NbdError('This is no request of NBD');
    const flags = view.getUint16(4);
    const cookie = view.getBigUint64(8);
    const length = view.getUint32(24);
    switch (view.getUint16(6)) {
      case COMMAND.read: {
        const offset = Number(view.getBigUint64(16));
        const fits =
          length > 0 && length <= MAX_REQUEST_BYTES && offset + length <= this.#sizeBytes;
        if ((flags & ~COMMAND_FLAG_WHOLE) === 0 && fits)
          this.#sink.read({ cookie, offset, length });
        else this.refuse(cookie, NBD_ERROR.invalid);
        return true;
      }
      case COMMAND.write:
        if (length > MAX_REQUEST_BYTES) throw new NbdError(`A write has ${length} bytes`);
        this.#skip = length;
        this.#sendSimple(cookie, NBD_ERROR.permission);
        return true;
      case COMMAND.trim:
      case COMMAND.zero:
        this.#sendSimple(cookie, NBD_ERROR.permission);
        return true;
      case COMMAND.flush:
        this.#sendSimple(cookie, 0);
        return true;
      case COMMAND.disconnect:
        this.#end();
        return false;
      default:
        this.#sendSimple(cookie, NBD_ERROR.invalid);
        return true;
    }
  }

  #skipPayload(): boolean {
    const skipped = this.#input.skip(this.#skip);
    this.#skip -= skipped;
    return skipped > 0;
  }

  #end(): void {
    this.#state = 'ended';
    this.#sink.end();
  }
}

/** The name in the data of `info` and `go`, after which are the kinds of facts that are wanted. */
function nameIn(data: Uint8Array): Uint8Array | undefined {
  if (data.length < NAME_BYTES + 2) return undefined;
  const view = viewOf(data);
  const end = NAME_BYTES + view.getUint32(0);
  if (end + 2 > data.length) return undefined;
  const wanted = view.getUint16(end);
  return end + 2 + 2 * wanted === data.length ? data.subarray(NAME_BYTES, end) : undefined;
}
