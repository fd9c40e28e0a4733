import { join } from 'node:path';
import type { AuthOptions } from './auth/auth.ts';
import { FIRST_USER } from './auth/first-password.ts';
import { HashPool } from './auth/hashes/hash-pool.ts';
import { forbiddenService } from './auth/services/forbidden.ts';
import { HtpasswdService } from './auth/services/htpasswd.ts';
import { askHttp } from './auth/services/http.ts';
import { askLdap } from './auth/services/ldap.ts';
import { OnetimeService } from './auth/services/onetime.ts';
import { askPam } from './auth/services/pam.ts';
import { askRadius } from './auth/services/radius.ts';
import { type AskBackEnd, RemoteService } from './auth/services/remote.ts';
import type { AuthService } from './auth/services/service.ts';
import type { AuthConfig } from './config/auth-schema.ts';
import type { Log } from './core/log.ts';

/** PiKVM has no key for it; PAM waits for some seconds after a wrong password. */
const PAM_TIMEOUT_S = 15;

type ServiceConfig = Exclude<AuthConfig['internal' | 'external'], { type: '' }>;

interface ServiceParts {
  readonly stateDir: string;
  readonly log: Log;
}

/** The password file that `crashcart htpasswd` changes: of the internal service, or the external. */
export function htpasswdFileOf({ internal, external }: AuthConfig, stateDir: string): string {
  const config = [internal, external].find((each) => each.type === 'htpasswd');
  return (config?.type === 'htpasswd' && config.file) || join(stateDir, 'htpasswd');
}

/** Whether a first user in the password file could log in. */
export function needsFirstUser({ internal, external }: AuthConfig): boolean {
  const force = internal.force_users.includes(FIRST_USER);
  return (external.type === '' || force ? internal : external).type === 'htpasswd';
}

/** The services of a configuration, for `Auth`; nothing for the one that `Auth` makes itself. */
export function createServices(
  { internal, external }: AuthConfig,
  parts: ServiceParts,
): Pick<AuthOptions, 'internal' | 'external' | 'forceUsers'> {
  return {
    ...(internal.type === 'htpasswd' ? {} : { internal: createService(internal, parts) }),
    ...(external.type === '' ? {} : { external: createService(external, parts) }),
    forceUsers: new Set(internal.force_users),
  };
}

function createService(config: ServiceConfig, { stateDir, log }: ServiceParts): AuthService {
  const remote = (ask: AskBackEnd, timeoutS: number) =>
    new RemoteService({ name: config.type, ask, limits: { timeoutMs: timeoutS * 1000 }, log });
  switch (config.type) {
    case 'htpasswd': {
      const file = config.file || join(stateDir, 'htpasswd');
      return new HtpasswdService(file, new HashPool(), log);
    }
    case 'http':
      return remote(askHttp(config), config.timeout);
    case 'ldap':
      return remote(askLdap(config), config.timeout);
    case 'radius':
      return remote(askRadius(config), config.timeout);
    case 'pam':
      return remote(askPam(config), PAM_TIMEOUT_S);
    case 'onetime':
      return new OnetimeService({
        ...{ user: config.user, length: config.passwd_len, log },
        ...{ file: config.file, fileMode: config.file_mode },
        changeAfterLogin: config.change_after_login,
      });
    case 'forbidden':
      return forbiddenService;
  }
}
