import { expect, test } from 'vitest';
import { eventually } from '../../test/support/gpio-context.ts';
import { HelperProcess } from './helper-process.ts';
import { processStartTicks } from './state-lock.ts';

const sh = (script: string) => ['/bin/sh', '-c', script] as const;

test('tells its lines whole, takes input, and is gone when it was ended', async () => {
  const lines: string[] = [];
  const script = 'printf "ha"; echo "lf $$"; while read -r line; do echo "got $line"; done';
  const helper = await HelperProcess.start(sh(script), (line) => lines.push(line));
  await eventually(() => expect(lines[0]).toMatch(/^half \d+$/));
  helper.write('a\nb\n');
  await eventually(() => expect(lines.slice(1)).toEqual(['got a', 'got b']));
  await helper[Symbol.asyncDispose]();
  expect(processStartTicks(Number(lines[0]?.slice(5)))).toBeUndefined();
});

test('one that will not end is killed', async () => {
  const lines: string[] = [];
  const script = 'trap "" TERM; echo ready; while :; do read -r line; done < /dev/zero';
  const helper = await HelperProcess.start(sh(script), (line) => lines.push(line));
  await eventually(() => expect(lines).toEqual(['ready']));
  await helper[Symbol.asyncDispose]();
  await expect(helper.ended).rejects.toThrow('/bin/sh ended by itself');
});

test('says why it ended', async () => {
  const helper = await HelperProcess.start(sh('echo "no such line" >&2; exit 1'), () => undefined);
  await expect(helper.ended).rejects.toThrow(/^no such line$/);
  const missing = await HelperProcess.start(['/no/such/program'], () => undefined);
  await expect(missing.ended).rejects.toThrow('/no/such/program');
  missing.write('lost\n');
  await missing[Symbol.asyncDispose]();
});
