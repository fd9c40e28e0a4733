import { join } from 'node:path';
import { KvmError } from '@crashcart/api';
import type { Log } from '../../core/log.ts';
import { sleep } from '../../core/sleep.ts';
import { StateCell } from '../../core/state.ts';
import { isAlive, type Process, type ProcessId } from '../../platform/process.ts';
import { isObject, type QmpEvent } from '../../protocols/qmp.ts';
import { probeAcceleration } from './acceleration.ts';
import { QemuAtx } from './atx.ts';
import { type Acceleration, type QemuHardware, qemuArguments } from './command-line.ts';
import { QemuHid } from './hid.ts';
import type { QemuLink } from './link.ts';
import { QemuMsd } from './msd.ts';
import { buildPromptIso } from './prompt-iso.ts';
import { endQemu, findQemu, hasEnded, launchQemu, machinePaths } from './qemu-process.ts';
import { QmpClient, QmpTimeoutError } from './qmp-client.ts';
import { hasSoundCard } from './sound-card.ts';

const BACKOFF_MIN_MS = 500;
const BACKOFF_MAX_MS = 30_000;
/** How often a quiet QEMU is asked whether it still lives, ms. */
const HEALTH_MS = 2000;
/** How long a new QEMU may take to open its control socket, ms. */
const OPEN_MS = 10_000;
/** A QEMU that ends closes its sockets so long before it is gone, at most, ms. */
const ENDING_MS = 500;

/** How to start a machine. */
export interface QemuMachineOptions {
  readonly id: string;
  /** STATE directory; the machine's files are in `machines/ID` below it. */
  readonly stateDir: string;
  readonly memoryMib?: number;
  readonly cpus?: number;
  readonly net?: 'none' | 'user';
  /** Probed unless told. */
  readonly accel?: Acceleration;
  /** A disk image of one's own, which must exist; else a sparse one of ours is made. */
  readonly disk?: string;
  readonly diskBytes?: number;
  readonly program?: string;
  readonly linux?: QemuHardware['linux'];
  /** Whether it has a sound card and a speaker; it has unless told. */
  readonly sound?: boolean;
  readonly extraArgs?: readonly string[];
  /** A QEMU that runs already: it is used and never stopped. */
  readonly attach?: { readonly qmp: string; readonly vnc: string; readonly serial?: string };
  /** How long QEMU may take to answer, ms. */
  readonly timeoutMs?: number;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A QEMU that is kept running, or followed where somebody else runs it. */
export class QemuMachine implements QemuLink, AsyncDisposable {
  readonly client = new StateCell<QmpClient | undefined>(undefined);
  readonly runState = new StateCell('');
  readonly status = new StateCell<'starting' | 'running' | 'off' | 'failed'>('starting');
  /** Whether it has a sound card; undefined without a connection. */
  readonly hasSound = new StateCell<boolean | undefined>(undefined);
  /** Why the machine does not work, as a sentence for a person. */
  readonly failure = new StateCell<string | undefined>(undefined);
  readonly hid: QemuHid;
  readonly atx: QemuAtx;
  readonly msd: QemuMsd;
  readonly logFile: string | undefined;
  readonly vncSocketPath: string;
  readonly serialSocketPath: string;
  readonly #options: QemuMachineOptions;
  readonly #log: Log;
  readonly #directory: string;
  readonly #paths: ReturnType<typeof machinePaths>;
  readonly #controller = new AbortController();
  #process: Process | undefined;
  #id: ProcessId | undefined;
  #isNew = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: QemuMachineOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.#directory = join(options.stateDir, 'machines', options.id);
    this.#paths = machinePaths(this.#directory, options.disk);
    this.logFile = options.attach ? undefined : this.#paths.log;
    this.vncSocketPath = options.attach?.vnc || this.#paths.vnc;
    this.serialSocketPath = options.attach?.serial ?? this.#paths.serial;
    this.hid = new QemuHid(this, log);
    this.atx = new QemuAtx(this, log);
    this.msd = new QemuMsd(this, log);
  }

  /** The connection to QEMU; undefined while there is none. */
  get qmp(): QmpClient | undefined {
    return this.client.value;
  }

  /** The process of QEMU; undefined where it is not ours. */
  get processId(): ProcessId | undefined {
    return this.#id;
  }

  /** Whether QEMU is a child of this process, and no older one. */
  get startedHere(): boolean {
    return this.#process !== undefined;
  }

  /** Begins; the state cells tell how it goes. */
  start(): void {
    this.#loop = this.#run(this.#controller.signal);
  }

