import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../support/free-port.ts';
import { OTG_MODULE } from './guest-bundle.ts';
import {
  type GuestProcess,
  type GuestResult,
  type GuestRunOptions,
  LabAgent,
} from './lab-agent.ts';
import { type LabFiles, labFiles } from './lab-files.ts';
import { LabServer, type ServeOptions } from './lab-server.ts';

const GUEST = fileURLToPath(new URL('../guest', import.meta.url));
const ADDRESS = '10.0.2.15';
/** Where crashcart serves in the machine. */
const API_PORT = 8080;
const BOOT_MS = 100_000;
/**
 * The software host controller looks at its queues each 125 µs, which an emulated processor can do and
 * nothing else; without timers of that kind it does so 250 times a second.
 */
const COARSE_TIMERS = 'highres=off';

/** What a command came to that was loaded already. */
interface LoadedResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What a machine is made of. */
export interface LabMachineOptions {
  /** Loaded in this order, each with its parameters. */
  readonly modules?: readonly (readonly [name: string, ...parameters: string[]])[];
  /** Processors, 1 unless told: two of them cost more than they give where machines run in pairs. */
  readonly cpus?: number;
  /** Whether the kernel can simulate GPIO chips. */
  readonly gpio?: boolean;
  /** Its TCP ports that are reached from here, besides the API's. */
  readonly ports?: readonly number[];
  /** The port of this host that its second serial port, /dev/ttyS1, leads to, as soon as it is there. */
  readonly serial?: number;
}

/**
 * Debian's kernel on this host's own files, which it cannot change: programs and this checkout are
 * there by their paths, and what is written is gone with the machine. Emulated, never by KVM.
 */
