import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { Qmp } from './qmp.ts';

/** A QEMU that is not the server's: its firmware's screen, over a VNC socket that can go and come. */
export class AttachedQemu implements AsyncDisposable {
  /** Beside the server's own. */
  readonly qmp: Qmp;
  readonly #process: ChildProcess;
  readonly #directory: string;
  readonly #connections = new Set<Socket>();
  #relay: Server | undefined;

  private constructor(process: ChildProcess, qmp: Qmp, directory: string) {
    this.#process = process;
    this.qmp = qmp;
    this.#directory = directory;
  }

  /** `directory` belongs to the caller. */
  static async start(directory: string): Promise<AttachedQemu> {
    const qmp = (name: string) => ['-qmp', `unix:${join(directory, name)},server=on,wait=off`];
    const process = spawn(
      'qemu-system-x86_64',
      [
        ...['-machine', 'q35', '-accel', 'tcg', '-m', '64', '-nodefaults', '-vga', 'std'],
        ...['-net', 'none', '-display', 'none', '-vnc', `unix:${join(directory, 'qemu-vnc')}`],
        ...[...qmp('qmp'), ...qmp('qmp-of-test')],
      ],
      { stdio: 'inherit' },
    );
    const ours = await Qmp.connect(join(directory, 'qmp-of-test'));
    const qemu = new AttachedQemu(process, ours, directory);
    await qemu.showScreen();
    return qemu;
  }

  /** `qemu.attach` of the server's configuration. */
  get attach() {
    return { qmp: join(this.#directory, 'qmp'), vnc: join(this.#directory, 'vnc') };
  }

  /** Its VNC socket is there again. */
  async showScreen(): Promise<void> {
    this.#relay = createServer((client) => {
      const server = connect(join(this.#directory, 'qemu-vnc'));
      client.pipe(server).pipe(client);
      for (const socket of [client, server]) {
        this.#connections.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          for (const each of [client, server]) this.#connections.delete(each.destroy());
        });
      }
    }).listen(this.attach.vnc);
    await once(this.#relay, 'listening');
  }

  /** Its VNC socket goes, with all who are connected. */
  hideScreen(): void {
    this.#relay?.close();
    for (const socket of this.#connections) socket.destroy();
  }

  /** Ends it as a crash does. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hideScreen();
    this.qmp.close();
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.kill();
    await gone;
  }
}
