/**
 * What an operation needs. Each one names exactly one; who holds which is `auth/policy`'s matter.
 *
 * - `public`: nobody is asked (only the login itself)
 * - `view`: see the screen and the states
 * - `input`: keyboard and mouse
 * - `power`: power and reset buttons
 * - `media`: images and the virtual drive
 * - `gpio`, `serial`: user lines and the serial console
 * - `system`: logs, streamer settings, resets of our own parts
 * - `admin`: sessions of others, configuration
 */
export const PERMISSIONS = [
  'public',
  'view',
  'input',
  'power',
  'media',
  'gpio',
  'serial',
  'system',
  'admin',
] as const;
export type Permission = (typeof PERMISSIONS)[number];
