import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** Where `npm test` has installed node-av. */
export const NODE_AV = join(ROOT, '.cache', 'node-av', 'node_modules', 'node-av');
