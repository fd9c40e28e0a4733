import { describe, expect, it } from 'vitest';
import { createServices, htpasswdFileOf, needsFirstUser } from './auth-services.ts';
import { formatFinding } from './config/errors.ts';
import { loadConfig } from './config/load.ts';
import { silentLog } from './core/log.ts';

async function authOf(text: string) {
  const files = { readText: async () => text, listFiles: async () => undefined };
  const { config, warnings } = await loadConfig({ file: '/c.yaml' }, files);
  expect(warnings.map(formatFinding)).toEqual([]);
  return config.kvmd.auth;
}

describe('kvmd.auth', () => {
  it('is a password file in the state directory, and nothing external', async () => {
    const config = await authOf('');
    expect(config.internal).toEqual({ type: 'htpasswd', force_users: [], file: '' });
    expect(config.external).toEqual({ type: '' });
    expect(htpasswdFileOf(config, '/state')).toBe('/state/htpasswd');
    expect(needsFirstUser(config)).toBe(true);
    expect(createServices(config, { stateDir: '/state', log: silentLog })).toEqual({
      forceUsers: new Set(),
    });
  });

  it('needs no first user where that could not log in', async () => {
    const external = 'external: {type: http}';
    expect(needsFirstUser(await authOf(`kvmd: {auth: {${external}}}`))).toBe(false);
    const forced = `kvmd: {auth: {internal: {force_users: "admin, bob"}, ${external}}}`;
    expect(needsFirstUser(await authOf(forced))).toBe(true);
    const forbidden = 'kvmd: {auth: {internal: {type: forbidden}}}';
    expect(needsFirstUser(await authOf(forbidden))).toBe(false);
  });

  it.each([
    ['{type: http}', { url: 'http://localhost/auth', verify: true, secret: '', timeout: 5 }],
    ['{type: onetime}', { user: 'onetime', passwd_len: 8, file_mode: 0o640 }],
    ['{type: htpasswd, file: /x}', { file: '/x' }],
    [
      '{type: ldap, url: "ldaps://dc.example.org", base: "dc=x", group: "cn=kvm,dc=x"}',
      { url: 'ldaps://dc.example.org', verify: true, user_domain: '', timeout: 5 },
    ],
    ['{type: radius}', { host: 'localhost', port: 1812, secret: '', timeout: 5 }],
    ['{type: pam}', { service: 'login', allow_users: [], allow_uids_at: 0 }],
    ['{type: forbidden}', { type: 'forbidden' }],
  ])('reads external: %s', async (text, expected) => {
    const config = await authOf(`kvmd: {auth: {external: ${text}}}`);
    expect(config.external).toMatchObject(expected);
  });

  it.each([
    [
      'internal: {type: nis}',
      'internal.type: "nis" is not allowed: must be one of: htpasswd, http',
    ],
    ['external: {type: http, url: "ftp://x"}', 'external.url: "ftp://x" is not allowed: must be a'],
    ['external: {type: http, file: /x}', 'external.file: no such key'],
    ['external: {force_users: [x]}', 'external.force_users: no such key'],
    ['internal: {force_users: ["ad min;"]}', 'internal.force_users'],
    ['external: {type: onetime, passwd_len: 2}', 'external.passwd_len: 2 is not allowed'],
    ['external: {type: pam, service: ../x}', 'external.service: "../x" is not allowed: must be'],
    ['external: {type: ldap, base: x, group: y}', 'external.url:'],
    ['external: {type: ldap, url: "ldap://", base: x, group: y}', 'external.url: "ldap://" is'],
    ['external: {type: ldap, url: "http://x", base: x, group: y}', 'external.url: "http://x" is'],
    [
      'external: {type: ldap, url: "ldap://x", base: "", group: y}',
      'external.base: "" is not allowed: must be a DN',
    ],
    ['external: http', 'external: "http" is not allowed: must be a section'],
  ])('says what is wrong with %s, and where', async (line, message) => {
    await expect(authOf(`kvmd:\n  auth:\n    ${line}\n`)).rejects.toThrow(
      `/c.yaml:3: kvmd.auth.${message}`,
    );
  });
});
