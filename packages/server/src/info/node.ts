import { hostname } from 'node:os';
import type { InfoState } from '@crashcart/api';

/** The category `node`: the name of this host. */
export function nodeInfo(): InfoState['node'] {
  return { host: hostname() };
}
