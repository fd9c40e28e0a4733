// A process of its own: the HTTP front end over a keyboard that only counts, built as the server is.
// It is told where to listen, and tells when it does.
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const SERVER = fileURLToPath(new URL('../packages/server', import.meta.url));
const BUILT = fileURLToPath(new URL('../.cache/bench-rig', import.meta.url));

process.once('message', async ({ plain, tls, socketPath }) => {
  await build({
    root: SERVER,
    logLevel: 'error',
    build: {
      outDir: BUILT,
      emptyOutDir: true,
      rolldownOptions: {
        input: {
          'front-rig': 'test/support/front-rig.ts',
          'null-hid-driver': 'test/fakes/null-hid-driver.ts',
          'hash-worker': 'src/auth/hashes/hash-worker.ts',
        },
      },
    },
  });
  const { FrontRig } = await import(`${BUILT}/front-rig.js`);
  const { NullHidDriver } = await import(`${BUILT}/null-hid-driver.js`);
  const limits = { connectionsPerAddress: 256, requestsPerAddress: 256 };
  const hidDriver = new NullHidDriver({ counting: true });
  const rig = await FrontRig.start({ hidDriver, http: { limits } });
  await rig.server.listen({ host: '127.0.0.1', port: plain });
  await rig.server.listen({ host: '127.0.0.1', port: tls.port, tls });
  await rig.server.listen({ path: socketPath });
  process.once('message', async () => {
    await rig.close();
    process.disconnect();
  });
  process.send({ cookie: await rig.login() });
});
