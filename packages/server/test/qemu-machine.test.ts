import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../src/core/state.ts';
import { killProcess } from '../src/platform/process.ts';
import { FakeQmp } from './support/fake-qmp.ts';
import { startTestMachine, untilRunning } from './support/guest.ts';

const limit = () => AbortSignal.timeout(20_000);

describe('a QEMU machine', () => {
  it('starts by itself, and is taken over after we let go of it', async () => {
    await using first = await startTestMachine();
    await untilRunning(first.machine);
    const id = first.machine.processId;
    await first.machine.stop({ kill: false });
    await using second = await startTestMachine({ stateDir: first.stateDir });
    await untilRunning(second.machine);
    expect(second.machine.processId).toEqual(id);
  });

  it('is started again when QEMU dies, and says so', async () => {
    await using test = await startTestMachine();
    await untilRunning(test.machine);
    const id = test.machine.processId;
    if (id) killProcess(id, 'SIGKILL');
    await until(test.machine.status, (status) => status === 'failed', limit());
    expect(test.machine.failure.value).toMatch(/QEMU ended unexpectedly/);
    await untilRunning(test.machine);
    expect(test.machine.processId).not.toEqual(id);
    await until(test.machine.failure, (failure) => failure === undefined, limit());
    expect(test.log.messages.filter((each) => each.startsWith('error'))).toHaveLength(1);
  });

  it('says that QEMU is missing', async () => {
    await using test = await startTestMachine({ program: '/nowhere/qemu' });
    await until(test.machine.status, (status) => status === 'failed', limit());
    expect(test.machine.failure.value).toMatch(/\/nowhere\/qemu is not installed/);
  });

  it('says which device QEMU refused', async () => {
    await using test = await startTestMachine({ extraArgs: ['-device', 'flux-capacitor'] });
    await until(test.machine.status, (status) => status === 'failed', limit());
    expect(test.machine.failure.value).toMatch(/flux-capacitor/);
  });

  it('reports a QEMU that hangs, and goes on with it when it wakes', async () => {
    await using test = await startTestMachine({ timeoutMs: 300 });
    await untilRunning(test.machine);
    const id = test.machine.processId;
    if (!id) throw new Error('no process');
    killProcess(id, 'SIGSTOP');
    await until(test.machine.status, (status) => status === 'failed', limit());
    expect(test.machine.failure.value).toMatch(/did not answer/);
    killProcess(id, 'SIGCONT');
    await untilRunning(test.machine);
    expect(test.machine.processId).toEqual(id);
  });

  it('is off after a hard off whose QEMU ended with its guest', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'cc-'));
    await using qmp = await FakeQmp.start(join(stateDir, 'qmp.sock'));
    qmp.answers.set('system_powerdown', () => {
      qmp.emit('SHUTDOWN', { guest: true });
      setImmediate(() => qmp.hangUp());
    });
    await using test = await startTestMachine({ stateDir, attach: { qmp: qmp.path, vnc: '' } });
    await untilRunning(test.machine);
    await test.machine.atx.press('power', 4000, new AbortController().signal);
    expect(qmp.commands).not.toContain('system_reset');
    expect(test.machine.atx.leds.value.power).toBe(false);
  });
});
