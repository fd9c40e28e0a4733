import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  type CaseResult,
  type Line,
  Replay,
  readDifferences,
  readGroups,
  type Target,
} from './golden-runner/replay.mjs';
import { type GoldenRig, startGoldenRig } from './support/golden-rig.ts';
import { Nginx } from './support/nginx.ts';

const GOLDEN = fileURLToPath(new URL('./golden', import.meta.url));
const BOTH_WAYS = ['auth', 'generic', 'info', 'log'];
const OVER_TCP = [
  ...['hid', 'atx', 'msd', 'gpio', 'streamer', 'switch', 'switch-2units', 'ws'],
  ...[
    'export',
    'redfish',
    'nginx',
    'media',
    'ustreamer',
    'variant-expire3-extend-prometheus-noauth',
  ],
];
/** Groups with cases that were recorded through nginx: real nginx stands before the server. */
const IN_FRONT: ReadonlySet<string> = new Set(['log', 'streamer', 'ws', 'nginx', 'media']);
/** Sessions that wait longer are left to `npm run golden`, ms. */
const LONGEST_SESSION_MS = 4000;
/** PiKVM needs a second to see a change of its storage; here it is seen at once. */
const MSD_WAIT_MS = 400;

describe.concurrent('the recordings', () => {
  test.each([...BOTH_WAYS, ...OVER_TCP])('of %s are answered alike over TCP', async (group) => {
    await using rig = await startGoldenRig();
    await using nginx = IN_FRONT.has(group)
      ? await Nginx.start(rig.socketPath, { page: 'small' })
      : undefined;
    const at = (port: number, tls = false) => ({
      base: { host: '127.0.0.1', port, tls },
      prefix: '/api',
    });
    const fronts = nginx && { front: at(nginx.httpsPort, true), frontHttp: at(nginx.httpPort) };
    expect(await failures(rig, group, { target: at(rig.port), ...fronts })).toEqual([]);
  });
});

// Not beside others: to be somebody else at the other end, the process gives up its rights a while.
describe('the recordings', () => {
  test.each(BOTH_WAYS)('of %s are answered alike over the unix socket', async (group) => {
    await using rig = await startGoldenRig();
    const base = { path: rig.socketPath };
    expect(await failures(rig, group, { target: { base, prefix: '' } })).toEqual([]);
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

async function failures(
  rig: GoldenRig,
  group: string,
  targets: { readonly target: Target; readonly front?: Target; readonly frontHttp?: Target },
): Promise<readonly CaseResult[]> {
  const failed: CaseResult[] = [];
  let passed = 0;
  const replay = new Replay({
    ...targets,
    // Whether the streamer runs when a session begins depends on the long ones before it.
    onlyPresent: group === 'ws' ? ['streamer'] : [],
    differences: readDifferences(join(GOLDEN, 'differences.json')),
    rig: (action) => rig.action(action),
    switchLog: rig.switchLog,
    hidLog: rig.hidLog,
    settled: () => rig.settled(),
  });
  for (const lines of readGroups(GOLDEN, [group])) {
    await replay.group(lines.filter(isQuick).map(hurried(group)), (result) => {
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

function hurried(group: string): (line: Line) => Line {
  return (line) => {
    const { wait_ms } = line as Line & Recorded;
    if (group !== 'msd' || wait_ms === undefined) return line;
    return { ...line, wait_ms: Math.min(wait_ms, MSD_WAIT_MS) };
  };
}

interface Recorded {
  readonly wait_ms?: number;
  readonly ws?: { readonly steps?: readonly { readonly wait_ms: number }[] };
}
