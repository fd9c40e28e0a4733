import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { editEdid } from '../src/protocols/edid-edit.ts';
import { EDID_PRESETS, presetEdid } from '../src/protocols/edid-preset.ts';
import { readEdidFile } from '../src/protocols/edid-text.ts';
import { TIMINGS, type TimingName } from '../src/protocols/edid-timing.ts';
import { CaptureDevice } from './support/capture-device.ts';
import { http } from './support/http-client.ts';
import { PASSWORD, PageRig } from './support/page-rig.ts';
import { StateDirectory } from './support/state-directory.ts';

const MAIN = fileURLToPath(new URL('../bundle/main.js', import.meta.url));
const headers = { authorization: `Basic ${btoa(`admin:${PASSWORD}`)}` };

/** What v4l-utils' edid-decode makes of it. */
function decode(edid: Uint8Array): string {
  const { stdout, stderr } = spawnSync('edid-decode', ['--check', '-'], { input: edid });
  return `${stdout}${stderr}`;
}

describe('edid-decode', () => {
  it.each(EDID_PRESETS)('finds nothing wrong with the preset %s', (name) => {
    const told = decode(presetEdid(name));
    expect(told).toContain('EDID conformity: PASS');
    expect(told).toContain('Basic audio support');
  });

  it('finds nothing wrong with any preferred mode, nor without sound', () => {
    for (const timing of Object.keys(TIMINGS) as TimingName[]) {
      const told = decode(editEdid(presetEdid('v4plus'), { timing, audio: false }));
      expect(told).toContain('EDID conformity: PASS');
      expect(told).not.toContain('Basic audio support');
      expect(told).toMatch(new RegExp(`DTD 1: +${timing.split('@')[0]} `));
    }
  });
});

describe('crashcart edid', () => {
  const setUp = () => {
    const state = new StateDirectory();
    const device = new CaptureDevice(state.path);
    const run = (...argv: string[]) => {
      const file = state.config(
        `kvmd: {streamer: {edid: {device: ${device.path}, file: ${state.path}/edid.hex}}}\n`,
      );
      const env = { ...process.env, ...device.env };
      const args = [MAIN, 'edid', ...argv, '--config', file];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { env });
      return { code: status, out: String(stdout), err: String(stderr) };
    };
    return { state, device, run };
  };

  it('makes a file, gives it to the chip, reads it back, and takes it away', async () => {
    const { state, device, run } = setUp();
    await using _ = state;
    expect(run('show')).toMatchObject({ code: 1, out: `${device.path} shows no EDID\n` });
    const made = run('set', '--import-preset', 'v3', '--set-monitor-name', 'Rack 7');
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.out).toContain('Monitor name:    Rack 7\n');
    expect(run('apply')).toMatchObject({ code: 0, err: '', out: `${device.path} shows it\n` });
    const edid = readEdidFile(readFileSync(join(state.path, 'edid.hex')));
    expect(Uint8Array.from(readFileSync(`${device.path}.edid`))).toEqual(edid);
    expect(run('show')).toEqual(run('show', join(state.path, 'edid.hex')));
    expect(JSON.parse(run('show', '--json').out)).toMatchObject({
      ...{ monitorName: 'Rack 7', product: 0x7771, modes: ['1280x720@60', '1920x1080@50'] },
    });
    expect(run('clear')).toMatchObject({ code: 0, err: '' });
    expect(run('show').code).toBe(1);
  });

  it('begins with what is there, and applies at once', async () => {
    const { state, run } = setUp();
    await using _ = state;
    writeFileSync(join(state.path, 'own.bin'), presetEdid('v4mini'));
    const changed = ['--import', join(state.path, 'own.bin'), '--set-audio', 'no', '--apply'];
    expect(run('set', ...changed)).toMatchObject({ code: 0, err: '' });
    expect(run('set', '--set-timing', '1280x1024@60')).toMatchObject({ code: 0, err: '' });
    expect(run('show').out).toContain('Preferred:       1920x1080@60\n');
    const told = run('show', join(state.path, 'edid.hex')).out;
    expect(told).toMatch(
      /Product ID: {6}0x7772 .*\n.*\n.*\n.*\nAudio: {11}no\nPreferred: +1280x1024@60\n/,
    );
  });

  it.each([
    [['set'], 1, /^There is no .*edid\.hex: make one by `crashcart edid set/],
    [['apply', '--device', '/dev/no-such'], 1, /^There is no .*edid\.hex/],
    [['set', '--import-preset', 'v9'], 2, /^--import-preset takes one of: v0, v1/],
    [
      ['set', '--import-preset', 'v2', '--set-serial', 'x'],
      2,
      /^--set-serial takes a whole number/,
    ],
    [['clear', '--device', '/dev/null'], 1, /USB grabbers have one of their own that stays$/m],
    [['clear', '--device', '/dev/no-such'], 1, /it is not there: is its overlay loaded/],
    [['show', 'one', 'two'], 2, /^Usage: crashcart edid/],
  ])('says what is wrong with %j', async (argv, code, why) => {
    const { state, run } = setUp();
    await using _ = state;
    const told = run(...(argv as string[]));
    expect(told).toMatchObject({ code, out: '' });
    expect(told.err).toMatch(why as RegExp);
  });
});

it('a picture that does not come is told by what the chip sees', async () => {
  await using rig = new PageRig();
  const device = new CaptureDevice(rig.directory);
  device.unplug();
  const none = { type: 'disabled' };
  const streamer = { ...device.streamer(['--dv-timings', '--persistent']), forever: true };
  const url = await rig.start({ kvmd: { hid: none, atx: none, msd: none, streamer } }, device.env);
  const reason = async () => {
    const answer = await http(`${url}api/streamer`, { headers });
    const { streamer: state } = answer.result() as {
      streamer: { source: { online: boolean; reason?: string } } | null;
    };
    return state?.source.online ? 'online' : state?.source.reason;
  };
  await expect.poll(reason).toContain('no cable, or a machine that is off or asleep');
  device.plug('unlocked');
  await expect.poll(reason).toContain('cannot lock on to it');
  device.plug('out-of-range');
  await expect.poll(reason).toContain('out of range of the chip');
  device.plug('640x480');
  await expect.poll(reason).toBe('online');
  device.unplug();
  await expect.poll(reason).toContain('no cable');
});
