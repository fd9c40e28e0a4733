import type { GpioCalls } from '../../src/platform/gpio-calls.ts';

interface Request {
  readonly offsets: readonly number[];
  readonly isOutput: boolean;
  readonly tellsEdges: boolean;
  readonly chip: string;
  readonly events: Uint8Array[];
}

/**
 * The GPIO character device of a kernel, at its system calls: it reads and writes the structures of
 * linux/gpio.h by offsets of its own. A test drives inputs and sees outputs.
 */
export class FakeGpioKernel implements GpioCalls {
  /** Chips that are there now. */
  readonly chips = new Set(['/dev/gpiochip0']);
  /** Levels of all lines that anybody set. */
  readonly lines = new Map<number, boolean>();
  /** Labels of chips by path, and names of lines. */
  readonly labels = new Map<string, string>();
  readonly names = new Map<number, string>();
  /** Lines that another program has, with its name. */
  readonly taken = new Map<number, string>();
  /** Everything that outputs were set to, in order. */
  readonly writes: [number, boolean][] = [];
  /** Inputs that were asked for pulled low. */
  readonly pulledDown = new Set<number>();
  /** Chips that can be unplugged. */
  readonly unpluggable = new Set<string>();
  /** Whether edges are lost, as with a full queue. */
  losesEdges = false;
  readonly #files = new Map<number, string | Request>();
  #nextFd = 1000;

  /** How many descriptors are open. */
  get openCount(): number {
    return this.#files.size;
  }

  /** Whether somebody asked for the edges of a line. */
  tellsEdgesOf(offset: number): boolean {
    return this.#requests().some((each) => each.tellsEdges && each.offsets.includes(offset));
  }

  /** Whether a line is requested, and which way. */
  directionOf(offset: number): 'input' | 'output' | undefined {
    const request = this.#requests().find(({ offsets }) => offsets.includes(offset));
    return request && (request.isOutput ? 'output' : 'input');
  }

  /** Drives an input line from outside. */
  input(offset: number, level: boolean): void {
    if (this.lines.get(offset) === level) return;
    this.lines.set(offset, level);
    for (const request of this.#requests()) {
      if (!request.tellsEdges || !request.offsets.includes(offset) || this.losesEdges) continue;
      const event = new DataView(new ArrayBuffer(48));
      event.setUint32(8, level ? 1 : 2, true);
      event.setUint32(12, offset, true);
      if (request.events.length < 16 * request.offsets.length) {
        request.events.push(new Uint8Array(event.buffer));
      }
    }
  }

  open(path: string): number {
    if (!this.chips.has(path)) throw fail('ENOENT');
    this.#nextFd += 1;
    this.#files.set(this.#nextFd, path);
    return this.#nextFd;
  }

  isUnpluggable(path: string): boolean {
    return this.unpluggable.has(path);
  }

  listChips(): readonly string[] {
    return [...this.chips];
  }

  ioctl(fd: number, request: number, data: Uint8Array): void {
    const file = this.#files.get(fd);
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    if (typeof file === 'string' && request === 0xc250b407) this.#request(file, view);
    else if (typeof file === 'string' && request === 0xc100b405) this.#info(view);
    else if (typeof file === 'string' && request === 0x8044b401) this.#chipInfo(file, view);
    else if (typeof file === 'object' && !this.chips.has(file.chip)) throw fail('ENODEV');
    else if (typeof file === 'object' && request === 0xc010b40e) this.#get(file, view);
    else if (typeof file === 'object' && request === 0xc010b40f) this.#set(file, view);
    else throw fail('ENOTTY');
  }

  unblock(fd: number): void {
    if (typeof this.#files.get(fd) !== 'object') throw fail('EBADF');
  }

  read(fd: number, into: Uint8Array): number {
    const file = this.#files.get(fd);
    if (typeof file !== 'object') throw fail('EBADF');
    if (!this.chips.has(file.chip)) throw fail('ENODEV');
    const count = Math.min(file.events.length, Math.floor(into.length / 48));
    for (const [index, event] of file.events.splice(0, count).entries())
      into.set(event, index * 48);
    return count * 48;
  }

  close(fd: number): void {
    if (!this.#files.delete(fd)) throw fail('EBADF');
  }

  #request(chip: string, view: DataView): void {
    const count = view.getUint32(560, true);
    const offsets = Array.from({ length: count }, (_, index) => view.getUint32(index * 4, true));
    const flags = view.getBigUint64(288, true);
    const isOutput = (flags & 8n) !== 0n;
    const tellsEdges = (flags & 0x30n) === 0x30n;
    const held = this.#requests().flatMap((request) => request.offsets);
    if (offsets.some((offset) => held.includes(offset) || this.taken.has(offset))) {
      throw fail('EBUSY');
    }
    if (new Set(offsets).size < offsets.length) throw fail('EBUSY');
    if (isOutput) {
      const bits = view.getBigUint64(328, true);
      for (const [index, offset] of offsets.entries()) {
        this.#drive(offset, ((bits >> BigInt(index)) & 1n) === 1n);
      }
    } else if ((flags & 4n) === 0n) throw fail('EINVAL');
    if ((flags & 0x200n) !== 0n) {
      for (const offset of offsets) this.pulledDown.add(offset);
    }
    this.#nextFd += 1;
    this.#files.set(this.#nextFd, { offsets, isOutput, tellsEdges, chip, events: [] });
    view.setInt32(588, this.#nextFd, true);
  }

  #info(view: DataView): void {
    const offset = view.getUint32(64, true);
    writeText(view, 0, this.names.get(offset) ?? '');
    const owner = this.taken.get(offset);
    if (owner === undefined) return;
    writeText(view, 32, owner);
    view.setBigUint64(72, 1n, true);
  }

  #chipInfo(path: string, view: DataView): void {
    writeText(view, 0, path.slice('/dev/'.length));
    writeText(view, 32, this.labels.get(path) ?? '');
    view.setUint32(64, 54, true);
  }

  #get({ offsets }: Request, view: DataView): void {
    let bits = 0n;
    for (const [index, offset] of offsets.entries()) {
      if (this.lines.get(offset)) bits |= 1n << BigInt(index);
    }
    view.setBigUint64(0, bits & view.getBigUint64(8, true), true);
  }

  #set({ offsets, isOutput }: Request, view: DataView): void {
    if (!isOutput) throw fail('EPERM');
    const mask = view.getBigUint64(8, true);
    for (const [index, offset] of offsets.entries()) {
      const bit = 1n << BigInt(index);
      if ((mask & bit) !== 0n) this.#drive(offset, (view.getBigUint64(0, true) & bit) !== 0n);
    }
  }

  #drive(offset: number, level: boolean): void {
    this.lines.set(offset, level);
    this.writes.push([offset, level]);
  }

  #requests(): readonly Request[] {
    return [...this.#files.values()].filter((file) => typeof file === 'object');
  }
}

function writeText(view: DataView, at: number, text: string): void {
  for (const [index, byte] of Buffer.from(text).entries()) view.setUint8(at + index, byte);
}

function fail(code: string): Error {
  return Object.assign(new Error(code), { code });
}
