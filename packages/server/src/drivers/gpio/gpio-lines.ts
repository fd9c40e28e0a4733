import { isSystemError } from '../../platform/files.ts';
import type { GpioCalls } from '../../platform/gpio-calls.ts';
import {
  decodeEdges,
  decodeLineInfo,
  decodeValues,
  encodeLineInfo,
  encodeLineRequest,
  encodeValues,
  GPIO_EVENT_BYTES,
  GPIO_IOCTL,
  type LineEdge,
  requestedFd,
} from '../../protocols/gpio-uapi.ts';

/** Events that are read at once; the kernel keeps 16 a line. */
const EVENTS = 64;

/** Lines of a chip that are ours until they are closed. Everything throws system errors. */
export class GpioLines implements Disposable {
  readonly #calls: GpioCalls;
  readonly #fd: number;
  readonly #offsets: readonly number[];
  readonly #events = new Uint8Array(EVENTS * GPIO_EVENT_BYTES);

  private constructor(calls: GpioCalls, fd: number, offsets: readonly number[]) {
    this.#calls = calls;
    this.#fd = fd;
    this.#offsets = offsets;
  }

  /**
   * Takes lines as inputs, which tell their `edges` or not, and are pulled low by the chip with
   * `pullsDown`; or as outputs with these first levels. Says who has a line already.
   */
  static request(
    calls: GpioCalls,
    device: string,
    lines:
      | {
          readonly inputs: readonly number[];
          readonly edges?: boolean;
          readonly pullsDown?: boolean;
        }
      | { readonly outputs: ReadonlyMap<number, boolean> },
  ): GpioLines {
    const isInput = 'inputs' in lines;
    const offsets = isInput ? lines.inputs : [...lines.outputs.keys()];
    const request = encodeLineRequest({
      ...{ offsets, consumer: 'crashcart' },
      ...(isInput
        ? { edges: lines.edges, pullsDown: lines.pullsDown }
        : { outputs: [...lines.outputs.values()] }),
    });
    const chip = calls.open(device);
    try {
      calls.ioctl(chip, GPIO_IOCTL.requestLines, request);
    } catch (error) {
      throw new Error(whyNot(calls, chip, device, offsets, error), { cause: error });
    } finally {
      calls.close(chip);
    }
    const fd = requestedFd(request);
    calls.unblock(fd);
    return new GpioLines(calls, fd, offsets);
  }

  /** The levels of all lines, by their numbers on the chip. */
  levels(): ReadonlyMap<number, boolean> {
    const values = encodeValues(new Map(this.#offsets.map((_, index) => [index, false])));
    this.#calls.ioctl(this.#fd, GPIO_IOCTL.getValues, values);
    const levels = decodeValues(values, this.#offsets.length);
    return new Map(this.#offsets.map((offset, index) => [offset, levels[index] ?? false]));
  }

  /** Drives an output. */
  set(offset: number, level: boolean): void {
    const values = encodeValues(new Map([[this.#offsets.indexOf(offset), level]]));
    this.#calls.ioctl(this.#fd, GPIO_IOCTL.setValues, values);
  }

  /** What has happened to inputs since the last call, oldest first. */
  edges(): readonly LineEdge[] {
    const bytes = this.#calls.read(this.#fd, this.#events);
    return bytes === 0 ? [] : decodeEdges(this.#events.subarray(0, bytes));
  }

  /** Lets the lines go; the kernel leaves outputs as they are, where the chip can. */
  [Symbol.dispose](): void {
    this.#calls.close(this.#fd);
  }
}

function whyNot(
  calls: GpioCalls,
  chip: number,
  device: string,
  offsets: readonly number[],
  error: unknown,
): string {
  const what = `Lines ${offsets.join(', ')} of ${device} cannot be used`;
  if (!isSystemError(error, 'EBUSY')) return `${what}: ${String(error)}`;
  for (const offset of offsets) {
    const info = encodeLineInfo(offset);
    calls.ioctl(chip, GPIO_IOCTL.lineInfo, info);
    const { used, consumer } = decodeLineInfo(info);
    if (used) return `${what}: ${consumer || 'somebody'} has line ${offset}`;
  }
  return `${what}: somebody has one of them`;
}
