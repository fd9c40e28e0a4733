import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { latencyCommand } from '../src/cli/latency.ts';
import { SerialLine, testGuest } from './support/guest.ts';
import { PASSWORD, PageRig } from './support/page-rig.ts';

it('measures from a key to the letter on a console, and writes report and plot', async () => {
  await using rig = new PageRig();
  const { kernel, initrd, append } = testGuest();
  const extraArgs = ['-kernel', kernel, '-initrd', initrd, '-append', append];
  const url = await rig.start({ qemu: { accel: 'tcg', memory: 256, extra_args: extraArgs } });
  using serial = new SerialLine(join(rig.directory, 'machines/default/serial.sock'));
  await serial.waitFor(/guest# /, 60_000);
  // A cursor that blinks changes the picture by itself.
  serial.send("printf '\\033[?25l\\033[2J\\033[H' > /dev/tty1; echo do''ne");
  await serial.waitFor(/done/);
  const passwd = join(rig.directory, 'passwd');
  writeFileSync(passwd, `${PASSWORD}\n`);
  const out = join(rig.directory, 'report.md');
  const told: string[] = [];
  const stream = { write: (text: string) => told.push(text) };
  const io = { stdin: process.stdin, stdout: stream, stderr: stream };
  const login = ['--url', url, '--passwd-file', passwd, '--insecure'];
  const options = ['--count', '5', '--pause', '0.2', '--out', out];
  expect(await latencyCommand([...login, ...options], io), told.join('')).toBe(0);
  expect(told[0]).toMatch(/^p50 \d+\.\d ms, p95 /);
  const report = readFileSync(out, 'utf8');
  expect(report).toContain('5 presses of KeyX, picture of 720x400');
  expect(report).toContain('Every press changed the picture.');
  expect(readFileSync(out.replace('.md', '.svg'), 'utf8')).toContain('<polyline points="');
  // Nothing happens at the bottom of the screen.
  const corner = ['--region', '600,380,100,20', '--pause', '0', '--timeout', '0.5'];
  expect(await latencyCommand([...login, ...corner, '--out', out], io)).toBe(1);
  expect(told.at(-1)).toContain('The key changes nothing');
  writeFileSync(passwd, 'wrong\n');
  expect(await latencyCommand([...login, '--out', out], io)).toBe(1);
  expect(told.at(-1)).toMatch(/Forbidden/);
});
