import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyName } from '@crashcart/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../src/core/state.ts';
import type { VncServer } from '../src/drivers/vnc/vnc-server.ts';
import { KEYS } from '../src/protocols/keys.ts';
import { keysymOf } from '../src/protocols/keysyms.ts';
import { compression, ENCODING, jpegQuality } from '../src/protocols/rfb/messages.ts';
import { certificateFiles, selfSigned } from '../src/tls/certificate.ts';
import { PamUser } from './support/pam-user.ts';
import { difference } from './support/picture.ts';
import { VncViewer } from './support/vnc-viewer.ts';
import { Xvnc } from './support/xvnc.ts';

const limit = () => AbortSignal.timeout(60_000);

describe("TigerVNC's screen", () => {
  let server: Xvnc;
  beforeAll(async () => {
    server = await Xvnc.start();
    await server.client('xsetroot', '-mod', '7', '5', '-fg', '#d08020', '-bg', '#204060');
  });
  afterAll(() => server.close());

  const { raw, hextile, zrle, tight, copyRect, extendedDesktopSize } = ENCODING;
  it.each([
    ['raw', [raw], 0],
    ['Hextile', [hextile], 0],
    ['ZRLE', [zrle], 0],
    ['Tight', [tight], 0],
    ['Tight, packed as well as it gets', [tight, compression(9)], 0],
    ['Tight that may have JPEG', [tight, jpegQuality(8)], 3],
    ['what the driver offers', undefined, 0],
  ])('is the same in %s, pixel for pixel, also when it has changed', async (_, first, mean) => {
    const encodings = first && { encodings: [...first, copyRect, extendedDesktopSize] };
    await using viewer = new VncViewer({ port: server.port }, encodings);
    viewer.watch();
    const before = await server.picture();
    await viewer.frameWith((frame) => difference(frame, before) <= mean);
    using _window = await server.events();
    const after = await server.picture();
    expect(difference(before, after)).toBeGreaterThan(5);
    const { dirty } = await viewer.frameWith((frame) => difference(frame, after) <= mean);
    expect(dirty).not.toBeNull();
  });

  it('comes as JPEG where many colours are', async () => {
    const encodings = [tight, jpegQuality(5), extendedDesktopSize];
    await using viewer = new VncViewer({ port: server.port }, { encodings });
    viewer.watch();
    const shade = (x: number, y: number) => ((x & 255) << 16) | (((x + y) & 255) << 8) | (y & 255);
    using _picture = await server.show(shade);
    const picture = await server.picture();
    // TigerVNC then makes it sharp, a little at a time.
    await viewer.frameWith((frame) => {
      const mean = difference(frame, picture);
      return mean > 0 && mean < 4;
    });
  });

  it('follows its size', async () => {
    await using viewer = new VncViewer({ port: server.port });
    const feed = viewer.watch();
    for (const size of ['1024x768', '640x480']) {
      await server.client('xrandr', '-s', size);
      const [width, height] = size.split('x').map(Number);
      await viewer.frameWith((frame) => frame.width === width && frame.height === height);
      expect(feed.signal.value).toEqual({ online: true, width, height });
      const picture = await server.picture();
      await viewer.frameWith((frame) => difference(frame, picture) === 0);
    }
  });

  it('is asked for nothing while nobody watches, and shown whole to who comes then', async () => {
    await using viewer = new VncViewer({ port: server.port });
    const feed = viewer.watch();
    await viewer.frameWith(() => true);
    feed.setWatched(false);
    // What was asked for before may bring the first change, and nothing the second.
    for (const [caps, colour] of [
      [true, '#a00000'],
      [false, '#0000a0'],
    ] as const) {
      await server.client('xsetroot', '-solid', colour);
      // A key that comes back as an LED comes after all pixels.
      viewer.hid.key('CapsLock', true);
      viewer.hid.key('CapsLock', false);
      await until(viewer.hid.state, ({ keyboard }) => keyboard.leds.caps === caps, limit());
    }
    const picture = await server.picture();
    expect(difference(viewer.frame ?? picture, picture)).toBeGreaterThan(5);
    feed.setWatched(true);
    const { dirty } = await viewer.frameWith((frame) => difference(frame, picture) === 0);
    expect(dirty).toBeNull();
  });
});

