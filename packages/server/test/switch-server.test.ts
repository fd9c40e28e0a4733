import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SwitchState } from '@crashcart/api';
import { expect, it, vi } from 'vitest';
import { FakePikvmSwitch } from './fakes/fake-pikvm-switch.ts';
import { RECORDED_EDID } from './support/golden-switch.ts';
import { http } from './support/http-client.ts';
import { ServerProcess } from './support/server-process.ts';
import { StateDirectory } from './support/state-directory.ts';

const PASSWORD = 'one and only';
/** Of the serial protocol. */
const ATX_CLICK = 8;
const headers = { authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}` };

it('a started server leads a Switch, and after a kill the next one knows its settings', async () => {
  await using state = new StateDirectory();
  using fake = new FakePikvmSwitch(join(state.path, 'kvmd-switch'));
  const kept = join(state.path, 'machines/default/switch.json');
  const edidFile = join(state.path, 'switch-edid.hex');
  writeFileSync(edidFile, RECORDED_EDID);
  const config = state.config(
    `kvmd:\n  switch:\n    device: ${fake.path}\n    default_edid: ${edidFile}\n`,
  );
  const argv = ['--no-machine', '--port', '0', '--state', state.path, '--config', config];
  const start = () => ServerProcess.start(argv, { CRASHCART_PASSWORD: PASSWORD });
  const call = async (server: ServerProcess, path: string, method = 'POST') => {
    const answer = await http(`${server.url}api/switch${path}`, { method, headers });
    expect(answer.status, answer.body.toString()).toBe(200);
    return answer.result();
  };
  const see = (server: ServerProcess, check: (state: SwitchState) => void) =>
    vi.waitFor(async () => check((await call(server, '', 'GET')) as SwitchState), {
      ...{ timeout: 20_000, interval: 50 },
    });

  fake.plug(2);
  const first = await start();
  try {
    await see(first, ({ model, summary, edids }) => {
      expect(model.ports).toHaveLength(8);
      expect(summary).toEqual({ active_port: 0, active_id: '1.1', synced: true });
      expect(edids.all.default?.data).toBe(RECORDED_EDID);
    });
    await call(first, '/set_port_params?port=2.1&name=web&dummy=0');
    await call(first, '/set_active?port=2.1');
    await see(first, ({ model, summary }) => {
      expect(model.ports[4]).toMatchObject({ id: '2.1', name: 'web', video: { dummy: false } });
      expect(summary).toEqual({ active_port: 4, active_id: '2.1', synced: true });
    });
    // What is kept is written soon after it is told.
    await vi.waitFor(() => expect(readFileSync(kept, 'utf8')).toContain('web'));
  } finally {
    await first.end('SIGKILL');
  }
  fake.plug(2);
  const second = await start();
  try {
    await see(second, ({ model, summary }) => {
      expect(model.ports[4]).toMatchObject({ name: 'web', video: { dummy: false } });
      expect(summary.synced).toBe(true);
    });
    expect(fake.requests).toContainEqual({ op: 14, unit: 0, body: '0001' });
    // Redfish presses the buttons of a port, too.
    const pressed = await http(
      `${second.url}redfish/v1/Systems/SwitchPort5/Actions/ComputerSystem.Reset`,
      { method: 'POST', headers, body: '{"ResetType": "PushPowerButton"}' },
    );
    expect(pressed.status).toBe(204);
    const click = { op: ATX_CLICK, unit: 1, body: expect.stringMatching(/^0100/) };
    await vi.waitFor(() => expect(fake.requests).toContainEqual(click), { timeout: 5000 });
    fake.unplug();
    await see(second, ({ model }) => expect(model.ports).toEqual([]));
  } finally {
    expect(await second.end()).toBe(0);
  }
}, 90_000);
