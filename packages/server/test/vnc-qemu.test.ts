import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KeyName } from '@crashcart/api';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Hid } from '../src/core/hid.ts';
import { until } from '../src/core/state.ts';
import { QCODES } from '../src/drivers/qemu/qcodes.ts';
import type { VncServer } from '../src/drivers/vnc/vnc-server.ts';
import { KEYS } from '../src/protocols/keys.ts';
import { compression, ENCODING, jpegQuality } from '../src/protocols/rfb/messages.ts';
import { freePort } from './support/free-port.ts';
import {
  SerialLine,
  startTestMachine,
  type TestMachine,
  testGuest,
  untilRunning,
} from './support/guest.ts';
import { difference, parsePpm } from './support/picture.ts';
import { VncViewer } from './support/vnc-viewer.ts';

const PASSWD = 'known to us';
const limit = () => AbortSignal.timeout(60_000);

/** An authority and a server's certificate, under the names that QEMU looks for. */
function makeCertificates(dir: string): void {
  const options = { cwd: dir, stdio: 'pipe' } as const;
  const make = (name: string, subject: string, ...args: readonly string[]) =>
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
        ...['-days', '2', '-subj', subject, '-keyout', `${name}-key.pem`],
        ...['-out', `${name}-cert.pem`, ...args],
      ],
      options,
    );
  make('ca', '/CN=Lab', '-addext', 'keyUsage=critical,keyCertSign');
  const signed = ['-CA', 'ca-cert.pem', '-CAkey', 'ca-key.pem'];
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1'];
  make('server', '/CN=web1', ...signed, ...names, '-addext', 'basicConstraints=critical,CA:FALSE');
}

