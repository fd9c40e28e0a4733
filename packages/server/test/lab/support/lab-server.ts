import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '@crashcart/api';
import { WebSocket } from 'ws';
import { certificateFiles } from '../../../src/tls/certificate.ts';
import { CERTIFICATE } from './certificate.ts';
import type { GuestProcess } from './lab-agent.ts';
import type { LabMachine } from './lab-machine.ts';

const OTG_UNIT = fileURLToPath(
  new URL('../../../../../packaging/systemd/crashcart-otg.service', import.meta.url),
);
const MAIN = fileURLToPath(new URL('../../../bundle/main.js', import.meta.url));
const READY = /^crashcart ready /m;
/** Of the user admin. */
export const LAB_PASSWORD = 'of the lab';
/** Where it keeps everything. */
export const STATE = '/var/lib/crashcart-lab';
const CONFIG = '/run/crashcart-lab.yaml';
/** A tick of proc(5), ms. */
const TICK_MS = 10;
const START_MS = 200_000;
/** As our service runs: its own user, and Debian's group of capture devices. */
const AS_USER = [
  ...['setpriv', '--reuid=crashcart', '--regid=crashcart', '--groups=crashcart,video'],
  '--no-new-privs',
];

/** What root may do as our unit of the gadget runs. */
function asOtgUnit(): readonly string[] {
  const [, names] = /^CapabilityBoundingSet=(.*)$/m.exec(readFileSync(OTG_UNIT, 'utf8')) ?? [];
  if (names === undefined) throw new Error(`${OTG_UNIT} has no CapabilityBoundingSet`);
  const kept = names.split(' ').map((name) => `+${name.replace(/^CAP_/, '').toLowerCase()}`);
  return ['setpriv', `--bounding-set=${['-all', ...kept].join(',')}`, '--no-new-privs'];
}

/** How the server is started. */
export interface ServeOptions {
  /** Capabilities such as `net_bind_service` that its unit gives it. */
  readonly capabilities?: readonly string[];
  /** Whether it finds nothing of an earlier start, and so makes a certificate: 2 s of it, emulated. */
  readonly isFirst?: boolean;
}

/** crashcart inside a lab machine, from this checkout's bundle. */
export class LabServer implements AsyncDisposable {
  /** Its API, from outside of the machine. */
  readonly api: Client;
  /** From the start of the process to its ready line, ms. */
  readonly startMs: number;
  /** What that took of a processor, ms. */
  readonly startCpuMs: number;
  readonly #machine: LabMachine;
  readonly #process: GuestProcess;

  private constructor(
    machine: LabMachine,
    process: GuestProcess,
    { ms, cpuMs }: { readonly ms: number; readonly cpuMs: number },
  ) {
    this.#machine = machine;
    this.#process = process;
    this.startMs = ms;
    this.startCpuMs = cpuMs;
    this.api = createClient({
      baseUrl: machine.url,
      credentials: { user: 'admin', passwd: LAB_PASSWORD },
      webSocket: (url, headers) => new WebSocket(url, { headers }),
    });
  }

  /** Runs `crashcart otg` to its end with the given configuration, and with our unit's capabilities. */
  static async otg(machine: LabMachine, config: object, argv: readonly string[]) {
    await machine.write(CONFIG, JSON.stringify(config));
    const command = [process.execPath, MAIN, 'otg', ...argv, '--config', CONFIG];
    return await machine.tryRun([...asOtgUnit(), ...command]);
  }

  /** Runs another command to its end, as root, with the given configuration or without any. */
  static async command(machine: LabMachine, config: object | undefined, argv: readonly string[]) {
    const all = [process.execPath, MAIN, ...argv];
    if (config === undefined) return await machine.tryRun(all);
    await machine.write(CONFIG, JSON.stringify(config));
    return await machine.tryRun([...all, '--config', CONFIG]);
  }

  /** Runs a command as the user of the server, on its state and its configuration. */
  static async commandOn(machine: LabMachine, argv: readonly string[]) {
    const where = ['--state', STATE, '--config', CONFIG];
    return await machine.tryRun([...AS_USER, process.execPath, MAIN, ...argv, ...where]);
  }

  /** Starts it and resolves when it is ready; rejects with its output when it does not get there. */
  static async start(
    machine: LabMachine,
    config: object,
    port: number,
    { capabilities = [], isFirst = false }: ServeOptions = {},
  ): Promise<LabServer> {
    const server = { listen: '0.0.0.0', http: { enabled: true, port } };
    await machine.write(CONFIG, JSON.stringify({ server, ...config }));
    const ours = ['-o', 'crashcart', '-g', 'crashcart', '-m', '700'];
    await machine.run(['install', '-d', ...ours, STATE, `${STATE}/tls`]);
    if (!isFirst) {
      const pair = Object.values(certificateFiles(CERTIFICATE));
      await machine.run(['install', ...ours, ...pair, `${STATE}/tls`]);
    }
    const user = [...AS_USER, ...capabilities.flatMap(capabilityOptions)];
    const argv = [...user, process.execPath, MAIN, 'run', '--state', STATE, '--config', CONFIG];
    const startedMs = performance.now();
    const child = machine.spawn(argv, { env: { CRASHCART_PASSWORD: LAB_PASSWORD } });
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`No ready line:\n${said}`)), START_MS);
      child.onOutput((piece) => {
        said += piece;
        if (!READY.test(said)) return;
        clearTimeout(timer);
        resolve();
      });
      child.ended.then(
        ({ code }) => reject(new Error(`crashcart ended with ${code}:\n${said}`)),
        reject,
      );
    });
    const ms = performance.now() - startedMs;
    const stat = await machine.text(`/proc/${await child.pid}/stat`);
    return new LabServer(machine, child, { ms, cpuMs: cpuMsOf(stat) });
  }

  get pid(): Promise<number> {
    return this.#process.pid;
  }

  /** Resident memory of the process itself, MiB. */
  async memoryMib(): Promise<number> {
    const status = await this.#machine.text(`/proc/${await this.pid}/status`);
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  /** Everything that it has logged. */
  async log(): Promise<string> {
    return (await this.#machine.run(['sh', '-c', `cat ${STATE}/log/*`])).out.toString();
  }

  /** Stops it as a service would be; its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    await this.#process.kill(signal);
    return (await this.#process.ended).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }
}

/** As `AmbientCapabilities` of a unit of systemd. */
function capabilityOptions(name: string): readonly string[] {
  return [`--inh-caps=+${name}`, `--ambient-caps=+${name}`];
}

/** utime and stime of /proc/PID/stat, which come after the name in brackets (proc(5)). */
function cpuMsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
