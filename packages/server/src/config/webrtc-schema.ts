import * as type from './types.ts';

/** An address or the name of a host. */
const host = () => type.text(255).regex(/^[\w.:-]*$/, 'must be a name or an address');

/** Video over WebRTC: UDP beside the server's own port. */
export const webrtc = type.section({
  enabled: type.bool(true),
  /** Empty = all addresses of this host. */
  listen: host().default(''),
  /** Both 0 = any. */
  ports: type
    .section({ min: type.port().default(0), max: type.port().default(0) })
    .check((context) => {
      const { min, max } = context.value;
      if (min <= max && (min > 0 || max === 0)) return;
      const message = `must be a port up to max (${max}), or both 0`;
      context.issues.push({ code: 'custom', input: min, path: ['min'], message });
    })
    .prefault({}),
  viewers: type.integer(1, 1024).default(64),
});

/** Of PiKVM's section only who tells us our address outside; nobody unless told. */
export const janus = type.section({
  stun: type.section({ host: host().default(''), port: type.port().default(19_302) }).prefault({}),
});
