import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  type CaseResult,
  type Line,
  Replay,
  readDifferences,
  readGroups,
  readLater,
  type Target,
} from './golden-runner/replay.mjs';
import { type GoldenRig, startGoldenRig } from './support/golden-rig.ts';

const GOLDEN = fileURLToPath(new URL('./golden', import.meta.url));
const BOTH_WAYS = ['auth', 'generic', 'info', 'log'];
const OVER_TCP = ['hid', 'atx', 'streamer', 'ws'];
/** Sessions that wait longer are left to `npm run golden`, ms. */
const LONGEST_SESSION_MS = 4000;

describe.concurrent('the recordings', () => {
  test.each([...BOTH_WAYS, ...OVER_TCP])('of %s are answered alike over TCP', async (group) => {
    await using rig = await startGoldenRig();
    const base = { host: '127.0.0.1', port: rig.port };
    expect(await failures(rig, group, { base, prefix: '/api' })).toEqual([]);
  });

  test.each(BOTH_WAYS)('of %s are answered alike over the unix socket', async (group) => {
    await using rig = await startGoldenRig();
    const base = { path: rig.socketPath };
    expect(await failures(rig, group, { base, prefix: '' })).toEqual([]);
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

async function failures(
  rig: GoldenRig,
  group: string,
  target: Target,
): Promise<readonly CaseResult[]> {
  const failed: CaseResult[] = [];
  let passed = 0;
  const later = readLater(join(GOLDEN, 'later.json'));
  const replay = new Replay({
    target,
    front: target,
    // Whether the streamer runs when a session begins depends on the long ones before it.
    later: group === 'ws' ? { ...later, events: [...later.events, 'streamer'] } : later,
    differences: readDifferences(join(GOLDEN, 'differences.json')),
    rig: (action) => rig.action(action),
  });
  for (const lines of readGroups(GOLDEN, [group])) {
    await replay.group(lines.filter(isQuick), (result) => {
      if (result.result === 'failed') failed.push(result);
      if (result.result === 'passed') passed += 1;
    });
  }
  expect(passed).toBeGreaterThan(3);
  return failed;
}

/** Long WebSocket sessions are left out; so is the pause before the first, the rig being new. */
function isQuick(line: Line): boolean {
  const { ws, wait_ms } = line as Line & Recorded;
  if (ws) return (ws.steps ?? []).reduce((ms, step) => ms + step.wait_ms, 0) <= LONGEST_SESSION_MS;
  return (wait_ms ?? 0) <= 10_000;
}

interface Recorded {
  readonly wait_ms?: number;
  readonly ws?: { readonly steps?: readonly { readonly wait_ms: number }[] };
}
