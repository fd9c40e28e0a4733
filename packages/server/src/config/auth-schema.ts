import { z } from 'zod';
import * as type from './types.ts';

const FOREVER = Number.MAX_SAFE_INTEGER;

/** A URL of one of these schemes. */
function url(...schemes: readonly string[]) {
  const error = `must be a URL that begins with ${schemes.map((each) => `${each}://`).join(' or ')}`;
  const fits = (text: string) =>
    URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1));
  return z.string(error).max(2048, error).refine(fits, error);
}

const MAX_DN = 1024;

/** A name in a directory that must be given. */
function dn() {
  const error = `must be a DN of at most ${MAX_DN} characters, such as dc=example,dc=org`;
  return z.string(error).min(1, error).max(MAX_DN, error);
}

/** A user's name as it can log in. */
const user = () =>
  z
    .string('must be a user name')
    .regex(/^[a-z_][a-z0-9_\-.@]*(?<![@.])$/, 'must be a user name: a-z 0-9 _ - . @');

const users = () => type.words(user()).default([]);

const htpasswd = { file: type.optionalPath().default('') };

const http = {
  url: url('http', 'https').default('http://localhost/auth'),
  verify: type.bool(true),
  secret: type.text().default(''),
  user: type.text().default(''),
  passwd: type.text().default(''),
  timeout: type.atLeast(0.1).default(5),
};

const radius = {
  host: type.text(255).default('localhost'),
  port: type.integer(1, 65_535).default(1812),
  secret: type.text().default(''),
  timeout: type.integer(1, 3600).default(5),
  require_message_authenticator: type.bool(false),
};

const ldap = {
  url: url('ldap', 'ldaps').refine((text) => new URL(text).hostname !== '', 'must name a host'),
  verify: type.bool(true),
  base: dn(),
  group: dn(),
  user_domain: type.text(255).default(''),
  timeout: type.integer(1, 3600).default(5),
};

const pam = {
  service: z
    .string('must be the name of a file in /etc/pam.d')
    .regex(/^[a-z0-9][\w.-]{0,62}$/i, 'must be the name of a file in /etc/pam.d')
    .default('login'),
  allow_users: users(),
  deny_users: users(),
  allow_uids_at: type.integer(0, 4_294_967_295).default(0),
};

const onetime = {
  user: user().default('onetime'),
  passwd_len: type.integer(3, 32).default(8),
  file: type.path().default('/run/kvmd/creds.json'),
  file_mode: type.mode().default(0o640),
  change_after_login: type.bool(false),
};

/** Sections told apart by their `type`, which is `fallback` where none is given. */
function byType<
  const T extends readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]],
>(fallback: string, names: readonly string[], variants: T) {
  const read = (raw: unknown) =>
    typeof raw === 'object' && raw !== null && !('type' in raw) ? { ...raw, type: fallback } : raw;
  const list = names.map((name) => (name === '' ? 'empty' : name)).join(', ');
  const section = z.discriminatedUnion('type', variants, {
    error: (issue) =>
      issue.code === 'invalid_union'
        ? `must be one of: ${list}`
        : 'must be a section with keys of its own',
  });
  return z.preprocess(read, section).prefault({});
}

const NAMES = ['htpasswd', 'http', 'ldap', 'radius', 'pam', 'onetime', 'forbidden'];

const internal = byType('htpasswd', NAMES, [
  type.section({ type: z.literal('htpasswd'), force_users: users(), ...htpasswd }),
  type.section({ type: z.literal('http'), force_users: users(), ...http }),
  type.section({ type: z.literal('ldap'), force_users: users(), ...ldap }),
  type.section({ type: z.literal('radius'), force_users: users(), ...radius }),
  type.section({ type: z.literal('pam'), force_users: users(), ...pam }),
  type.section({ type: z.literal('onetime'), force_users: users(), ...onetime }),
  type.section({ type: z.literal('forbidden'), force_users: users() }),
]);

const external = byType(
  '',
  ['', ...NAMES],
  [
    type.section({ type: z.literal('') }),
    type.section({ type: z.literal('htpasswd'), ...htpasswd }),
    type.section({ type: z.literal('http'), ...http }),
    type.section({ type: z.literal('ldap'), ...ldap }),
    type.section({ type: z.literal('radius'), ...radius }),
    type.section({ type: z.literal('pam'), ...pam }),
    type.section({ type: z.literal('onetime'), ...onetime }),
    type.section({ type: z.literal('forbidden') }),
  ],
);

/** kvmd.auth: who may. */
export const authSchema = type.section({
  enabled: type.bool(true),
  expire: type.integer(0, FOREVER).default(0),
  extend: type.bool(false),
  allow_redirects: type.words().default(['/', '/kvm', '/kvm/']),
  usc: type.section({ users: type.words().default([]) }).prefault({}),
  internal,
  external,
  totp: type
    .section({
      secret: type.section({ file: type.optionalPath().default('') }).prefault({}),
    })
    .prefault({}),
});

/** All of it, with its defaults. */
export type AuthConfig = z.output<typeof authSchema>;
