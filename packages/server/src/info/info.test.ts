import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { infoState } from '@crashcart/api';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { type Log, silentLog } from '../core/log.ts';
import { parsePlatformFile } from '../core/platform-file.ts';
import { until } from '../core/state.ts';
import { parseCpuTimes, parseMemory, parseTemperature, parseThrottledFlags } from './health.ts';
import { Info, type InfoOptions } from './info.ts';
import { parseMeta } from './meta.ts';
import { parseUptime } from './uptime.ts';

const FIXTURES = new URL('../../test/fixtures/info/', import.meta.url).pathname;
const disposals: (() => unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function start(options: Partial<InfoOptions>): Promise<Info> {
  const info = await Info.start({
    log: silentLog,
    version: '0.1.0',
    authEnabled: true,
    ...options,
  });
  disposals.push(() => info.close());
  return info;
}

async function copyOf(kind: 'raspberry-pi' | 'pc'): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'crashcart-info-'));
  disposals.push(() => rm(root, { recursive: true }));
  await cp(join(FIXTURES, kind), root, { recursive: true });
  return root;
}

function under(root: string): Partial<InfoOptions> {
  return {
    procDir: join(root, 'proc'),
    sysDir: join(root, 'sys'),
    deviceTreeDir: join(root, 'proc/device-tree'),
    unitsDir: join(root, 'units'),
    platformFile: join(root, 'platform'),
    vcgencmd: ['/nonexistent/vcgencmd'],
  };
}

const ports: Record<string, number> = { 'vnc/server/port': 5900, 'ipmi/server/port': 623 };

test('tells a Raspberry Pi by its device tree, platform file, sensors, meta and extras', async () => {
  const root = join(FIXTURES, 'raspberry-pi');
  const warned: object[] = [];
  const log: Log = { ...silentLog, warn: (details) => void warned.push(details) };
  const { value } = (
    await start({
      ...under(root),
      log,
      metaFile: join(root, 'meta.yaml'),
      extrasDir: join(root, 'extras'),
      configValue: (path) => ports[path],
    })
  ).state;
  expect(value.system.platform).toEqual({
    type: 'rpi',
    base: 'Raspberry Pi 4 Model B Rev 1.5',
    serial: '10000000abcdef01',
    model: 'v4plus',
    video: 'hdmi',
    board: 'rpi4',
  });
  expect(value.health).toEqual({
    temp: { cpu: 36.511 },
    cpu: { percent: 15 },
    mem: { percent: 20, total: 1892352 * 1024, available: 1513881 * 1024 },
    throttling: {
      raw_flags: 0x50005,
      parsed_flags: {
        undervoltage: { now: true, past: true },
        freq_capped: { now: false, past: false },
        throttled: { now: true, past: true },
      },
      ignore_past: false,
    },
  });
  expect(value.uptime).toEqual({
    total: 65425,
    parts: { days: 0, hours: 18, minutes: 10, seconds: 25 },
  });
  expect(value.meta).toEqual({ server: { host: hostname(), location: 'rack 4' } });
  expect(value.extras?.vnc).toEqual({
    name: 'VNC',
    description: 'Show VNC information',
    icon: 'share/svg/vnc.svg',
    path: 'vnc',
    daemon: 'kvmd-vnc',
    port: 5900,
    place: 20,
    enabled: true,
    started: false,
  });
  expect(value.extras?.ipmi).toMatchObject({ port: 623, enabled: false, started: true });
  expect(Object.keys(value.extras ?? {}).sort()).toEqual(['ipmi', 'vnc']);
  expect(warned).toMatchObject([{ path: join(root, 'extras/broken/manifest.yaml') }]);
  expect(value.system.kvmd.version).toBe('4.197');
  expect(value.system.crashcart.version).toBe('0.1.0');
  infoState.parse(value);
});

test('tells a PC by its firmware, with the package sensor and without throttling', async () => {
  const { value } = (await start(under(join(FIXTURES, 'pc')))).state;
  expect(value.system.platform).toEqual({
    type: 'pc',
    base: 'OptiPlex 7050',
    serial: null,
    model: null,
    video: null,
    board: null,
  });
  expect(value.health.temp.cpu).toBe(51);
  expect(value.health.throttling).toBeNull();
  // 100+20+80+10+10+30 busy of 1000: the guest's ticks are within the user's.
  expect(value.health.cpu.percent).toBe(25);
  expect(value.uptime.parts).toEqual({ days: 1, hours: 2, minutes: 3, seconds: 4 });
  expect(value.extras).toEqual({});
  expect(value.fan).toEqual({ monitored: false, state: null });
  expect(value.meta).toEqual({ server: { host: hostname() } });
});

test('tells temperature and low voltage by the sensors of newer kernels', async () => {
  const root = await copyOf('pc');
  await rm(join(root, 'sys/class/thermal'), { recursive: true });
  const put = async (path: string, text: string) => {
    await mkdir(join(root, 'sys/class/hwmon', path, '..'), { recursive: true });
    await writeFile(join(root, 'sys/class/hwmon', path), text);
  };
  await put('hwmon0/name', 'rpi_volt\n');
  await put('hwmon0/in0_lcrit_alarm', '1\n');
  await put('hwmon1/name', 'cpu_thermal\n');
  await put('hwmon1/temp1_input', '47250\n');
  const { health } = (await start(under(root))).state.value;
  expect(health.temp.cpu).toBe(47.25);
  expect(health.throttling?.parsed_flags).toEqual({
    undervoltage: { now: true, past: false },
    freq_capped: { now: false, past: false },
    throttled: { now: false, past: false },
  });
  await put('hwmon0/in0_lcrit_alarm', 'no number\n');
  expect((await start(under(root))).state.value.health.throttling).toBeNull();
});

