import { rmSync, symlinkSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { GpioState } from '@crashcart/api';
import { expect, test } from 'vitest';
import { eventually } from './support/gpio-context.ts';
import { http } from './support/http-client.ts';
import { openPseudoTerminal } from './support/pseudo-terminal.ts';
import { ServerProcess } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';

const authorization = `Basic ${btoa('admin:one and only')}`;
const OFF = '{type: disabled}';
const PARTS = `hid: ${OFF}\n  atx: ${OFF}\n  msd: ${OFF}\n  streamer: ${OFF}`;

/** A machine of a KVM switch on a serial line and a command; the first chip is not there. */
const configOf = (directory: string) => `
kvmd:
  ${PARTS}
  gpio:
    drivers:
      kvm: {type: ezcoo, device: ${directory}/tty, read_timeout: 0.3}
      touch: {type: cmd, cmd: [/bin/touch, ${directory}/touched]}
      chip: {type: gpio, device: ${directory}/gpiochip0}
    scheme:
      port1: {driver: kvm, pin: 0, mode: input}
      port2: {driver: kvm, pin: 1, mode: input}
      select2: {driver: kvm, pin: 1, mode: output, switch: false}
      touch: {driver: touch, pin: 0, mode: output, switch: false}
      led: {driver: chip, pin: 4, mode: input}
    view:
      table: [["#Port 2", port2, select2], [], ["#Touch", "touch|confirm|Go"]]
`;

test('a server drives what is configured and tells what is there', async () => {
  await using state = new StateDirectory();
  const tty = join(state.path, 'tty');
  using line = openPseudoTerminal();
  symlinkSync(line.path, tty);
  let port = 1;
  line.far.on('data', (bytes: Buffer) => {
    port = Number(/SET OUT1 VS IN(\d)/.exec(bytes.toString('latin1'))?.[1] ?? port);
    line.far.write(`OUT1 VS ${port}\r\n`);
  });
  const argv = [
    '--state',
    state.path,
    '--port',
    '0',
    '--config',
    state.config(configOf(state.path)),
  ];
  const server = await ServerProcess.start(argv, { CRASHCART_PASSWORD: 'one and only' });
  const ask = async (path: string, method = 'GET') => {
    const answer = await http(`${server.url}api/gpio${path}`, {
      method,
      headers: { authorization },
    });
    expect(answer.status).toBe(200);
    return answer.result();
  };
  const states = async () => ((await ask('')) as GpioState).state;
  try {
    await eventually(async () => {
      expect((await states()).inputs).toEqual({
        port1: { online: true, state: true },
        port2: { online: true, state: false },
        led: { online: false, state: false },
      });
    });
    await ask('/pulse?channel=select2', 'POST');
    await ask('/pulse?channel=touch&wait=1', 'POST');
    await access(join(state.path, 'touched'));
    await eventually(async () => expect((await states()).inputs.port2?.state).toBe(true));
    rmSync(tty);
    line[Symbol.dispose]();
    await eventually(async () => expect((await states()).inputs.port2?.online).toBe(false));
    expect(await server.end()).toBe(0);
    expect(state.logs()).toContain('gpiochip0');
  } finally {
    await server.end('SIGKILL');
  }
});
