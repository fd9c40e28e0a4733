import { expect, it } from 'vitest';
import type { QmpClient } from './qmp-client.ts';
import { hasSoundCard } from './sound-card.ts';

/** Pieces of `info qtree` of QEMU 7.2. */
const SPEAKER = '          dev: isa-pcspk, id ""\r\n            audiodev = ""\r\n';
const CARD = '          dev: hda-output, id ""\r\n            audiodev = "sound"\r\n';

const telling = (answer: () => Promise<unknown>) => ({ execute: answer }) as unknown as QmpClient;

it('finds a card or a speaker that plays, in what QEMU tells of its devices', async () => {
  expect(await hasSoundCard(telling(async () => CARD + SPEAKER))).toBe(true);
  const speaking = SPEAKER.replace('audiodev = ""', 'audiodev = "s"');
  expect(await hasSoundCard(telling(async () => speaking))).toBe(true);
  expect(await hasSoundCard(telling(async () => SPEAKER))).toBe(false);
  expect(await hasSoundCard(telling(async () => ''))).toBe(false);
});

it('takes a QEMU that does not say for one without', async () => {
  const refused = () => Promise.reject(new Error('CommandNotFound'));
  expect(await hasSoundCard(telling(refused))).toBe(false);
});
