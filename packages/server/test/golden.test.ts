import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type CaseResult,
  Replay,
  readDifferences,
  readGroups,
  readLater,
  type Target,
} from './golden-runner/replay.mjs';
import { type GoldenRig, startGoldenRig } from './support/golden-rig.ts';

const GOLDEN = fileURLToPath(new URL('./golden', import.meta.url));
const GROUPS = ['auth', 'generic', 'info', 'log'];

let rig: GoldenRig;
beforeAll(async () => {
  rig = await startGoldenRig();
});
afterAll(() => rig.close());

describe.each(GROUPS)('the recordings of %s', (group) => {
  test('are answered alike over TCP, below /api', async () => {
    const base = { host: '127.0.0.1', port: rig.port };
    expect(await failures(group, { base, prefix: '/api' })).toEqual([]);
  });

  test('are answered alike over the unix socket, without a prefix', async () => {
    expect(await failures(group, { base: { path: rig.socketPath }, prefix: '' })).toEqual([]);
  });
});

test('every difference says what we answer and why, of a case that exists', async () => {
  const names = new Set<string>();
  for (const lines of readGroups(GOLDEN)) {
    for (const line of lines as unknown as { name?: string }[])
      if (line.name) names.add(line.name).add(`${line.name.split('/')[0]}/*`);
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
    later: readLater(join(GOLDEN, 'later.json')),
    differences: readDifferences(join(GOLDEN, 'differences.json')),
    rig: (action) => rig.action(action),
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
