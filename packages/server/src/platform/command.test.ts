import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { eventually } from '../../test/support/gpio-context.ts';
import { runCommand } from './command.ts';
import { ProgramMissingError } from './process.ts';
import { processStartTicks } from './state-lock.ts';

const { signal } = new AbortController();
const sh = (script: string, ...args: string[]) => ['/bin/sh', '-c', script, 'sh', ...args] as const;
const run = (
  argv: readonly string[],
  options: { env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
) => runCommand(argv as [string, ...string[]], { signal, ...options });

it('tells code and output, standard error with it', async () => {
  expect(await run(sh('echo out; echo err >&2; exit 3'))).toEqual({
    code: 3,
    output: expect.stringMatching(/^(out\nerr|err\nout)\n$/),
  });
});

it('gives arguments as they are: nothing is expanded', async () => {
  const { output } = await run(['/bin/echo', '$HOME', '; id', '*', '']);
  expect(output).toBe('$HOME ; id * \n');
});

it('keeps the end of a long output', async () => {
  const { output } = await run(sh('yes | head -c 1000000; echo end'));
  expect(output.length).toBe(64 * 1024);
  expect(output.endsWith('end\n')).toBe(true);
});

it('replaces the environment when told', async () => {
  expect((await run(sh('echo $A$HOME'), { env: { A: 'x' } })).output).toBe('x\n');
});

it('kills the whole group on abort', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'command-'));
  const file = join(directory, 'pid');
  const controller = new AbortController();
  const running = run(sh('sleep 1000 & echo $! > "$1"; wait', file), { signal: controller.signal });
  running.catch(() => undefined);
  const pid = await eventually(async () => {
    const text = (await readFile(file, 'utf8')).trim();
    expect(text).not.toBe('');
    return Number(text);
  });
  controller.abort(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
  await eventually(() => expect(processStartTicks(pid)).toBeUndefined());
  await expect(run(['/bin/true'], { signal: controller.signal })).rejects.toThrow('enough');
  await rm(directory, { recursive: true });
});

it('does not wait for a child that keeps the output open', async () => {
  const controller = new AbortController();
  const { output } = await run(sh('sleep 30 & echo done'), { signal: controller.signal });
  expect(output).toBe('done\n');
});

it('says that a program is missing', async () => {
  await expect(run(['/no/such/program'])).rejects.toBeInstanceOf(ProgramMissingError);
});
