import { readText } from '../../platform/files.ts';
import type { RemoteAddress } from '../../platform/remote-agent.ts';

/** How a machine of another server is reached. */
export interface RemoteOptions {
  /** Where the server is, without /api. */
  readonly address: RemoteAddress;
  /** Id of a machine there; '' is its default one. */
  readonly machine: string;
  /** '' sends none: a unix socket may know us by our process. */
  readonly user: string;
  readonly passwd: string;
  /** A file with the password in its first line; '' = `passwd` counts. Read at each connection. */
  readonly passwdFile: string;
}

/** Where the client finds the API of the machine. */
export function clientUrl({ address, machine }: RemoteOptions): string {
  const base =
    address.unix === undefined ? address.url.href.replace(/\/+$/, '') : 'http://localhost';
  return machine === '' ? base : `${base}/m/${machine}`;
}

/** PiKVM's unix socket has the API without its prefix, and so has ours for its default machine. */
export function placeOn({ address, machine }: RemoteOptions, url: string): string {
  if (address.unix === undefined || machine !== '') return url;
  return url.replace('://localhost/api/', '://localhost/');
}

/** User and password; undefined when none is to be sent. Throws when the file cannot be read. */
export async function credentialsFor({
  user,
  passwd,
  passwdFile,
}: RemoteOptions): Promise<{ readonly user: string; readonly passwd: string } | undefined> {
  if (user === '') return undefined;
  if (passwdFile === '') return { user, passwd };
  const text = await readText(passwdFile);
  if (text === undefined) throw new Error(`There is no file ${passwdFile}`);
  return { user, passwd: text.split(/\r?\n/, 1)[0] ?? '' };
}

/** The remote in words, for the log and the state: never with a password. */
export function describeRemote({ address, machine }: RemoteOptions): string {
  const place = address.unix ?? address.url.href;
  return machine === '' ? place : `${place} (${machine})`;
}
