import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { eventually } from '../../test/support/gpio-context.ts';
import { openPseudoTerminal } from '../../test/support/pseudo-terminal.ts';
import { openSerialPort, SERIAL_SPEEDS } from './serial-port.ts';

const openFiles = () => readdirSync('/proc/self/fd').length;

it('carries every byte unchanged both ways', async () => {
  using line = openPseudoTerminal();
  const port = await openSerialPort(line.path, 9600);
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const read = (stream: typeof port) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks);
  };
  const here = read(port);
  const there = read(line.far);
  port.write(all);
  line.far.write(all);
  await eventually(() => {
    expect(there()).toEqual(all);
    expect(here()).toEqual(all);
  });
  port.destroy();
});

it.each(SERIAL_SPEEDS)('is set to %d baud, 8N1, without flow control', async (speed) => {
  using line = openPseudoTerminal();
  const port = await openSerialPort(line.path, speed);
  const { stdout } = spawnSync('stty', ['-F', line.path, '-a'], { encoding: 'utf8' });
  expect(stdout).toContain(`speed ${speed} baud`);
  for (const setting of ['cs8', '-parenb', '-cstopb', '-crtscts', 'clocal', 'cread', '-ixon']) {
    expect(stdout).toMatch(new RegExp(`(^|\\s)${setting}(\\s|$)`, 'm'));
  }
  port.destroy();
});

it('leaves no descriptor open, and says when it cannot be opened', async () => {
  using line = openPseudoTerminal();
  const before = openFiles();
  for (let round = 0; round < 5; round += 1) {
    const port = await openSerialPort(line.path, 9600);
    port.destroy();
    await once(port, 'close');
  }
  await eventually(() => expect(openFiles()).toBeLessThanOrEqual(before));
  await expect(openSerialPort('/dev/tty-none', 9600)).rejects.toThrow('ENOENT');
  await expect(openSerialPort('/dev/null', 9600)).rejects.toThrow('ENOTTY');
  await eventually(() => expect(openFiles()).toBeLessThanOrEqual(before));
});

it('closes when the line goes away', async () => {
  const line = openPseudoTerminal();
  const port = await openSerialPort(line.path, 9600);
  port.on('error', () => undefined);
  port.resume();
  line[Symbol.dispose]();
  await once(port, 'close');
});
