import { Buffer } from 'node:buffer';
import { type Delta, FLAG_NUMERIC, FRAME, type KeyName, type MouseButton } from '@crashcart/api';
import type { HidSession } from '../../core/hid.ts';
import {
  BUTTON_CODES,
  buttonByLinuxCode,
  keyByLinuxCode,
  keyByName,
} from '../../protocols/keys.ts';

/** What a message was. */
export type Outcome = 'done' | 'ping' | 'junk';

/** The answer to a binary ping. */
export const PONG_FRAME = Buffer.of(FRAME.pong);

const STATE = 0x01;
const FINISH = 0x02;
const SQUASH = 0x01;

/**
 * Applies one binary message (layout in api's frames.ts) to a session; without one, valid input is
 * taken and ignored. Anything else is junk, and never throws.
 */
export function applyFrame(frame: Buffer, session: HidSession | undefined): Outcome {
  switch (frame[0]) {
    case FRAME.ping:
      return 'ping';
    case FRAME.key:
      return applyKey(frame, session);
    case FRAME.button:
      return applyButton(frame, session);
    case FRAME.move:
      if (frame.length !== 5) return 'junk';
      session?.move(frame.readInt16BE(1), frame.readInt16BE(3));
      return 'done';
    case FRAME.relative:
    case FRAME.wheel:
      return applyDeltas(frame, session);
    default:
      return 'junk';
  }
}

function applyKey(frame: Buffer, session: HidSession | undefined): Outcome {
  const flags = frame[1];
  if (flags === undefined) return 'junk';
  const key =
    flags & FLAG_NUMERIC ? keyOfCode(frame) : keyByName(frame.toString('latin1', 2).trim());
  if (key === undefined) return 'junk';
  session?.key(key.name as KeyName, (flags & STATE) !== 0, (flags & FINISH) !== 0);
  return 'done';
}

function keyOfCode(frame: Buffer) {
  return frame.length === 4 ? keyByLinuxCode(frame.readUInt16BE(2)) : undefined;
}

function applyButton(frame: Buffer, session: HidSession | undefined): Outcome {
  const flags = frame[1];
  if (flags === undefined) return 'junk';
  const button = flags & FLAG_NUMERIC ? buttonOfCode(frame) : buttonOfName(frame);
  if (button === undefined) return 'junk';
  session?.button(button, (flags & STATE) !== 0);
  return 'done';
}

function buttonOfCode(frame: Buffer): MouseButton | undefined {
  return frame.length === 4 ? buttonByLinuxCode(frame.readUInt16BE(2)) : undefined;
}

function buttonOfName(frame: Buffer): MouseButton | undefined {
  const name = frame.toString('latin1', 2).trim().toLowerCase();
  return Object.hasOwn(BUTTON_CODES, name) ? (name as MouseButton) : undefined;
}

function applyDeltas(frame: Buffer, session: HidSession | undefined): Outcome {
  if (frame.length < 4 || frame.length % 2 !== 0) return 'junk';
  const deltas: Delta[] = [];
  for (let at = 2; at < frame.length; at += 2) {
    deltas.push({ x: frame.readInt8(at), y: frame.readInt8(at + 1) });
  }
  const squash = ((frame[1] ?? 0) & SQUASH) !== 0;
  if (frame[0] === FRAME.wheel) session?.wheel(deltas, squash);
  else session?.moveBy(deltas, squash);
  return 'done';
}
