import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { SerialHid, SerialHidContext } from '../../src/drivers/serial-hid/serial-hid.ts';
import type { FakeSerialDevice } from '../fakes/fake-serial-device.ts';
import { type RecordingLog, recordingLog } from './recording-log.ts';

const QUICK = { retryMs: 20, maxRetryMs: 40, restartMs: 20, unpoweredMs: 5 };

/** A driver and the device that it may find; both go with the test. */
export function serialRig<Fake extends FakeSerialDevice>(
  Fake: new (path: string) => Fake,
  create: (device: string, context: SerialHidContext) => SerialHid,
): { readonly fake: Fake; readonly hid: SerialHid; readonly log: RecordingLog } {
  const dir = mkdtempSync(join(tmpdir(), 'serial-hid-'));
  const fake = new Fake(join(dir, 'kvmd-hid'));
  const log = recordingLog();
  const hid = create(fake.path, { log, times: QUICK });
  onTestFinished(async () => {
    await hid[Symbol.asyncDispose]();
    fake.unplug();
    rmSync(dir, { recursive: true });
  });
  return { fake, hid, log };
}

/** Waits for something, for long: other tests may have the processor. */
export function see(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 10_000, interval: 5 });
}
