import { join } from 'node:path';
import { sleep } from '../../core/sleep.ts';
import { ensureSparseFile, removePath } from '../../platform/disk-image.ts';
import { ensureDir, readText, writeFileAtomic } from '../../platform/files.ts';
import {
  isAlive,
  killProcess,
  type Process,
  type ProcessId,
  spawnProcess,
} from '../../platform/process.ts';
import { processStartTicks } from '../../platform/state-lock.ts';
import { isObject } from '../../protocols/qmp.ts';
import type { QemuPaths } from './command-line.ts';

/** Longest path of a unix socket on Linux, bytes (sockaddr_un without the final zero). */
const MAX_SOCKET_PATH = 107;

/** The files of one machine below its directory. */
export function machinePaths(
  directory: string,
  disk = join(directory, 'disk.raw'),
): QemuPaths & { readonly record: string } {
  const paths = {
    qmp: join(directory, 'qmp.sock'),
    vnc: join(directory, 'vnc.sock'),
    serial: join(directory, 'serial.sock'),
    disk,
    pidFile: join(directory, 'qemu.pid'),
    log: join(directory, 'qemu.log'),
    record: join(directory, 'qemu.json'),
  };
  if (Buffer.byteLength(paths.serial) > MAX_SOCKET_PATH) {
    throw new Error(`The path ${directory} is too long for sockets: choose a shorter --state DIR`);
  }
  return paths;
}

/** The QEMU that was started for this directory and still runs, if any. */
export async function findQemu({
  record,
  pidFile,
  qmp,
}: ReturnType<typeof machinePaths>): Promise<ProcessId | undefined> {
  return (await recordedQemu(record)) ?? (await unrecordedQemu(pidFile, qmp));
}

/** A QEMU whose server was killed before it wrote the record; QEMU's own pid file knows it. */
async function unrecordedQemu(pidFile: string, qmp: string): Promise<ProcessId | undefined> {
  const pid = Number((await readText(pidFile))?.trim());
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const arguments_ = await readText(`/proc/${pid}/cmdline`);
  const startTime = processStartTicks(pid);
  return arguments_?.includes(qmp) && startTime !== undefined ? { pid, startTime } : undefined;
}

async function recordedQemu(record: string): Promise<ProcessId | undefined> {
  const text = await readText(record);
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    if (!isObject(value)) return undefined;
    const { pid, startTime } = value;
    if (typeof pid !== 'number' || typeof startTime !== 'string') return undefined;
    return isAlive({ pid, startTime }) ? { pid, startTime } : undefined;
  } catch {
    return undefined;
  }
}

/** Starts QEMU so that it outlives us, and writes down which process it is. */
export async function launchQemu(
  program: string,
  args: readonly string[],
  paths: ReturnType<typeof machinePaths>,
  directory: string,
  diskBytes: number | undefined,
): Promise<Process> {
  await ensureDir(directory);
  if (diskBytes !== undefined) await ensureSparseFile(paths.disk, diskBytes);
  for (const path of [paths.qmp, paths.vnc, paths.serial]) await removePath(path);
  const process = await spawnProcess(program, args, { detached: true });
  const { qmp, vnc, serial } = paths;
  const record = { ...process.id, sockets: { qmp, vnc, serial } };
  await writeFileAtomic(paths.record, `${JSON.stringify(record, undefined, 2)}\n`);
  return process;
}

/** Ends QEMU by force when `quit` did not; resolves when it is gone. */
export async function endQemu(id: ProcessId, graceMs: number): Promise<void> {
  if (await hasEnded(id, graceMs)) return;
  killProcess(id, 'SIGKILL');
  await hasEnded(id, Number.POSITIVE_INFINITY);
}

/** Waits for QEMU's end; false when it still runs after `ms`. */
export async function hasEnded(id: ProcessId, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (isAlive(id)) {
    if (performance.now() > end) return false;
    await sleep(20);
  }
  return true;
}
