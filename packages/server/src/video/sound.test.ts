import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { recordingLog } from '../../test/support/recording-log.ts';
import { type SampleSource, SOUND, type SoundListener } from '../core/sound-source.ts';
import { StateCell } from '../core/state.ts';
import type { OpusListener } from './opus-encoder.ts';
import { Sound, type SoundPacket } from './sound.ts';

const PACKET = Buffer.from('packet');
const bytesOf = (ms: number) => ms * (SOUND.rateHz / 1000) * SOUND.sampleBytes;
const tone = (ms: number) => Buffer.alloc(bytesOf(ms), 7);

/** A machine that plays what the test says, and an encoder that the test drives. */
class Rig {
  readonly trouble = new StateCell<string | undefined>(undefined);
  readonly log = recordingLog();
  readonly written: Buffer[] = [];
  readonly packets: SoundPacket[] = [];
  machine: SoundListener | undefined;
  encoder: OpusListener | undefined;
  opened = 0;
  takes = true;
  readonly sound = new Sound({
    source: {
      ...{ kind: 'samples', trouble: this.trouble },
      listen: (listener) => {
        this.machine = listener;
        return () => {
          this.machine = undefined;
        };
      },
    } satisfies SampleSource,
    open: (_input, listener) => {
      this.opened += 1;
      this.encoder = listener;
      return {
        write: (samples) => {
          if (this.takes) this.written.push(samples);
          return this.takes;
        },
        close: () => {
          this.encoder = undefined;
        },
      };
    },
    log: this.log,
  });

  join(): () => void {
    return this.sound.join((packet) => this.packets.push(packet));
  }

  get writtenBytes(): number {
    return this.written.reduce((sum, { length }) => sum + length, 0);
  }
}

let rig: Rig;
beforeEach(() => {
  vi.useFakeTimers();
  rig = new Rig();
});
afterEach(() => {
  rig.sound.close();
  vi.useRealTimers();
});

it('listens and encodes only while somebody does, once for all', () => {
  expect([rig.machine, rig.encoder]).toEqual([undefined, undefined]);
  const leave = [rig.join(), rig.join()];
  rig.machine?.onSamples(tone(20));
  rig.encoder?.onPacket(PACKET);
  expect(rig.packets).toHaveLength(2);
  leave[0]?.();
  leave[0]?.();
  expect(rig.sound.online).toBe(true);
  leave[1]?.();
  expect([rig.machine, rig.encoder, rig.sound.online]).toEqual([undefined, undefined, false]);
  expect(rig.opened).toBe(1);
});

it('joins samples that come in pieces', () => {
  rig.join();
  for (const part of [tone(20).subarray(0, 5), tone(20).subarray(5)]) rig.machine?.onSamples(part);
  expect(rig.written.every(({ length }) => length % SOUND.sampleBytes === 0)).toBe(true);
  expect(rig.writtenBytes).toBe(bytesOf(20));
});

it('ends what was played with a little silence, and leaves the pause in its times', () => {
  rig.join();
  rig.machine?.onSamples(tone(20));
  rig.machine?.onSilence();
  expect(rig.writtenBytes).toBe(bytesOf(100));
  // Nothing more, however often it says so.
  rig.machine?.onSilence();
  expect(rig.writtenBytes).toBe(bytesOf(100));
  vi.advanceTimersByTime(3000);
  rig.machine?.onSamples(tone(20));
  for (let packet = 0; packet < 6; packet += 1) rig.encoder?.onPacket(PACKET);
  expect(rig.packets.map(({ isFirst }) => isFirst)).toEqual([
    ...[true, false, false, false, false, true],
  ]);
  const [first, , , , fifth, sixth] = rig.packets.map(({ time }) => time);
  expect((fifth ?? 0) - (first ?? 0)).toBe(4 * 960);
  expect((sixth ?? 0) - (first ?? 0)).toBe(3000 * 48);
});

it('does not encode a guest that plays nothing but silence', () => {
  rig.join();
  for (let piece = 0; piece < 100; piece += 1) rig.machine?.onSamples(Buffer.alloc(bytesOf(20)));
  expect(rig.writtenBytes).toBe(bytesOf(300));
  rig.machine?.onSamples(tone(20));
  expect(rig.writtenBytes).toBe(bytesOf(320));
});

it('starts an encoder anew that ends, and says so once', () => {
  rig.join();
  rig.encoder?.onEnd('killed');
  expect(rig.sound.online).toBe(false);
  rig.machine?.onSamples(tone(20));
  vi.advanceTimersByTime(250);
  expect(rig.opened).toBe(2);
  rig.encoder?.onEnd('killed');
  vi.advanceTimersByTime(499);
  expect(rig.opened).toBe(2);
  vi.advanceTimersByTime(1);
  expect(rig.sound.state).toEqual({ opus: {} });
  rig.encoder?.onEnd('no such device');
  expect(rig.sound.state).toEqual({ reason: 'There is no sound: no such device' });
  expect(rig.log.messages).toEqual(['warn The sound has ended; tried again']);
  vi.advanceTimersByTime(1000);
  rig.machine?.onSamples(tone(20));
  rig.encoder?.onPacket(PACKET);
  expect(rig.sound.trouble).toBeUndefined();
});

it('tries nothing more for nobody', () => {
  const leave = rig.join();
  rig.encoder?.onEnd('killed');
  leave();
  vi.advanceTimersByTime(60_000);
  expect(rig.opened).toBe(1);
});

it('counts only what the encoder has taken', () => {
  rig.join();
  rig.takes = false;
  rig.machine?.onSamples(tone(20));
  rig.takes = true;
  vi.advanceTimersByTime(1000);
  const before = performance.now();
  rig.machine?.onSamples(tone(20));
  rig.encoder?.onPacket(PACKET);
  expect(rig.packets[0]?.time).toBe(Math.round(before * 48));
});

it('says why there is nothing to hear', () => {
  expect(rig.sound.state).toEqual({ opus: {} });
  rig.trouble.set('The machine is mute.');
  expect(rig.sound.state).toEqual({ reason: 'The machine is mute.' });
  const { log } = rig;
  const without = new Sound({ source: { kind: 'alsa', device: 'x' }, open: undefined, log });
  expect(without.state).toEqual({ reason: expect.stringContaining('ffmpeg') });
  const none = new Sound({ source: undefined, open: undefined, log });
  expect([none.state, none.trouble]).toEqual([undefined, 'This machine has no sound.']);
});
