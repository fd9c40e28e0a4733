/** Bytes of a stream that wait until what they belong to is whole. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #length = 0;

  /** Takes bytes, which must not change any more. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }

  /** The first `length` bytes and no more of them; undefined until there are so many. */
  take(length: number): Uint8Array | undefined {
    if (this.#length < length) return undefined;
    const [first] = this.#chunks;
    if (first && first.length >= length) {
      this.#length -= length;
      if (first.length === length) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    const taken = new Uint8Array(length);
    this.#drain(length, (bytes, at) => taken.set(bytes, at));
    return taken;
  }

  /** Drops up to `length` bytes; how many that were. */
  skip(length: number): number {
    const skipped = Math.min(length, this.#length);
    this.#drain(skipped, () => undefined);
    return skipped;
  }

  #drain(length: number, give: (bytes: Uint8Array, at: number) => void): void {
    let at = 0;
    let used = 0;
    while (at < length) {
      const chunk = this.#chunks[used] ?? new Uint8Array();
      const part = chunk.subarray(0, length - at);
      give(part, at);
      at += part.length;
      if (part.length === chunk.length) used += 1;
      else this.#chunks[used] = chunk.subarray(part.length);
    }
    this.#chunks = this.#chunks.slice(used);
    this.#length -= length;
  }
}
