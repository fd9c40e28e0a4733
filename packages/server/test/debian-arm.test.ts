import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InfoState } from '@crashcart/api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { armNode } from './support/arm-node.ts';
import { buildDebs, unpackDeb } from './support/debian-package.ts';
import { http } from './support/http-client.ts';
import { ServerProcess } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';

const DOWNLOADS_MS = 600_000;
const INSTALLED = 'usr/lib/crashcart/server';
/** A board without any of its hardware. */
const CONFIG = `
kvmd:
  hid: {type: serial, reset_pin: -1}
  atx: {type: gpio}
  msd: {type: disabled}
  streamer: {type: disabled}
`;
const authorization = `Basic ${btoa('admin:one and only')}`;
/** Calls the C library by the package's own koffi. */
const ASK_LIBC = `
const koffi = require('koffi');
process.stdout.write(koffi.load('libc.so.6').func('int toupper(int)')(97) + ' ' + process.arch);
`;

const out = mkdtempSync(join(tmpdir(), 'cc-arm-'));
const folders = { arm64: '', armhf: '' };
beforeAll(() => {
  for (const arch of ['arm64', 'armhf'] as const) {
    const [file = ''] = buildDebs(out, arch);
    folders[arch] = join(unpackDeb(file).folder, INSTALLED);
    armNode(arch);
  }
}, DOWNLOADS_MS);
afterAll(() => rmSync(out, { recursive: true }));

it.each([
  ['arm64', 'arm64'],
  ['armhf', 'arm'],
] as const)('the package for %s calls the system', (arch, name) => {
  const [program, ...args] = armNode(arch);
  const cwd = folders[arch];
  const said = execFileSync(program, [...args, '-e', ASK_LIBC], { cwd, encoding: 'utf8' });
  expect(said).toBe(`65 ${name}`);
});

it('the package for arm64 starts, answers and ends', async () => {
  await using state = new StateDirectory();
  const argv = ['--state', state.path, '--port', '0', '--config', state.config(CONFIG)];
  const server = await ServerProcess.start(argv, { CRASHCART_PASSWORD: 'one and only' }, [
    ...armNode('arm64'),
    join(folders.arm64, 'bundle/main.js'),
  ]);
  try {
    const answer = await http(`${server.url}api/info`, { headers: { authorization } });
    const { system } = answer.result() as InfoState;
    expect(system?.kernel.machine).toBe('aarch64');
    expect(await server.end()).toBe(0);
  } finally {
    await server.end('SIGKILL');
  }
});
