import { machine, release, type as systemName, version as systemVersion } from 'node:os';
import { join } from 'node:path';
import type { PlatformInfo, SystemInfo } from '@crashcart/api';
import { parsePlatformFile } from '../core/platform-file.ts';
import { readSystemText } from '../platform/system-files.ts';

/** The PiKVM version whose API crashcart speaks. */
export const COMPATIBLE_VERSION = '4.197';

/** The µStreamer version whose formats crashcart writes, and what of it crashcart has. */
export const STREAMER: SystemInfo['streamer'] = {
  app: 'ustreamer',
  version: '6.62',
  features: {
    WITH_GPIO: false,
    WITH_JANUS: false,
    WITH_PDEATHSIG: false,
    WITH_PTHREAD_NP: false,
    WITH_PYTHON: false,
    WITH_SETPROCTITLE: false,
    WITH_SYSTEMD: false,
    WITH_V4P: false,
  },
};

/** Where the box is described. */
export interface PlatformSources {
  readonly sysDir: string;
  readonly deviceTreeDir: string;
  /** PiKVM's shell-style file with PIKVM_MODEL, PIKVM_VIDEO and PIKVM_BOARD. */
  readonly platformFile: string;
  /** `MODEL-VIDEO-BOARD` of PiKVM where there is no such file; '' = unknown. */
  readonly platformName: string;
}

/**
 * What this box is: `rpi` by the device tree's model, another board with a device tree is `sbc`,
 * everything else `pc` with the product name of its firmware. Never rejects.
 */
export async function readPlatform(sources: PlatformSources): Promise<PlatformInfo> {
  const [boardText, serial, product, platformText] = await Promise.all([
    readSystemText(join(sources.deviceTreeDir, 'model')),
    readSystemText(join(sources.deviceTreeDir, 'serial-number')),
    readSystemText(join(sources.sysDir, 'class/dmi/id/product_name')),
    readSystemText(sources.platformFile),
  ]);
  const board = textOrNull(boardText);
  const names = parsePlatformFile(platformText ?? '');
  // A platform that is none of PiKVM's has one word.
  const [first, video, last] = sources.platformName.split('-');
  const model = last === undefined ? undefined : first;
  return {
    type: board === null ? 'pc' : board.includes('Raspberry Pi') ? 'rpi' : 'sbc',
    base: board ?? textOrNull(product),
    serial: board === null ? null : textOrNull(serial),
    model: names.get('PIKVM_MODEL') ?? model ?? null,
    video: names.get('PIKVM_VIDEO') ?? video ?? null,
    board: names.get('PIKVM_BOARD') ?? last ?? null,
  };
}

/** The category `system`; `version` is crashcart's own. */
export async function readSystem(
  sources: PlatformSources,
  version: string,
  streamer: SystemInfo['streamer'] = STREAMER,
): Promise<SystemInfo> {
  return {
    kvmd: { version: COMPATIBLE_VERSION },
    streamer,
    kernel: {
      system: systemName(),
      release: release(),
      version: systemVersion(),
      machine: machine(),
    },
    platform: await readPlatform(sources),
    crashcart: { version },
  };
}

/** Device tree strings end with a NUL. */
function textOrNull(text: string | undefined): string | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: firmware texts may hold any of them
  const printable = (text ?? '').replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();
  return printable === '' ? null : printable.slice(0, 256);
}
