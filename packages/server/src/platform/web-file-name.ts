/** What a server calls a file, by its Content-Disposition, else the last part of its URL; unchecked. */
export function fileNameOf(disposition: string | undefined, url: URL): string {
  return fileNameIn(disposition) ?? base(decoded(url.pathname));
}

/** The name in Content-Disposition (RFC 6266); undefined when there is none. */
function fileNameIn(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header)?.[1];
  if (extended !== undefined) return base(decoded(extended));
  const plain = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(header);
  const name = plain?.[1]?.replaceAll(/\\(.)/g, '$1') ?? plain?.[2];
  // Header bytes come as latin1, whatever they were.
  return name === undefined ? undefined : base(Buffer.from(name, 'latin1').toString('utf8'));
}

function base(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
