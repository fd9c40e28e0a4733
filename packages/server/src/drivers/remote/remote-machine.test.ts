import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FrontRig } from '../../../test/support/front-rig.ts';
import { silentLog } from '../../core/log.ts';
import { until } from '../../core/state.ts';
import { selfSigned } from '../../tls/certificate.ts';
import { connectRemote, type RemoteMachine } from './remote-machine.ts';
import type { RemoteOptions } from './remote-options.ts';

const WITHIN = AbortSignal.timeout;
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 10 });

let dir = '';
let rig: FrontRig;
let remote: RemoteMachine;

function connect(given: Partial<RemoteOptions> = {}): RemoteMachine {
  const address = {
    ...{ url: new URL('http://localhost'), unix: join(dir, 'core.sock') },
    ...{ verify: true, fingerprint: undefined },
  };
  const account = { user: 'admin', passwd: '', passwdFile: join(dir, 'passwd') };
  return connectRemote({ address, machine: '', ...account, ignoreKeys: [], ...given }, silentLog);
}

const online = (machine: RemoteMachine) =>
  until(machine.status, (status) => status.online, WITHIN(10_000));
const offline = (machine: RemoteMachine) =>
  until(machine.status, (status) => !status.online, WITHIN(10_000));

async function startRig(): Promise<void> {
  rig = await FrontRig.start({ imagesDir: join(dir, 'images') });
  await rig.server.listen({ path: join(dir, 'core.sock') });
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'remote-machine-'));
  await writeFile(join(dir, 'passwd'), 'admin\n');
  await startRig();
  remote = connect();
  await online(remote);
});
afterEach(async () => {
  await remote[Symbol.asyncDispose]();
  await rig.close();
  await rm(dir, { recursive: true, force: true });
});

