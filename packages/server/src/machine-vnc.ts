import { fingerprintBytes } from './config/fingerprint.ts';
import type { MachineConfig } from './config/schema.ts';
import type { VncServer } from './drivers/vnc/vnc-server.ts';

/** The VNC server of a machine as configured. */
export function vncServerOf(config: MachineConfig['remote_vnc']): VncServer {
  const { host, port, user, passwd, tls, shared, lossless } = config;
  return {
    ...{ host, port, user, passwd, tls, shared, lossless },
    passwdFile: config.passwd_file,
    caFile: config.ca,
    fingerprint: fingerprintBytes(config.fingerprint),
  };
}
