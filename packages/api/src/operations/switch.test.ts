import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseParams } from '../contract.ts';
import { ValidatorError } from '../errors.ts';
import { OPERATIONS, type OperationName } from './index.ts';
import { formatSwitchColor, parseSwitchColor } from './switch.ts';

const EDID = '00FFFFFFFFFFFF00'.padEnd(256, 'a');
const ID = '0a3c4ce2-0fb4-4aa1-8eb3-55b1a7d3e6a9';

/** What an operation makes of a query. */
function parse(name: OperationName, query: string): unknown {
  const fields = new URLSearchParams(query);
  return parseParams(OPERATIONS[name].params, (field) => fields.get(field) ?? undefined);
}

describe('what PiKVM accepts', () => {
  it.each([
    ['switchSetActive', 'port=2.1', { port: 2.1 }],
    ['switchSetPortParams', 'port=0&name=%20My%20%20Server%01%20', { port: 0, name: 'My  Server' }],
    ['switchSetPortParams', 'port=0&name=', { port: 0, name: '' }],
    ['switchSetPortParams', 'port=0&edid_id=Default', { port: 0, edid_id: 'default' }],
    [
      'switchSetPortParams',
      'port=0&atx_click_reset_delay=0',
      { port: 0, atx_click_reset_delay: 0 },
    ],
    ['switchSetColors', 'active=00FF00:80:00Fa', { active: '00ff00:80:00fa' }],
    ['switchSetColors', 'beacon=DEFAULT', { beacon: 'default' }],
    [
      'switchCreateEdid',
      `name=+My++EDID+&data=${EDID}`,
      { name: 'My  EDID', data: EDID.toUpperCase() },
    ],
    [
      'switchCreateEdid',
      `name=x&data=${EDID.slice(0, 32)}%0A${EDID.slice(32)}`,
      {
        ...{ name: 'x', data: EDID.toUpperCase() },
      },
    ],
    ['switchChangeEdid', `id=${ID.toUpperCase()}`, { id: ID }],
    ['switchReset', 'unit=1', { unit: 1, bootloader: false }],
  ] as const)('%s?%s', (name, query, wanted) => {
    expect(parse(name, query)).toEqual(wanted);
  });

  it('cuts long names', () => {
    expect(parse('switchSetPortParams', `port=0&name=${'é'.repeat(300)}`)).toEqual({
      ...{ port: 0, name: 'é'.repeat(255) },
    });
  });
});

describe('what it refuses, and how', () => {
  const text = "The argument '";
  it.each([
    ['switchSetActive', '', 'None argument is not a valid float'],
    ['switchSetActive', 'port=-1', `${text}-1.0' must be float and greater or equial than 0`],
    ['switchSetPortParams', 'port=0&edid_id=zzz', `${text}zzz' is not a valid switch EDID ID`],
    [
      'switchSetPortParams',
      'port=0&atx_click_power_delay=11',
      `${text}11.0' must be ATX delay and lesser or equal then 10`,
    ],
    ['switchSetColors', 'active=zzz', `${text}zzz' is not a valid switch color`],
    ['switchCreateEdid', 'name=x', 'None argument is not a valid switch EDID data'],
    ['switchCreateEdid', 'name=x&data=zz', `${text}zz' is not a valid switch EDID data`],
    ['switchCreateEdid', `name=&data=${EDID}`, 'None argument is not a valid switch EDID name'],
    ['switchRemoveEdid', 'id=default', `${text}default' is not a valid switch EDID ID`],
    ['switchChangeEdid', '', 'None argument is not a valid switch EDID ID'],
    ['switchAtxPower', 'port=0&action=zz', `${text}zz' is not a valid ATX power action`],
    ['switchAtxClick', 'port=0', 'None argument is not a valid ATX button'],
    ['switchSetBeacon', 'state=1&uplink=-1', `${text}-1' must be int and greater or equial than 0`],
  ] as const)('%s?%s', (name, query, message) => {
    expect(() => parse(name, query)).toThrow(new ValidatorError(message));
  });
});

it('reads every colour that it takes', () => {
  expect(parseSwitchColor('FFa500:BF:0028')).toEqual({
    ...{ red: 255, green: 165, blue: 0, brightness: 191, blink_ms: 40 },
  });
  expect(parseSwitchColor('default')).toBeUndefined();
  expect(formatSwitchColor(parseSwitchColor('FFa500:BF:0028'))).toBe('FFA500:BF:0028');
  expect(formatSwitchColor(undefined)).toBe('default');
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), (color) => {
      try {
        const { active } = parse(
          'switchSetColors',
          new URLSearchParams({ active: color }).toString(),
        ) as {
          active: string;
        };
        expect(active === 'default').toBe(parseSwitchColor(active) === undefined);
      } catch (error) {
        expect(error).toBeInstanceOf(ValidatorError);
      }
    }),
  );
});
