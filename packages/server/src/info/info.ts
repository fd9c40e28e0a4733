import type { InfoState, SystemInfo } from '@crashcart/api';
import type { Log } from '../core/log.ts';
import { Scope } from '../core/scope.ts';
import { sleep } from '../core/sleep.ts';
import { type ReadonlyCell, StateCell } from '../core/state.ts';
import { isExecutable, readSystemText } from '../platform/system-files.ts';
import { authInfo } from './auth.ts';
import { readExtras } from './extras.ts';
import { sampleFan } from './fan.ts';
import { HealthProbe } from './health.ts';
import { defaultMeta, metaParser } from './meta.ts';
import { nodeInfo } from './node.ts';
import { readSystem } from './system.ts';
import { sampleUptime } from './uptime.ts';

/** What Info needs to know; every path may be pointed at a tree of fixtures. */
export interface InfoOptions {
  readonly log: Log;
  /** crashcart's own version. */
  readonly version: string;
  readonly authEnabled: boolean;
  /** Seconds between two readings of health, uptime and extras, from 0.1. Default 5. */
  readonly statePollS?: number;
  /** What the streamer says of itself; by default the compatible µStreamer. */
  readonly streamer?: SystemInfo['streamer'];
  /** Default /proc. */
  readonly procDir?: string;
  /** Default /sys. */
  readonly sysDir?: string;
  /** Default /proc/device-tree. */
  readonly deviceTreeDir?: string;
  /** Default /etc/systemd/system. */
  readonly unitsDir?: string;
  /** PiKVM's platform file. Default /usr/lib/kvmd/platform. */
  readonly platformFile?: string;
  /** `platform` of the configuration, where that file is missing. */
  readonly platformName?: string;
  /** The operator's YAML; without it, meta holds the host's name only. */
  readonly metaFile?: string;
  /** PiKVM's extras manifests; without it there are none. */
  readonly extrasDir?: string;
  /** The value at a slash path of the configuration, for the ports of extras. */
  readonly configValue?: (path: string) => unknown;
  /** Command that tells a Raspberry Pi's throttling. Default /usr/bin/vcgencmd. */
  readonly vcgencmd?: readonly [string, ...string[]];
  /** Default false. */
  readonly ignorePast?: boolean;
  readonly fan?: {
    readonly daemon?: string;
    /** '' = no fan is monitored, the default. */
    readonly unix?: string;
    readonly timeoutS?: number;
    readonly statePollS?: number;
  };
}

/**
 * What this box is and how it is, by category. It is read at start and then again at fixed
 * intervals, never for a request: `state` changes only when a reading differs from the last one.
 */
export class Info {
  readonly #state: StateCell<InfoState>;
  readonly #scope = new Scope();

  private constructor(state: InfoState) {
    this.#state = new StateCell(state);
  }

  /** Every category, `legacy=0` shape; front ends make the legacy one. */
  get state(): ReadonlyCell<InfoState> {
    return this.#state;
  }

  /** Reads everything but the fan once and goes on reading until `close`. Never rejects. */
  static async start(options: InfoOptions): Promise<Info> {
    const probes = await createProbes(options);
    const [system, slow] = await Promise.all([probes.system(), probes.slow()]);
    const info = new Info({
      auth: authInfo(options.authEnabled),
      fan: { monitored: false, state: null },
      system,
      ...slow,
    });
    const statePollS = options.statePollS ?? 5;
    info.#repeat(statePollS * 1000, false, probes.slow);
    if ((options.fan?.unix ?? '') !== '') {
      info.#repeat((options.fan?.statePollS ?? statePollS) * 1000, true, probes.fan);
    }
    return info;
  }

  /** Stops reading; the last state stays. */
  async close(): Promise<void> {
    await this.#scope.close();
  }

  #repeat(
    intervalMs: number,
    atOnce: boolean,
    sample: (signal: AbortSignal) => Promise<Partial<InfoState>>,
  ): void {
    const { signal } = this.#scope;
    const loop = async (): Promise<void> => {
      if (!atOnce) await sleep(intervalMs, signal);
      while (!signal.aborted) {
        const part = await sample(signal);
        if (signal.aborted) return;
        this.#state.patch(part);
        await sleep(intervalMs, signal);
      }
    };
    const done = loop().catch((error: unknown) => {
      // Only `close` ends the loop; anything else is a fault and must end the process.
      if (!signal.aborted) throw error;
    });
    this.#scope.add(() => done);
  }
}

async function createProbes(options: InfoOptions) {
  const { log, metaFile, extrasDir, configValue = () => undefined } = options;
  const {
    procDir = '/proc',
    sysDir = '/sys',
    deviceTreeDir = '/proc/device-tree',
    unitsDir = '/etc/systemd/system',
    platformFile = '/usr/lib/kvmd/platform',
    vcgencmd = ['/usr/bin/vcgencmd'],
    ignorePast = false,
  } = options;
  const health = new HealthProbe({
    procDir,
    sysDir,
    vcgencmd: (await isExecutable(vcgencmd[0])) ? vcgencmd : undefined,
    ignorePast,
  });
  const saidOnce = new Set<string>();
  const warnOnce = (path: string, message: string, cause?: unknown) => {
    if (saidOnce.has(path)) return;
    saidOnce.add(path);
    log.warn({ path, ...(cause instanceof Error ? { cause: cause.message } : {}) }, message);
  };

  const parse = metaParser();
  const meta = async (host: string): Promise<unknown> => {
    if (metaFile === undefined) return defaultMeta(host);
    const text = await readSystemText(metaFile);
    const parsed = text === undefined ? null : parse(text, host);
    if (parsed === null) warnOnce(metaFile, 'The meta file is not a readable YAML mapping');
    return parsed;
  };
  const extras = async (): Promise<InfoState['extras']> => {
    const found = await readExtras({ extrasDir, sysDir, unitsDir, configValue }, (path, cause) =>
      warnOnce(path, 'This manifest of an extra service is broken and left out', cause),
    );
    if (found === null) warnOnce(extrasDir ?? '', 'The folder of extra services cannot be read');
    return found;
  };

  return {
    system: () =>
      readSystem(
        { sysDir, deviceTreeDir, platformFile, platformName: options.platformName ?? '' },
        options.version,
        options.streamer,
      ),
    slow: async (signal?: AbortSignal) => {
      const node = nodeInfo();
      const [healthNow, uptime, metaNow, extrasNow] = await Promise.all([
        health.sample(signal),
        sampleUptime(procDir),
        meta(node.host),
        extras(),
      ]);
      return { health: healthNow, uptime, meta: metaNow, extras: extrasNow, node };
    },
    fan: async (signal: AbortSignal) => ({
      fan: await sampleFan(
        {
          sysDir,
          unitsDir,
          daemon: options.fan?.daemon ?? 'kvmd-fan',
          unix: options.fan?.unix ?? '',
          timeoutMs: (options.fan?.timeoutS ?? 5) * 1000,
        },
        signal,
      ),
    }),
  };
}
