import { constants, createDeflate, deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { ZlibInflater } from './zlib-inflater.ts';

/** What a server's stream makes of some blocks. */
async function deflated(...blocks: readonly Buffer[]): Promise<Buffer[]> {
  const stream = createDeflate();
  const out: Buffer[] = [];
  for (const block of blocks) {
    stream.write(block);
    const flushed = new Promise<void>((resolve) =>
      stream.flush(constants.Z_SYNC_FLUSH, () => resolve()),
    );
    const parts: Buffer[] = [];
    const take = (part: Buffer) => parts.push(part);
    stream.on('data', take);
    await flushed;
    stream.off('data', take);
    out.push(Buffer.concat(parts));
  }
  return out;
}

it('goes on where it was, block after block, also when they come in pieces', async () => {
  const [first, second, third] = [Buffer.alloc(500_000, 7), Buffer.from('abc'), Buffer.alloc(9, 1)];
  const [one, two, three] = await deflated(first, second, third);
  const inflater = new ZlibInflater();
  expect(first.equals(await inflater.inflate(one ?? first))).toBe(true);
  const pieces: Uint8Array[] = [];
  for (const byte of two ?? []) pieces.push(await inflater.inflate(Uint8Array.of(byte)));
  expect(Buffer.concat(pieces)).toEqual(second);
  expect(await inflater.inflate(three ?? first)).toEqual(third);
});

it('begins anew after a reset, and refuses what is no zlib, again and again', async () => {
  const [one = Buffer.alloc(0)] = await deflated(Buffer.from('abc'));
  const inflater = new ZlibInflater();
  await inflater.inflate(one);
  inflater.reset();
  expect(await inflater.inflate(one)).toEqual(Buffer.from('abc'));
  await expect(inflater.inflate(Buffer.alloc(50, 0xff))).rejects.toThrow();
  await expect(inflater.inflate(one)).rejects.toThrow();
  inflater.reset();
  expect(await inflater.inflate(one)).toEqual(Buffer.from('abc'));
});

it('gives nothing more after the end of a stream', async () => {
  const whole = deflateSync('abc');
  const inflater = new ZlibInflater();
  expect(await inflater.inflate(whole)).toEqual(Buffer.from('abc'));
  const more = await inflater.inflate(whole).catch(() => Buffer.alloc(0));
  expect(more).toHaveLength(0);
});
