import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BOARD, HOST } from './support/board.ts';
import { FrontCable, ScreenCable } from './support/cables.ts';
import { figure } from './support/figures.ts';
import { GpioSim } from './support/gpio-sim.ts';
import { loop, OUTPUT, VIVID } from './support/hdmi.ts';
import { LabMachine } from './support/lab-machine.ts';
import { ManagedMachine } from './support/managed-machine.ts';
import { readScreen } from './support/read-screen.ts';
import { buildRescueIso, MENU, PROMPT } from './support/rescue-iso.ts';
import { soon } from './support/soon.ts';

/**
 * Two machines: a board that runs crashcart, and the computer that it manages, joined by what would be
 * cables. What the tests say and see is said and seen by the board's API alone.
 */
const PORT = { screen: 4001, usb: 4002 } as const;
/** PiKVM's lines. */
const LINE = { powerLed: 24, hddLed: 22, power: 23, reset: 27 } as const;
const SCREEN = { width: 1280, height: 800 } as const;
const IMAGE = 'rescue.iso';
const PATIENT_POLL = fileURLToPath(new URL('guest/patient-poll.c', import.meta.url));
/** Where it is on the board, compiled. */
const PATIENCE = '/run/patient-poll.so';
/** How long the computer may take for a step of its start, ms. */
const BOOT_MS = 180_000;

let board: LabMachine;
let computer: ManagedMachine;
const cables: AsyncDisposable[] = [];
const folder = mkdtempSync(join(tmpdir(), 'cc-chain-'));

beforeAll(async () => {
  buildRescueIso(join(folder, IMAGE));
  board = await LabMachine.start({
    cpus: 2,
    ...{ gpio: true, modules: [['dummy_hcd'], VIVID], ports: Object.values(PORT) },
  });
  // The gadget's host is the computer, not the board's own kernel.
  await board.write('/etc/modprobe.d/lab.conf', 'blacklist usbhid\nblacklist usb_storage\n');
  const front = await GpioSim.create(board, { name: 'front', label: 'front-panel', lines: 32 });
  await loop(board, SCREEN.width, SCREEN.height);
  const { code, err } = await board.otg(BOARD, 'start');
  expect([code, err]).toEqual([0, '']);
  await board.run(['udevadm', 'settle']);
  await board.serve({
    kvmd: {
      hid: { type: 'otg' },
      msd: { type: 'otg' },
      atx: { type: 'gpio', device: front.device, long_click_delay: 2 },
      streamer: {
        type: 'ustreamer',
        forever: true,
        // An emulated board is at work on each picture for 0.1 s; snapshots alone get one a second.
        slowdown: true,
        cmd_append: ['--format=UYVY', '--dv-timings'],
      },
    },
  });
  const patience = join(folder, 'patient-poll.so');
  execFileSync('gcc', ['-shared', '-fPIC', '-o', patience, PATIENT_POLL]);
  await board.write(PATIENCE, readFileSync(patience));
  const argv = ['usbredirect', '--device', await usbAddress(), '--as', `0.0.0.0:${PORT.usb}`];
  cables.push(board.spawn(argv, { env: { LD_PRELOAD: PATIENCE } }));
  computer = await ManagedMachine.start(board.port(PORT.usb));
  cables.push(await FrontCable.plug(front, computer, LINE));
  cables.push(
    await ScreenCable.plug(board, computer, { port: PORT.screen, device: OUTPUT, ...SCREEN }),
  );
});
afterAll(async () => {
  for (const cable of cables) await cable[Symbol.asyncDispose]();
  await computer?.[Symbol.asyncDispose]();
  await board?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Bus and address of the gadget, as its host numbers them. */
const usbAddress = async () =>
  `${await board.text(`${HOST}/busnum`)}-${await board.text(`${HOST}/devnum`)}`;
const led = async () => (await board.api.call('atx')).leds.power;
const drive = async () => (await board.api.call('msd')).drive;
const press = (key: string) => board.api.call('hidSendKey', { key: key as 'Enter' });
const type = (text: string) => board.api.call('hidPrint', {}, { body: `${text}\n` });
const sees = (text: string | RegExp, ms = BOOT_MS) => readScreen(board.api, text, ms);

it('takes an image into its drive', async () => {
  const body = readFileSync(join(folder, IMAGE));
  const startedMs = performance.now();
  await board.api.call('msdWrite', { image: IMAGE }, { body });
  await board.api.call('msdSetParams', { image: IMAGE, cdrom: true });
  await board.api.call('msdSetConnected', { connected: true });
  expect(await drive()).toMatchObject({ connected: true, cdrom: true });
  figure('upload of an image and insert', (performance.now() - startedMs) / 1000, 's');
});

it('switches the computer on, which boots from the drive', async () => {
  expect(await led()).toBe(false);
  const startedMs = performance.now();
  await board.api.call('atxPower', { action: 'on', wait: true });
  await soon(async () => expect(await led()).toBe(true));
  await sees(MENU[1]);
  figure("switched on until the drive's menu is read", (performance.now() - startedMs) / 1000, 's');
});

it('chooses an entry by keyboard', async () => {
  const startedMs = performance.now();
  await press('ArrowDown');
  await press('Enter');
  await sees(PROMPT);
  figure('choice until the prompt is read', (performance.now() - startedMs) / 1000, 's');
});

it('types a command and reads its result', async () => {
  await type('echo the result is $((1200 + 34))');
  await sees('the result is 1234');
});

it('lights the LEDs of its keyboard', async () => {
  const lit = async () => (await board.api.call('hid')).keyboard.leds.caps;
  expect(await lit()).toBe(false);
  await press('CapsLock');
  await soon(async () => expect(await lit()).toBe(true));
  await press('CapsLock');
  await soon(async () => expect(await lit()).toBe(false));
});

it('moves its pointer', async () => {
  await type('clear; pointer');
  await sees('watching the pointer');
  await board.api.call('hidSendMouseMove', { to_x: -16384, to_y: 16384 });
  await sees(/axis 0 is at 8191[\s\S]*axis 1 is at 24575/);
});

it('resets it', async () => {
  await board.api.call('atxClick', { button: 'reset', wait: true });
  await sees(MENU[1]);
});

it('switches it off hard, and on again', async () => {
  await board.api.call('atxPower', { action: 'off_hard', wait: true });
  await soon(async () => expect(await led()).toBe(false));
  await sees(/^\s*$/);
  await board.api.call('atxPower', { action: 'on', wait: true });
  await soon(async () => expect(await led()).toBe(true));
  await sees(MENU[1]);
});
