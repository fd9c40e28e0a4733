import type { Duplex } from 'node:stream';
import { LdapError } from '../../protocols/ldap/ber.ts';
import { decodeMessage, type LdapMessage, messageLength } from '../../protocols/ldap/messages.ts';

/** All that one attempt reads; a user in thousands of groups needs a quarter of it. */
const MAX_BYTES = 1024 * 1024;

/** The messages of a directory, one by one. */
export class LdapAnswers {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #pending: Uint8Array = new Uint8Array();
  #left = MAX_BYTES;

  constructor(socket: Duplex) {
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  /**
   * The next message that is an answer to request `id`. Rejects with LdapError when none comes: the
   * connection ends, what comes is no LDAP, too much, or the answer to something else.
   */
  async next(id: number): Promise<LdapMessage> {
    const bytes = await this.#take();
    const message = decodeMessage(bytes);
    if (message.kind === 'notice') {
      throw new LdapError(`The directory ends the connection: ${message.result.text}`);
    }
    if (message.id !== id) throw new LdapError('The directory answers what was not asked');
    return message;
  }

  async #take(): Promise<Uint8Array> {
    for (;;) {
      const length = messageLength(this.#pending);
      if (length !== undefined && length > MAX_BYTES) throw tooMuch();
      if (length !== undefined && length <= this.#pending.length) {
        const message = this.#pending.subarray(0, length);
        this.#pending = this.#pending.subarray(length);
        return message;
      }
      const { value, done } = await this.#chunks.next();
      if (done) throw new LdapError('The directory closed the connection');
      this.#left -= value.length;
      if (this.#left < 0) throw tooMuch();
      this.#pending = Buffer.concat([this.#pending, value]);
    }
  }
}

function tooMuch(): LdapError {
  return new LdapError(`The directory sends more than ${MAX_BYTES} bytes`);
}
