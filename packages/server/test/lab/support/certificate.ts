import { fileURLToPath } from 'node:url';

/** Where the pair is that servers have which are not started for the first time. */
export const CERTIFICATE = fileURLToPath(new URL('../../../../../.cache/lab/tls', import.meta.url));
