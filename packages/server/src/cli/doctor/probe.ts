import { join } from 'node:path';
import { pikvmPlatformName } from '../../core/platform-file.ts';
import { HealthProbe } from '../../info/health.ts';
import { listSystemDir, readSystemText, systemPathExists } from '../../platform/system-files.ts';
import { groupsOf } from '../../platform/system-users.ts';
import type { Box, BoxPrograms } from './box.ts';
import { probeSerials, probeVideos, type VideoQuestions } from './probe-devices.ts';

/** How the box is asked. */
export interface ProbeOptions {
  /** `/`, or a folder with files of another one. */
  readonly root: string;
  /** The user of the service. */
  readonly user: string;
  readonly programs: () => Promise<BoxPrograms>;
  readonly packages: () => readonly string[];
  readonly videos: VideoQuestions;
}

const BOOT_CONFIGS = ['/boot/firmware/config.txt', '/boot/config.txt'];

/** Finds out what a box has, by reading only. Never rejects: what cannot be read is not there. */
export async function probeBox(options: ProbeOptions): Promise<Box> {
  const { root, user } = options;
  const at = (path: string) => join(root, path);
  const names = async (path: string, pattern: RegExp) =>
    ((await listSystemDir(at(path))) ?? []).filter((name) => pattern.test(name));
  const health = new HealthProbe({
    ...{ procDir: at('proc'), sysDir: at('sys'), vcgencmd: undefined, ignorePast: true },
  });
  const { throttling } = await health.sample();
  return {
    model: (await readSystemText(at('proc/device-tree/model')))?.replace(/\0.*$/s, '').trim(),
    pikvm: await pikvmOf(at('usr/lib/kvmd/platform')),
    udcs: await names('sys/class/udc', /./),
    offersGadgets: await systemPathExists(at('sys/kernel/config/usb_gadget')),
    videos: await probeVideos(root, options.videos),
    serials: await probeSerials(root),
    gpiochips: await names('sys/bus/gpio/devices', /^gpiochip\d+$/),
    i2c: await names('dev', /^i2c-\d+$/),
    spi: await names('dev', /^spidev[\d.]+$/),
    watchdogs: await names('dev', /^watchdog\d+$/),
    hasKvm: await systemPathExists(at('dev/kvm')),
    user: {
      name: user,
      ...(await groupsOf(user, { passwd: at('etc/passwd'), group: at('etc/group') })),
    },
    programs: await options.programs(),
    packages: options.packages(),
    bootConfig: await bootConfigOf(root),
    undervoltage: throttling?.parsed_flags.undervoltage.now,
  };
}

async function pikvmOf(path: string): Promise<string | undefined> {
  const text = await readSystemText(path);
  return text === undefined ? undefined : pikvmPlatformName(text);
}

async function bootConfigOf(root: string): Promise<Box['bootConfig']> {
  for (const path of BOOT_CONFIGS) {
    const text = await readSystemText(join(root, path));
    if (text !== undefined) return { path, text };
  }
  return undefined;
}