describe('QEMU over TCP', () => {
  let dir: string;
  let guest: TestMachine;
  let serial: SerialLine;
  const ports = { open: 0, password: 0, certificate: 0, anonymous: 0 };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'cc-vnc-'));
    makeCertificates(dir);
    await writeFile(join(dir, 'passwd'), PASSWD);
    for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
    const vnc = (name: keyof typeof ports, options: string) => [
      '-vnc',
      `127.0.0.1:${ports[name] - 5900},id=${name}${options}`,
    ];
    guest = await startTestMachine({
      linux: testGuest(),
      extraArgs: [
        ...['-object', `secret,id=pw,file=${join(dir, 'passwd')}`],
        ...['-object', `tls-creds-x509,id=x509,dir=${dir},endpoint=server,verify-peer=no`],
        ...['-object', 'tls-creds-anon,id=anon,endpoint=server'],
        ...vnc('open', ',lossy=on'),
        ...vnc('password', ',password-secret=pw'),
        ...vnc('certificate', ',tls-creds=x509,password-secret=pw'),
        ...vnc('anonymous', ',tls-creds=anon'),
      ],
    });
    await untilRunning(guest.machine);
    serial = new SerialLine(guest.machine.serialSocketPath);
    await serial.waitFor(/guest# /, 60_000);
    // A cursor that blinks changes the picture by itself.
    serial.send("printf '\\033[?25l\\033[2J\\033[H\\033[31mred \\033[44mon blue' > /dev/tty1");
    serial.send('echo do""ne');
    await serial.waitFor(/done/);
  });

  afterAll(async () => {
    serial?.close();
    await guest?.[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  /** Resolves when the viewer's picture has been QEMU's own; the screen may still be changing. */
  async function untilEqual(viewer: VncViewer, tolerance: number): Promise<void> {
    const filename = join(dir, 'dump.ppm');
    for (;;) {
      await guest.machine.execute('screendump', { filename });
      const dump = parsePpm(await readFile(filename));
      const isLit = dump.data.some((part) => part > 128);
      if (isLit && viewer.frame && difference(viewer.frame, dump) <= tolerance) return;
      await delay(50);
    }
  }

  const { raw, hextile, zrle, tight, desktopSize } = ENCODING;
  it.each([
    ['raw', [raw], 0],
    ['Hextile', [hextile], 0],
    ['ZRLE', [zrle], 0],
    ['Tight', [tight], 0],
    ['Tight, packed as well as it gets', [tight, compression(9)], 0],
    ['Tight that may have JPEG', [tight, jpegQuality(8)], 2],
  ])('shows the screen as the screendump has it, in %s', async (_, first, tolerance) => {
    const encodings = [...first, desktopSize];
    await using viewer = new VncViewer({ port: ports.open }, { encodings });
    viewer.watch();
    await untilEqual(viewer, tolerance);
    serial.send(`seq ${first.length * 7} > /dev/tty1`);
    await viewer.frameWith(({ dirty }) => dirty !== null);
    await untilEqual(viewer, tolerance);
  });

  it.each<[keyof typeof ports, () => Partial<VncServer>]>([
    ['password', () => ({ passwd: PASSWD })],
    ['certificate', () => ({ caFile: join(dir, 'ca-cert.pem'), passwd: PASSWD })],
    ['anonymous', () => ({ tls: 'anonymous' })],
  ])('lets us in where it asks for this: %s', async (kind, login) => {
    await using viewer = new VncViewer({ port: ports[kind], ...login() });
    viewer.watch();
    await untilEqual(viewer, 0);
  });

  it.each<[string, keyof typeof ports, () => Partial<VncServer>, RegExp]>([
    ['a wrong password', 'password', () => ({ passwd: 'x' }), /not accept the password/],
    ['no password', 'password', () => ({}), /wants a password/],
    [
      'a certificate that nobody vouches for',
      'certificate',
      () => ({ tls: 'certificate', passwd: PASSWD }),
      /TLS with the VNC server failed: .*certificate.*Name its authorities in remote_vnc\.ca/,
    ],
    [
      'the certificate of another host',
      'certificate',
      () => ({ host: 'localhost', caFile: join(dir, 'ca-cert.pem'), passwd: PASSWD }),
      /TLS with the VNC server failed: Hostname\/IP does not match.*Name its authorities/,
    ],
    ['no certificate', 'anonymous', () => ({ tls: 'certificate' }), /shows no certificate/],
  ])('gets nothing from us for %s', async (_, kind, login, reason) => {
    await using viewer = new VncViewer({ port: ports[kind], ...login() });
    await viewer.offline(reason);
  });

  describe('gets from the keyboard', () => {
    /** What the console shows, line after line. */
    const shown = async () => {
      const from = serial.text.length;
      serial.send('cat /dev/vcs1; echo "<"end">"');
      await serial.waitFor(/<end>/, 30_000, from);
      return serial.text.slice(from);
    };

    it('a text, and none of it is lost', async () => {
      await using viewer = new VncViewer({ port: ports.password, passwd: PASSWD });
      await viewer.online();
      const hid = new Hid({ driver: viewer.hid, log: viewer.log });
      const line = 'Jackdaws love my big sphinx of quartz: `~!@#$%^&*()-_=+[{]}|;\'",<.>/?';
      const text = `\n${`${line}\n`.repeat(8)}`;
      await hid.print(text, { limit: 0, slow: false, delayMs: 0, signal: limit() });
      await vi.waitFor(async () => {
        expect((await shown()).split(line)).toHaveLength(9);
      }, 20_000);
      hid.close();
    });

    it('Caps Lock and Num Lock, which stay as they are pressed', async () => {
      await using viewer = new VncViewer({ port: ports.open });
      const { hid } = viewer;
      const click = (...keys: readonly KeyName[]) => {
        for (const key of keys) hid.key(key, true);
        for (const key of keys.toReversed()) hid.key(key, false);
      };
      const lit = (caps: boolean, num: boolean) =>
        until(
          hid.state,
          ({ keyboard: { leds } }) => leds.caps === caps && leds.num === num,
          limit(),
        );
      await until(viewer.connection.leds, (mask) => mask !== undefined, limit());
      const { num } = hid.state.value.keyboard.leds;
      if (num) click('NumLock');
      await lit(false, false);
      click('CapsLock');
      click('KeyA');
      await lit(true, false);
      click('KeyB');
      click('ShiftLeft', 'KeyC');
      click('NumLock');
      click('Numpad4');
      await lit(true, true);
      click('Numpad5');
      click('CapsLock');
      click('NumLock');
      await lit(false, false);
      click('KeyD');
      await vi.waitFor(async () => expect(await shown()).toContain('ABc45d'), 20_000);
    });

    it('every key that it has by its scan code, and the pointer', async () => {
      await using viewer = new VncViewer({ port: ports.open });
      const { hid } = viewer;
      await viewer.online();
      await until(viewer.connection.leds, (mask) => mask !== undefined, limit());
      // This machine has a relative mouse, too, and QEMU's VNC asks whichever came last.
      const monitor = async (line: string) =>
        String(await guest.machine.execute('human-monitor-command', { 'command-line': line }));
      const tablet = /Mouse #(\d+): [^\n]*Tablet/.exec(await monitor('info mice'))?.[1];
      await monitor(`mouse_set ${tablet}`);
      // From here on the serial line tells events and nothing else.
      serial.send('events');
      await serial.waitFor(/watching all/);
      const from = serial.text.length;
      const events = (passes: RegExp) =>
        [...serial.text.slice(from).matchAll(/EV (\w+) \d+ \d+ \d+ \d+ (\d+ \d+ -?\d+)/g)]
          .map(([, device, event]) => `${device} ${event}`)
          .filter((event) => passes.test(event));
      const keys = KEYS.filter(({ name }) => QCODES.has(name));
      const released = /^keyboard 1 \d+ 0$/;
      for (const [index, { name }] of keys.entries()) {
        hid.key(name, true);
        hid.key(name, false);
        // Each has its turn: which key it is, not how many, is looked at here.
        await serial.waitFor(() => events(released).length > index);
      }
      hid.move(-32_768, -32_768);
      hid.button('left', true);
      hid.button('left', false);
      hid.wheel(0, 1);
      hid.move(32_767, 32_767);
      // The last pixel of 720x400, of 32767 steps.
      const corner = /^tablet 3 (0 32721|1 32685)$/;
      await serial.waitFor(() => events(corner).length === 2);
      // What Linux makes of these usages of a USB keyboard: KEY_COMPOSE, KEY_KATAKANAHIRAGANA.
      const others = new Map([
        ['ContextMenu', 127],
        ['KanaMode', 93],
      ]);
      const pressed = keys.map(({ name, linux }) => `keyboard 1 ${others.get(name) ?? linux} 1`);
      expect(events(/^keyboard 1 \d+ 1$/)).toEqual(pressed);
      expect(events(released)).toHaveLength(pressed.length);
      expect(events(/ 1 272 [01]$/)).toEqual(['tablet 1 272 1', 'tablet 1 272 0']);
      expect(events(/ 2 8 -?1$/)).toEqual(['tablet 2 8 1']);
    });
  });
});
