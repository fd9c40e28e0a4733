import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Hid } from '../../src/core/hid.ts';
import type { QemuMachine } from '../../src/drivers/qemu/machine.ts';
import {
  SerialLine,
  startTestMachine,
  type TestMachine,
  testGuest,
  untilRunning,
} from './guest.ts';

const INTERPRETER = '/usr/libexec/xkbcommon/xkbcli-interactive-evdev';
const LOCALES = '/usr/share/X11/locale';
const DATA = [
  '/usr/share/X11/xkb',
  `${LOCALES}/compose.dir`,
  ...['en_US', 'cs_CZ', 'fi_FI', 'pt_BR', 'pt_PT', 'ru_RU'].map(composeFile),
];

/** The Compose file of a locale, here and in the guest. */
function composeFile(locale: string): string {
  return `${LOCALES}/${locale}.UTF-8/Compose`;
}

/** Nobody reads the console: what is typed must not run as commands. */
const INITTAB = '::sysinit:/etc/rc\nttyS0::respawn:-/bin/sh\n';

/**
 * Types in another layout from now on: `xkb LAYOUT VARIANT COMPOSE`. What comes out of the USB
 * keyboard is told on the serial line, one line for each key that is pressed.
 */
const XKB = `#!/bin/sh
kill $(cat /tmp/xkb.pid 2>/dev/null) 2>/dev/null
for name in /sys/class/input/event*/device/name; do
  case "$(cat $name)" in *'USB Keyboard'*) device=$(basename $(dirname $(dirname $name)));; esac
done
export XCOMPOSEFILE=$3
${basename(INTERPRETER)} --layout $1 --variant "$2" --enable-compose </dev/null >/dev/ttyS0 2>&1 &
echo $! > /tmp/xkb.pid
# It opens the keyboard last, after it has read the layout and the Compose file.
until ls -l /proc/$!/fd | grep -q "/$device$"; do
  [ -d /proc/$! ] || exit 1
  usleep 20000
done
echo "xkb is ready for $1 $2"
`;

/** The Linux guest with Debian's layouts and libxkbcommon, which X11 and Wayland desktops use. */
export function xkbFiles(): { kernel: string; initrd: string; append: string } & Disposable {
  const guest = testGuest();
  const directory = mkdtempSync(join(tmpdir(), 'xkb-guest-'));
  const initrd = join(directory, 'initrd.gz');
  // The kernel unpacks archives one after the other; a later file replaces an earlier one.
  writeFileSync(initrd, Buffer.concat([readFileSync(guest.initrd), overlay(directory)]));
  const dispose = () => rmSync(directory, { recursive: true, force: true });
  return { ...guest, initrd, [Symbol.dispose]: dispose };
}

/** A machine that boots the guest, with typing over it. */
export class XkbGuest implements AsyncDisposable {
  readonly machine: QemuMachine;
  readonly hid: Hid;
  readonly log: TestMachine['log'];
  readonly #serial: SerialLine;
  readonly #test: TestMachine;

  private constructor(test: TestMachine, serial: SerialLine) {
    this.machine = test.machine;
    this.hid = new Hid({ driver: test.machine.hid, log: test.log });
    this.log = test.log;
    this.#serial = serial;
    this.#test = test;
  }

  static async start(linux: ReturnType<typeof xkbFiles>): Promise<XkbGuest> {
    const test = await startTestMachine({ linux });
    await untilRunning(test.machine);
    const serial = new SerialLine(test.machine.serialSocketPath);
    await serial.waitFor(/guest# /, 90_000);
    return new XkbGuest(test, serial);
  }

  /** Gives the guest a layout of xkb-data, e.g. `fr(bepo)`, and the Compose file of a locale. */
  async use(layout: string, locale = 'en_US'): Promise<void> {
    const [, name = layout, variant = ''] = /^(\w+)\((.*)\)$/.exec(layout) ?? [];
    const from = this.#serial.text.length;
    this.#serial.send(`xkb ${name} '${variant}' ${composeFile(locale)}`);
    await this.#serial.waitFor(/xkb is ready for/, 30_000, from);
  }

  /** Types a text and gives what the guest has got. */
  async type(text: string, keymap: string, wanted = text): Promise<string> {
    const from = this.#serial.text.length;
    const { signal } = new AbortController();
    await this.hid.print(text, { keymap, limit: 0, slow: false, delayMs: 0, signal });
    // The last keys are on their way; a text that never comes fails where it is compared.
    const came = (told: string) => typedIn(told).length >= wanted.length;
    await this.#serial.waitFor(came, 5000, from).catch(() => undefined);
    return typedIn(this.#serial.text.slice(from));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hid.close();
    this.#serial.close();
    await this.#test[Symbol.asyncDispose]();
  }
}

/** The text in what the interpreter tells. */
function typedIn(told: string): string {
  const lines = told.matchAll(/keysyms \[ (\S+)\s+\] unicode \[ ([\s\S]*?) \] layout /g);
  let text = '';
  for (const [, keysym, characters = ''] of lines) {
    text += keysym === 'Return' ? '\n' : characters;
  }
  return text;
}

function overlay(directory: string): Buffer {
  const tree = join(directory, 'tree');
  for (const path of [INTERPRETER, ...librariesOf(INTERPRETER), ...DATA]) {
    const target = path === INTERPRETER ? join('/bin', basename(path)) : path;
    mkdirSync(join(tree, dirname(target)), { recursive: true });
    cpSync(path, join(tree, target), { recursive: true, dereference: true });
  }
  mkdirSync(join(tree, 'etc'), { recursive: true });
  writeFileSync(join(tree, 'etc/inittab'), INITTAB);
  writeFileSync(join(tree, 'bin/xkb'), XKB);
  chmodSync(join(tree, 'bin/xkb'), 0o755);
  const input = execFileSync('find', ['.'], { cwd: tree });
  const options = { cwd: tree, input, maxBuffer: 256 << 20 };
  const archive = execFileSync('cpio', ['-o', '-H', 'newc', '--quiet', '-R', '0:0'], options);
  rmSync(tree, { recursive: true });
  return gzipSync(archive, { level: 1 });
}

/** The shared libraries of a program and its loader. */
function librariesOf(program: string): readonly string[] {
  const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...listed.matchAll(/(?:^|=> |\t)(\/\S+) \(0x/gm)].map(([, path]) => path ?? '');
}
