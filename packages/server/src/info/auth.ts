import type { InfoState } from '@crashcart/api';

/** The category `auth`: whether users must log in. */
export function authInfo(enabled: boolean): InfoState['auth'] {
  return { enabled };
}
