import type { InfoState } from '@crashcart/api';
import { expect, it } from 'vitest';
import { StateCell } from './core/state.ts';
import type { QmpClient } from './drivers/qemu/qmp-client.ts';
import { machineInfo } from './machine-info.ts';

it('tells the drivers and the version of the QEMU that runs, as both change', () => {
  const crashcart = { version: '1.2.3' };
  const info = new StateCell({ system: { crashcart } } as unknown as InfoState);
  const client = new StateCell<QmpClient | undefined>(undefined);
  const part = { type: 'qemu' } as never;
  const parts = { hid: part, atx: part, msd: part, streamer: { type: 'disabled' } as never };
  const told = machineInfo(info, parts, { client });
  const drivers = { hid: 'qemu', atx: 'qemu', msd: 'qemu', streamer: 'disabled' };
  const shown = () => told.value.system.crashcart;
  expect(shown()).toEqual({ ...crashcart, machine: { drivers, qemu: null } });
  client.set({ version: '7.2.22' } as QmpClient);
  expect(shown().machine?.qemu).toBe('7.2.22');
  info.patch({ system: { crashcart: { version: '1.2.4' } } as InfoState['system'] });
  expect(shown()).toMatchObject({ version: '1.2.4', machine: { qemu: '7.2.22' } });
  told.close();
});

it('tells which program captures instead of ours', () => {
  const streamer = { app: 'ours', version: '6.62', features: {} };
  const info = new StateCell({ system: { streamer } } as unknown as InfoState);
  const part = { type: 'disabled' } as never;
  const parts = { hid: part, atx: part, msd: part, streamer: { type: 'ustreamer' } as never };
  const capture = new StateCell({ app: 'ustreamer', version: '', features: {} });
  const told = machineInfo(info, parts, undefined, capture);
  capture.set({ app: 'ustreamer', version: '4.9', features: { WITH_GPIO: false } });
  expect(told.value.system.streamer).toEqual(capture.value);
  told.close();
});
