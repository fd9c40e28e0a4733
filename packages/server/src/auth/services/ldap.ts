import { connectTcp, connectTls } from '../../platform/tcp-socket.ts';
import { LdapError } from '../../protocols/ldap/ber.ts';
import { encodeBind, encodeSearch, type LdapResult } from '../../protocols/ldap/messages.ts';
import { LdapAnswers } from './ldap-answers.ts';
import type { AskBackEnd } from './remote.ts';

/** Keys as PiKVM's. */
export interface LdapOptions {
  /** ldap: or ldaps:, with a host and perhaps a port. */
  readonly url: string;
  /** Whether the server's certificate is checked. */
  readonly verify: boolean;
  /** Where the users are: a DN. */
  readonly base: string;
  /** The group's DN as the directory writes it. */
  readonly group: string;
  /** Put behind the user's name with @ unless empty. */
  readonly user_domain: string;
  /** Of the whole attempt, s. */
  readonly timeout: number;
}

const PORTS: Readonly<Record<string, number>> = { 'ldap:': 389, 'ldaps:': 636 };
const BIND = 1;
const SEARCH = 2;
/** inappropriateAuthentication (the user has no password), invalidCredentials. */
const REFUSALS = [48, 49];

/**
 * Asks a directory as PiKVM does: logs in as the user, then looks for the user's own entry in the form
 * of Active Directory, which must list the group. `ca` is a seam for tests.
 */
export function askLdap(options: LdapOptions, ca?: string): AskBackEnd {
  const { protocol, hostname, port } = new URL(options.url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const at = [host, Number(port) || (PORTS[protocol] ?? 0)] as const;
  const trust = { verify: options.verify, ...(ca === undefined ? {} : { ca }) };
  const domain = options.user_domain === '' ? '' : `@${options.user_domain}`;
  return async (user, passwd, signal) => {
    const name = `${user}${domain}`;
    const bind = encodeBind({ id: BIND, name, passwd });
    const socket = await (protocol === 'ldaps:'
      ? connectTls(...at, trust, signal)
      : connectTcp(...at, signal));
    const abort = () => socket.destroy(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      const answers = new LdapAnswers(socket);
      socket.write(bind);
      if (!(await isBound(answers))) return false;
      socket.write(encodeSearch({ id: SEARCH, ...questionFor(name, options) }));
      return await listsGroup(answers, options.group);
    } finally {
      signal.removeEventListener('abort', abort);
      socket.destroy();
    }
  };
}

function questionFor(name: string, { base, group, timeout }: LdapOptions) {
  return {
    base,
    equal: [
      ['objectClass', 'user'],
      ['userPrincipalName', name],
      ['memberOf', group],
    ],
    attribute: 'memberOf',
    timeLimitS: timeout,
  } as const;
}

async function isBound(answers: LdapAnswers): Promise<boolean> {
  const answer = await answers.next(BIND);
  if (answer.kind !== 'bind') throw new LdapError('The directory does not answer the bind');
  if (REFUSALS.includes(answer.result.code)) return false;
  return succeeded('bind', answer.result);
}

/** Whether an entry lists the group, letter by letter. */
async function listsGroup(answers: LdapAnswers, group: string): Promise<boolean> {
  let listed = false;
  for (;;) {
    const answer = await answers.next(SEARCH);
    if (answer.kind === 'entry') {
      const groups = answer.attributes.filter(({ type }) => isMemberOf(type));
      listed ||= groups.some(({ values }) => values.includes(group));
    } else if (answer.kind === 'done') {
      return succeeded('search', answer.result) && listed;
    } else if (answer.kind !== 'other') {
      throw new LdapError('The directory does not answer the search');
    }
  }
}

/** Names of attributes know no case, and may have options (RFC 4512 section 2.5). */
function isMemberOf(type: string): boolean {
  return type.toLowerCase().split(';', 1)[0] === 'memberof';
}

function succeeded(what: string, { code, text }: LdapResult): true {
  if (code !== 0) throw new LdapError(`The directory refuses the ${what}: ${text}`);
  return true;
}
