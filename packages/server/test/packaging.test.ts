import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadConfig } from '../src/config/load.ts';
import { CAPTURE_STICKS } from '../src/config/platforms/capture-sticks.ts';
import { configSchema, machinesOf } from '../src/config/schema.ts';
import { planGadget } from '../src/drivers/linux/gadget/gadget-plan.ts';
import { listFiles, readText } from '../src/platform/files.ts';
import { MOUNT_SERVICE } from '../src/platform/mount-service.ts';
import { isRemote } from '../src/remote-host.ts';

const PACKAGING = fileURLToPath(new URL('../../../packaging', import.meta.url));
const UNITS = readdirSync(join(PACKAGING, 'systemd'));
const SERVICES = UNITS.filter((name) => name.endsWith('.service'));
const HARDENED = [
  'NoNewPrivileges=yes',
  'ProtectSystem=strict',
  'ProtectHome=yes',
  'Restart=always',
];
/** It runs as root, once. */
const GADGET = 'crashcart-otg.service';
/** It runs once. */
const DISPLAY = 'crashcart-edid.service';
/** It mounts for the server, which may not. */
const MOUNTS = 'crashcart-nbdfuse@.service';
const OTHERS = [GADGET, DISPLAY, MOUNTS];
const SECTIONS = ['Unit', 'Service', 'Socket', 'Install'];

const BOARD = { kvmd: { hid: { type: 'otg' } } };

const read = (...path: readonly string[]) => readFileSync(join(PACKAGING, ...path), 'utf8');
const load = (name: string) =>
  loadConfig({ file: join(PACKAGING, 'config', name), flags: {} }, { readText, listFiles });

