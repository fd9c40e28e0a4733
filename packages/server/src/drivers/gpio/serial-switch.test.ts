import { mkdtempSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, gpioContext, waitForOn } from '../../../test/support/gpio-context.ts';
import { openPseudoTerminal, type PseudoTerminal } from '../../../test/support/pseudo-terminal.ts';
import { createExtron, createEzcoo, createPway, createXhHk4401 } from './serial-switches.ts';

/** A switch at the far end of a line: what it was sent, and what it answers. */
class Peer {
  readonly line = openPseudoTerminal();
  sent = '';

  constructor(link: string, answer: (command: string, peer: Peer) => string | undefined) {
    symlinkSync(this.line.path, link);
    let rest = '';
    this.line.far.on('data', (bytes: Buffer) => {
      this.sent += bytes.toString('latin1');
      const commands = (rest + bytes.toString('latin1')).split(/(?<=[\r\n])/);
      rest = /[\r\n]$/.test(commands.at(-1) ?? '') ? '' : (commands.pop() ?? '');
      for (const command of commands) {
        const text = answer(command, this);
        if (text !== undefined) this.say(text);
      }
    });
  }

  say(text: string): void {
    this.line.far.write(Buffer.from(text, 'latin1'));
  }
}

let directory = '';
let device = '';
const lines: PseudoTerminal[] = [];
const plug = (answer: (command: string, peer: Peer) => string | undefined) => {
  const peer = new Peer(device, answer);
  lines.push(peer.line);
  return peer;
};
const unplug = (peer: Peer) => {
  unlinkSync(device);
  peer.line[Symbol.dispose]();
};
const options = (protocol: 1 | 2 = 1) => ({
  ...({ device, speed: 19200, read_timeout: 0.2, protocol } as const),
});
const context = () => gpioContext('output', { 0: undefined });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'serial-switch-'));
  device = join(directory, 'tty');
});
afterEach(() => {
  for (const line of lines.splice(0)) line[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

/** An Ezcoo that drops every second command, as real ones do. */
function ezcooPeer() {
  const state = { port: 2, drops: true };
  const peer = plug((command) => {
    state.drops = !state.drops;
    if (state.drops) return undefined;
    const wanted = /SET OUT1 VS IN(\d)/.exec(command)?.[1];
    if (wanted) state.port = Number(wanted);
    return `OUT1 VS ${state.port}\r\n`;
  });
  return { peer, state };
}

describe('an Ezcoo switch', () => {
  test('tells its channel and selects others, although it drops commands', async () => {
    const { peer } = ezcooPeer();
    await using driver = createEzcoo(options(), context());
    await waitForOn(driver, ['1']);
    expect(peer.sent).toBe('GET OUT1 VS\nGET OUT1 VS\n');
    await driver.write('3', true);
    await waitForOn(driver, ['3']);
    await driver.write('0', false);
    expect(peer.sent).toMatch(/SET OUT1 VS IN4\nSET OUT1 VS IN4\n$/);
  });

  test('is offline while it is silent, and comes back by itself', async () => {
    let isSilent = true;
    plug((command) => (isSilent || !command.startsWith('GET') ? undefined : 'OUT1 VS 1\r\n'));
    const given = context();
    await using driver = createEzcoo(options(), given);
    await eventually(() => expect(given.warnings).toHaveLength(1));
    expect(driver.levels.value.size).toBe(0);
    await expect(driver.write('1', true)).rejects.toThrow('does not answer');
    isSilent = false;
    await waitForOn(driver, ['0']);
    isSilent = true;
    await driver.write('1', true);
    await waitForOn(driver, undefined);
    isSilent = false;
    await waitForOn(driver, ['0']);
  });

  test('that sends only garbage is offline; a status in it counts, also in two halves', async () => {
    let isSane = false;
    const peer = plug((_command, self) => {
      self.say('\xff\x00V?S OUT1 VS '.repeat(500));
      if (!isSane) return undefined;
      setTimeout(() => self.say('OUT1 V'), 5);
      setTimeout(() => self.say('S 3\xfe'), 15);
      return undefined;
    });
    const given = context();
    await using driver = createEzcoo(options(), given);
    await eventually(() => expect(given.warnings).toHaveLength(1));
    expect(peer.sent).not.toBe('');
    isSane = true;
    await waitForOn(driver, ['2']);
  });

  test('that is pulled out is offline, and online when it is plugged in again', async () => {
    const { peer } = ezcooPeer();
    await using driver = createEzcoo(options(), context());
    await waitForOn(driver, ['1']);
    unplug(peer);
    await waitForOn(driver, undefined);
    ezcooPeer();
    await waitForOn(driver, ['1']);
  });

  test('is waited for when it is not there at start', async () => {
    const given = context();
    await using driver = createEzcoo(options(), given);
    await eventually(() => expect(given.warnings).toHaveLength(1));
    ezcooPeer();
    await waitForOn(driver, ['1']);
    expect(given.warnings).toHaveLength(1);
  });

  test('shows no channel when it names one that we do not know', async () => {
    plug(() => 'VFFS');
    await using driver = createEzcoo(options(2), context());
    await waitForOn(driver, []);
  });
});

test('an Extron switch is put back where it was when the line comes again', async () => {
  const answer = (command: string) => {
    const input = /^(\d)!/.exec(command)?.[1];
    return input && `Chn${input}\r\n`;
  };
  const peer = plug(answer);
  await using driver = createExtron(options(), context());
  await waitForOn(driver, ['0']);
  await driver.write('3', true);
  await waitForOn(driver, ['3']);
  expect(peer.sent).toBe('1!\n4!\n');
  unplug(peer);
  await waitForOn(driver, undefined);
  const again = plug(answer);
  await waitForOn(driver, ['3']);
  expect(again.sent).toBe('4!\n');
});

test('a PWAY switch of 16 ports', async () => {
  const peer = plug((command) => {
    const port = /^PS ?(\d*)\r/.exec(command)?.[1];
    return port === undefined ? undefined : `VGA_SWITCH_CONTROL=${(Number(port) || 1) - 1}\r\n`;
  });
  await using driver = createPway(options(), context());
  await waitForOn(driver, ['0']);
  await driver.write('15', true);
  await waitForOn(driver, ['15']);
  expect(peer.sent).toBe('PS\rPS 16\r');
});

test('an XH-HK4401 tells its port by its heartbeat, and is gone without one', async () => {
  const peer = plug(() => undefined);
  await using driver = createXhHk4401(options(1), context());
  setTimeout(() => peer.say('AG02gA'), 20);
  await waitForOn(driver, ['1']);
  await driver.write('2', true);
  await eventually(() => expect(peer.sent).toBe('SW3\r\nAG03gA'));
  peer.say('AG03gA');
  await waitForOn(driver, ['2']);
  await waitForOn(driver, undefined);
}, 20_000);

test('protocol 2 of it is believed without an answer', async () => {
  const peer = plug(() => undefined);
  await using driver = createXhHk4401(options(2), context());
  await waitForOn(driver, []);
  await driver.write('1', true);
  await waitForOn(driver, ['1']);
  await eventually(() => expect(peer.sent).toBe('G02gA\0'));
  peer.say('G04gA\0');
  await waitForOn(driver, ['3']);
});
