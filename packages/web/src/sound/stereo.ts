/**
 * The offer with Opus of two channels wanted: browsers play one unless the offer says so (RFC 7587,
 * 6.1), and have no other way to be told.
 */
export function withStereo(offer: string): string {
  const type = /^a=rtpmap:(\d+) opus\/48000\/2\s*$/im.exec(offer)?.[1];
  if (type === undefined) return offer;
  return offer.replace(new RegExp(`^a=fmtp:${type} .*$`, 'm'), (line) =>
    /[ ;]stereo=/.test(line)
      ? line
      : `${line.trimEnd()};stereo=1${line.endsWith('\r') ? '\r' : ''}`,
  );
}