it('has units that systemd reads without a complaint', () => {
  const dir = mkdtempSync(join(tmpdir(), 'units-'));
  try {
    for (const name of UNITS) {
      // Nothing is installed here: another program stands in for ours.
      const text = read('systemd', name).replaceAll('/usr/bin/crashcart', process.execPath);
      writeFileSync(join(dir, name), text);
    }
    const files = UNITS.map((name) => join(dir, name));
    const args = ['verify', '--man=no', '--recursive-errors=no', ...files];
    const verified = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    if (verified.error) {
      const lines = UNITS.flatMap((name) => read('systemd', name).split('\n'));
      const odd = lines.filter((line) => !/^(#.*|\[(\w+)\]|[A-Z]\w+=.*|)$/.test(line));
      const sections = lines.flatMap((line) => /^\[(\w+)\]$/.exec(line)?.[1] ?? []);
      expect(odd).toEqual([]);
      expect(sections.filter((section) => !SECTIONS.includes(section))).toEqual([]);
    } else expect([verified.status, verified.stderr]).toEqual([0, '']);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it('makes the directories of the state for who uses them, before the first start', () => {
  const made = read('tmpfiles.d', 'crashcart.conf')
    .split('\n')
    .map((line) => line.split(/\s+/));
  for (const name of SERVICES.filter((service) => !OTHERS.includes(service))) {
    const value = (key: string) => new RegExp(`\n${key}=(.*)\n`).exec(read('systemd', name))?.[1];
    const directory = `/var/lib/${value('StateDirectory')}`;
    const mode = value('StateDirectoryMode');
    expect(made).toContainEqual(['d', directory, mode, value('User'), value('Group')]);
    expect(read('systemd', name)).toContain(` --state ${directory}\n`);
  }
});

it.each(SERVICES.filter((name) => !OTHERS.includes(name)))(
  '%s may do little and starts again by itself',
  (name) => {
    const text = read('systemd', name);
    for (const line of HARDENED) expect(text).toContain(`\n${line}\n`);
    const [, account] = /\nUser=(.*)\n/.exec(text) ?? [];
    expect(read('sysusers.d', 'crashcart.conf')).toMatch(new RegExp(`^u ${account} `, 'm'));
  },
);

it('makes the USB gadget once, before the server that uses it, with few rights', () => {
  const text = read('systemd', GADGET);
  const lines = [
    ...['Type=oneshot', 'RemainAfterExit=yes', 'Before=crashcart-core.service'],
    ...HARDENED.filter((line) => !line.startsWith('Restart=')),
    'CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_SYS_MODULE CAP_SYS_PTRACE',
  ];
  for (const line of lines) expect(text).toContain(`\n${line}\n`);
  const [, config] = /\nExecStart=\S+ otg start (--config \S+)\n/.exec(text) ?? [];
  expect(text).toContain(`\nExecStop=/usr/bin/crashcart otg stop ${config}\n`);
  expect(read('systemd', 'crashcart-core.service')).toContain(` ${config} `);
});

it('tells the machine of a display once, before the server that captures, without root', () => {
  const text = read('systemd', DISPLAY);
  const lines = [
    ...['Type=oneshot', 'RemainAfterExit=yes', 'Before=crashcart-core.service'],
    ...['User=crashcart', 'CapabilityBoundingSet='],
    ...HARDENED.filter((line) => !line.startsWith('Restart=')),
  ];
  for (const line of lines) expect(text).toContain(`\n${line}\n`);
  const [, config] = /\nExecStart=\S+ edid apply (--config \S+)\n/.exec(text) ?? [];
  expect(text).toContain(`\nExecStop=/usr/bin/crashcart edid clear ${config}\n`);
  expect(read('systemd', 'crashcart-core.service')).toContain(` ${config} `);
  const { device } = configSchema.parse({}).kvmd.streamer.edid;
  const unit = `${device.slice(1).replaceAll('-', '\\x2d').replaceAll('/', '-')}.device`;
  expect(text).toContain(`\nBindsTo=${unit}\n`);
  const named = `SYMLINK+="${device.replace('/dev/', '')}", TAG+="systemd"`;
  const rules = read('udev', '70-crashcart-video.rules').split('\n');
  expect(rules.filter((line) => line.startsWith('ATTR') && !line.endsWith(named))).toEqual([]);
});

it('mounts for the server alone, as its user, by a program that it cannot choose', () => {
  const socket = read('systemd', MOUNTS.replace('@.service', '.socket'));
  const core = read('systemd', 'crashcart-core.service');
  const user = /\nUser=(.*)\n/.exec(core)?.[1];
  const lines = [`ListenStream=${MOUNT_SERVICE}`, `SocketUser=${user}`, 'SocketMode=0600'];
  for (const line of [...lines, 'Accept=yes']) expect(socket).toContain(`\n${line}\n`);
  const service = read('systemd', MOUNTS);
  for (const line of [`User=${user}`, 'StandardInput=socket']) {
    expect(service).toContain(`\n${line}\n`);
  }
  // What would give it a view of the file system of its own, or take fusermount3 its rights.
  expect(service).not.toMatch(/^(Private|Protect|Restrict|Lock|SystemCall|ReadOnly|NoNew)/m);
  expect(core).toContain('\nWants=crashcart-nbdfuse.socket\n');
});

it('gives the server no more for Bluetooth than its channels need, where that is wanted', () => {
  const core = read('systemd', 'crashcart-core.service');
  expect(core).toContain('\nCapabilityBoundingSet=\n');
  expect(core).not.toContain('AF_BLUETOOTH');
  const granted = read('bluetooth', 'crashcart-core.conf')
    .split('\n')
    .filter((line) => /Capabilit|Restrict/.test(line));
  expect(granted).toEqual([
    ...['AmbientCapabilities=CAP_NET_BIND_SERVICE', 'CapabilityBoundingSet=CAP_NET_BIND_SERVICE'],
    'RestrictAddressFamilies=AF_BLUETOOTH',
  ]);
  const dropIns = readdirSync(join(PACKAGING, 'bluetooth'));
  const guide = readFileSync(join(PACKAGING, '../docs/hardware.md'), 'utf8');
  for (const name of dropIns) expect(guide).toContain(`/usr/share/crashcart/bluetooth/${name} `);
});

it('names every grabber that is known, and no other', () => {
  const ids = read('udev', '70-crashcart-video.rules').matchAll(
    /ATTRS\{idVendor\}=="(\w+)", ATTRS\{idProduct\}=="(\w+)"/g,
  );
  expect([...ids].map(([, vendor, product]) => `${vendor}:${product}`)).toEqual(
    CAPTURE_STICKS.map(({ usbId }) => usbId),
  );
});

it('names the files of the gadget as the server looks for them, and gives them to its user', async () => {
  const { config } = await loadConfig({ flags: BOARD }, { readText, listFiles });
  const { hid } = config.kvmd;
  if (hid.type !== 'otg') throw new Error('the configuration has no gadget');
  const names = planGadget(config.otg, { hid, hasDrive: false }).functions.map(({ name }) => name);
  expect(names).toEqual(['hid.usb0', 'hid.usb1', 'hid.usb2']);
  const rules = read('udev', '70-crashcart-otg.rules')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const { user, meta } = config.otg;
  const devices = [hid.keyboard.device, hid.mouse.device, hid.mouse_alt.device];
  expect(rules).toEqual(
    devices.map(
      (device, index) =>
        `SUBSYSTEM=="hidg", KERNEL=="hidg${index}", GROUP="${user}", MODE="0660", SYMLINK+="${device.replace('/dev/', '')}"`,
    ),
  );
  expect(read('systemd', 'crashcart-core.service')).toContain(`\nUser=${user}\n`);
  expect(`\nRuntimeDirectory=${meta.replace('/run/', '')}\n`).toBe(
    /\nRuntimeDirectory=.*\n/.exec(read('systemd', GADGET))?.[0],
  );
});

it('has configurations for the two that find each other', async () => {
  const core = await load('core.yaml');
  const front = await load('http.yaml');
  expect([...core.warnings, ...front.warnings]).toEqual([]);
  const machine = machinesOf(front.config).get('default');
  expect(machine && isRemote(machine.remote)).toBe(true);
  expect(machine?.remote.unix).toBe(core.config.kvmd.server.unix);
  expect(core.config.server.listen).toBe('');
  const { users } = core.config.kvmd.auth.usc;
  expect(read('systemd', 'crashcart-http.service')).toContain(`\nUser=${users[0]}\n`);
});
