import { expect, it } from 'vitest';
import { eventually } from './support/gpio-context.ts';
import { http } from './support/http-client.ts';
import { openRawTerminal } from './support/pseudo-terminal.ts';
import { ServerProcess } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';

const PASSWORD = 'one and only';
const headers = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };

it('a started server types by a USB gadget, reads its lights and lets go when it ends', async () => {
  await using state = new StateDirectory();
  using keyboard = await openRawTerminal();
  using mouse = await openRawTerminal();
  const typed: string[] = [];
  keyboard.far.on('data', (bytes: Buffer) => typed.push(bytes.toString('hex')));
  mouse.far.resume();
  const config = state.config(
    `kvmd:
  hid:
    type: otg
    keyboard: {device: ${keyboard.path}}
    mouse: {device: ${mouse.path}}
    mouse_alt: {device: ""}
  atx: {type: gpio, device: ${state.path}/gpiochip0}
  msd: {type: disabled}
  streamer: {type: disabled}
`,
  );
  const argv = ['--port', '0', '--state', state.path, '--config', config];
  const server = await ServerProcess.start(argv, { CRASHCART_PASSWORD: PASSWORD });
  const call = async (path: string, method = 'POST') => {
    const answer = await http(`${server.url}api/${path}`, { method, headers });
    expect(answer.status, answer.body.toString()).toBe(200);
    return answer.result();
  };
  let code: number | null;
  try {
    await eventually(() => expect(typed.join('')).toBe('0000000000000000'));
    await call('hid/events/send_key?key=ShiftLeft&state=1');
    await eventually(() => expect(typed.join('')).toMatch(/0200000000000000$/));
    keyboard.far.write(Uint8Array.of(2));
    await eventually(async () => {
      expect(await call('hid', 'GET')).toMatchObject({
        ...{ online: true, keyboard: { online: true, leds: { caps: true, num: false } } },
      });
    });
    // A chip that is not there holds nothing up.
    expect(await call('atx', 'GET')).toMatchObject({ enabled: true, leds: { power: false } });
    const pressed = await http(`${server.url}api/atx/click?button=power&wait=1`, {
      ...{ method: 'POST', headers },
    });
    expect(pressed.status).toBe(503);
  } finally {
    code = await server.end();
  }
  expect(code).toBe(0);
  await eventually(() => expect(typed.join('')).toMatch(/0200000000000000(0{16})+$/));
});
