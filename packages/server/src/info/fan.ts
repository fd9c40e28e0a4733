import type { InfoState } from '@crashcart/api';
import { z } from 'zod';
import { unixHttpGetJson } from '../platform/unix-http.ts';
import { type UnitSources, unitStatus } from './systemd-units.ts';

/** PiKVM's envelope around the state of the fan daemon. */
const answer = z.object({ result: z.record(z.string(), z.unknown()) });

/** Where the fan daemon is. */
export interface FanSources extends UnitSources {
  /** The systemd service that must be enabled or running. */
  readonly daemon: string;
  /** Its HTTP socket; '' = no fan is monitored. */
  readonly unix: string;
  readonly timeoutMs: number;
}

/** The category `fan`; `state` is null when the daemon does not answer. Never rejects. */
export async function sampleFan(
  sources: FanSources,
  signal?: AbortSignal,
): Promise<InfoState['fan']> {
  if (sources.unix === '') return { monitored: false, state: null };
  const { enabled, started } = await unitStatus(sources, sources.daemon);
  if (!enabled && !started) return { monitored: false, state: null };
  try {
    const body = await unixHttpGetJson(sources.unix, '/state', sources.timeoutMs, signal);
    return { monitored: true, state: answer.parse(body).result };
  } catch {
    return { monitored: true, state: null };
  }
}
