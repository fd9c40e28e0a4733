import { RFB_LIMITS, RfbError } from './limits.ts';
import { type Reading, viewOf } from './reader.ts';

/**
 * Sound of a QEMU over RFB ("QEMU Audio", pseudo-encoding -259, of the community's RFB document).
 * A server that has it answers SetEncodings with an empty rectangle of that encoding; then
 *
 *     client: ff 01 | 0000 = enable, 0001 = disable, 0002 = format
 *             format: samples: u8 (3 = i16) | channels: u8 | Hz: u32
 *     server: ff 01 | 0000 = end, 0001 = begin, 0002 = data: length: u32 | samples
 *
 * Samples are interleaved, of the byte order of the host: little-endian on all that QEMU runs on
 * here.
 */
/** Type of QEMU's own messages, both ways. */
export const QEMU_MESSAGE = 255;
const AUDIO = 1;
const CLIENT = { enable: 0, format: 2 } as const;
const SERVER = { end: 0, begin: 1, data: 2 } as const;
const SIGNED_16 = 3;

/** What the sound of a server does. */
export interface RfbAudioSink {
  /** The machine begins to play. */
  audioBegin(): void;
  /** Samples, valid during the call; a piece may end within one. */
  audio(samples: Uint8Array): void;
  /** The machine has stopped. */
  audioEnd(): void;
}

/** Asks for sound from now on, as 16 bits signed of `channels` at `rateHz`. */
export function enableAudio(channels: number, rateHz: number): Uint8Array {
  const message = new Uint8Array(14);
  const view = viewOf(message);
  message.set([QEMU_MESSAGE, AUDIO, 0, CLIENT.format, SIGNED_16, channels]);
  view.setUint32(6, rateHz);
  message.set([QEMU_MESSAGE, AUDIO, 0, CLIENT.enable], 10);
  return message;
}

/** A server message of type 255, after its type. */
export function* readAudio(sink: Partial<RfbAudioSink>): Reading {
  const view = viewOf(yield 3);
  if (view.getUint8(0) !== AUDIO) throw new RfbError('The VNC server sent an unknown QEMU message');
  switch (view.getUint16(1)) {
    case SERVER.begin:
      sink.audioBegin?.();
      return;
    case SERVER.end:
      sink.audioEnd?.();
      return;
    case SERVER.data:
      break;
    default:
      throw new RfbError('The VNC server sent an unknown message of sound');
  }
  let left = viewOf(yield 4).getUint32(0);
  if (left > RFB_LIMITS.audioBytes) throw new RfbError('The VNC server sent too much sound');
  while (left > 0) {
    const samples = yield { upTo: left };
    sink.audio?.(samples);
    left -= samples.length;
  }
}
