import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { configSchema } from '../src/config/schema.ts';
import { type DocBlock, docBlocks } from './support/doc-blocks.ts';
import { http } from './support/http-client.ts';
import { ServerProcess } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';
import { buildTestIso, TEST_ISO_BANNER } from './support/test-iso.ts';

const PASSWORD = 'known to the test';
const headers = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };

describe('docs/machines.md', () => {
  const state = new StateDirectory();
  const place = join(state.path, 'vms');
  const serial = join(place, 'serial.log');
  let blocks: readonly DocBlock[] = [];
  let qemu: ChildProcess | undefined;
  let server: ServerProcess | undefined;

  const block = (language: string) => {
    const found = blocks.find((each) => each.language === language);
    if (!found) throw new Error(`docs/machines.md shows no ${language}`);
    return found.text;
  };

  /** The command as documented, with a line that tells what boots. */
  function startQemu(): ChildProcess {
    const command = `exec ${block('sh').trimEnd()} -display none -serial file:${serial}`;
    return spawn('sh', ['-c', command], { stdio: 'inherit' });
  }

  async function endQemu(): Promise<void> {
    if (!qemu || qemu.exitCode !== null || qemu.signalCode !== null) return;
    const gone = once(qemu, 'exit');
    qemu.kill('SIGKILL');
    await gone;
  }

  /** The result of a request that must succeed. */
  async function call(path: string, options: Parameters<typeof http>[1] = {}): Promise<unknown> {
    const answer = await http(`${server?.url}api/${path}`, { headers, ...options });
    expect(answer.status, `${path}: ${answer.body}`).toBe(200);
    return answer.result();
  }
  const post = (path: string, body?: Buffer) =>
    call(path, { method: 'POST', ...(body ? { body } : {}) });
  const eventually = (check: () => unknown) =>
    vi.waitFor(check, { timeout: 60_000, interval: 200 });
  const booted = () => readFileSync(serial, 'latin1').match(new RegExp(TEST_ISO_BANNER, 'g'));

  beforeAll(async () => {
    mkdirSync(place);
    writeFileSync(join(place, 'web1.raw'), Buffer.alloc(1 << 20));
    buildTestIso(join(place, 'test.iso'));
    blocks = docBlocks('machines.md', {
      'accel=kvm': 'accel=tcg',
      '/run/vms/': `${place}/`,
      '/var/lib/vms/': `${place}/`,
      '/srv/crashcart/images': join(place, 'images'),
    });
    qemu = startQemu();
    const options = ['--state', state.path, '--port', '0'];
    server = await ServerProcess.start([...options, '--config', state.config(block('yaml'))], {
      CRASHCART_PASSWORD: PASSWORD,
    });
    await eventually(async () => {
      expect(await call('atx')).toMatchObject({ leds: { power: true } });
    });
  });

  afterAll(async () => {
    await server?.end();
    await endQemu();
    await state[Symbol.asyncDispose]();
  });

  it('shows a VNC server that the configuration takes', () => {
    const shown = blocks.find(({ text }) => text.includes('remote_vnc:'));
    const lab = configSchema.parse(parse(shown?.text ?? '')).machines.lab;
    expect(lab).toMatchObject({
      ...{ hid: { type: 'vnc' }, streamer: { type: 'vnc' }, atx: { type: 'disabled' } },
      remote_vnc: { host: 'lab.example', port: 5900, tls: 'auto', ca: '/etc/crashcart/lab-ca.pem' },
    });
  });

  it('attaches to a QEMU that was started as it says: screen, keys, unplugging', async () => {
    expect(await call('hid')).toMatchObject({ online: true });
    await post('hid/events/send_key?key=KeyA');
    await post('hid/set_connected?connected=0');
    await post('hid/set_connected?connected=1');
    expect(await call('hid')).toMatchObject({ online: true, connected: true });
    await eventually(async () => {
      const picture = await http(`${server?.url}streamer/snapshot`, { headers });
      expect(picture.headers['x-ustreamer-online']).toBe('true');
    });
  });

  it('boots it from an uploaded image, before its own first boot device', async () => {
    await post('msd/write?image=test.iso', readFileSync(join(place, 'test.iso')));
    await post('msd/set_params?image=test.iso&cdrom=1');
    await post('msd/set_connected?connected=1');
    expect(booted()).toBeNull();
    await post('atx/power?action=reset_hard&wait=1');
    await eventually(() => expect(booted()).toHaveLength(1));
  });

  it('switches it on again after the guest has switched itself off', async () => {
    await eventually(() => expect(readFileSync(serial, 'latin1')).toContain('guest is ready'));
    await eventually(async () => {
      // A guest that has just come up may miss the first press.
      await post('atx/power?action=off&wait=1');
      expect(await call('atx')).toMatchObject({ leds: { power: false } });
    });
    await post('atx/power?action=on&wait=1');
    await eventually(() => expect(booted()).toHaveLength(2));
  });

  it('puts the medium into the next QEMU, which boots from it after a reset', async () => {
    await endQemu();
    await eventually(async () => expect(await call('msd')).toMatchObject({ online: false }));
    qemu = startQemu();
    await eventually(async () => {
      expect(await call('msd')).toMatchObject({ online: true, drive: { connected: true } });
    });
    await post('atx/power?action=reset_hard&wait=1');
    await eventually(() => expect(booted()).not.toBeNull());
    await post('msd/set_connected?connected=0');
  });

  it('leaves it running when the server ends', async () => {
    expect(await server?.end()).toBe(0);
    expect(qemu?.exitCode).toBeNull();
  });
});
