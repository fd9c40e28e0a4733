import { describe, expect, it } from 'vitest';
import { checkTree } from '../config/load.ts';
import { treeOf } from '../config/tree.ts';
import { parseRunArgs } from './args.ts';
import { UsageError } from './io.ts';

const configOf = (argv: string[]) =>
  checkTree(treeOf(parseRunArgs(argv).flags, { file: 'command line', line: 0 })).config;

describe('parseRunArgs', () => {
  it('lays its values over the configuration', () => {
    const config = configOf(
      '--port 0 --listen ::1 --memory 64 --cpus 2 --net user --plain-http 80 --unix /s'.split(' '),
    );
    expect(config.server).toMatchObject({
      port: 0,
      listen: '::1',
      http: { enabled: true, port: 80 },
    });
    expect(config.qemu).toMatchObject({ memory: 64, cpus: 2, net: 'user' });
    expect(config.kvmd.server.unix).toBe('/s');
    expect(config.kvmd.hid.type).toBe('qemu');
  });

  it('changes nothing when nothing is given', () => {
    expect(configOf([])).toEqual(checkTree(treeOf({}, { file: '', line: 0 })).config);
  });

  it('disables every part with --no-machine', () => {
    const { hid, atx, msd, streamer } = configOf(['--no-machine']).kvmd;
    const types = [hid, atx, msd, streamer].map(({ type }) => type);
    expect(types).toEqual(['disabled', 'disabled', 'disabled', 'disabled']);
  });

  it.each([
    ['--port=65536', '--port takes a whole number from 0 to 65535, not "65536"'],
    ['--port=-1', '--port takes'],
    ['--cpus=two', '--cpus takes a whole number from 1 to 64'],
    ['--net=bridge', '--net takes none or user, not "bridge"'],
    ['--state=', '--state needs a value'],
    ['--prot', "Unknown option '--prot'"],
    ['extra', 'extra'],
    ['--port', '--port'],
  ])('refuses %s', (arg, message) => {
    expect(() => parseRunArgs([arg])).toThrow(message);
    expect(() => parseRunArgs([arg])).toThrow(UsageError);
  });
});
