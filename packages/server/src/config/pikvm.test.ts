import { describe, expect, it } from 'vitest';
import { driverTypes } from '../drivers/registry.ts';
import { formatFinding, formatUnsupported } from './errors.ts';
import { type ConfigFiles, loadConfig } from './load.ts';

const FILE = '/etc/kvmd/override.yaml';

function filesOf(texts: Record<string, string>): ConfigFiles {
  return {
    readText: async (path) => texts[path],
    listFiles: async (path) => {
      const names = Object.keys(texts).filter((name) => name.startsWith(`${path}/`));
      return names.length > 0 ? names.map((name) => name.slice(path.length + 1)).sort() : undefined;
    },
  };
}

async function load(text: string, more: Record<string, string> = {}, flags: object = {}) {
  const files = filesOf({ [FILE]: text, ...more });
  const { config, warnings, unsupported } = await loadConfig(
    { dir: '/etc/crashcart', pikvm: FILE, flags },
    files,
  );
  expect(warnings).toEqual([]);
  return { config, unsupported: unsupported.map(formatFinding) };
}

/** What PiKVM has and we do not (yet) is named at its defaults; those are not what is tested. */
const written = (unsupported: readonly string[]) =>
  unsupported.filter((line) => !line.startsWith('PiKVM'));

describe('a PiKVM configuration', () => {
  it('gives its values to our keys', async () => {
    const { config, unsupported } = await load(
      `kvmd:
  auth: {expire: 60, internal: {force_users: root}}
  msd: {type: otg}
  atx: {type: disabled}
  gpio:
    drivers: {relay: {type: hidrelay, device: /dev/hidraw0}}
    scheme: {relay1: {driver: relay, pin: 0, mode: output, pulse: false}}
    view: {table: [[ '#Relay', relay1 ]]}
  streamer: {desired_fps: 20}
`,
    );
    expect(written(unsupported)).toEqual([]);
    expect(config.kvmd).toMatchObject({
      auth: { expire: 60, internal: { force_users: ['root'] } },
      msd: { type: 'otg' },
      atx: { type: 'disabled' },
      gpio: { scheme: { relay1: { driver: 'relay' } } },
      streamer: { desired_fps: { default: 20 } },
    });
  });

  it('names every key that means nothing here: file, line, key and why', async () => {
    const { unsupported } = await load(
      `otgnet:
  iface: {net: 10.0.0.0/24}
otg:
  devices: {camera: {enabled: true}, serial: {enabled: true}}
vnc:
  server:
    port: 5901
ipmi: {sol: {device: /dev/ttyUSB0}}
janus:
  check: {interval: 10}
kvmd:
  gpio:
    state_poll: 0.5
  msd: {read_chunk_size: 1024}
  hdi:
    type: otg
  server: {unix_rm: true}
oled: {}
`,
    );
    expect(written(unsupported)).toEqual([
      expect.stringMatching(
        `^${FILE}:2: otgnet\\.iface\\.net: is not supported: .*kvmd-otgnet, which can go on`,
      ),
      `${FILE}:4: otg.devices.camera.enabled: is not supported: there is no camera for the machine`,
      `${FILE}:7: vnc.server.port: is not supported: there is no VNC server`,
      expect.stringContaining(`${FILE}:8: ipmi.sol.device: `),
      expect.stringContaining(`${FILE}:10: janus.check.interval: `),
      expect.stringContaining(`${FILE}:13: kvmd.gpio.state_poll: `),
      expect.stringContaining(`${FILE}:14: kvmd.msd.read_chunk_size: `),
      `${FILE}:16: kvmd.hdi.type: is not supported: PiKVM does not know it, either`,
      expect.stringContaining(`${FILE}:17: kvmd.server.unix_rm: `),
      expect.stringContaining(`${FILE}:18: oled: `),
    ]);
  });

  it('leaves errors to be errors, with their line', async () => {
    const wrong = load('vnc: {port: 1}\nkvmd:\n  auth:\n    expire: never\n');
    await expect(wrong).rejects.toThrow(`${FILE}:4: kvmd.auth.expire: "never" is not allowed`);
    await expect(load('kvmd:\n')).rejects.toThrow(`${FILE}:1: kvmd: null is not allowed`);
    await expect(load('kvmd: {hid: {type: magic}}')).rejects.toThrow('"magic" is not allowed');
    await expect(loadConfig({ pikvm: '/nope/override.yaml' }, filesOf({}))).rejects.toThrow(
      '/nope/override.yaml: there is no such file',
    );
  });

  it('takes over a bridge at the SPI bus with the line of its power', async () => {
    const { config, unsupported } = await load(
      'kvmd:\n  hid:\n    type: spi\n    bus: 0\n    chip: 1\n    power_detect_pin: 16\n',
    );
    expect(config.kvmd.hid).toMatchObject({
      ...{ type: 'spi', bus: 0, chip: 1, max_freq: 100_000 },
      ...{ power_detect_pin: 16, power_detect_pull_down: false },
    });
    expect(unsupported).toEqual([]);
  });

  it('has the hardware of a PiKVM unless told, never a machine of its own', async () => {
    const { config, unsupported } = await load('');
    const { hid, atx, msd, streamer } = config.kvmd;
    for (const [part, has, usual] of [
      ['hid', hid.type, 'otg'],
      ['atx', atx.type, 'gpio'],
      ['msd', msd.type, 'otg'],
      ['streamer', streamer.type, 'ustreamer'],
    ] as const) {
      const isOurs = (driverTypes(part) as readonly string[]).includes(usual);
      expect(has).toBe(isOurs ? usual : 'disabled');
      const told = unsupported.some((line) => line.includes(`kvmd.${part}.type: `));
      expect(told).toBe(!isOurs);
    }
  });

  it('uses the files of a PiKVM that are there', async () => {
    const none = (await load('')).config.kvmd;
    expect(none.auth.internal).toMatchObject({ file: '' });
    expect(none.msd).toMatchObject({ storage: { dir: '' }, remount_cmd: [] });
    const places = {
      '/etc/kvmd/htpasswd': '',
      '/etc/kvmd/totp.secret': '',
      '/etc/kvmd/meta.yaml': '',
      '/var/lib/kvmd/msd/x.iso': '',
      '/usr/bin/kvmd-helper-otgmsd-remount': '',
    };
    const { auth, info, msd } = (await load('', places)).config.kvmd;
    expect(auth.internal).toMatchObject({ type: 'htpasswd', file: '/etc/kvmd/htpasswd' });
    expect(auth.totp.secret.file).toBe('/etc/kvmd/totp.secret');
    expect(info.meta).toBe('/etc/kvmd/meta.yaml');
    expect(msd.storage.dir).toBe('/var/lib/kvmd/msd');
    expect(msd.remount_cmd).toEqual([
      ...['/usr/bin/sudo', '--non-interactive', '/usr/bin/kvmd-helper-otgmsd-remount', '{mode}'],
    ]);
    const told = await load('kvmd: {auth: {internal: {type: forbidden}}}', places);
    expect(told.config.kvmd.auth.internal).toMatchObject({ type: 'forbidden' });
  });

  it.each([
    ['nginx: {https: {port: 4430, ipv4: 0.0.0.0}}', { port: 4430, listen: '0.0.0.0' }, []],
    [
      'nginx: {https: {enabled: false}, http: {port: 81}}',
      { port: 81, tls: { enabled: false } },
      [],
    ],
    [
      'nginx:\n  http: {port: 81}\n  https: {ipv6: "::1"}',
      { port: 8443, listen: '127.0.0.1', tls: { enabled: true } },
      ['2: nginx.http.port: is not supported: plain HTTP', '3: nginx.https.ipv6: '],
    ],
  ])('serves itself where nginx did: %s', async (text, server, told) => {
    const { config, unsupported } = await load(text);
    expect(config.server).toMatchObject(server);
    const lines = told.map((line) => expect.stringContaining(`${FILE}:${line}`));
    expect(written(unsupported)).toEqual(lines);
  });

  it('is read with its parts: auth.yaml, override.d, !include of files and folders', async () => {
    const { config, unsupported } = await load(
      'kvmd:\n  auth: {expire: 3}\n  gpio: !include [gpio.yaml, more]\nvnc: !include vnc.yaml\n',
      {
        '/etc/kvmd/auth.yaml': 'expire: 1\nextend: true',
        '/etc/kvmd/override.d/1.yaml': 'kvmd: {auth: {expire: 2}, hid: {keymap: de}}',
        '/etc/kvmd/gpio.yaml': 'scheme: {led: {pin: 1, mode: input}}',
        '/etc/kvmd/more/view.yaml': 'view: {header: {title: Mine}}',
        '/etc/kvmd/vnc.yaml': '\nkeymap: /usr/share/kvmd/keymaps/de\n',
      },
    );
    expect(config.kvmd).toMatchObject({
      auth: { expire: 3, extend: true },
      hid: { keymap: 'de' },
      gpio: { scheme: { led: { pin: '1' } }, view: { header: { title: 'Mine' } } },
    });
    expect(written(unsupported)).toEqual([
      '/etc/kvmd/vnc.yaml:2: vnc.keymap: is not supported: there is no VNC server',
    ]);
  });

  it('lies below our own configuration and the command line', async () => {
    const more = { '/etc/crashcart/main.yaml': 'server: {port: 2}\nkvmd: {msd: {type: disabled}}' };
    const given = await load('nginx: {https: {port: 1}}', more);
    expect(given.config.server.port).toBe(2);
    expect(given.config.kvmd.msd.type).toBe('disabled');
    const { config } = await load('nginx: {https: {port: 1}}', more, { server: { port: 3 } });
    expect(config.server.port).toBe(3);
    // Ours is read strictly as ever.
    const wrong = load('', { '/etc/crashcart/main.yaml': 'kvmd: {hdi: {}}' });
    await expect(wrong).rejects.toThrow('/etc/crashcart/main.yaml:1: kvmd.hdi: no such key');
  });

  it('is told as one list', () => {
    expect(formatUnsupported([])).toBe('');
    const finding = { at: { file: FILE, line: 2 }, path: ['vnc'], text: 'is not supported: x' };
    expect(formatUnsupported([finding])).toBe(
      `One key of the PiKVM configuration cannot be taken over:\n  ${FILE}:2: vnc: is not supported: x\n`,
    );
    expect(formatUnsupported([finding, finding])).toMatch(/^2 keys of the PiKVM configuration/);
  });
});
