import { expect, it } from 'vitest';
import { fillArguments, IPMITOOL, MESHCMD, powerAction } from './power-programs.ts';

it.each([
  [IPMITOOL, 'Chassis Power is on\n', true],
  [IPMITOOL, 'warning\r\nChassis Power is off\r\n', false],
  [IPMITOOL, 'Error: Unable to establish IPMI v2 / RMCP+ session', undefined],
  [IPMITOOL, 'Chassis Power is', undefined],
  [MESHCMD, 'Current power state: Power on', true],
  [MESHCMD, 'x\nCurrent power state: Soft off\n', false],
  [MESHCMD, '', undefined],
])('what a program says: %#', (program, text, isOn) => {
  expect(program.isOn(text)).toBe(isOn);
});

it('names an action by number or by word', () => {
  expect(['1', 'on', '6', 'soft'].map((pin) => powerAction(IPMITOOL, pin))).toEqual([
    ...['on', 'on', 'soft', 'soft'],
  ]);
  expect(['0', '7', '-1', '', 'status', '1.5'].map((pin) => powerAction(MESHCMD, pin))).toEqual(
    Array(6).fill(undefined),
  );
});

it('fills arguments and makes no new ones', () => {
  const values = { host: 'a b; c', user: '', tls_opt: '', action_opt: '--reset' };
  expect(
    fillArguments(
      ['{host}', '-U', '{user}', '{tls_opt}', '{action_opt}', '{nope}', 'x{host}'],
      values,
    ),
  ).toEqual(['a b; c', '-U', '', '--reset', '{nope}', 'xa b; c']);
});
