import { z } from 'zod';
import { fingerprint } from './fingerprint.ts';
import * as type from './types.ts';

const HOST_ERROR = 'must be the name or the address of a host';
const host = z.union(
  [z.string().regex(/^([a-z\d_]([\w.-]{0,251}[a-z\d.])?)?$/i), z.ipv6()],
  HOST_ERROR,
);

/** A machine that a VNC server shows; none when `host` is empty. */
export const remoteVnc = type
  .section({
    host: host.default(''),
    port: type.integer(1, 65_535).default(5900),
    user: type.text().default(''),
    passwd: type.text().default(''),
    passwd_file: type.optionalPath().default(''),
    tls: type.choice(['auto', 'off', 'anonymous', 'certificate']).default('auto'),
    ca: type.optionalPath().default(''),
    fingerprint: fingerprint(),
    shared: type.bool(true),
    lossless: type.bool(false),
  })
  .check(({ value, issues }) => {
    const refuse = (key: 'passwd_file' | 'ca' | 'fingerprint', message: string) =>
      issues.push({ code: 'custom', input: value[key], path: [key], message });
    if (value.passwd !== '' && value.passwd_file !== '') {
      refuse('passwd_file', 'passwd and passwd_file exclude each other');
    }
    if (value.ca !== '' && value.fingerprint !== '') {
      refuse('fingerprint', 'ca and fingerprint exclude each other');
    }
    for (const key of ['ca', 'fingerprint'] as const) {
      if (value[key] === '' || value.tls === 'certificate' || value.tls === 'auto') continue;
      refuse(key, `means nothing with tls: ${value.tls}`);
    }
  });

/** A complete section. */
export type RemoteVncConfig = z.output<typeof remoteVnc>;

/** What decides whether a VNC server must be named. */
export interface PartsOfVnc {
  readonly hid: { readonly type: string };
  readonly streamer: { readonly type: string };
}

/** The parts of a machine that need a VNC server which its section does not name. */
export function partsWithoutHost(
  machine: PartsOfVnc,
  { host: named }: RemoteVncConfig,
): readonly ('hid' | 'streamer')[] {
  if (named !== '') return [];
  return (['hid', 'streamer'] as const).filter((part) => machine[part].type === 'vnc');
}
