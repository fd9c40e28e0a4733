import { z } from 'zod';
import { fingerprint } from './fingerprint.ts';
import * as type from './types.ts';

const URL_ERROR = 'must be an http or https URL without user, password or query';

/** A password in a URL would be in every log. */
function isPlain(text: string): boolean {
  if (text === '') return true;
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username + password + search + hash === '';
}

/** A machine that another crashcart or a PiKVM has; none when both `url` and `unix` are empty. */
export const remote = type
  .section({
    url: z.string(URL_ERROR).max(2048, URL_ERROR).refine(isPlain, URL_ERROR).default(''),
    unix: type.optionalPath().default(''),
    machine: z
      .string('must be the id of a machine')
      .regex(/^([a-z][a-z\d-]{0,62})?$/, 'must be the id of a machine')
      .default(''),
    user: type.text().default(''),
    passwd: type.text().default(''),
    passwd_file: type.optionalPath().default(''),
    verify: type.bool(true),
    fingerprint: fingerprint(),
  })
  .check(({ value, issues }) => {
    const refuse = (key: 'unix' | 'passwd_file', message: string) =>
      issues.push({ code: 'custom', input: value[key], path: [key], message });
    if (value.url !== '' && value.unix !== '') refuse('unix', 'url and unix exclude each other');
    if (value.passwd !== '' && value.passwd_file !== '') {
      refuse('passwd_file', 'passwd and passwd_file exclude each other');
    }
  });

/** A complete section. */
export type RemoteConfig = z.output<typeof remote>;
