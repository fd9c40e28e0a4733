import type { AuthService } from './service.ts';

const VERSION = {};

/** Refuses everybody, for instance all whom `force_users` does not name. */
export const forbiddenService: AuthService = {
  version: async () => VERSION,
  verify: async () => false,
};
