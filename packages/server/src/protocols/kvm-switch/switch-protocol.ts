/** How a KVM switch on a serial line is spoken to. Channels count from 0. */
export interface SwitchProtocol {
  /** How many channels there are. */
  readonly channels: number;
  /**
   * What makes the switch tell its channel; undefined where it tells by itself, or never. Where a
   * switch can only be asked by selecting, it is the channel that was known last, else the first.
   */
  ask(last: number | undefined): Uint8Array | undefined;
  /** Whether asking changes nothing, so that it can be done again and again. */
  readonly askable: boolean;
  /** Selects a channel. */
  select(channel: number): Uint8Array;
  /**
   * What the switch says by itself: an answer to each `select`; a sign of life every so many ms; or
   * nothing that can be relied on.
   */
  readonly tells: 'answers' | 'nothing' | { readonly everyMs: number };
  /** A status in what it sends (latin1), with the flag g. */
  readonly status: RegExp;
  /** The channel of a status; undefined when the status names none. */
  channelOf(match: RegExpMatchArray): number | undefined;
  /** Longest status, bytes. */
  readonly maxStatus: number;
  /** Whether a status may go on with the next byte, such as a number without an end. */
  readonly openEnded?: boolean;
}

/** One status of a switch; the channel is undefined when it is none that we know. */
export interface SwitchStatus {
  readonly channel: number | undefined;
}

/** Bytes in, statuses out; anything between them is skipped, and little of it is kept. */
export class SwitchReader {
  readonly #protocol: SwitchProtocol;
  #text = '';
  #told = '';

  constructor(protocol: SwitchProtocol) {
    this.#protocol = protocol;
  }

  /** The statuses that are complete with these bytes, in order. Never throws. */
  push(bytes: Uint8Array): readonly SwitchStatus[] {
    const { status, maxStatus, openEnded, channels } = this.#protocol;
    const text = this.#text + Buffer.from(bytes).toString('latin1');
    const found: SwitchStatus[] = [];
    let end = 0;
    let told = '';
    for (const match of text.matchAll(status)) {
      const isOpen = openEnded === true && match.index + match[0].length === text.length;
      end = isOpen ? match.index : match.index + match[0].length;
      if (isOpen) told = match[0];
      if (match.index === 0 && match[0] === this.#told) continue;
      const channel = this.#protocol.channelOf(match);
      const known = channel !== undefined && channel >= 0 && channel < channels;
      found.push({ channel: known ? channel : undefined });
    }
    this.#told = told;
    this.#text = text.slice(end).slice(-maxStatus);
    return found;
  }
}

/** A text as bytes. */
export function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