describe('a remote machine', () => {
  it('shows the states of all parts, and follows their changes', async () => {
    const { machine } = rig;
    expect(remote.hid.state.value).toEqual(machine.hid.state.value);
    await eventually(() => {
      expect(remote.msd.state.value).toEqual(machine.msd.state.value);
      expect(remote.gpio.state.value).toEqual(machine.gpio.state.value);
      expect(remote.switch.state.value).toEqual(machine.switch.state.value);
      expect(remote.hid.keymaps.value).toEqual(machine.hid.keymaps.value);
    });
    rig.atx.leds.set({ power: true, hdd: false });
    await until(remote.atx.state, ({ leds }) => leds.power, WITHIN(5000));
    expect(remote.atx.state.value).toEqual(machine.atx.state.value);
  });

  it('passes input on in its order', async () => {
    const session = remote.hid.session('page');
    session.key('KeyA', true, false);
    session.button('left', true);
    session.move(-32_768, 32_767);
    session.wheel([{ x: 1, y: -2 }], false);
    session.key('KeyA', false, false);
    session.close();
    await eventually(() => expect(rig.hid.count).toBe(6));
    expect(rig.hid.taken()).toEqual([
      ['key', 'KeyA', true],
      ['button', 'left', true],
      ['move', -32_768, 32_767],
      ['wheel', 1, -2],
      ['key', 'KeyA', false],
      ['button', 'left', false],
    ]);
  });

  it('presses no key again that was held when the remote went', async () => {
    const session = remote.hid.session('page');
    session.key('ShiftLeft', true, false);
    await eventually(() => expect(rig.hid.taken()).toContainEqual(['key', 'ShiftLeft', true]));
    const { hid: before } = rig;
    await rig.close();
    await offline(remote);
    expect(before.taken()).toContainEqual(['key', 'ShiftLeft', false]);
    session.key('KeyX', true, false);
    await startRig();
    await online(remote);
    session.close();
    const next = remote.hid.session('page');
    next.key('KeyB', true, true);
    await eventually(() => expect(rig.hid.count).toBe(2));
    expect(rig.hid.taken()).toEqual([
      ['key', 'KeyB', true],
      ['key', 'KeyB', false],
    ]);
    next.close();
  });

  it('is offline while the remote is gone, and says why to who wants something', async () => {
    rig.atx.leds.set({ power: true, hdd: true });
    await until(remote.atx.state, ({ leds }) => leds.power, WITHIN(5000));
    await rig.close();
    await offline(remote);
    expect(remote.hid.state.value).toMatchObject({ online: false, keyboard: { online: false } });
    expect(remote.msd.state.value).toMatchObject({ online: false, drive: null });
    expect(remote.atx.state.value.leds).toEqual({ power: false, hdd: false });
    const gone = { name: 'UnavailableError', message: /cannot be reached/ };
    await expect(remote.atx.click('power', false)).rejects.toMatchObject({ name: gone.name });
    await expect(remote.msd.reset()).rejects.toThrow(gone.message);
    expect(() => remote.hid.checkEnabled()).toThrow(gone.message);
    await eventually(() => {
      expect(remote.status.value).toMatchObject({
        reason: expect.stringMatching(/ENOENT|REFUSED/),
      });
    });
    await startRig();
    await online(remote);
    await until(remote.hid.state, (state) => state.online, WITHIN(5000));
  });

  it('reads what it has just written', async () => {
    await remote.hid.setParams({ jiggler: true });
    expect(remote.hid.state.value.jiggler.active).toBe(true);
    await remote.hid.print('ab', { limit: 0, slow: false, delayMs: 0, signal: WITHIN(5000) });
    expect(rig.hid.taken().filter(([, key]) => key === 'KeyA')).toHaveLength(2);
    expect(await remote.hid.inactivityS()).toBe(0);
    const { characters } = await remote.hid.keymapCharacters('de');
    expect(characters).toContain('ß');
  });

  it('passes the errors of the remote on, by name', async () => {
    const unknown = { limit: 0, slow: false, delayMs: 0, signal: WITHIN(5000), keymap: 'xx' };
    const refused = remote.hid.print('a', unknown);
    await expect(refused).rejects.toMatchObject({ name: 'ValidatorError', kind: 'invalid' });
    const press = remote.atx.click('power_long', true);
    const ended = expect(press).rejects.toMatchObject({ name: 'UnavailableError' });
    await until(remote.atx.state, ({ busy }) => busy, WITHIN(5000));
    await expect(remote.atx.click('power', false)).rejects.toMatchObject({
      ...{ name: 'AtxIsBusyError', kind: 'busy' },
    });
    await rig.close();
    await ended;
    await startRig();
    await online(remote);
    await expect(remote.gpio.switch('nothing', true, false)).rejects.toMatchObject({
      ...{ name: 'GpioChannelNotFoundError', kind: 'operation' },
    });
    await expect(remote.switch.removeEdid('00000000-0000-4000-8000-000000000000')).rejects.toThrow(
      'No specified EDID ID found',
    );
  });

  it('sends images through as fast as they are taken, both ways', async () => {
    const size = 8 * 1024 * 1024;
    const chunk = Buffer.alloc(65_536, 'crash');
    let given = 0;
    async function* chunks() {
      for (; given < size; given += chunk.length) yield chunk;
    }
    const incoming = { name: 'a/b.iso', size, removeIncomplete: false, chunks: chunks() };
    expect(await remote.msd.write(incoming)).toEqual({ name: 'a/b.iso', size, written: size });
    expect(remote.msd.state.value.storage?.images['a/b.iso']).toMatchObject({
      complete: true,
      size,
    });
    await remote.msd.setParams({ image: 'a/b.iso', cdrom: true });
    await remote.msd.setConnected(true);
    expect(rig.msd.kind).toMatchObject({ cdrom: true });
    expect(remote.msd.state.value.drive?.connected).toBe(true);
    const again = { ...incoming, chunks: chunks() };
    await expect(remote.msd.write(again)).rejects.toMatchObject({ name: 'MsdConnectedError' });
    await remote.msd.setConnected(false);
    const answer = await remote.msd.read('a/b.iso', 'none', WITHIN(10_000));
    expect(answer.size).toBe(size);
    let read = 0;
    for await (const piece of answer.chunks) {
      expect(Buffer.from(piece.subarray(0, 1)).toString()).toBe('crash'[(read % 65_536) % 5]);
      read += piece.length;
    }
    expect(read).toBe(size);
    const missing = remote.msd.read('none.iso', 'none', WITHIN(10_000));
    await expect(missing).rejects.toMatchObject({ name: 'MsdUnknownImageError' });
    await remote.msd.remove('a/b.iso');
    expect(remote.msd.state.value.storage?.images).toEqual({});
  });

  it('is reached over TLS, when the certificate is the pinned one', async () => {
    const tls = await selfSigned(dir, 'localhost');
    const { port } = await rig.server.listen({ host: '127.0.0.1', port: 0, tls });
    const url = new URL(`https://127.0.0.1:${port}/`);
    const seen = new X509Certificate(tls.cert).fingerprint256.replaceAll(':', '');
    const right = Buffer.from(seen, 'hex');
    const over = { url, unix: undefined, verify: true };
    await using pinned = connect({ address: { ...over, fingerprint: right } });
    await online(pinned);
    pinned.hid.session('page').key('KeyA', true, true);
    await eventually(() => expect(rig.hid.count).toBe(2));
    await pinned.hid.setParams({ jiggler: true });
    const other = new Uint8Array(32);
    await using wrong = connect({ address: { ...over, fingerprint: other } });
    await eventually(() => {
      expect(wrong.status.value).toMatchObject({
        reason: expect.stringContaining('The certificate is another one'),
      });
    });
    await using unknown = connect({ address: { ...over, fingerprint: undefined } });
    await eventually(() => {
      expect(unknown.status.value).toMatchObject({ reason: expect.stringMatching(/certificate/) });
    });
  });

  it('may be one of several of its server', async () => {
    const address = {
      ...{ url: new URL('http://localhost'), unix: join(dir, 'core.sock') },
      ...{ verify: true, fingerprint: undefined },
    };
    await using second = connect({ address, machine: 'default' });
    await online(second);
    await second.hid.setParams({ jiggler: true });
    expect(second.hid.state.value.jiggler.active).toBe(true);
    await using missing = connect({ address, machine: 'none' });
    await eventually(() => {
      expect(missing.status.value).toMatchObject({ reason: expect.stringContaining('404') });
    });
  });

  it('says which option is wrong when the remote does not know us', async () => {
    await using stranger = connect({ passwdFile: '', passwd: 'wrong' });
    await eventually(() => {
      expect(stranger.status.value).toEqual({
        online: false,
        reason: 'it refuses our user (remote.user, remote.passwd_file)',
      });
    });
    await using nobody = connect({ passwdFile: join(dir, 'none') });
    await eventually(() => {
      expect(nobody.status.value).toMatchObject({
        reason: expect.stringContaining('There is no file'),
      });
    });
  });
});
