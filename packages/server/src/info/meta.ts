import { parse } from 'yaml';

/** What stands for the host's name in the meta file. */
const AUTO_HOST = '@auto';

/** The meta of a box without a meta file. */
export function defaultMeta(host: string): Readonly<Record<string, unknown>> {
  return { server: { host } };
}

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

/** `parseMeta` for a text that is read every few seconds and seldom changes. */
export function metaParser(): typeof parseMeta {
  let last: { text: string; host: string; meta: ReturnType<typeof parseMeta> } | undefined;
  return (text, host) => {
    if (last?.text !== text || last.host !== host)
      last = { text, host, meta: parseMeta(text, host) };
    return last.meta;
  };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
