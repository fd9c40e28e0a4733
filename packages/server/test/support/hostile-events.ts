import { FLAG_NUMERIC, FRAME, KEY_NAMES, MOUSE_BUTTONS } from '@crashcart/api';
import fc from 'fast-check';
import { hostileText } from './hostile-values.ts';

/** A message for /ws. */
export interface HostileMessage {
  readonly data: string | Buffer;
  /** Whether it means nothing, whatever the keyboard and the mouse are at. */
  readonly isJunk: boolean;
}

const json = (event_type: unknown, event: unknown) => JSON.stringify({ event_type, event });

const place = fc.integer({ min: -40_000, max: 40_000 });
const delta = fc.record({ x: fc.integer({ min: -200, max: 200 }), y: fc.constant(1) });
const state = fc.constantFrom<unknown>(true, false, 1, '0', 'yes');

/** Messages that mean something. */
const good: fc.Arbitrary<string | Buffer> = fc.oneof(
  fc
    .record({ key: fc.constantFrom(...KEY_NAMES), state, finish: fc.boolean() })
    .map((event) => json('key', event)),
  fc
    .record({ button: fc.constantFrom(...MOUSE_BUTTONS), state })
    .map((event) => json('mouse_button', event)),
  fc.record({ x: place, y: place }).map((to) => json('mouse_move', { to })),
  fc
    .record({ delta: fc.oneof(delta, fc.array(delta, { maxLength: 5 })), squash: fc.boolean() })
    .map((event) => json('mouse_relative', event)),
  delta.map((event) => json('mouse_wheel', { delta: [event] })),
  fc.constant(json('ping', {})),
  fc
    .tuple(fc.constantFrom(...KEY_NAMES), fc.integer({ min: 0, max: 3 }))
    .map(([key, flags]) => Buffer.concat([Buffer.of(FRAME.key, flags), Buffer.from(key)])),
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((at) => Buffer.of(FRAME.move, ...at)),
  fc
    .array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 20 })
    .map((steps) => Buffer.of(FRAME.relative, 1, ...steps.flatMap((step) => [step, step]))),
);

/** Values of any kind where something else is expected. */
const strange: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom(null, 1e308, -1, 0.5, [], {}, [[]], true),
  fc.object({ maxDepth: 2, maxKeys: 3 }),
);

/** Messages that mean nothing. */
const junk: fc.Arbitrary<string | Buffer> = fc.oneof(
  hostileText.map((text) => `${text}{`),
  strange.map((event) => json('nothing', event)),
  strange.map((type) => json([type], {})),
  strange.map((key) => json('key', { key: [key], state: true })),
  fc.constantFrom(...KEY_NAMES).map((key) => json('key', { key, state: 'perhaps' })),
  fc.constantFrom(...KEY_NAMES).map((key) => json('key', { key: `${key}\0`, state: true })),
  strange.map((to) => json('mouse_move', [to])),
  strange.map((x) => json('mouse_move', { to: { x: [x], y: 1 } })),
  strange.map((part) => json('mouse_wheel', { delta: [{ x: 1, y: 1 }, [part]] })),
  fc.constantFrom('__proto__', 'constructor', 'toString').map((type) => json(type, {})),
  fc.constantFrom('['.repeat(50_000), '{"event":'.repeat(9_000), '', 'null', '"ping"', '[1]'),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.of(6, ...bytes)),
  fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.of(FRAME.move, ...bytes)),
  fc.uint8Array({ minLength: 5, maxLength: 9 }).map((bytes) => Buffer.of(FRAME.move, ...bytes)),
  fc.constantFrom(0, 1, 2, 3).map((flags) => Buffer.of(FRAME.key, flags, 0xff, 0xfe)),
  fc
    .constantFrom(...KEY_NAMES)
    .map((key) => Buffer.from(`\x01${String.fromCharCode(FLAG_NUMERIC)}${key}`, 'latin1')),
  fc.constant(Buffer.of(FRAME.wheel, 0, 1)),
  fc.constant(Buffer.of(FRAME.button, FLAG_NUMERIC, 0xff, 0xff)),
  fc.constantFrom(Buffer.of(), Buffer.of(FRAME.key), Buffer.of(FRAME.button), Buffer.of(0xff)),
);

/** What a client may send to /ws: much of it is junk. */
export const hostileMessages: fc.Arbitrary<readonly HostileMessage[]> = fc
  .array(
    fc.oneof(
      good.map((data) => ({ data, isJunk: false })),
      junk.map((data) => ({ data, isJunk: true })),
    ),
    { minLength: 1, maxLength: 20 },
  )
  .map((messages) => Object.assign(messages, { [fc.toStringMethod]: () => shown(messages) }));

function shown(messages: readonly HostileMessage[]): string {
  return messages.map(({ data }) => JSON.stringify(String(data)).slice(0, 200)).join('\n');
}
