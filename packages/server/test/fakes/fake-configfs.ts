import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import type { GadgetSystem } from '../../src/drivers/linux/gadget/gadget-system.ts';
import { type Configfs, type FileOwner, kernelConfigfs } from '../../src/platform/configfs.ts';

const ERRNO = { EPERM: 1, ENOENT: 2, EBUSY: 16, EEXIST: 17, ENODEV: 19, EINVAL: 22 } as const;
const NOT_EMPTY = 39;

/** Attributes that Linux 6.1 gives a new object, and what they say at first. */
const GADGET = {
  ...{ UDC: '\n', idVendor: '0x0000\n', idProduct: '0x0000\n', bcdUSB: '0x0200\n' },
  ...{ bcdDevice: '0x0601\n', bDeviceClass: '0x00\n', max_speed: 'super-speed-plus\n' },
};
const OS_DESC = { use: '0\n', b_vendor_code: '0x00\n', qw_sign: '\n' };
const CONFIGURATION = { MaxPower: '500\n', bmAttributes: '0x80\n' };
const STRINGS = { manufacturer: '\n', product: '\n', serialnumber: '\n' };
const CONFIGURATION_STRINGS = { configuration: '\n' };
const HID = { protocol: '0\n', subclass: '0\n', report_length: '0\n', report_desc: '' };
const LUN = {
  ...{ file: '', cdrom: '0\n', ro: '0\n', removable: '1\n', nofua: '0\n' },
  ...{ inquiry_string: '\n', forced_eject: '' },
};
const NETWORK = { host_addr: '\n', dev_addr: '\n', ifname: '(unnamed net_device)\n', qmult: '5\n' };
const SOUND = {
  ...{ c_chmask: '3\n', c_srate: '64000\n', c_ssize: '2\n' },
  ...{ p_chmask: '3\n', p_srate: '48000\n', p_ssize: '2\n' },
};
const COMPATIBLE = { compatible_id: '', sub_compatible_id: '' };
const FUNCTIONS: Readonly<Record<string, Readonly<Record<string, Record<string, string>>>>> = {
  hid: { '': { ...HID, dev: '', no_out_endpoint: '0\n' } },
  mass_storage: { '': { stall: '1\n' }, 'lun.0': LUN },
  ...{ ecm: { '': NETWORK }, eem: { '': NETWORK }, acm: { '': { port_num: '0\n' } } },
  ncm: { '': NETWORK, 'os_desc/interface.ncm': COMPATIBLE },
  rndis: { '': NETWORK, 'os_desc/interface.rndis': COMPATIBLE },
  uac2: { '': SOUND },
};

/** What a test may make otherwise than Debian's kernel has it. */
export interface FakeConfigfsOptions {
  /** Names in /sys/class/udc. */
  readonly controllers?: readonly string[];
  /** Kinds of functions that this kernel lacks. */
  readonly lacks?: readonly string[];
  /** Attributes that it has besides, `functions/hid.usb0/wakeup_on_write`. */
  readonly more?: readonly string[];
}

/**
 * Linux' configfs for USB gadgets (drivers/usb/gadget/configfs.c, 6.1) on a directory: what the kernel
 * makes of a `mkdir` is there, and it refuses what the kernel refuses. A test plays the controllers.
 */
export class FakeConfigfs implements Configfs, Disposable {
  readonly configDir: string;
  readonly sysDir: string;
  /** Every act that changed something, as `mkdir functions/hid.usb0` relative to the gadget. */
  readonly acts: string[] = [];
  readonly owners = new Map<string, FileOwner>();
  /** Who has the serial port open. */
  programs: readonly string[] = [];
  /** The n-th act from now on fails with EINVAL; undefined: none. */
  failIn: number | undefined;
  /** Called after each act. */
  onAct: (act: string) => void = () => undefined;
  readonly #options: FakeConfigfsOptions;
  readonly #gadgets: string;

