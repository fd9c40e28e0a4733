import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GpioState } from '@crashcart/api';
import { expect, test } from 'vitest';
import { eventually } from './support/gpio-context.ts';
import { http } from './support/http-client.ts';
import { ServerProcess } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';

const FAKE = fileURLToPath(new URL('./fakes/fake-gpiod.sh', import.meta.url));
const authorization = `Basic ${btoa('admin:one and only')}`;
const OFF = '{type: disabled}';
/** A system where the optional package was not installed. */
const WITHOUT_KOFFI = `
const Module = require('node:module');
const resolve = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (name !== 'koffi') return resolve.call(this, name, ...rest);
  throw Object.assign(new Error('no koffi'), { code: 'MODULE_NOT_FOUND' });
};
`;

const CONFIG = `
kvmd:
  hid: ${OFF}
  atx: {type: gpio, power_led_pin: PWR LED, hdd_led_pin: 4, power_switch_pin: 7, reset_switch_pin: 8}
  msd: ${OFF}
  streamer: ${OFF}
  gpio:
    scheme:
      relay: {pin: RELAY, mode: output}
      press: {pin: 2, mode: output, initial: null, switch: false, pulse: {delay: 0.2, max_delay: 60}}
      lamp: {pin: 1, mode: input}
`;

/** Starts a server that has no koffi and finds programs in `bin` first. */
async function start(state: StateDirectory, bin: string) {
  const preload = join(state.path, 'without-koffi.cjs');
  writeFileSync(preload, WITHOUT_KOFFI);
  const server = await ServerProcess.start(
    ['--state', state.path, '--port', '0', '--config', state.config(CONFIG)],
    {
      CRASHCART_PASSWORD: 'one and only',
      NODE_OPTIONS: `--require=${preload}`,
      PATH: `${bin}:${process.env.PATH ?? ''}`,
    },
  );
  const ask = (path: string, method = 'GET') =>
    http(`${server.url}api/${path}`, { method, headers: { authorization } });
  const states = async () => ((await ask('gpio')).result() as GpioState).state;
  return { server, ask, states };
}

/** A chip of fake programs; its directory. */
function fakeChip(state: StateDirectory, version: string): { chip: string; bin: string } {
  const chip = join(state.path, 'chip');
  const bin = join(state.path, 'bin');
  for (const directory of [chip, bin]) mkdirSync(directory);
  writeFileSync(join(chip, 'chip'), '');
  for (const program of ['gpiodetect', 'gpioget', 'gpioinfo', 'gpiomon', 'gpioset']) {
    writeFileSync(
      join(bin, program),
      `#!/bin/sh\nexec ${FAKE} ${chip} ${version} ${program} "$@"\n`,
    );
    chmodSync(join(bin, program), 0o755);
  }
  return { chip, bin };
}

const levelOf = (chip: string, line: number) =>
  readFileSync(join(chip, `level-${line}`), 'utf8').trim();
const holderOf = (chip: string, line: number) =>
  Number(readFileSync(join(chip, `held-${line}`), 'utf8').split(' ')[0]);

test('without koffi an interactive gpioset drives lines and dies with the server', async () => {
  await using state = new StateDirectory();
  const { chip, bin } = fakeChip(state, '2.2.1i');
  const { server, ask, states } = await start(state, bin);
  try {
    await eventually(async () => {
      const { inputs, outputs } = await states();
      expect([inputs.lamp?.online, outputs.relay?.online, outputs.press?.online]).toEqual([
        ...[true, true, true],
      ]);
    });
    expect((await ask('gpio/switch?channel=relay&state=1&wait=1', 'POST')).status).toBe(200);
    expect(levelOf(chip, 9)).toBe('1');
    await eventually(async () => {
      expect((await ask('atx/click?button=power&wait=1', 'POST')).status).toBe(200);
    });
    expect(levelOf(chip, 7)).toBe('0');
    const holders = [1, 3, 7, 9].map((line) => holderOf(chip, line));
    await server.end('SIGKILL');
    await eventually(() => {
      expect(holders.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
    });
  } finally {
    await server.end('SIGKILL');
  }
});

test('a gpioset that lets go is refused what it cannot hold, and pulses what nobody holds', async () => {
  await using state = new StateDirectory();
  const { chip, bin } = fakeChip(state, '1.6.3');
  const { server, ask, states } = await start(state, bin);
  try {
    await eventually(async () => {
      const { outputs } = await states();
      expect([outputs.relay?.online, outputs.press?.online]).toEqual([true, true]);
    });
    const refused = await ask('gpio/switch?channel=relay&state=1&wait=1', 'POST');
    expect(refused.status).toBe(400);
    expect(refused.body.toString()).toContain(
      'gpioset 1.6.3 would let go of line RELAY to change it',
    );
    expect(levelOf(chip, 9)).toBe('0');
    await eventually(async () => {
      const click = await ask('atx/click?button=power&wait=1', 'POST');
      expect(click.body.toString()).toContain('gpioset 1.6.3 would let go of line 7 to change it');
      expect(click.status).toBe(503);
    });
    const pulse = ask('gpio/pulse?channel=press&delay=60', 'POST');
    expect((await pulse).status).toBe(200);
    await eventually(() => expect(levelOf(chip, 2)).toBe('1'));
    // The end of the server ends the pulse, too.
    expect(await server.end()).toBe(0);
    expect(levelOf(chip, 2)).toBe('0');
  } finally {
    await server.end('SIGKILL');
  }
});

test("Debian's programs without a chip are offline, with their own words in the log", async () => {
  await using state = new StateDirectory();
  const { server, states } = await start(state, '/usr/bin');
  try {
    const { inputs, outputs } = await states();
    expect([inputs.lamp?.online, outputs.relay?.online]).toEqual([false, false]);
    await eventually(() => {
      expect(state.logs()).toMatch(
        /gpioinfo: [^"]*\/dev\/gpiochip0[^"]*: No such file or directory/,
      );
    });
    expect(await server.end()).toBe(0);
  } finally {
    await server.end('SIGKILL');
  }
});
