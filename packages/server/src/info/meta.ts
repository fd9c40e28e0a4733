import { parse } from 'yaml';

/** What stands for the host's name in the meta file. */
const AUTO_HOST = '@auto';

/** The meta of a box without a meta file. */
export const DEFAULT_META = `server: {host: '${AUTO_HOST}'}`;

/** The category `meta`: the operator's own mapping; null when the text is no YAML mapping. */
export function parseMeta(text: string, host: string): Readonly<Record<string, unknown>> | null {
  let meta: unknown;
  try {
    // Through JSON: an alias to itself would otherwise break every answer that carries it.
    meta = JSON.parse(JSON.stringify(parse(text, { logLevel: 'silent' })) ?? 'null');
  } catch {
    return null;
  }
  if (!isMapping(meta)) return null;
  const server = meta.server;
  if (!isMapping(server) || server.host !== AUTO_HOST) return meta;
  return { ...meta, server: { ...server, host } };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