  constructor(options: FakeConfigfsOptions = {}) {
    this.#options = options;
    this.sysDir = mkdtempSync(join(tmpdir(), 'configfs-'));
    this.configDir = join(this.sysDir, 'kernel/config');
    this.#gadgets = join(this.configDir, 'usb_gadget');
    for (const name of options.controllers ?? ['dummy_udc.0']) {
      const dir = join(this.sysDir, 'class/udc', name);
      mkdirSync(dir, { recursive: true });
      const files = { state: 'not attached\n', current_speed: 'UNKNOWN\n', function: '' };
      this.#fill(dir, { '': files });
    }
    mkdirSync(this.#gadgets, { recursive: true });
  }

  /** What the command and its parts are made of. */
  get system(): GadgetSystem {
    return {
      ...{ configfs: this, configDir: this.configDir, sysDir: this.sysDir },
      loadModule: async () => 'not this time',
      programsWith: async () => this.programs,
    };
  }

  get gadget(): string {
    return join(this.#gadgets, 'kvmd');
  }

  /** The kernel's module for gadgets is not there. */
  unload(): void {
    rmSync(this.#gadgets, { recursive: true });
  }

  /** It is there, and so are the directories. */
  load(): void {
    mkdirSync(this.#gadgets, { recursive: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.sysDir, { recursive: true });
  }

  list = kernelConfigfs.list;
  isLink = kernelConfigfs.isLink;
  read = kernelConfigfs.read;

  async makeDir(path: string): Promise<void> {
    this.#act('mkdir', path);
    if (existsSync(path)) throw failed('EEXIST', 'mkdir', path);
    const attributes = this.#attributesOf(dirname(path), basename(path));
    if (attributes === undefined) throw failed('ENOENT', 'mkdir', path);
    mkdirSync(path);
    this.#fill(path, attributes);
    for (const more of this.#options.more ?? []) {
      if (dirname(join(this.gadget, more)) === path) writeFileSync(join(this.gadget, more), '0\n');
    }
  }

  async removeDir(path: string): Promise<void> {
    this.#act('rmdir', path);
    if (!this.#isMade(path)) throw failed('EPERM', 'rmdir', path);
    const own = ['', 'strings', 'functions', 'configs', 'os_desc'];
    for (const group of own) {
      const dir = join(path, group);
      const made = ((await this.list(dir)) ?? []).map((name) => join(dir, name));
      const isMade = await Promise.all(
        made.map(async (each) => (await this.isLink(each)) || this.#isMade(each)),
      );
      if (isMade.includes(true)) throw failed('ENOTEMPTY', 'rmdir', path);
    }
    if (await this.#isLinked(path)) throw failed('EBUSY', 'rmdir', path);
    const isPort = existsSync(join(path, 'port_num'));
    if (isPort && this.programs.length > 0) throw new Error('The kernel would wait here');
    rmSync(path, { recursive: true });
  }

  async write(path: string, value: string | Uint8Array): Promise<void> {
    if (!existsSync(path)) throw failed('ENOENT', 'open', path);
    this.#act('write', path, value);
    const text = value instanceof Uint8Array ? value : value.replace(/\n$/, '');
    if (basename(path) === 'UDC') return await this.#bind(path, String(text));
    const [functionDir] = /^.*\/functions\/[^/]+/.exec(path) ?? [];
    const isLun = dirname(path).endsWith('/lun.0');
    // Most of a function cannot be changed once it is part of a configuration.
    if (functionDir !== undefined && !isLun && (await this.#isLinked(functionDir))) {
      throw failed('EBUSY', 'write');
    }
    // A version is written in decimal digits (is_valid_bcd).
    if (/\/bcd\w+$/.test(path) && !/^0x\d{4}$/.test(String(text))) throw failed('EINVAL', 'write');
    if (isLun) await this.#storeLun(path, String(text));
    else writeFileSync(path, text instanceof Uint8Array ? text : `${shown(path, text)}\n`);
  }

  async link(target: string, path: string): Promise<void> {
    this.#act('link', path);
    if (!existsSync(target)) throw failed('ENOENT', 'symlink', path);
    if ((await this.#boundBy(path)) !== '') throw failed('EINVAL', 'symlink', path);
    await kernelConfigfs.link(target, path);
  }

  async unlink(path: string): Promise<void> {
    this.#act('unlink', path);
    await kernelConfigfs.unlink(path);
    // The machine cannot lose one function alone.
    if ((await this.#boundBy(path)) !== '') await this.#bind(this.#udcFile(path), '');
  }

  async own(path: string, owner: FileOwner): Promise<void> {
    if (!existsSync(path)) throw failed('ENOENT', 'chown', path);
    this.owners.set(relative(this.gadget, path), owner);
  }

  #act(verb: string, path: string, value?: string | Uint8Array): void {
    const text = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value?.trim();
    const act = `${verb} ${relative(this.gadget, path)}${text === undefined ? '' : ` ${text}`}`;
    this.acts.push(act);
    this.onAct(act);
    if (this.failIn !== undefined) {
      this.failIn -= 1;
      if (this.failIn < 0) {
        this.failIn = undefined;
        throw failed('EINVAL', verb);
      }
    }
  }

  #attributesOf(parent: string, name: string) {
    switch (basename(parent)) {
      case 'usb_gadget':
        return { '': GADGET, os_desc: OS_DESC, ...{ functions: {}, configs: {}, strings: {} } };
      case 'strings':
        return { '': parent.includes('/configs/') ? CONFIGURATION_STRINGS : STRINGS };
      case 'configs':
        return /^\w+\.\d+$/.test(name) ? { '': CONFIGURATION, strings: {} } : undefined;
      case 'functions': {
        const kind = name.split('.')[0] ?? '';
        return this.#options.lacks?.includes(kind) ? undefined : FUNCTIONS[kind];
      }
      default:
        return undefined;
    }
  }

  #fill(dir: string, groups: Readonly<Record<string, Record<string, string>>>): void {
    for (const [group, files] of Object.entries(groups)) {
      mkdirSync(join(dir, group), { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, group, name), text);
    }
  }

  /** Whether somebody made this directory: what came with an object goes only with it. */
  #isMade(path: string): boolean {
    const makers = ['usb_gadget', 'functions', 'configs', 'strings'];
    return makers.includes(basename(dirname(path)));
  }

  async #isLinked(path: string): Promise<boolean> {
    const gadget = dirname(dirname(path));
    for (const name of (await this.list(join(gadget, 'configs'))) ?? []) {
      if (await this.isLink(join(gadget, 'configs', name, basename(path)))) return true;
    }
    return this.isLink(join(gadget, 'os_desc', basename(path)));
  }

  async #storeLun(path: string, text: string): Promise<void> {
    const lun = dirname(path);
    const isFull = ((await this.read(join(lun, 'file'))) ?? '').toString() !== '';
    const name = basename(path);
    if (name === 'file') {
      if (text !== '' && !existsSync(text)) throw failed('ENOENT', 'write');
    } else if (isFull && (name === 'ro' || (name === 'cdrom' && text === '1'))) {
      throw failed('EBUSY', 'write');
    }
    writeFileSync(path, text === '' ? '' : `${text}\n`);
    if (name === 'cdrom' && text === '1') writeFileSync(join(lun, 'ro'), '1\n');
  }

  #udcFile(path: string): string {
    const [name = ''] = relative(this.#gadgets, path).split('/');
    return join(this.#gadgets, name, 'UDC');
  }

  async #boundBy(path: string): Promise<string> {
    return ((await this.read(this.#udcFile(path))) ?? '').toString().trim();
  }

  async #bind(path: string, udc: string): Promise<void> {
    const gadget = dirname(path);
    const bound = await this.#boundBy(path);
    if (udc === '') {
      if (bound === '') throw failed('ENODEV', 'write');
      this.#tell(bound, '', 'not attached');
      return writeFileSync(path, '\n');
    }
    // Since Linux 5.19 all that keeps a gadget from its controller is this one error.
    const holder = await this.read(join(this.sysDir, 'class/udc', udc, 'function'));
    const functions = (await this.list(join(gadget, 'functions'))) ?? [];
    const dirs = functions.map((name) => join(gadget, 'functions', name));
    const linked: string[] = [];
    for (const dir of dirs) if (await this.#isLinked(dir)) linked.push(dir);
    const isFree = bound === '' && holder?.length === 0;
    if (!isFree || linked.length === 0) throw failed('EBUSY', 'write');
    // A network card is one of this kernel from then on.
    for (const ifname of linked.map((dir) => join(dir, 'ifname'))) {
      if (existsSync(ifname)) writeFileSync(ifname, 'usb0\n');
    }
    this.#tell(udc, basename(gadget), 'configured');
    writeFileSync(path, `${udc}\n`);
  }

  #tell(udc: string, name: string, state: string): void {
    const dir = join(this.sysDir, 'class/udc', udc);
    if (!existsSync(dir)) return;
    writeFileSync(join(dir, 'function'), name);
    writeFileSync(join(dir, 'state'), `${state}\n`);
    writeFileSync(join(dir, 'current_speed'), name === '' ? 'UNKNOWN\n' : 'high-speed\n');
  }
}

/** As the kernel shows what was written: flags and sizes in its own way. */
function shown(path: string, text: string): string {
  const name = basename(path);
  if (/^(id|bcd)/.test(name)) return `0x${Number(text).toString(16).padStart(4, '0')}`;
  if (name === 'bmAttributes') return `0x${Number(text).toString(16)}`;
  // A signed byte, which Linux 6.1 shows with all its sign bits.
  if (name === 'b_vendor_code') return `0x${(((Number(text) << 24) >> 24) >>> 0).toString(16)}`;
  return text;
}

/** An error as Node makes it of the kernel's. */
function failed(code: keyof typeof ERRNO | 'ENOTEMPTY', syscall: string, path?: string): Error {
  const errno = -(code === 'ENOTEMPTY' ? NOT_EMPTY : ERRNO[code]);
  return Object.assign(new Error(`${code}, ${syscall}`), {
    ...{ code, errno, syscall },
    ...(path === undefined ? {} : { path }),
  });
}
