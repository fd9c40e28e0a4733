import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogReader } from '../src/info/log-reader.ts';
import { peerCredentials } from '../src/platform/peer-cred.ts';
import {
  type CaseResult,
  Replay,
  readDifferences,
  readGroups,
  type Target,
} from './golden-runner/replay.mjs';
import { FrontRig } from './support/front-rig.ts';

const GOLDEN = fileURLToPath(new URL('./golden', import.meta.url));
const GROUPS = ['auth', 'generic', 'info', 'log'];

let rig: FrontRig;
let socketPath: string;
beforeAll(async () => {
  const directory = join(tmpdir(), `golden-rig-${process.pid}`);
  rig = await FrontRig.start({
    info: await recordedBox(directory),
    http: { logReader: new RequestLog(), peerCredentials },
  });
  // A path that also a peer without privileges may enter.
  socketPath = join(directory, 'http.sock');
  await rig.server.listen({ path: socketPath });
  await chmod(socketPath, 0o666);
});
afterAll(() => rig.close());

describe.each(GROUPS)('the recordings of %s', (group) => {
  test('are answered alike over TCP, below /api', async () => {
    const base = { host: '127.0.0.1', port: rig.port };
    expect(await failures(group, { base, prefix: '/api' })).toEqual([]);
  });

  test('are answered alike over the unix socket, without a prefix', async () => {
    expect(await failures(group, { base: { path: socketPath }, prefix: '' })).toEqual([]);
  });
});

test('every difference says what we answer and why, of a case that exists', async () => {
  const names = new Set<string>();
  for (const lines of readGroups(GOLDEN)) {
    for (const line of lines as unknown as { name?: string }[]) if (line.name) names.add(line.name);
  }
  for (const { name, why } of readDifferences(join(GOLDEN, 'differences.json')).values()) {
    expect(names).toContain(name);
    expect(why).not.toBe('');
  }
});

async function failures(group: string, target: Target): Promise<readonly CaseResult[]> {
  const failed: CaseResult[] = [];
  let passed = 0;
  const replay = new Replay({
    target,
    front: target,
    differences: readDifferences(join(GOLDEN, 'differences.json')),
    async rig(action) {
      if (action.totp_secret !== undefined) await rig.setTotp(String(action.totp_secret));
      return action.reset === 'default' || action.totp_secret !== undefined;
    },
  });
  for (const lines of readGroups(GOLDEN, [group])) {
    await replay.group(lines, (result) => {
      if (result.result === 'failed') failed.push(result);
      if (result.result === 'passed') passed += 1;
    });
  }
  expect(passed).toBeGreaterThan(3);
  return failed;
}

/** The facts of reference.yaml as files. */
async function recordedBox(directory: string) {
  const tree = join(directory, 'device-tree');
  const extrasDir = join(directory, 'extras');
  await mkdir(tree, { recursive: true });
  await writeFile(join(tree, 'model'), 'Virtual Raspberry Pi\0');
  await writeFile(join(tree, 'serial-number'), '0000000000000000\0');
  const platformFile = join(directory, 'platform');
  await writeFile(
    platformFile,
    'PIKVM_MODEL=test_model\nPIKVM_VIDEO=test_video\nPIKVM_BOARD=test_board\n',
  );
  for (const [name, place] of [
    ['ipmi', 21],
    ['vnc', 20],
  ] as const) {
    const title = name.toUpperCase();
    await mkdir(join(extrasDir, name), { recursive: true });
    await writeFile(
      join(extrasDir, name, 'manifest.yaml'),
      `name: ${title}\ndescription: Show ${title} information\nicon: share/svg/${name}.svg\n` +
        `path: ${name}\ndaemon: kvmd-${name}\nport: ${name}/port\nplace: ${place}\n`,
    );
  }
  const vcgencmd = join(directory, 'vcgencmd');
  await writeFile(vcgencmd, '#!/bin/sh\necho throttled=0x0\n', { mode: 0o755 });
  const sysDir = join(directory, 'sys');
  const zone = join(sysDir, 'class/thermal/thermal_zone0');
  await mkdir(zone, { recursive: true });
  await writeFile(join(zone, 'temp'), '36511\n');
  await writeFile(join(zone, 'type'), 'cpu-thermal\n');
  expect(await readFile(platformFile, 'utf8')).toContain('test_board');
  const unitsDir = join(directory, 'units');
  await mkdir(unitsDir, { recursive: true });
  const ports: Readonly<Record<string, number>> = { 'ipmi/port': 623, 'vnc/port': 5900 };
  return {
    configValue: (path: string) => ports[path],
    deviceTreeDir: tree,
    platformFile,
    extrasDir,
    sysDir,
    unitsDir,
    vcgencmd: [vcgencmd] as const,
  };
}

/** Ten lines of the past, and with `follow` one each half second. */
class RequestLog implements LogReader {
  async *read({ follow, signal }: Parameters<LogReader['read']>[0]) {
    const line = () => ({ atMs: Date.now(), unit: 'crashcart.service', message: 'a line' });
    for (let count = 0; count < 10; count++) yield line();
    while (follow && !signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      yield line();
    }
  }
}
