import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const RUNNER = fileURLToPath(new URL('./golden-runner/main.mjs', import.meta.url));

const METRICS = { method: 'GET', path: '/export/prometheus/metrics' };

/** Recordings whose cases go wrong when a side action does not come through. */
const GROUP = [
  { group: { name: 'served', order: 1 } },
  { rig: { reset: 'expire3-extend' } },
  { rig: { gpio_input: { pin: 24, value: 1 } } },
  // As recordings have it: an input is believed when it keeps still.
  { wait_ms: 300 },
  { name: 'served/metrics', request: METRICS, expect: { status: 200, body: 'any' } },
  {
    name: 'served/power',
    request: { method: 'GET', path: '/atx', headers: { Cookie: 'auth_token={{token}}' } },
    expect: {
      status: 200,
      json: {
        ok: true,
        result: {
          ...{ enabled: true, busy: false, acts: { power: false, reset: false } },
          leds: { hdd: false, power: true },
        },
      },
    },
    needs: ['gpio_input'],
  },
  { rig: { reset: 'default' } },
  { name: 'served/no-metrics', request: METRICS, expect: { status: 401, body: 'any' } },
];

/** The rig of `--serve`, as somebody else's replay tool sees it. */
const server = spawn(process.execPath, [RUNNER, '--serve'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(server, 'close');
const told = new Map<string, string>();

beforeAll(async () => {
  for await (const line of createInterface({ input: server.stdout })) {
    if (line === 'ready') return;
    const [, name = '', value = ''] = /^([\w-]+): (\S+)/.exec(line) ?? [];
    told.set(value.startsWith('unix:') ? 'unix' : name, value);
  }
  throw new Error('The runner ended without being ready');
});
afterAll(() => void server.kill('SIGKILL'));

interface Outcome {
  readonly code: unknown;
  readonly output: string;
}

function run(file: string, ...argv: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(file, argv, (error, out, err) => {
      resolve({ code: error?.code ?? 0, output: `${out}${err}` });
    });
  });
}

const tell = (name: string) => told.get(name) ?? '';
const rig = (action: string) => run(tell('rig'), action);
const replay = (...argv: readonly string[]) =>
  run(process.execPath, RUNNER, '--rig', tell('rig'), ...argv);

it('plays a group of another process, with side actions and a server started anew', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'golden-group-'));
  try {
    const lines = GROUP.map((line) => JSON.stringify(line));
    await writeFile(join(dir, 'served.jsonl'), lines.join('\n'));
    const outcome = await replay('--base', tell('base'), '--dir', dir);
    expect(outcome).toEqual({ code: 0, output: '3 passed, 0 failed, 0 skipped\n' });
  } finally {
    await rm(dir, { recursive: true });
  }
});

it('is reached over the unix socket, too', async () => {
  const { output } = await replay('--base', tell('unix'), '--only', 'info');
  expect(output).toMatch(/^(\d+) passed, 0 failed, \d+ skipped\n$/);
});

it('tells by the status what the rig can do, and writes what the Switch is asked', async () => {
  expect(await rig('{"gpio_input":{"pin":24,"value":0}}')).toEqual({ code: 0, output: '' });
  expect(await rig('{"reset":"another"}')).toEqual({ code: 1, output: '' });
  expect(await rig('{"coffee":true}')).toEqual({ code: 1, output: '' });
  expect(await rig('no JSON')).toMatchObject({ code: 1, output: expect.stringContaining('JSON') });
  expect(await rig('{"switch_units":1}')).toMatchObject({ code: 0 });
  await expect.poll(() => readFileSync(tell('switch-log'), 'utf8')).toMatch(/^\{"op":\d+,"unit":/);
});

it('ends with a signal and leaves nothing behind', async () => {
  server.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(existsSync(tell('rig'))).toBe(false);
  expect(existsSync(tell('unix').slice(5))).toBe(false);
});
