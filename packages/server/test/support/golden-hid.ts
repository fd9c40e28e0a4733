import { join } from 'node:path';
import type { Log } from '../../src/core/log.ts';
import { StateCell, until } from '../../src/core/state.ts';
import { OtgHid } from '../../src/drivers/linux/hid.ts';
import { FakeUdc } from '../fakes/fake-udc.ts';
import { openRawTerminal, type PseudoTerminal } from './pseudo-terminal.ts';

/** A report that the computer got: of which device, and its bytes in hexadecimal. */
export type SeenReport = readonly [device: string, hex: string];

const TIMES = { select_timeout: 0.1, queue_timeout: 0.1, write_retries: 150 };
/** Bytes of the reports of the recorded devices. */
const BYTES = { keyboard: 8, mouse: 7, 'mouse-alt': 5 } as const;
type Device = keyof typeof BYTES;

/** The production driver at files whose other end is the computer's. */
export async function startGoldenHid(directory: string, log: Log) {
  const udc = await FakeUdc.create(join(directory, 'gadget-sys'));
  const reports: SeenReport[] = [];
  const seen = new StateCell(0);
  const files = new Map<Device, PseudoTerminal>();
  for (const device of Object.keys(BYTES) as Device[]) {
    const file = await openRawTerminal();
    files.set(device, file);
    const note = (hex: string) => seen.set(reports.push([device, hex]));
    file.far.on('data', cut(BYTES[device], note));
  }
  const at = (device: Device) => ({ device: files.get(device)?.path ?? '', ...TIMES });
  const driver = await OtgHid.start(
    {
      keyboard: at('keyboard'),
      mouse: {
        ...{ ...at('mouse'), absolute: true, absolute_win98_fix: false, horizontal_wheel: true },
      },
      mouse_alt: { ...at('mouse-alt'), horizontal_wheel: true },
    },
    { log, system: { sysDir: udc.sysDir } },
  );
  const count = (device: Device) => reports.filter(([name]) => name === device).length;
  return {
    driver,
    /** All reports until now. */
    reports: (): readonly SeenReport[] => reports,
    /** Tells each report as it comes. */
    watch(listener: (report: SeenReport) => void): void {
      seen.subscribe((index) => {
        const report = reports[index - 1];
        if (report) listener(report);
      });
    },
    /** The bits of the output report: num, caps, scroll. */
    setLeds(bits: number): void {
      files.get('keyboard')?.far.write(Uint8Array.of(bits));
    },
    /** Resolves when the driver knows, and the computer has what it is told when it comes back. */
    async setUdc(state: string): Promise<void> {
      const isBack = state === 'configured' && !driver.state.value.online;
      const used = [...files.keys()].filter((device) => count(device) > 0);
      const before = new Map(used.map((device) => [device, count(device)]));
      await udc.setState(state);
      const isOnline = state === 'configured';
      const limit = AbortSignal.timeout(10_000);
      await until(driver.state, ({ online }) => online === isOnline, limit);
      const isTold = () => [...before].every(([device, earlier]) => count(device) > earlier);
      if (isBack) await until(seen, isTold, limit);
    },
    async close(): Promise<void> {
      await driver[Symbol.asyncDispose]();
      for (const file of files.values()) file[Symbol.dispose]();
    },
  };
}

/** Cuts a stream of bytes into reports. */
function cut(bytes: number, onReport: (hex: string) => unknown): (chunk: Uint8Array) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (; rest.length >= bytes; rest = rest.subarray(bytes)) {
      onReport(rest.subarray(0, bytes).toString('hex'));
    }
  };
}