export class LabMachine implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #agent: LabAgent;
  readonly #directory: string;
  readonly #ports: ReadonlyMap<number, number>;
  readonly #console: readonly string[];
  #server: LabServer | undefined;

  private constructor(
    child: ChildProcess,
    agent: LabAgent,
    place: { readonly directory: string; readonly ports: ReadonlyMap<number, number> },
    console: readonly string[],
  ) {
    this.#child = child;
    this.#agent = agent;
    this.#directory = place.directory;
    this.#ports = place.ports;
    this.#console = console;
  }

  /** Boots a machine; rejects with its console when it does not get up. */
  static async start(options: LabMachineOptions = {}): Promise<LabMachine> {
    const lab = labFiles();
    const directory = mkdtempSync(join(tmpdir(), 'cc-lab-'));
    const ports = new Map<number, number>();
    for (const port of [API_PORT, ...(options.ports ?? [])]) ports.set(port, await freePort());
    const socket = join(directory, 'agent');
    const child = spawn('qemu-system-x86_64', qemuArgs(lab, socket, ports, options), {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (piece: Buffer) => said.push(piece.toString()));
    }
    const ended = new AbortController();
    child.once('close', (code) => ended.abort(new Error(`QEMU ended with ${code}`)));
    child.once('error', (error) => ended.abort(error));
    const timer = setTimeout(() => ended.abort(new Error('It takes too long')), BOOT_MS);
    try {
      const agent = await LabAgent.connect(socket, ended.signal);
      const machine = new LabMachine(child, agent, { directory, ports }, said);
      for (const [name, ...parameters] of options.modules ?? []) {
        await machine.run(['modprobe', name, ...parameters]);
      }
      if (options.gpio) for (const path of lab.gpio) await machine.run(['insmod', path]);
      return machine;
    } catch (error) {
      child.kill('SIGKILL');
      rmSync(directory, { recursive: true });
      throw new Error(`The lab machine did not start:\n${said.join('')}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Where crashcart is reached from here, once it serves. */
  get url(): string {
    return `http://127.0.0.1:${this.port(API_PORT)}`;
  }

  /** The port of this host that leads to one of its ports. */
  port(port: number): number {
    const here = this.#ports.get(port);
    if (here === undefined) throw new Error(`Port ${port} of the machine is not reached from here`);
    return here;
  }

  /** What its kernel said. */
  get console(): string {
    return this.#console.join('');
  }

  /** Runs a program to its end; rejects when that is no good one. */
  async run(argv: readonly string[], options: GuestRunOptions = {}): Promise<GuestResult> {
    const result = await this.tryRun(argv, options);
    if (result.code === 0) return result;
    throw new Error(`${argv.join(' ')} ended with ${result.code}: ${result.out}${result.err}`);
  }

  /** Runs a program to its end, whichever it is. */
  async tryRun(argv: readonly string[], options: GuestRunOptions = {}): Promise<GuestResult> {
    return await this.#agent.spawn(argv, options).ended;
  }

  /** Starts a program. */
  spawn(argv: readonly string[], options: GuestRunOptions = {}): GuestProcess {
    return this.#agent.spawn(argv, options);
  }

  /** A file, as bytes. Rejects with the kernel's code. */
  async read(path: string): Promise<Buffer> {
    return await this.#agent.read(path);
  }

  /** A file of /sys or so, without white space around. */
  async text(path: string): Promise<string> {
    return (await this.read(path)).toString().trim();
  }

  /** Writes a file, in one call. Rejects with the kernel's code. */
  async write(path: string, data: string | Uint8Array): Promise<void> {
    await this.#agent.write(path, data);
  }

  /** As `otg`, by root without limits, and without the 3 s that an emulated processor takes to load it. */
  async loadedOtg(config: object, ...argv: string[]): Promise<LoadedResult> {
    return (await this.#agent.call(OTG_MODULE, 'otg', config, ...argv)) as LoadedResult;
  }

  /** Runs `crashcart otg` with this configuration and our unit's capabilities. */
  async otg(config: object, ...argv: string[]): Promise<GuestResult> {
    return await LabServer.otg(this, config, argv);
  }

  /** Runs another command of crashcart as root, with this configuration or none; any end of it is one. */
  async command(config: object | undefined, ...argv: string[]): Promise<GuestResult> {
    return await LabServer.command(this, config, argv);
  }

  /** Runs a command of crashcart on what the server that was started last has. */
  async crashcart(...argv: string[]): Promise<GuestResult> {
    return await LabServer.commandOn(this, argv);
  }

  /** Starts crashcart itself, with this section `kvmd` (and others) of a configuration. */
  async serve(config: object, options?: ServeOptions): Promise<LabServer> {
    this.#server = await LabServer.start(this, config, API_PORT, options);
    return this.#server;
  }

  /** The API of the crashcart that was started last. */
  get api(): LabServer['api'] {
    if (!this.#server) throw new Error('crashcart was not started: serve()');
    return this.#server.api;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.close();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const closed = once(this.#child, 'close');
      this.#child.kill('SIGKILL');
      await closed;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function qemuArgs(
  lab: LabFiles,
  socket: string,
  ports: ReadonlyMap<number, number>,
  { serial, cpus = 1, modules = [] }: LabMachineOptions,
) {
  const environment = {
    LAB_INIT: join(GUEST, 'init.sh'),
    LAB_NODE: process.execPath,
    LAB_DIR: GUEST,
    LAB_MODULES: lab.modules,
    LAB_ADDRESS: ADDRESS,
  };
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const timers = modules.some(([name]) => name === 'dummy_hcd') ? [COARSE_TIMERS] : [];
  const append = [
    ...['console=ttyS0', 'loglevel=4', 'mitigations=off', 'panic=-1', ...timers],
    ...variables,
  ];
  const forwards = [...ports].map(
    ([inside, here]) => `hostfwd=tcp:127.0.0.1:${here}-${ADDRESS}:${inside}`,
  );
  const line = ['socket', 'id=line', 'host=127.0.0.1', `port=${serial}`, 'reconnect=1'].join(',');
  const second = ['-chardev', line, '-device', 'isa-serial,chardev=line'];
  const net = ['user', 'id=net', 'restrict=on', ...forwards].join(',');
  return [
    ...['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'Nehalem'],
    ...['-smp', `${cpus}`, '-m', '1536'],
    ...['-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
    ...['-kernel', lab.kernel, '-initrd', lab.initrd, '-append', append.join(' ')],
    ...['-virtfs', 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap'],
    ...['-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=agent,name=lab.agent'],
    ...['-chardev', `socket,id=agent,path=${socket},server=on,wait=off`],
    ...['-netdev', net, '-device', 'virtio-net-pci,netdev=net,romfile='],
    ...['-device', 'virtio-rng-pci', ...(serial === undefined ? [] : second)],
  ];
}
