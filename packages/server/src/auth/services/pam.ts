import { programAnswer } from '../../platform/program-answer.ts';
import type { AskBackEnd } from './remote.ts';

/** Keys as PiKVM's. */
export interface PamOptions {
  /** A file of /etc/pam.d. */
  readonly service: string;
  /** Only these, unless empty. */
  readonly allow_users: readonly string[];
  readonly deny_users: readonly string[];
  /** Lowest uid that may log in; 0 = no limit. */
  readonly allow_uids_at: number;
}

/** The programs; a seam for tests. */
export interface PamPrograms {
  readonly pamtester: string;
  readonly getent: string;
}

/** What PAM says (pam_strerror in the C locale) when the user or the password is the matter. */
const REFUSALS = [
  'Authentication failure',
  'User not known to the underlying authentication module',
  'Permission denied',
  'User account has expired',
  'Authentication token is no longer valid; new one required',
  'Authentication token expired',
  'Have exhausted maximum number of retries for service',
];

/** getent(1): one of the keys was not found. */
const NOT_FOUND = 2;

/**
 * Asks PAM by the program pamtester, for the password and for the account. The password goes over a
 * pipe, never into arguments; the user's name cannot look like an option.
 */
export function askPam(
  options: PamOptions,
  programs: PamPrograms = { pamtester: 'pamtester', getent: 'getent' },
): AskBackEnd {
  const { service, allow_users: allowed, deny_users: denied, allow_uids_at: firstUid } = options;
  return async (user, passwd, signal) => {
    if (allowed.length > 0 && !allowed.includes(user)) return false;
    if (denied.includes(user)) return false;
    if (firstUid > 0) {
      const uid = await uidOf(user, programs.getent, signal);
      if (uid === undefined || uid < firstUid) return false;
    }
    const argv = [programs.pamtester, service, user, 'authenticate', 'acct_mgmt'] as const;
    const { code, err } = await programAnswer([...argv], `${passwd}\n`, signal);
    if (code === 0) return true;
    if (REFUSALS.some((text) => err.trimEnd().endsWith(`pamtester: ${text}`))) return false;
    throw new Error(`pamtester ended with ${code}: ${err.trim().slice(-200)}`);
  };
}

/** A user's uid, from whatever nsswitch.conf names; undefined for an unknown one. */
async function uidOf(
  user: string,
  getent: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { code, out } = await programAnswer([getent, 'passwd', user], '', signal);
  if (code === NOT_FOUND) return undefined;
  // passwd(5): name:password:uid:gid:…
  const [name, , uid = ''] = out.split('\n')[0]?.split(':') ?? [];
  if (code !== 0 || name !== user || !/^\d+$/.test(uid)) {
    throw new Error(`getent ended with ${code} and no uid`);
  }
  return Number(uid);
}