test.each([
  ['v2-hdmi-zero2w', { model: 'v2', video: 'hdmi', board: 'zero2w' }],
  ['sbc', { model: null, video: null, board: null }],
])('tells the platform %s of the configuration', async (platformName, names) => {
  const sources = { ...under(join(FIXTURES, 'pc')), platformName };
  expect((await start(sources)).state.value.system.platform).toMatchObject(names);
  const board = { ...under(join(FIXTURES, 'raspberry-pi')), platformName };
  expect((await start(board)).state.value.system.platform).toMatchObject({ model: 'v4plus' });
});

test('fits the contract on the box that runs the tests', async () => {
  const { value } = (await start({})).state;
  infoState.parse(value);
  expect(value.health.mem.total).toBeGreaterThan(0);
  expect(value.uptime.total).toBeGreaterThan(0);
});

test('shows the load between two readings and the new uptime by itself', async () => {
  const root = await copyOf('pc');
  const info = await start({ ...under(root), statePollS: 0.1 });
  await writeFile(join(root, 'proc/stat'), 'cpu  140 20 80 760 50 10 10 30 40 0\n');
  await writeFile(join(root, 'proc/uptime'), '93790.00 1.0');
  const later = await until(info.state, (state) => state.uptime.total === 93790);
  expect(later.uptime.parts.seconds).toBe(10);
  // The load may have been read a sample earlier than the uptime, and be null since.
  await writeFile(join(root, 'proc/stat'), 'cpu  200 20 80 800 50 10 10 30 40 0\n');
  expect((await until(info.state, (s) => s.health.cpu.percent === 60)).health.cpu.percent).toBe(60);
});

test('runs vcgencmd where the kernel does not show the flags', async () => {
  const root = await copyOf('pc');
  const tool = join(root, 'vcgencmd');
  await writeFile(tool, '#!/bin/sh\n[ "$1" = get_throttled ] && echo throttled=0x20000\n', {
    mode: 0o755,
  });
  const info = await start({ ...under(root), vcgencmd: [tool], ignorePast: true });
  expect(info.state.value.health.throttling).toMatchObject({
    raw_flags: 0x20000,
    parsed_flags: { freq_capped: { now: false, past: true } },
    ignore_past: true,
  });
});

test('asks the fan daemon over its socket and survives its death', async () => {
  const root = await copyOf('raspberry-pi');
  const socket = join(root, 'fan.sock');
  const server = createServer((request, response) => {
    response.end(JSON.stringify({ ok: true, result: { path: request.url, fan: { speed: 30 } } }));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  disposals.push(() => server.close());
  const info = await start({
    ...under(root),
    fan: { daemon: 'kvmd-vnc', unix: socket, statePollS: 0.1 },
  });
  const answered = await until(info.state, (state) => state.fan.state !== null);
  expect(answered.fan).toEqual({ monitored: true, state: { path: '/state', fan: { speed: 30 } } });
  server.closeAllConnections();
  server.close();
  await rm(socket, { force: true });
  const gone = await until(info.state, (state) => state.fan.state === null);
  expect(gone.fan).toEqual({ monitored: true, state: null });
});

test('reads nothing more once it is closed', async () => {
  const root = await copyOf('pc');
  const info = await start({ ...under(root), statePollS: 0.1 });
  await info.close();
  const last = info.state.value;
  await writeFile(join(root, 'proc/uptime'), '99999.00 1.0');
  await info.close();
  expect(info.state.value).toBe(last);
});

test('keeps the contract whatever the files of the system hold', async () => {
  const root = await copyOf('raspberry-pi');
  const junk = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      '',
      'cpu ',
      'cpu  1 2 3 4',
      'cpu  9 9 9 999999999999999999',
      'throttled=',
      '&a [*a]',
    ),
  );
  const files = [
    'proc/stat',
    'proc/meminfo',
    'proc/uptime',
    'proc/device-tree/model',
    'proc/device-tree/serial-number',
    'sys/class/thermal/thermal_zone0/temp',
    'sys/devices/platform/soc/soc:firmware/get_throttled',
    'platform',
    'meta.yaml',
    'extras/vnc/manifest.yaml',
  ];
  await fc.assert(
    fc.asyncProperty(fc.array(junk, { minLength: 10, maxLength: 10 }), async (texts) => {
      await Promise.all(files.map((file, i) => writeFile(join(root, file), texts[i] ?? '')));
      const info = await start({
        ...under(root),
        metaFile: join(root, 'meta.yaml'),
        extrasDir: join(root, 'extras'),
      });
      JSON.stringify(infoState.parse(info.state.value));
      await info.close();
    }),
    { numRuns: 60 },
  );
});

test('gives nulls for everything where there is no /proc and no /sys', async () => {
  const { value } = (await start(under('/nonexistent'))).state;
  expect(value.health).toEqual({
    temp: { cpu: null },
    cpu: { percent: null },
    mem: { percent: null, total: null, available: null },
    throttling: null,
  });
  expect(value.system.platform).toMatchObject({ type: 'pc', base: null, serial: null });
  infoState.parse(value);
});

test('parsers refuse what is not theirs and never throw', () => {
  expect(parseUptime('-5 1')).toBeUndefined();
  expect(parseTemperature('999999')).toBeNull();
  expect(parseTemperature('')).toBeNull();
  expect(parseThrottledFlags('error=2')).toBeUndefined();
  expect(parseMeta('- a list', 'host')).toBeNull();
  expect(parseMeta('a: &x {b: *x}', 'host')).toBeNull();
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      parseCpuTimes(text);
      parseMemory(text);
      parseUptime(text);
      parseTemperature(text);
      parseThrottledFlags(text);
      parsePlatformFile(text);
      parseMeta(text, 'host');
    }),
  );
});
