import { type Delta, OPERATIONS, valid } from '@crashcart/api';
import type { HidSession } from '../../core/hid.ts';
import type { Outcome } from './binary.ts';

const { validate: validKey } = OPERATIONS.hidSendKey.params.key;
const { validate: validButton } = OPERATIONS.hidSendMouseButton.params.button;
const { validate: validPlace } = OPERATIONS.hidSendMouseMove.params.to_x;
const { validate: validDelta } = OPERATIONS.hidSendMouseRelative.params.delta_x;

type Event = Readonly<Record<string, unknown>>;
type Session = HidSession | undefined;

/** What clients may send, by `event_type`. */
const INPUTS: Readonly<Record<string, (event: Event, session: Session) => Outcome>> = {
  ping: () => 'ping',

  key(event, session) {
    const key = validKey(event.key);
    const state = valid.bool(event.state);
    session?.key(key, state, boolOr(event.finish, false));
    return 'done';
  },

  mouse_button(event, session) {
    const button = validButton(event.button);
    session?.button(button, valid.bool(event.state));
    return 'done';
  },

  mouse_move(event, session) {
    const to = objectOf(event.to);
    session?.move(validPlace(to.x), validPlace(to.y));
    return 'done';
  },

  mouse_relative(event, session) {
    session?.moveBy(deltasOf(event.delta), boolOr(event.squash, false));
    return 'done';
  },

  mouse_wheel(event, session) {
    session?.wheel(deltasOf(event.delta), boolOr(event.squash, false));
    return 'done';
  },
};

/** Applies one text message `{"event_type": …, "event": {…}}`. Never throws: the rest is junk. */
export function applyEvent(text: string, session: Session): Outcome {
  try {
    const { event_type: type, event } = objectOf(JSON.parse(text));
    if (typeof type !== 'string' || !Object.hasOwn(INPUTS, type)) return 'junk';
    return INPUTS[type]?.(objectOf(event), session) ?? 'junk';
  } catch {
    return 'junk';
  }
}

class NotAnObjectError extends Error {}

function objectOf(value: unknown): Event {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new NotAnObjectError();
  }
  return value as Event;
}

function boolOr(raw: unknown, fallback: boolean): boolean {
  return raw === undefined ? fallback : valid.bool(raw);
}

function deltasOf(raw: unknown): readonly Delta[] {
  return (Array.isArray(raw) ? raw : [raw]).map((item) => {
    const { x, y } = objectOf(item);
    return { x: validDelta(x), y: validDelta(y) };
  });
}
