/**
 * The part of a session description (RFC 8866) that says which video and sound a peer can take:
 *
 *     m=video PORT PROTO TYPE...      a medium, up to the next one; port 0 = refused
 *     a=mid:NAME                      its name (RFC 9143)
 *     a=rtpmap:TYPE H264/90000        what a payload type is
 *     a=fmtp:TYPE profile-level-id=42e01f;packetization-mode=1   (RFC 6184, 8.1)
 *     a=rtpmap:TYPE opus/48000/2      sound (RFC 7587, 7)
 *     a=recvonly | a=sendrecv | …     which way it goes; sendrecv unless told (RFC 8866, 6.7)
 *     a=extmap:ID[/DIRECTION] URI     a header extension (RFC 8285, 5)
 */
export const SDP_MAX_BYTES = 64 * 1024;
const MAX_MEDIA = 16;
const MAX_PAYLOAD_TYPE = 127;

/** A payload type of H.264 in packetization mode 1. */
export interface SdpH264 {
  readonly payloadType: number;
  /** Profile and level, 6 hexadecimal digits. */
  readonly profile: string;
}

/** One medium of a description. */
export interface SdpMedium {
  readonly kind: string;
  /** '' where it has no name. */
  readonly mid: string;
  /** All of its payload types. */
  readonly payloadTypes: readonly number[];
  /** The ways to send it H.264, in its order. */
  readonly h264: readonly SdpH264[];
  /** Its payload type of Opus; undefined where it has none. */
  readonly opus: number | undefined;
  /** Whether the peer takes it from us. */
  readonly receives: boolean;
  /** Header extensions: numbers by URI, 1..14 only. */
  readonly extensions: ReadonlyMap<string, number>;
}

/** The text is no session description. */
export class SdpError extends Error {
  override readonly name = 'SdpError';
}

/** The media of a description. */
export function parseSdp(text: string): readonly SdpMedium[] {
  if (text.length > SDP_MAX_BYTES) throw new SdpError('The description is too long');
  if (!text.startsWith('v=0')) throw new SdpError('It does not begin with v=0');
  const [, ...media] = text.split(/\r?\n(?=m=)/);
  if (media.length > MAX_MEDIA) throw new SdpError('There are too many media');
  return media.map(readMedium);
}

function readMedium(text: string): SdpMedium {
  const [line = '', ...attributes] = text.split(/\r?\n/);
  const [, kind = '', numbers = ''] = /^m=(\w+) \d+(?:\/\d+)? \S+ ?(.*)$/.exec(line) ?? [];
  if (kind === '') throw new SdpError('A medium cannot be read');
  const payloadTypes = numbers.split(' ').filter((type) => /^\d{1,3}$/.test(type));
  const valuesOf = (name: string) =>
    attributes.flatMap((each) =>
      each.startsWith(`a=${name}:`) ? [each.slice(name.length + 3).trim()] : [],
    );
  const formats = new Map(valuesOf('fmtp').map(splitAtBlank));
  const codecs = valuesOf('rtpmap').map(splitAtBlank);
  const h264 = codecs
    .filter(([, codec]) => /^h264\/90000$/i.test(codec))
    .flatMap(([type]) => readH264(type, formats.get(type) ?? ''));
  const extensions = new Map(
    valuesOf('extmap').flatMap((value) => {
      const [, id, uri = ''] = /^(\d+)(?:\/\w+)? (\S+)/.exec(value) ?? [];
      return Number(id) >= 1 && Number(id) <= 14 ? [[uri, Number(id)] as const] : [];
    }),
  );
  const opus = codecs
    .filter(([, codec]) => /^opus\/48000\/2$/i.test(codec))
    .map(([type]) => Number(type))
    .find((type) => Number.isInteger(type) && type <= MAX_PAYLOAD_TYPE);
  const receives = !attributes.some((line) => /^a=(?:sendonly|inactive)\s*$/.test(line));
  const [mid = ''] = valuesOf('mid');
  const types = { payloadTypes: payloadTypes.map(Number), h264, opus };
  return { kind, mid, ...types, receives, extensions };
}

function splitAtBlank(value: string): readonly [string, string] {
  const blank = value.indexOf(' ');
  return blank < 0 ? [value, ''] : [value.slice(0, blank), value.slice(blank + 1)];
}

function readH264(type: string, format: string): readonly SdpH264[] {
  const has = (name: string, value: string) =>
    new RegExp(`(?:^|;) *${name}=(${value}) *(?:;|$)`, 'i').exec(format)?.[1];
  const payloadType = Number(type);
  const isMode1 = has('packetization-mode', '1') !== undefined;
  if (!isMode1 || !Number.isInteger(payloadType) || payloadType > MAX_PAYLOAD_TYPE) return [];
  return [{ payloadType, profile: has('profile-level-id', '[0-9a-f]{6}') ?? '42000a' }];
}
