import { join, resolve } from 'node:path';
import { startApp } from '../app.ts';
import { formatFinding, formatUnsupported } from '../config/errors.ts';
import { loadConfig } from '../config/load.ts';
import { ensureDir, listFiles, readText, requireDir } from '../platform/files.ts';
import { returnFreedMemory } from '../platform/heap.ts';
import { systemdNotifier, watchdogMs } from '../platform/sd-notify.ts';
import { lockStateDirectory } from '../platform/state-lock.ts';
import { openServiceLog } from '../service-log.ts';
import { ServiceWatch } from '../service-watch.ts';
import { VERSION } from '../version.ts';
import { parseRunArgs } from './args.ts';
import { type CliIo, runCommand } from './io.ts';
import { CONFIG_DIR, configSources, defaultStateDir } from './paths.ts';

/** `crashcart run`: serves until a signal ends it. Resolves with the exit code. */
export function runCommandLine(argv: readonly string[], io: CliIo): Promise<number> {
  return runCommand(io, async () => {
    const args = parseRunArgs(argv);
    const { flags, pikvmConfig } = args;
    const where = configSources(args.config, pikvmConfig);
    const files = { readText, listFiles };
    const { config, warnings, unsupported } = await loadConfig({ ...where, flags }, files);
    io.stderr.write(formatUnsupported(unsupported));
    const stateDir = resolve(args.state ?? defaultStateDir());
    await ensureDir(stateDir);
    const lock = lockStateDirectory(stateDir);
    returnFreedMemory();
    const service = openServiceLog({ level: 'info', dir: join(stateDir, 'log') });
    const { log } = service;
    log.info({ version: VERSION, node: process.version, pid: process.pid }, 'Starting');
    const told = { config: args.config ?? CONFIG_DIR, pikvmConfig };
    log.info({ stateDir, ...told }, 'State and configuration');
    for (const warning of [...unsupported, ...warnings]) log.warn({}, formatFinding(warning));
    endOnFaults(service);
    const stopping = nextSignal();
    const print = (line: string) => void io.stdout.write(`${line}\n`);
    const app = await startApp({
      ...{ config, stateDir, log, logReader: service.reader, print },
      envPassword: process.env.CRASHCART_PASSWORD,
      isTty: process.stdout.isTTY ?? false,
    });
    log.info({ url: app.url }, 'Ready');
    print(`crashcart ready ${app.url}`);
    const notify = systemdNotifier(process.env);
    // The directory is asked for in a thread: one that hangs, or too few of them, are found as well.
    const check = () => requireDir(stateDir);
    const watch =
      notify && new ServiceWatch({ notify, watchdogMs: watchdogMs(process.env), check, log });
    await watch?.ready();
    const signal = await stopping;
    log.info({ signal }, 'Stopping');
    await watch?.stopping();
    // Ctrl-C in a terminal ends what it began; a service that stops leaves its machines running.
    await app.close({ stopMachines: signal === 'SIGINT' });
    await service.close();
    lock.release();
    // Threads of the WebRTC library hold a process that is done, and its own way to end them crashes.
    setTimeout(() => process.exit(), HELD_MS).unref();
    return 0;
  });
}

/** How long what is left may hold the process, ms. */
const HELD_MS = 100;

/** Resolves with the first signal that asks to stop; the same signal again ends at once. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((done) => {
    const stop = (signal: NodeJS.Signals) => done(signal);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  });
}

/** An unexpected exception ends the process with a clear log; a supervisor starts it again. */
function endOnFaults(service: ReturnType<typeof openServiceLog>): void {
  process.on('exit', () => service.flushSync());
  process.on('uncaughtException', (error) => {
    service.log.error({ err: error }, 'An unexpected error ends the server');
    process.exit(1);
  });
}
