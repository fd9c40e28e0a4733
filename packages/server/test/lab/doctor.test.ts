import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { jpegSize } from '../../src/protocols/jpeg-size.ts';
import { GpioSim } from './support/gpio-sim.ts';
import { setTimings, VIVID } from './support/hdmi.ts';
import { InputDevice } from './support/input-device.ts';
import { LabMachine } from './support/lab-machine.ts';
import { soon } from './support/soon.ts';

const REMEDIES = ['modprobe libcomposite', 'usermod -aG video crashcart'];
const FILE = '/tmp/proposed.yaml';

let machine: LabMachine;
beforeAll(async () => {
  const host = [['dummy_hcd'], ['usbhid'], ['hid_generic'], ['evdev'], ['usb_storage']] as const;
  machine = await LabMachine.start({ modules: [VIVID, ...host], gpio: true });
  await GpioSim.create(machine, { name: 'front', label: 'front-panel', lines: 32 });
  await machine.run(['udevadm', 'settle']);
  await setTimings(machine, '1024x768');
});
afterAll(() => machine?.[Symbol.asyncDispose]());

async function doctor(...argv: string[]) {
  const { out, code } = await machine.command(undefined, 'doctor', ...argv);
  return { code, out: out.toString() };
}

it('finds what a board has, and what it lacks with the remedies', async () => {
  const { code, out } = await doctor();
  expect(out).toMatch(/^\+ video: +HDMI input at \/dev\/video0 \(vivid.*\), signal: present$/m);
  expect(out).toMatch(/^\+ keyboard: +USB device port dummy_udc\.0$/m);
  expect(out).toContain('lines of gpiochip0');
  expect(out.match(/^!.*$/gm)).toEqual([
    '! keyboard:    the kernel offers no gadgets yet',
    '! user:        crashcart is not in the group video',
  ]);
  for (const remedy of REMEDIES) expect(out).toContain(`    -> ${remedy}\n`);
  expect(code).toBe(1);
});

it('misses nothing after those remedies, and what it proposes works', async () => {
  for (const remedy of REMEDIES) await machine.run(remedy.split(' '));
  const { code, out } = await doctor('--write', FILE);
  expect([code, out.match(/^!.*$/gm)]).toEqual([0, null]);
  const config: object = parse(await machine.text(FILE));
  expect(await machine.otg(config, 'start')).toMatchObject({ code: 0 });
  await machine.run(['udevadm', 'settle']);
  await machine.serve(config);
  await soon(async () => {
    expect((await machine.api.call('hid')).keyboard.online).toBe(true);
    expect((await machine.api.call('msd')).online).toBe(true);
  });
  await using keyboard = await InputDevice.open(machine, 0);
  await machine.api.call('hidSendKey', { key: 'KeyA' });
  expect(await keyboard.take(2)).toHaveLength(2);
  for await (const picture of machine.api.video('jpeg')) {
    // Before it is one that says that there is no picture yet.
    if (jpegSize(Buffer.from(picture))?.width === 1024) break;
  }
});
