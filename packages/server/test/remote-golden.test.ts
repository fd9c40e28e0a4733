import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { startApp } from '../src/app.ts';
import { configSchema } from '../src/config/schema.ts';
import { silentLog } from '../src/core/log.ts';
import {
  type CaseResult,
  type Line,
  Replay,
  readDifferences,
  readGroups,
} from './golden-runner/replay.mjs';
import { startGoldenRig } from './support/golden-rig.ts';
import { Nginx } from './support/nginx.ts';
import { StateDirectory } from './support/state-directory.ts';

const GOLDEN = fileURLToPath(new URL('./golden', import.meta.url));
/** What the machine does; the box, its users and its log are those of the server in front. */
const GROUPS = ['hid', 'atx', 'msd', 'gpio', 'switch', 'redfish'];
/** What real nginx before that server answers. */
const BEHIND_NGINX = 'nginx';
/** PiKVM needs a second to see a change of its storage; here it is seen at once. */
const MSD_WAIT_MS = 400;
const ADMIN = { 'X-KVMD-User': 'admin', 'X-KVMD-Passwd': 'admin' };

describe.concurrent('the recordings of what a machine does', () => {
  test.each([...GROUPS, BEHIND_NGINX])(
    '(%s) are answered alike by a server whose machine is remote',
    async (group) => {
      await using rig = await startGoldenRig();
      await using state = new StateDirectory();
      await using app = await startFront(state.path, rig.socketPath);
      await using nginx =
        group === BEHIND_NGINX ? await Nginx.start(app.socketPath, { page: 'small' }) : undefined;
      const at = (port: number, tls = false) => ({
        base: { host: '127.0.0.1', port, tls },
        prefix: '/api',
      });
      const target = at(app.port);
      const fronts = nginx
        ? { front: at(nginx.httpsPort, true), frontHttp: at(nginx.httpPort) }
        : { front: target };
      const results: CaseResult[] = [];
      const replay = new Replay({
        target,
        ...fronts,
        differences: readDifferences(join(GOLDEN, 'differences.json')),
        async rig(action) {
          const isDone = await rig.action(action);
          // An act that changes nothing: its answer comes after the news of what the rig did.
          const url = `http://127.0.0.1:${app.port}/api/hid/set_params`;
          await fetch(url, { method: 'POST', headers: ADMIN });
          return isDone;
        },
        switchLog: rig.switchLog,
      });
      for (const lines of readGroups(GOLDEN, [group])) {
        await replay.group(lines.map(hurried(group)), (result) => void results.push(result));
      }
      expect(results.filter(({ result }) => result === 'failed')).toEqual([]);
      expect(results.filter(({ result }) => result === 'passed').length).toBeGreaterThan(15);
    },
  );
});

/** A whole server of its own that has the machine behind a socket. */
async function startFront(stateDir: string, unix: string) {
  const passwdFile = join(stateDir, 'passwd');
  await writeFile(passwdFile, 'admin\n');
  const socketPath = join(stateDir, 'http.sock');
  const config = configSchema.parse({
    kvmd: { server: { unix: socketPath } },
    server: { listen: '127.0.0.1', port: 0, tls: { enabled: false } },
    remote: { unix, user: 'admin', passwd_file: passwdFile },
  });
  const app = await startApp({
    ...{ config, stateDir, log: silentLog, logReader: { async *read() {} } },
    ...{ envPassword: 'admin', isTty: false, print() {} },
  });
  return {
    socketPath,
    port: Number(new URL(app.url).port),
    [Symbol.asyncDispose]: () => app.close({ stopMachines: false }),
  };
}

function hurried(group: string): (line: Line) => Line {
  return (line) => {
    const { wait_ms } = line as Line & { readonly wait_ms?: number };
    if (group !== 'msd' || wait_ms === undefined) return line;
    return { ...line, wait_ms: Math.min(wait_ms, MSD_WAIT_MS) };
  };
}
