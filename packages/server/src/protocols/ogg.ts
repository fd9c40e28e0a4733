/**
 * Packets out of an Ogg stream (RFC 3533, 6), numbers little-endian:
 *
 *     page: "OggS" version(1)=0 flags(1) position(8) stream(4) number(4) CRC(4) count(1) lengths data
 *
 * A packet is a run of segments of 255 bytes and a shorter one, which may have none; one that is not
 * over goes on in the next page (flag 1). The checksum is not looked at: the stream comes over a
 * pipe, which loses nothing.
 */
const CAPTURE = 'OggS';
const HEADER_BYTES = 27;
const FLAGS_AT = 5;
const COUNT_AT = 26;
const CONTINUED = 1;
const FULL_SEGMENT = 255;
/** Largest packet that is put together, bytes: more than any of sound. */
const MAX_PACKET_BYTES = 64 * 1024;

/** The bytes are no Ogg. */
export class OggError extends Error {
  override readonly name = 'OggError';
}

/** Takes an Ogg stream in pieces of any size and gives the packets that are complete. */
export class OggReader {
  #rest: Buffer = Buffer.alloc(0);
  /** What is there of a packet that goes on in the next page. */
  #begun: Buffer = Buffer.alloc(0);

  /** Throws OggError; the reader is of no use after that. */
  push(bytes: Buffer): readonly Buffer[] {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    const packets: Buffer[] = [];
    for (;;) {
      const size = this.#pageBytes();
      if (size === undefined || this.#rest.length < size) return packets;
      this.#read(this.#rest.subarray(0, size), packets);
      this.#rest = this.#rest.subarray(size);
    }
  }

  /** Length of the next page; undefined while it is not known. */
  #pageBytes(): number | undefined {
    const page = this.#rest;
    const known = Math.min(page.length, CAPTURE.length);
    if (page.toString('latin1', 0, known) !== CAPTURE.slice(0, known)) {
      throw new OggError('This is no page of Ogg');
    }
    const [version = 0] = page.subarray(CAPTURE.length);
    if (version !== 0) throw new OggError(`Version ${version} of Ogg`);
    const tableBytes = page[COUNT_AT];
    if (tableBytes === undefined || page.length < HEADER_BYTES + tableBytes) return undefined;
    const table = page.subarray(HEADER_BYTES, HEADER_BYTES + tableBytes);
    return table.reduce((sum, length) => sum + length, HEADER_BYTES + tableBytes);
  }

  #read(page: Buffer, packets: Buffer[]): void {
    const isContinued = ((page[FLAGS_AT] ?? 0) & CONTINUED) !== 0;
    if (isContinued !== this.#begun.length > 0) throw new OggError('A packet is not continued');
    const table = page.subarray(HEADER_BYTES, HEADER_BYTES + (page[COUNT_AT] ?? 0));
    let [begin, end] = [HEADER_BYTES + table.length, HEADER_BYTES + table.length];
    for (const length of table) {
      end += length;
      if (length === FULL_SEGMENT) continue;
      packets.push(this.#joined(page.subarray(begin, end)));
      this.#begun = Buffer.alloc(0);
      begin = end;
    }
    this.#begun = this.#joined(page.subarray(begin, end));
  }

  #joined(bytes: Buffer): Buffer {
    const packet = Buffer.concat([this.#begun, bytes]);
    if (packet.length > MAX_PACKET_BYTES) throw new OggError('A packet is too long');
    return packet;
  }
}
