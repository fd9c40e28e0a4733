import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Params, parseParams } from './contract.ts';
import { ValidatorError } from './errors.ts';
import { authToken, userName } from './operations/auth.ts';
import { key, mouseDelta, mouseMove } from './operations/hid.ts';
import { OPERATIONS, type OperationName } from './operations/index.ts';
import * as valid from './validators.ts';

const BOOL = "bool (['1', 'true', 'yes'] or ['0', 'false', 'no'])";

/** What parsing these parameters of an operation throws, as PiKVM was recorded. */
function messageOf(name: OperationName, fields: string): string {
  const query = new URLSearchParams(fields);
  const { params }: { readonly params: Params } = OPERATIONS[name];
  try {
    parseParams(params, (field) => query.get(field) ?? undefined);
  } catch (error) {
    if (error instanceof ValidatorError) return error.message;
    throw error;
  }
  return 'no error';
}

test.each<[OperationName, string, string]>([
  ['hidSetParams', 'keyboard_output=nope', "The argument 'nope' is not a valid Keyboard output"],
  ['hidSetParams', 'mouse_output=&jiggler=1', "The argument '' is not a valid Mouse output"],
  ['hidSetConnected', 'connected=x', `The argument 'x' is not a valid ${BOOL}`],
  ['hidSetConnected', '', `None argument is not a valid ${BOOL}`],
  ['hidSendKey', 'key=Nope', "The argument 'Nope' is not a valid Keyboard key"],
  ['hidSendKey', 'key=keya', "The argument 'keya' is not a valid Keyboard key"],
  ['hidSendKey', '', 'None argument is not a valid Keyboard key'],
  ['hidSendKey', 'key=KeyA&state=1&finish=x', `The argument 'x' is not a valid ${BOOL}`],
  ['hidSendKey', 'key=KeyA&finish=x', 'no error'],
  ['hidSendKey', 'key=AAAAAAAAAAAAAAAAAAAA', 'RAW limit exceed'],
  ['hidSendMouseButton', 'button=nope', "The argument 'nope' is not a valid Mouse button"],
  ['hidSendMouseButton', 'button=left&state=x', `The argument 'x' is not a valid ${BOOL}`],
  ['hidSendMouseMove', 'to_x=a&to_y=1', "The argument 'a' is not a valid Mouse move"],
  ['hidSendMouseMove', 'to_x=1.5&to_y=1', "The argument '1.5' is not a valid Mouse move"],
  ['hidSendMouseWheel', 'delta_y=1', 'None argument is not a valid Mouse delta'],
  ['hidSendMouseWheel', 'delta_x=x&delta_y=1', "The argument 'x' is not a valid Mouse delta"],
  [
    'streamerSnapshot',
    'preview=1&preview_max_width=-1',
    "The argument '-1' must be int and greater or equial than 0",
  ],
  ['streamerSnapshot', 'save=x', `The argument 'x' is not a valid ${BOOL}`],
  [
    'streamerSetParams',
    'quality=0',
    "The argument '0' must be stream quality and greater or equial than 1",
  ],
  [
    'streamerSetParams',
    'quality=101',
    "The argument '101' must be stream quality and lesser or equal then 100",
  ],
  ['streamerSetParams', 'quality=x', "The argument 'x' is not a valid stream quality"],
  ['streamerSetParams', 'quality=&desired_fps=', 'no error'],
  [
    'streamerSetParams',
    'desired_fps=121',
    "The argument '121' must be stream FPS and lesser or equal then 120",
  ],
  [
    'streamerSetParams',
    'h264_bitrate=24',
    "The argument '24' must be stream H264 bitrate and greater or equial than 25",
  ],
  [
    'streamerSetParams',
    'h264_gop=61',
    "The argument '61' must be stream H264 GOP and lesser or equal then 60",
  ],
  ['authLogin', 'passwd=admin', "The argument '' is not a valid username characters"],
  ['authLogin', 'user=ad+min%3B', "The argument 'ad min;' is not a valid username characters"],
  ['authLogin', 'user=admin&passwd=%D0%BF', 'The argument is not a valid passwd characters'],
  [
    'authLogin',
    'user=admin&expire=-1',
    "The argument '-1' must be expiration time and greater or equial than 0",
  ],
  ['authLogin', 'user=admin&expire=abc', "The argument 'abc' is not a valid expiration time"],
  ['authLogin', 'user=admin&expire=1.5', "The argument '1.5' is not a valid expiration time"],
  ['authLogin', 'user=admin&expire=', 'None argument is not a valid expiration time'],
  ['atxPower', '', 'None argument is not a valid ATX power action'],
  ['atxPower', 'action=', "The argument '' is not a valid ATX power action"],
  ['atxPower', 'action=reset', "The argument 'reset' is not a valid ATX power action"],
  ['atxPower', 'action=OFF', 'no error'],
  ['atxClick', 'button=bad', "The argument 'bad' is not a valid ATX button"],
  ['atxClick', 'button=power&wait=x', `The argument 'x' is not a valid ${BOOL}`],
])('%s with "%s" says: %s', (name, fields, message) => {
  expect(messageOf(name, fields)).toBe(message);
});

describe('values', () => {
  test('are stripped, in any case, and PiKVM numbers', () => {
    expect(valid.bool(' YES ')).toBe(true);
    expect(valid.bool(0)).toBe(false);
    expect(valid.int()('0x10')).toBe(16);
    expect(valid.int()('-0x1_0')).toBe(-16);
    expect(valid.int()(' 1_0 ')).toBe(10);
    expect(valid.float()('2.5e1')).toBe(25);
    expect(mouseMove('99999')).toBe(32767);
    expect(mouseDelta(-300)).toBe(-127);
    expect(key(' KeyA ')).toBe('KeyA');
    expect(valid.list(key)('ControlLeft, KeyC')).toEqual(['ControlLeft', 'KeyC']);
  });

  test('tokens and user names are exact, and a bad token is not shown', () => {
    expect(authToken('a'.repeat(64))).toBe('a'.repeat(64));
    expect(() => authToken('A'.repeat(64))).toThrow('The argument is not a valid auth token');
    expect(() => authToken('a'.repeat(129))).toThrow('RAW limit exceed');
    expect(() => userName('ADMIN')).toThrow(
      "The argument 'ADMIN' is not a valid username characters",
    );
  });

  test('a bad item of a list is a message about the list', () => {
    expect(() => valid.list(key)('KeyA,Nope')).toThrow(
      "Failed sub-validator on one of the item of ['KeyA', 'Nope']",
    );
  });
});

const VALIDATORS: Readonly<Record<string, valid.Validator<unknown>>> = {
  bool: valid.bool,
  int: valid.int({ min: 0, max: 10 }),
  float: valid.float({ min: 0 }),
  clampedInt: mouseDelta,
  oneOf: key,
  text: userName,
  list: valid.list(key),
};

test.each(Object.keys(VALIDATORS))('%s gives a value or a ValidatorError for any JSON', (name) => {
  const validate = VALIDATORS[name] ?? (() => undefined);
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.string(), fc.constant(undefined)), (raw) => {
      try {
        expect(validate(raw)).not.toBeUndefined();
      } catch (error) {
        expect(error).toBeInstanceOf(ValidatorError);
      }
    }),
  );
});

test('numbers are always whole, finite and within the limits', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 16 }), fc.double(), fc.integer()), (raw) => {
      try {
        const value = mouseDelta(raw);
        expect(Number.isInteger(value) && Math.abs(value) <= 127).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(ValidatorError);
      }
    }),
  );
});
