import { constants, createInflate, type Inflate } from 'node:zlib';
import type { RfbInflater } from '../../protocols/rfb/inflate.ts';

/** A zlib stream by Node's zlib, whose work is done in libuv's pool. One call at a time. */
export class ZlibInflater implements RfbInflater {
  #stream: Inflate | undefined;

  inflate(bytes: Uint8Array): Promise<Uint8Array> {
    this.#stream ??= openStream();
    const stream = this.#stream;
    return new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      const drain = () => {
        for (let part = stream.read(); part !== null; part = stream.read()) parts.push(part);
      };
      const settle = () => {
        stream.off('readable', drain);
        stream.off('close', closed);
      };
      const failed = (error: Error) => {
        settle();
        reject(error);
      };
      const closed = () => failed(new Error('the zlib stream is closed'));
      stream.on('readable', drain);
      stream.on('close', closed);
      stream.write(bytes, (error) => {
        if (error) return failed(error);
        drain();
        settle();
        resolve(Buffer.concat(parts));
      });
    });
  }

  reset(): void {
    this.#stream?.destroy();
    this.#stream = undefined;
  }
}

function openStream(): Inflate {
  const stream = createInflate({ flush: constants.Z_SYNC_FLUSH });
  // Whoever writes is told by the callback, whether or not anybody listens just then.
  return stream.on('error', () => undefined);
}
