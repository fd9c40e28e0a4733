import type { EdidChanges } from '../protocols/edid-edit.ts';
import { TIMINGS, type TimingName } from '../protocols/edid-timing.ts';
import { UsageError } from './io.ts';

/** Options of `crashcart edid`, for node:util's parseArgs; names are those of PiKVM's kvmd-edidconf. */
export const EDID_OPTIONS = {
  edid: { type: 'string', short: 'f' },
  device: { type: 'string' },
  json: { type: 'boolean' },
  apply: { type: 'boolean' },
  import: { type: 'string' },
  'import-preset': { type: 'string' },
  'export-hex': { type: 'string' },
  'export-bin': { type: 'string' },
  'set-mfc-id': { type: 'string' },
  'set-product-id': { type: 'string' },
  'set-serial': { type: 'string' },
  'set-monitor-name': { type: 'string' },
  'set-monitor-serial': { type: 'string' },
  'set-audio': { type: 'string' },
  'set-timing': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What was given of them. */
export type EdidValues = {
  readonly [K in keyof typeof EDID_OPTIONS]?:
    | ((typeof EDID_OPTIONS)[K]['type'] extends 'boolean' ? boolean : string)
    | undefined;
};

/** The changes that the options ask for; throws UsageError that says what is allowed. */
export function edidChangesOf(values: EdidValues): EdidChanges {
  const { 'set-mfc-id': maker, 'set-monitor-name': monitorName } = values;
  const { 'set-product-id': product, 'set-serial': serial } = values;
  const { 'set-monitor-serial': monitorSerial } = values;
  const { 'set-audio': audio, 'set-timing': timing } = values;
  return {
    ...(maker === undefined ? {} : { maker }),
    ...(product === undefined ? {} : { product: numberOf('set-product-id', product) }),
    ...(serial === undefined ? {} : { serial: numberOf('set-serial', serial) }),
    ...(monitorName === undefined ? {} : { monitorName }),
    ...(monitorSerial === undefined ? {} : { monitorSerial }),
    ...(audio === undefined ? {} : { audio: switchOf(audio) }),
    ...(timing === undefined ? {} : { timing: timingOf(timing) }),
  };
}

function numberOf(option: string, text: string): number {
  if (/^(\d{1,10}|0x[\da-f]{1,8})$/i.test(text)) return Number(text);
  throw new UsageError(`--${option} takes a whole number, also as 0x7770, not "${text}"`);
}

function switchOf(text: string): boolean {
  if (/^(yes|true|1)$/i.test(text)) return true;
  if (/^(no|false|0)$/i.test(text)) return false;
  throw new UsageError(`--set-audio takes yes or no, not "${text}"`);
}

function timingOf(text: string): TimingName {
  if (Object.hasOwn(TIMINGS, text)) return text as TimingName;
  throw new UsageError(`--set-timing takes one of: ${Object.keys(TIMINGS).join(', ')}`);
}
