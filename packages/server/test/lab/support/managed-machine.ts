import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateCell } from '../../../src/core/state.ts';
import { freePort } from '../../support/free-port.ts';
import { Qmp } from '../../support/qmp.ts';
import { VncViewer } from '../../support/vnc-viewer.ts';

/** UEFI, as it takes every interface of a composite device: SeaBIOS stops at the keyboard. */
const FIRMWARE = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const VARIABLES = '/usr/share/OVMF/OVMF_VARS_4M.fd';
/** Where QEMU's VNC counts from. */
const VNC_BASE = 5900;

/**
 * The computer at the other end of all cables, an emulated PC without disk and network. It has what a
 * computer's case has: a screen, a USB socket, a power switch, a reset switch and a power LED.
 */
export class ManagedMachine implements AsyncDisposable {
  /** Its screen. */
  readonly viewer: VncViewer;
  /** Its power LED. */
  readonly isOn = new StateCell(false);
  readonly #child: ChildProcess;
  readonly #qmp: Qmp;
  readonly #directory: string;

  private constructor(child: ChildProcess, qmp: Qmp, vncPort: number, directory: string) {
    this.#child = child;
    this.#qmp = qmp;
    this.#directory = directory;
    this.viewer = new VncViewer({ port: vncPort });
  }

  /** A machine that is switched off, its USB cable at a redirected device of that port of this host. */
  static async start(usbPort: number): Promise<ManagedMachine> {
    const directory = mkdtempSync(join(tmpdir(), 'cc-managed-'));
    const vncPort = await freePort();
    const child = spawn('qemu-system-x86_64', qemuArgs(directory, vncPort, usbPort), {
      stdio: 'inherit',
    });
    const qmp = await Qmp.connect(join(directory, 'qmp'));
    return new ManagedMachine(child, qmp, vncPort, directory);
  }

  /** A press of the power switch: on, or a request to the system. */
  async pressPower(): Promise<void> {
    if (this.isOn.value) {
      await this.#qmp.execute('system_powerdown');
      return;
    }
    await this.#qmp.execute('cont');
    this.isOn.set(true);
  }

  /** The power switch held for long: off, whatever the system does. */
  async holdPower(): Promise<void> {
    await this.#qmp.execute('stop');
    await this.#qmp.execute('system_reset');
    this.isOn.set(false);
  }

  /** A press of the reset switch. */
  async pressReset(): Promise<void> {
    if (this.isOn.value) await this.#qmp.execute('system_reset');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.viewer[Symbol.asyncDispose]();
    this.#qmp.close();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const closed = once(this.#child, 'close');
      this.#child.kill('SIGKILL');
      await closed;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function qemuArgs(directory: string, vncPort: number, usbPort: number): string[] {
  const variables = join(directory, 'variables.fd');
  cpSync(VARIABLES, variables);
  return [
    ...['-machine', 'q35', '-accel', 'tcg', '-cpu', 'Nehalem', '-m', '512', '-nodefaults'],
    ...['-drive', `if=pflash,format=raw,readonly=on,file=${FIRMWARE}`],
    ...['-drive', `if=pflash,format=raw,file=${variables}`],
    ...['-device', 'VGA', '-display', 'none', '-vnc', `127.0.0.1:${vncPort - VNC_BASE}`],
    ...['-qmp', `unix:${join(directory, 'qmp')},server=on,wait=off`],
    ...['-action', 'shutdown=pause,reboot=reset,panic=pause', '-S'],
    ...['-chardev', `socket,id=usb,host=127.0.0.1,port=${usbPort},reconnect=1`],
    ...['-device', 'qemu-xhci', '-device', 'usb-redir,chardev=usb,id=kvm,bootindex=0'],
  ];
}