  async execute(command: string, args?: object, signal?: AbortSignal): Promise<unknown> {
    const client = this.client.value;
    if (!client) throw new KvmError('UnavailableError', this.failure.value);
    return client.execute(command, args, signal, this.#options.timeoutMs);
  }

  /** LEDs of the keyboard as the screen's protocol tells them: 1 scroll, 2 num, 4 caps. */
  ledsFromVnc(mask: number): void {
    this.hid.setLeds(mask);
  }

  /** Lets go of QEMU; with `kill` also ends it, unless it was there before us. */
  async stop({ kill }: { readonly kill: boolean }): Promise<void> {
    if (kill && this.#id && !this.#options.attach) {
      const id = this.#id;
      this.#controller.abort(new Error('stopped'));
      await this.client.value?.execute('quit', undefined, undefined, 1000).catch(() => undefined);
      await endQemu(id, 2000);
    }
    this.#controller.abort(new Error('stopped'));
    await this.#loop;
    // The loop may have started one while it was told to stop.
    if (kill && this.#id && isAlive(this.#id) && !this.#options.attach) await endQemu(this.#id, 0);
    await this.hid[Symbol.asyncDispose]();
    await this.atx[Symbol.asyncDispose]();
    await this.msd[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ kill: false });
  }

  async #run(signal: AbortSignal): Promise<void> {
    let backoffMs = BACKOFF_MIN_MS;
    while (!signal.aborted) {
      try {
        const client = await this.#connect(signal);
        const reason = await this.#follow(client, signal, () => {
          backoffMs = BACKOFF_MIN_MS;
        });
        if (!signal.aborted) await this.#fail(reason);
      } catch (error) {
        if (!signal.aborted) await this.#fail(error);
      }
      if (signal.aborted) break;
      await sleep(backoffMs, signal).catch(() => undefined);
      backoffMs = Math.min(BACKOFF_MAX_MS, backoffMs * 2);
    }
  }

  async #connect(signal: AbortSignal): Promise<QmpClient> {
    const { attach, timeoutMs } = this.#options;
    if (attach) return QmpClient.connect(attach.qmp, signal, timeoutMs);
    this.#id = await findQemu(this.#paths);
    if (this.#id) {
      this.#log.info({ pid: this.#id.pid }, 'the machine runs already and is taken over');
      return QmpClient.connect(this.#paths.qmp, signal, timeoutMs);
    }
    this.#process = await this.#launch();
    this.#id = this.#process.id;
    this.#isNew = true;
    const end = performance.now() + OPEN_MS;
    for (;;) {
      try {
        return await QmpClient.connect(this.#paths.qmp, signal, timeoutMs);
      } catch (error) {
        if (!isAlive(this.#id)) this.msd.launchFailed();
        if (signal.aborted || performance.now() > end || !isAlive(this.#id)) throw error;
      }
      await sleep(10, signal);
    }
  }

  async #launch(): Promise<Process> {
    const options = this.#options;
    const program = options.program ?? 'qemu-system-x86_64';
    const promptIso = options.linux
      ? undefined
      : await buildPromptIso(join(options.stateDir, 'prompt'));
    const probe = () =>
      promptIso === undefined
        ? Promise.resolve<Acceleration>('tcg')
        : probeAcceleration(program, promptIso, options.stateDir, this.#log);
    const args = qemuArguments(this.#paths, {
      memoryMib: options.memoryMib ?? 1024,
      cpus: options.cpus ?? 1,
      net: options.net ?? 'none',
      accel: options.accel ?? (await probe()),
      promptIso,
      linux: options.linux,
      sound: options.sound ?? true,
      extraArgs: [...(options.extraArgs ?? []), ...this.msd.launchArguments()],
    });
    this.#controller.signal.throwIfAborted();
    const diskBytes = options.disk === undefined ? (options.diskBytes ?? 16 * 2 ** 30) : undefined;
    return launchQemu(program, args, this.#paths, this.#directory, diskBytes);
  }

  /** Resolves with the reason when QEMU is gone or does not answer. */
  async #follow(client: QmpClient, signal: AbortSignal, lives: () => void): Promise<unknown> {
    const isNew = this.#isNew;
    this.#isNew = false;
    const unsubscribe = client.onEvent((event) => this.#onEvent(event));
    const closed = client.closed.then((reason) => ({ reason }));
    try {
      await this.#readStatus(client);
      this.client.set(client);
      this.hasSound.set(await hasSoundCard(client, this.#options.timeoutMs));
      // Whoever served this machine before may have left keys down.
      if (!isNew && this.runState.value === 'running') this.hid.releaseUnknown();
      this.failure.set(undefined);
      while (!signal.aborted) {
        const pause = sleep(HEALTH_MS, signal).catch(() => undefined);
        const ended = await Promise.race([closed, pause]);
        if (ended) return ended.reason;
        if (!signal.aborted) await this.#readStatus(client);
        lives();
      }
      return undefined;
    } finally {
      unsubscribe();
      client.close();
      this.client.set(undefined);
      this.hasSound.set(undefined);
      this.runState.set('');
    }
  }

  async #readStatus(client: QmpClient): Promise<void> {
    const { timeoutMs } = this.#options;
    const answer = await client.execute('query-status', undefined, undefined, timeoutMs);
    if (isObject(answer) && typeof answer.status === 'string') this.#setRunState(answer.status);
  }

  #setRunState(runState: string): void {
    this.runState.set(runState);
    this.status.set(runState === 'running' ? 'running' : 'off');
  }

  #onEvent(event: QmpEvent): void {
    if (event.name === 'RESUME') this.#setRunState('running');
    else if (event.name === 'STOP') this.#setRunState('paused');
    else if (event.name === 'SHUTDOWN') this.#setRunState('shutdown');
  }

  async #fail(error: unknown): Promise<void> {
    const graceMs = error instanceof QmpTimeoutError ? 0 : ENDING_MS;
    const died = this.#id !== undefined && (await hasEnded(this.#id, graceMs));
    if (this.#controller.signal.aborted) return;
    const lines = this.#process?.lastLines ?? [];
    const said = lines.length > 0 ? `: ${lines.slice(-3).join(' | ')}` : '';
    const failure = died
      ? `QEMU ended unexpectedly${said}. It is started again.`
      : `The machine does not work: ${textOf(error)}`;
    if (died) this.#process = undefined;
    this.status.set('failed');
    if (this.failure.set(failure)) this.#log.error({ err: error, lines }, failure);
  }
}

/** Starts a machine, or takes over the one that runs in its directory. */
export async function startQemuMachine(
  options: QemuMachineOptions,
  log: Log,
): Promise<QemuMachine> {
  const machine = new QemuMachine(options, log.child({ machine: options.id }));
  machine.start();
  return machine;
}
