import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const GUEST = fileURLToPath(new URL('../guest', import.meta.url));
const OUT = fileURLToPath(new URL('../../../../../.cache/lab/guest', import.meta.url));

/** Functions of ours that the agent calls, as one file that it can load. */
export const OTG_MODULE = join(OUT, 'otg.js');

/** Makes it of our sources; vitest reads those itself, but Node 20 in the machine does not. */
export async function buildGuestBundle(): Promise<void> {
  await build({
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions: ['source'] },
    ssr: { noExternal: true, external: ['koffi'], resolve: { conditions: ['source', 'node'] } },
    build: {
      ...{ ssr: join(GUEST, 'otg.ts'), outDir: OUT, emptyOutDir: true, target: 'node20' },
      minify: false,
    },
  });
}