describe("TigerVNC's X server", () => {
  it('gets every key as what it means', async () => {
    await using server = await Xvnc.start();
    await using viewer = new VncViewer({ port: server.port });
    await until(viewer.connection.leds, (mask) => mask !== undefined, limit());
    using events = await server.events();
    const click = (name: KeyName) => {
      viewer.hid.key(name, true);
      viewer.hid.key(name, false);
    };
    // Xlib loads the layout at the first key, and asks to be told of changes to it with the next
    // flush: only then may the server be made to add keysyms that its layout lacks.
    for (const count of [1, 2]) {
      click('KeyA');
      await events.waitFor(new RegExp(`(?:KeyRelease event[\\s\\S]*, a\\)[\\s\\S]*){${count}}`));
    }
    const before = events.text.length;
    const names = KEYS.map(({ name }) => name).filter((name) => !/Lock$/.test(name));
    for (const name of names) click(name);
    await events.waitFor(/KeyRelease event(?:(?!Press)[\s\S])*Super_R\)/);
    const told = events.text.slice(before);
    const pressed = [...told.matchAll(/KeyPress event[\s\S]*?keysym (0x[\da-f]+)/g)];
    // Num Lock is off there, and told so.
    const levels = { shift: false, caps: false, num: false };
    expect(pressed.map(([, keysym]) => Number(keysym))).toEqual(
      names.map((name) => keysymOf(name, levels)),
    );
  });

  it('gets what is typed with Shift and Caps Lock, and tells its LEDs', async () => {
    await using server = await Xvnc.start();
    await using viewer = new VncViewer({ port: server.port });
    await viewer.online();
    using events = await server.events();
    const { hid } = viewer;
    const click = (key: 'KeyA' | 'Digit3' | 'CapsLock') => {
      hid.key(key, true);
      hid.key(key, false);
    };
    click('KeyA');
    hid.key('ShiftLeft', true);
    click('KeyA');
    // Its release comes when Shift is up again.
    hid.key('Digit2', true);
    hid.key('ShiftLeft', false);
    hid.key('Digit2', false);
    click('CapsLock');
    click('KeyA');
    await until(hid.state, ({ keyboard }) => keyboard.leds.caps, limit());
    click('KeyA');
    click('CapsLock');
    click('Digit3');
    await events.waitFor(/KeyPress event[^"]*"3"/);
    await until(hid.state, ({ keyboard }) => !keyboard.leds.caps, limit());
    const typed = [...events.text.matchAll(/KeyPress event[^"]*gives 1 bytes: \(..\) "(.)"/g)];
    expect(typed.map(([, sign]) => sign).join('')).toBe('aA@AA3');
    hid.key('KeyB', true);
    await events.waitFor(/KeyPress event[^"]*"b"/);
    hid.releaseAll();
    await events.waitFor(/KeyRelease event(?:(?!Press)[\s\S])*, b\)/);
  });

  it('gets the pointer, its buttons and its wheel', async () => {
    await using server = await Xvnc.start({ geometry: '801x601' });
    await using viewer = new VncViewer({ port: server.port });
    await viewer.online();
    using events = await server.events();
    const { hid } = viewer;
    hid.move(-32_768, -32_768);
    await events.waitFor(/MotionNotify[^\n]*\n[^\n]*root:\(0,0\)/);
    hid.move(0, 0);
    await events.waitFor(/MotionNotify[^\n]*\n[^\n]*root:\(400,300\)/);
    for (const button of ['left', 'middle', 'right'] as const) {
      hid.button(button, true);
      hid.button(button, false);
    }
    hid.wheel(0, 2);
    hid.wheel(0, -1);
    hid.wheel(1, 0);
    hid.wheel(-1, 0);
    hid.button('down', true);
    hid.move(32_767, 32_767);
    hid.button('left', true);
    await events.waitFor(/ButtonPress[^\n]*\n[^\n]*root:\(800,600\)[^\n]*\n[^\n]*button 1/);
    const pressed = [...events.text.matchAll(/ButtonPress[\s\S]*?button (\d)/g)];
    expect(pressed.map(([, button]) => Number(button))).toEqual([1, 2, 3, 4, 4, 5, 7, 6, 1]);
    hid.releaseAll();
    await events.waitFor(/ButtonRelease[^\n]*\n[^\n]*root:\(800,600\)[^\n]*\n[^\n]*button 1/);
    expect(viewer.log.messages).toContain('warn VNC has no mouse button that goes forward');
  });
});

describe('a VNC server that wants to know who comes', () => {
  let dir = '';
  let ca = '';
  let fingerprint = Buffer.alloc(0);
  let files: readonly string[] = [];
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'cc-vnc-'));
    const { cert } = await selfSigned(dir, '127.0.0.1');
    ca = join(dir, 'ca.pem');
    await writeFile(ca, cert);
    fingerprint = Buffer.from(new X509Certificate(cert).fingerprint256.replaceAll(':', ''), 'hex');
    const pair = certificateFiles(dir);
    files = ['-X509Cert', pair.cert, '-X509Key', pair.key];
  });
  afterAll(() => rm(dir, { recursive: true }));

  const TRUST: Readonly<Record<string, () => Partial<VncServer>>> = {
    plain: () => ({}),
    anonymous: () => ({ tls: 'anonymous' }),
    ca: () => ({ tls: 'certificate', caFile: ca }),
    pinned: () => ({ tls: 'certificate', fingerprint }),
  };
  it.each([
    ['VncAuth', 'plain'],
    ['TLSNone', 'anonymous'],
    ['TLSVnc', 'anonymous'],
    ['X509None', 'ca'],
    ['X509Vnc', 'ca'],
    ['X509Vnc', 'pinned'],
    ['X509Vnc', 'anonymous'],
  ])('by %s lets us in, trusted as %s', async (security, trust) => {
    await using server = await Xvnc.start({ security, passwd: 'secret', args: files });
    await using viewer = new VncViewer({
      ...{ port: server.port, passwd: 'secret', ...TRUST[trust]?.() },
    });
    viewer.watch();
    const picture = await server.picture();
    await viewer.frameWith((frame) => difference(frame, picture) === 0);
    expect(server.log).toContain(
      `requests security type ${/^(TLS|X509)/.test(security) ? 'VeNCrypt' : security}`,
    );
  });

  it.runIf(process.getuid?.() === 0)('asks PAM for a user and his password', async () => {
    await using pam = await PamUser.create('alice', 'right');
    const args = [...files, '-PlainUsers', '*', '-PAMService', pam.service];
    await using server = await Xvnc.start({ security: 'X509Plain', args });
    const login = { port: server.port, user: 'alice', ...TRUST.ca?.() };
    await using viewer = new VncViewer({ ...login, passwd: 'right' });
    await viewer.online();
    await using stranger = new VncViewer({ ...login, passwd: 'wrong' });
    await stranger.offline(/did not accept the password.*Look at remote_vnc\.passwd_file/);
  });

  it.each<[what: string, security: string, Partial<VncServer>, RegExp]>([
    [
      'shows a certificate that nobody vouches for',
      'X509None',
      { tls: 'certificate' },
      /failed: self-signed certificate\. Name its authorities/,
    ],
    [
      'shows another certificate',
      'X509None',
      { tls: 'certificate', fingerprint: Buffer.alloc(32) },
      /failed: The certificate is another one: [\dA-F:]{95}\. Name .* or its own SHA-256/,
    ],
    ['shows none', 'TLSNone', { tls: 'certificate' }, /Only tls: anonymous connects to it/],
    ['wants TLS', 'TLSNone', {}, /wants TLS: set tls to certificate, or to anonymous/],
    ['has no TLS', 'None', { tls: 'certificate' }, /Only tls: off connects without/],
    // An address that is not known to be of this host: a server without TLS is not good enough.
    [
      'is elsewhere and has no TLS',
      'VncAuth',
      { host: '0.0.0.0', passwd: 'secret' },
      /has no TLS \(VeNCrypt\)/,
    ],
    ['wants a password', 'VncAuth', {}, /wants a password: name its file in passwd_file/],
    [
      'wants another password',
      'VncAuth',
      { passwd: 'wrong' },
      /did not accept the password.*Look at remote_vnc\.passwd/,
    ],
    ['wants one of a file', 'VncAuth', { passwdFile: '/nowhere' }, /no file \/nowhere\./],
  ])('that %s gets nothing from us, and we say why', async (_, security, options, reason) => {
    await using server = await Xvnc.start({ security, passwd: 'secret', args: files });
    await using viewer = new VncViewer({ port: server.port, ...options });
    const feed = viewer.watch();
    const told = await viewer.offline(reason);
    expect(feed.signal.value).toEqual({ online: false, reason: told });
    expect(viewer.hid.state.value.online).toBe(false);
    expect(viewer.log.messages).toEqual(['warn The VNC server cannot be used']);
  });

  it('is trusted without TLS where tls: off is written', async () => {
    await using server = await Xvnc.start({ security: 'VncAuth', passwd: 'secret' });
    const far = { port: server.port, host: '0.0.0.0', tls: 'off', passwd: 'secret' } as const;
    await using viewer = new VncViewer(far);
    viewer.watch();
    const picture = await server.picture();
    // Not of this host: the picture comes as JPEG where that is smaller.
    await viewer.frameWith((frame) => difference(frame, picture) < 3);
  });

  it('is not asked with a wrong password again and again', async () => {
    await using server = await Xvnc.start({ security: 'VncAuth', passwd: 'secret' });
    const passwdFile = join(dir, 'passwd');
    await writeFile(passwdFile, 'wrong\n');
    await using viewer = new VncViewer({ port: server.port, passwdFile });
    await viewer.offline(/did not accept the password/);
    await writeFile(passwdFile, 'secret\nwhat is below does not count\n');
    const beginMs = performance.now();
    await viewer.online();
    expect(performance.now() - beginMs).toBeGreaterThan(3000);
    expect(server.log.match(/accepted/g)).toHaveLength(2);
  });
});

describe('a VNC server that goes away', () => {
  it('is there again by itself, with a whole picture', async () => {
    const first = await Xvnc.start();
    const { port } = first;
    await using viewer = new VncViewer({ port });
    const feed = viewer.watch();
    await viewer.frameWith(() => true);
    viewer.hid.key('KeyA', true);
    await first.close();
    const reason = `No VNC server listens on 127.0.0.1:${port}.`;
    await until(feed.signal, (signal) => !signal.online && signal.reason === reason, limit());
    expect(viewer.hid.state.value.online).toBe(false);
    await using second = await Xvnc.start({ port, geometry: '320x240' });
    const { dirty } = await viewer.frameWith(({ width }) => width === 320);
    expect(dirty).toBeNull();
    expect(viewer.hid.state.value.online).toBe(true);
    using events = await second.events();
    viewer.hid.key('KeyB', true);
    await events.waitFor(/KeyPress event[^"]*"b"/);
    expect(viewer.log.messages.filter((line) => line.startsWith('info'))).toHaveLength(2);
  });

  it('or stands still is told, and used when it goes on', async () => {
    await using server = await Xvnc.start();
    await using viewer = new VncViewer({ port: server.port }, { quietMs: 500, handshakeMs: 2000 });
    const feed = viewer.watch();
    await viewer.frameWith(() => true);
    server.signal('SIGSTOP');
    await viewer.offline(/does not answer/);
    expect(feed.signal.value.online).toBe(false);
    server.signal('SIGCONT');
    await viewer.online();
    const seen = viewer.frames.value;
    await until(viewer.frames, (frames) => frames > seen, limit());
  });
});
