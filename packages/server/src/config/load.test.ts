import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dumpConfig } from './dump.ts';
import { formatFinding } from './errors.ts';
import { type ConfigFiles, type ConfigSources, loadConfig } from './load.ts';
import { configJsonSchema, machinesOf } from './schema.ts';

/** Files in memory, by absolute path. */
function filesOf(texts: Record<string, string>): ConfigFiles {
  return {
    readText: async (path) => texts[path],
    listFiles: async (path) => {
      const names = Object.keys(texts).filter((name) => name.startsWith(`${path}/`));
      return names.length > 0 ? names.map((name) => name.slice(path.length + 1)).sort() : undefined;
    },
  };
}

const load = (texts: Record<string, string>, sources: ConfigSources = { dir: '/c' }) =>
  loadConfig(sources, filesOf(texts));
const loadOne = (text: string) => load({ '/c.yaml': text }, { file: '/c.yaml' });

describe('loadConfig', () => {
  it('needs nothing: the first machine is a QEMU one on loopback with TLS', async () => {
    const { config, warnings } = await load({});
    expect(warnings).toEqual([]);
    expect(config.server).toMatchObject({
      listen: '127.0.0.1',
      port: 8443,
      tls: { enabled: true },
    });
    expect([...machinesOf(config)].map(([id, { hid }]) => [id, hid.type])).toEqual([
      ['default', 'qemu'],
    ]);
    expect((await loadOne('')).config).toEqual(config);
  });

  it('merges main, override.d in order, override and flags; lists are replaced', async () => {
    const { config } = await load(
      {
        '/c/main.yaml': 'server: {port: 1, origins: [a, b]}\nqemu: {memory: 100}',
        '/c/override.d/2': 'server: {port: 3}',
        '/c/override.d/1.yaml': 'server: {port: 2, origins: [c]}',
        '/c/override.yaml': 'qemu: {memory: 200, cpus: 2}',
      },
      { dir: '/c', flags: { qemu: { cpus: 4, memory: undefined } } },
    );
    expect(config.server).toMatchObject({ port: 3, origins: ['c'] });
    expect(config.qemu).toMatchObject({ memory: 200, cpus: 4 });
  });

  it('reads values as PiKVM does', async () => {
    const { config } = await loadOne(
      'kvmd: {server: {unix_mode: 0600}, auth: {enabled: No, expire: "0x10"}, streamer: {forever: yes}}',
    );
    expect(config.kvmd.server.unix_mode).toBe(0o600);
    expect(config.kvmd.auth).toMatchObject({ enabled: false, expire: 16 });
    expect(config.kvmd.streamer.forever).toBe(true);
  });

  it.each([
    [
      'server:\n  port: 99999',
      '/c.yaml:2: server.port: 99999 is not allowed: must be a whole number from 0 to 65535',
    ],
    ['server:\n  prot: 1', '/c.yaml:2: server.prot: no such key'],
    [
      '\nkvmd:\n  auth: {enabled: on}',
      '/c.yaml:3: kvmd.auth.enabled: "on" is not allowed: must be true or false',
    ],
    [
      'kvmd:\n  hid: {type: magic}',
      'kvmd.hid.type: "magic" is not allowed: must be one of: qemu, otg, ch9329, serial, spi, bt, vnc, disabled',
    ],
    [
      'kvmd: {hid: {ignore_keys: [KeyA, Keya]}}',
      'kvmd.hid.ignore_keys.1: "Keya" is not allowed: must be key names',
    ],
    [
      'kvmd:\n  streamer:\n    desired_fps: {default: 50, max: 40}',
      '/c.yaml:3: kvmd.streamer.desired_fps.default: 50 is not allowed: must lie between min (0) and max (40)',
    ],
    [
      'kvmd: {streamer: {desired_fps: {min: 9, max: 8}}}',
      'kvmd.streamer.desired_fps.min: 9 is not allowed: must be at most max (8)',
    ],
    [
      'remote: {url: "https://pikvm/?a=b"}',
      'remote.url: "https://pikvm/?a=b" is not allowed: must be an http or https URL without user, password or query',
    ],
    [
      'remote: {url: "https://pikvm/", unix: /s}',
      'remote.unix: "/s" is not allowed: url and unix exclude each other',
    ],
    [
      'machines: {lab: {remote: {unix: /s, passwd: x, passwd_file: /f}}}',
      'machines.lab.remote.passwd_file: "/f" is not allowed: passwd and passwd_file exclude each other',
    ],
    [
      'kvmd:\n  streamer: {type: vnc}\nremote_vnc:\n  port: 5901',
      '/c.yaml:2: kvmd.streamer.type: "vnc" is not allowed: needs remote_vnc.host, the name or',
    ],
    [
      'machines: {lab: {hid: {type: vnc}}}',
      'machines.lab.hid.type: "vnc" is not allowed: needs machines.lab.remote_vnc.host, the name',
    ],
    [
      'remote_vnc: {host: "pc:1"}',
      'remote_vnc.host: "pc:1" is not allowed: must be the name or the address of a host',
    ],
    [
      'remote_vnc: {port: 0}',
      'remote_vnc.port: 0 is not allowed: must be a whole number from 1 to',
    ],
    [
      'remote_vnc: {tls: yes}',
      'remote_vnc.tls: "yes" is not allowed: must be one of: auto, off, anonymous, certificate',
    ],
    [
      'remote_vnc: {passwd: x, passwd_file: /f}',
      'remote_vnc.passwd_file: "/f" is not allowed: passwd and passwd_file exclude each other',
    ],
    [
      `remote_vnc: {ca: /f, fingerprint: "${'ab'.repeat(32)}"}`,
      'is not allowed: ca and fingerprint exclude each other',
    ],
    [
      'remote_vnc: {tls: anonymous, ca: /f}',
      'remote_vnc.ca: "/f" is not allowed: means nothing with tls: anonymous',
    ],
    [
      'remote_vnc: {fingerprint: abc}',
      'remote_vnc.fingerprint: "abc" is not allowed: must be a SHA-256 fingerprint in hexadecimal',
    ],
    [
      'kvmd: {streamer: {cmd_append: ["--quality={qualty}"]}}',
      'kvmd.streamer.cmd_append: ["--quality={qualty}"] is not allowed: may have only these placeholders: {unix}',
    ],
    [
      'server:\n  tls: {cert: /c.pem}',
      '/c.yaml:2: server.tls.key: {"cert":"/c.pem"} is not allowed: cert and key come together',
    ],
    [
      'kvmd: {msd: {remount_cmd: [mount]}}',
      'kvmd.msd.remount_cmd.0: "mount" is not allowed: must be a list of texts that begins with',
    ],
    [
      'kvmd: {msd: {type: otg}}\nmachines:\n  b:\n    msd: {type: otg}',
      '/c.yaml:4: machines.b.msd.type: "otg" is not allowed: there is one USB gadget',
    ],
    ['server: {tls: {key: /k.pem}}', 'server.tls.cert: '],
    ['server:', '/c.yaml:1: server: null is not allowed: must be a section'],
    ['- 1', '/c.yaml:1: the top level must be keys'],
    ['a: [', '/c.yaml:1: '],
    ['server: {port: 1}\nserver: {port: 2}', '/c.yaml:2: Map keys must be unique'],
    ['machines: {UP: {}}', 'machines.UP: "UP" is not allowed: must be lower-case'],
    ['!include no.yaml', '!include no.yaml: there is no /no.yaml'],
    ['!include c.yaml', '!include goes deeper than 16 files'],
  ])('says what is wrong where: %j', async (text, message) => {
    await expect(loadOne(text)).rejects.toThrow(message);
  });

  it('lists all errors at once and blames flags by name', async () => {
    const loading = load(
      { '/c.yaml': 'server: {port: x}\nnope: 1' },
      {
        file: '/c.yaml',
        flags: { qemu: { cpus: 0 } },
      },
    );
    await expect(loading).rejects.toThrow('server.port');
    await expect(loading).rejects.toThrow('nope: no such key');
    await expect(loading).rejects.toThrow('command line: qemu.cpus: 0 is not allowed');
  });

  it('warns of PiKVM keys that mean nothing here, all in one list', async () => {
    const { warnings } = await loadOne('vnc: {port: 1}\nkvmd:\n  hid: {device: /x}');
    expect(warnings.map(formatFinding).sort()).toEqual([
      '/c.yaml:1: vnc: is ignored: not supported here',
      '/c.yaml:3: kvmd.hid.device: is ignored: not supported here',
    ]);
  });

  it('takes a VNC server by name or address, for each machine', async () => {
    const { config } = await loadOne(
      `remote_vnc: {host: "fe80::1", tls: off}
machines:
  lab: {hid: {type: vnc}, streamer: {type: vnc}, remote_vnc: {host: pc-1.lab, ca: /ca.pem}}`,
    );
    const servers = [...machinesOf(config).values()].map(({ remote_vnc: vnc }) => vnc);
    expect(servers).toMatchObject([
      { host: 'fe80::1', port: 5900, tls: 'off', shared: true, lossless: false },
      { host: 'pc-1.lab', ca: '/ca.pem', tls: 'auto', fingerprint: '' },
    ]);
  });

  it('translates legacy keys', async () => {
    const { config } = await loadOne('kvmd: {streamer: {desired_fps: 20, max_fps: 25}}');
    expect(config.kvmd.streamer.desired_fps).toEqual({ default: 20, min: 0, max: 25 });
  });

  it('moves a rate that nobody gave into the limits', async () => {
    const { config } = await loadOne('kvmd: {streamer: {desired_fps: {max: "20"}}}');
    expect(config.kvmd.streamer.desired_fps).toEqual({ default: 20, min: 0, max: 20 });
  });

  it('has H.264 off at a bitrate of 0, and within its limits otherwise', async () => {
    const bitrateOf = async (text: string) =>
      (await loadOne(`kvmd: {streamer: {h264_bitrate: ${text}}}`)).config.kvmd.streamer
        .h264_bitrate;
    expect(await bitrateOf('{}')).toEqual({ default: 5000, min: 25, max: 20_000 });
    expect(await bitrateOf('{default: 0}')).toEqual({ default: 0, min: 25, max: 20_000 });
    expect(await bitrateOf('{max: 1000}')).toEqual({ default: 1000, min: 25, max: 1000 });
    await expect(bitrateOf('{default: 24}')).rejects.toThrow('must lie between min (25)');
    await expect(bitrateOf('{default: 0, min: 9, max: 8}')).rejects.toThrow('at most max (8)');
  });

  it('moves the wake-up move into the range of the pointer, and knows no other keys than real ones', async () => {
    const { config } = await loadOne(
      'kvmd: {snapshot: {idle_interval: "60", wakeup_key: ShiftLeft, wakeup_move: 99999}}',
    );
    expect(config.kvmd.snapshot).toEqual({
      ...{ idle_interval: 60, live_interval: 0, wakeup_key: 'ShiftLeft', wakeup_move: 32_767 },
      ...{ online_delay: 5, retries: 10, retries_delay: 3 },
    });
    await expect(loadOne('kvmd: {snapshot: {wakeup_key: Shift}}')).rejects.toThrow(
      'must be a key name such as ShiftLeft, or empty for none',
    );
  });

  it('knows what PiKVM has for devices that are not here', async () => {
    const { warnings } = await loadOne(
      'kvmd: {hid: {bus: 0, errors_threshold: 5}, msd: {forever_remount: 1}}',
    ).catch((error: unknown) => ({ warnings: [String(error)] }));
    expect(String(warnings[0])).toContain('kvmd.msd.forever_remount: no such key');
    expect((await loadOne('kvmd: {hid: {bus: 0, errors_threshold: 5}}')).warnings).toHaveLength(2);
    await expect(loadOne('languages: {console: en}')).rejects.toThrow('languages: no such key');
  });

  it('includes files relative to the including one, in order', async () => {
    const { config } = await load(
      { '/c.yaml': 'qemu: !include [a.yaml, sub]', '/a.yaml': 'cpus: 2', '/sub/b': 'memory: 99' },
      { file: '/c.yaml' },
    );
    expect(config.qemu).toMatchObject({ cpus: 2, memory: 99 });
  });
});

describe('dumpConfig', () => {
  it('prints only changes, and what it prints reads back the same', async () => {
    const { config } = await loadOne('server: {port: 1}\nmachines: {two: {name: Second}}');
    expect(parse(dumpConfig(config, { onlyChanges: true }))).toMatchObject({ server: { port: 1 } });
    expect((await loadOne(dumpConfig(config))).config).toEqual(config);
    expect((await loadOne(dumpConfig(config, { onlyChanges: true }))).config).toEqual(config);
  });
});

it('prints itself as JSON Schema with limits', () => {
  expect(JSON.stringify(configJsonSchema())).toContain('"maximum":65535');
});
