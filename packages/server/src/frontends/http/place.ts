import type { Host } from './host.ts';

/** Where a request goes. `base` is what was cut off before `path`, for redirects that work. */
export type Place =
  | { readonly kind: 'api'; readonly host: Host; readonly base: string; readonly path: string }
  | { readonly kind: 'streamer'; readonly host: Host; readonly base: string; readonly path: string }
  | { readonly kind: 'janus'; readonly host: Host; readonly base: string; readonly path: string }
  | { readonly kind: 'redfish'; readonly host: Host; readonly base: string; readonly path: string }
  | { readonly kind: 'openapi'; readonly base: string; readonly path: string }
  | { readonly kind: 'page'; readonly base: string; readonly path: string };

/** The machines that URLs name. */
export interface Machines {
  readonly machines: ReadonlyMap<string, Host>;
  readonly defaultMachine: string;
}

const OPENAPI = '/openapi.json';
/** Where PiKVM has Janus. */
const JANUS = '/janus/ws';

/**
 * Reads a path. `/api/…` and `/streamer/…` are the default machine's, `/m/ID/api/…` and
 * `/m/ID/streamer/…` those of machine ID, whose page is at `/m/ID/` (path `''`: its slash is missing). On the unix socket the API has no prefix (the proxy cuts
 * it off); prefixed paths work there too. Undefined for an unknown machine.
 */
export function placeOf(path: string, unix: boolean, known: Machines): Place | undefined {
  let host = known.machines.get(known.defaultMachine);
  let machineBase = '';
  let rest = path;
  if (path.startsWith('/m/')) {
    const end = path.indexOf('/', 3);
    const id = end < 0 ? path.slice(3) : path.slice(3, end);
    host = known.machines.get(safeDecode(id));
    machineBase = `/m/${id}`;
    rest = end < 0 ? '' : path.slice(end);
  }
  if (host === undefined) return undefined;
  // Below /api too: a proxy that cuts that off gives the same.
  const redfish = rest.startsWith('/api/redfish/') ? rest.slice(4) : rest;
  if (redfish.startsWith('/redfish/')) {
    return { kind: 'redfish', host, base: machineBase, path: redfish };
  }
  if (rest === JANUS) return { kind: 'janus', host, base: machineBase, path: rest };
  if (rest.startsWith('/api/')) return api(host, `${machineBase}/api`, rest.slice(4));
  if (rest === '/api') return api(host, `${machineBase}/api`, '/');
  const bare = unix && machineBase === '';
  // GET /streamer and /streamer/snapshot without prefix are the API's on the unix socket.
  if (bare ? BARE_STREAMER.has(rest) : rest === '/streamer' || rest.startsWith('/streamer/')) {
    return { kind: 'streamer', host, base: machineBase, path: rest };
  }
  if (bare) return api(host, '', rest);
  return unix ? undefined : { kind: 'page', base: machineBase, path: rest };
}

const BARE_STREAMER: ReadonlySet<string> = new Set(['/streamer/state', '/streamer/stream']);

function api(host: Host, base: string, path: string): Place {
  if (path === OPENAPI) return { kind: 'openapi', base, path };
  return { kind: 'api', host, base, path };
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The path without doubled and trailing slashes. */
export function tidyPath(path: string): string {
  const tidy = path.replace(/\/{2,}/g, '/');
  return tidy.length > 1 && tidy.endsWith('/') ? tidy.slice(0, -1) : tidy;
}
