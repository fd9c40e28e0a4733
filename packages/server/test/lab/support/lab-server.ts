import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '@crashcart/api';
import { WebSocket } from 'ws';
import type { GuestProcess, GuestResult } from './lab-agent.ts';
import type { LabMachine } from './lab-machine.ts';

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

  /** Runs `crashcart otg` with the given configuration. */
  static async otg(machine: LabMachine, config: object, ...argv: string[]): Promise<GuestResult> {
    await machine.write(CONFIG, JSON.stringify(config));
    return await machine.tryRun([process.execPath, MAIN, 'otg', ...argv, '--config', CONFIG]);
  }

  /** Starts it and resolves when it is ready; rejects with its output when it does not get there. */
  static async start(machine: LabMachine, config: object, port: number): Promise<LabServer> {
    const server = { listen: '0.0.0.0', http: { enabled: true, port } };
    await machine.write(CONFIG, JSON.stringify({ server, ...config }));
    await machine.run(['install', '-d', '-o', 'crashcart', '-g', 'crashcart', STATE]);
    const argv = [...AS_USER, process.execPath, MAIN, 'run', '--state', STATE, '--config', CONFIG];
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

/** utime and stime of /proc/PID/stat, which come after the name in brackets (proc(5)). */
function cpuMsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
