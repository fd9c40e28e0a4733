import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, gpioContext, waitForOn } from '../../../test/support/gpio-context.ts';
import { createAmt, createIpmi } from './power.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'power-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** A program that notes its arguments and password, and answers `status` with a file's text. */
async function program(variable: string, answer: string): Promise<string> {
  const path = join(directory, 'program');
  await writeFile(
    path,
    `#!/bin/sh\nprintf '%s|' "$@" "$${variable}" "$HOME" >> ${directory}/calls\necho >> ${directory}/calls\n` +
      `for last; do :; done\n[ "$last" = hang ] && exec sleep 1000\n[ -e ${directory}/hang ] && exec sleep 1000\n` +
      `cat ${directory}/answer\n[ ! -e ${directory}/fail ]\n`,
  );
  await chmod(path, 0o755);
  await say(answer);
  return path;
}
const say = (answer: string) => writeFile(join(directory, 'answer'), answer);
const calls = async () => (await readFile(join(directory, 'calls'), 'utf8')).trim().split('\n');
const account = { host: 'bmc; reboot', user: '', passwd: 's p' };

describe('ipmi', () => {
  const start = async () => {
    const path = await program('IPMI_PASSWORD', 'Chassis Power is on\n');
    const pins = gpioContext('input', { status: undefined, 0: undefined }).pins;
    const context = gpioContext('output', { 2: undefined, soft: undefined });
    const driver = createIpmi(
      {
        ...{ ...account, port: 623, cipher: 17, passwd_env: 'IPMI_PASSWORD', state_poll: 0.1 },
        cmd: [path, '-C', '{cipher}', '-U', '{user}', '-H', '{host}', '-p', '{port}', '{action}'],
      },
      { ...context, pins: [...pins, ...context.pins] },
    );
    return { driver, context };
  };

  test('tells the power on either input pin; numbers and words are outputs', async () => {
    const { driver } = await start();
    await using _ = driver;
    await waitForOn(driver, ['0', 'status']);
    await driver.write('2', true);
    await driver.write('soft', true);
    await driver.write('soft', false);
    await say('Chassis Power is off\n');
    await waitForOn(driver, []);
    const seen = await calls();
    const end = `|s p|${process.env.HOME}|`;
    expect(seen[0]).toBe(`-C|17|-U||-H|bmc; reboot|-p|623|status${end}`);
    expect(seen.filter((call) => call.includes('off|'))).toHaveLength(1);
    expect(seen.filter((call) => call.includes('soft|'))).toHaveLength(1);
  });

  test('is offline while the program fails or talks nonsense, then back', async () => {
    const { driver, context } = await start();
    await using _ = driver;
    await waitForOn(driver, ['0', 'status']);
    await say('Error: Unable to establish IPMI v2 session\n');
    await waitForOn(driver, undefined);
    await expect(driver.write('2', true)).rejects.toThrow('does not answer');
    await say('Chassis Power is on\n');
    await waitForOn(driver, ['0', 'status']);
    await writeFile(join(directory, 'fail'), '');
    await waitForOn(driver, undefined);
    expect(context.warnings).toHaveLength(2);
  });

  test('that hangs does not hold up the end', async () => {
    const { driver } = await start();
    await waitForOn(driver, ['0', 'status']);
    await writeFile(join(directory, 'hang'), '');
    const before = (await calls()).length;
    await eventually(async () => expect((await calls()).length).toBeGreaterThan(before));
    await driver[Symbol.asyncDispose]();
  });
});

test('amt names the action as an option and leaves it out to ask', async () => {
  const path = await program('AMT_PASSWORD', 'Current power state: Power on\n');
  const context = gpioContext('output', { 4: undefined });
  const pins = [...context.pins, ...gpioContext('input', { 0: undefined }).pins];
  await using driver = createAmt(
    {
      ...{ ...account, user: 'admin', tls: true, passwd_env: 'AMT_PASSWORD', state_poll: 0.1 },
      cmd: [
        path,
        'amtpower',
        '{action_opt}',
        '--host',
        '{host}',
        '--pass',
        '{passwd}',
        '{tls_opt}',
      ],
    },
    { ...context, pins },
  );
  await waitForOn(driver, ['0']);
  await driver.write('4', true);
  const seen = await calls();
  expect(seen[0]).toContain('amtpower|--host|bmc; reboot|--pass|s p|--tls|s p|');
  expect(seen.some((call) => call.startsWith('amtpower|--reset|--host|'))).toBe(true);
});
