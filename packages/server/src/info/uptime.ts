import { uptime as osUptime } from 'node:os';
import { join } from 'node:path';
import type { UptimeInfo } from '@crashcart/api';
import { readSystemText } from '../platform/system-files.ts';

/** Whole seconds of a /proc/uptime text (`65425.31 120000.00`); undefined when it is not one. */
export function parseUptime(text: string): number | undefined {
  const digits = /^(\d{1,12})(\.\d*)?(\s|$)/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Splits seconds into days, hours, minutes and seconds. */
export function splitUptime(total: number): UptimeInfo {
  return {
    total,
    parts: {
      days: Math.floor(total / 86_400),
      hours: Math.floor(total / 3600) % 24,
      minutes: Math.floor(total / 60) % 60,
      seconds: total % 60,
    },
  };
}

/** The category `uptime`, from /proc where it is readable, else from the C library. */
export async function sampleUptime(procDir: string): Promise<UptimeInfo> {
  const text = await readSystemText(join(procDir, 'uptime'));
  return splitUptime(parseUptime(text ?? '') ?? Math.floor(osUptime()));
}
