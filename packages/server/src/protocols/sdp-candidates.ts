/**
 * Candidates in a session description (RFC 8839, 5.1):
 *
 *     a=candidate:FOUNDATION COMPONENT UDP PRIORITY ADDRESS PORT typ host|srflx|relay …
 */
const CANDIDATE = /^a=candidate:\S+ \d+ UDP \d+ (\S+) \d+ typ (\w+)/i;

/**
 * The description with `address` as the only one of this host, for a socket that is bound to all of
 * them: the peer has reached it there before, and need not try the others.
 */
export function withHostAddress(description: string, address: string): string {
  const lines = description.split('\r\n');
  const hosts = lines.filter((line) => CANDIDATE.exec(line)?.[2] === 'host');
  const [first] = hosts;
  if (first === undefined) return description;
  const isAddress = (line: string) => CANDIDATE.exec(line)?.[1] === address;
  const kept = hosts.find(isAddress) ?? replaced(first, address);
  return lines
    .flatMap((line) => (line === first ? [kept] : hosts.includes(line) ? [] : [line]))
    .join('\r\n');
}

/**
 * Whether a candidate (with or without `a=`) has an address instead of a name. Browsers hide theirs
 * behind names of mDNS, which would be asked for at every name server: a stranger chooses them. The
 * peer is found without, by the packets that it sends.
 */
export function hasAddress(candidate: string): boolean {
  const [, , , , address = ''] = candidate.split(' ');
  return /^[\d.]+$/.test(address) || /^[\da-f:.]*:[\da-f:.]*$/i.test(address);
}

/** The description without candidates that have a name. */
export function withoutNames(description: string): string {
  const isKept = (line: string) => !line.startsWith('a=candidate:') || hasAddress(line);
  return description.split('\n').filter(isKept).join('\n');
}

function replaced(candidate: string, address: string): string {
  const words = candidate.split(' ');
  words[4] = address;
  return words.join(' ');
}
