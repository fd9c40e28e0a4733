/** How the bytes behind a URL are got at. */
export type LinkKind = 'web' | 'nbd' | 'helper';

const KINDS: Readonly<Record<string, LinkKind>> = {
  ...{ 'http:': 'web', 'https:': 'web' },
  ...{ 'nbd:': 'nbd', 'nbds:': 'nbd', 'nbd+unix:': 'nbd' },
  ...{ 'sftp:': 'helper', 'smb:': 'helper' },
};

/** How the bytes are got at; undefined for a scheme that cannot be linked. */
export function linkKind(url: URL): LinkKind | undefined {
  return KINDS[url.protocol];
}

/** The name or address of the host, without the brackets of IPv6; '' when there is none. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

/**
 * The URL without its secrets: user and password, and the query of a web address, which may be a
 * signature.
 */
export function shownUrl(url: string): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  const hidden = linkKind(shown) === 'web' && shown.search !== '';
  if (linkKind(shown) !== 'nbd') shown.search = '';
  shown.hash = '';
  return hidden ? `${shown.href}?…` : shown.href;
}
