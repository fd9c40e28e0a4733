import { expect, it } from 'vitest';
import {
  allColors,
  DEFAULT_COLORS,
  NO_SWITCH_SETTINGS,
  portSettings,
  withColors,
  withoutEdid,
  withPort,
} from './switch-settings.ts';

const RED = { red: 255, green: 0, blue: 0, brightness: 1, blink_ms: 2 };

it('holds only what is not the default', () => {
  const changed = withPort(NO_SWITCH_SETTINGS, 2, {
    ...{ name: 'web', edid: 'a', dummy: false },
    delays: { power: 2, reset: 3, power_long: 5.5 },
  });
  expect(changed.ports).toEqual({
    2: { name: 'web', edid: 'a', dummy: false, delays: { power: 2, reset: 3 } },
  });
  expect(portSettings(changed, 2).delays).toEqual({ power: 2, power_long: 5.5, reset: 3 });
  const partly = withPort(changed, 2, { name: undefined, edid: 'default', delays: { power: 0 } });
  expect(partly.ports).toEqual({ 2: { name: 'web', dummy: false, delays: { reset: 3 } } });
  const back = withPort(partly, 2, { name: '', dummy: true, delays: { reset: 0 } });
  expect(back).toEqual(NO_SWITCH_SETTINGS);
});

it('gives the ports of a removed EDID the default one', () => {
  const edids = { a: { name: 'A', data: '00' }, b: { name: 'B', data: '00' } };
  const start = { ...NO_SWITCH_SETTINGS, edids, ports: { 0: { edid: 'a' }, 1: { edid: 'b' } } };
  const left = withoutEdid(start, 'a');
  expect(left.ports).toEqual({ 1: { edid: 'b' } });
  expect(Object.keys(left.edids)).toEqual(['b']);
});

it('sets colours and takes them back', () => {
  const red = withColors(NO_SWITCH_SETTINGS, { beacon: RED, active: RED });
  expect(allColors(red)).toEqual({ ...DEFAULT_COLORS, beacon: RED, active: RED });
  expect(withColors(red, { beacon: undefined }).colors).toEqual({ active: RED });
});
