// Requests per second beside a bare Node server in the same run; JSON on standard output.
//   node bench/http.mjs [--base http://HOST:PORT --user U --passwd P] [--ms N]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { load } from './load.mjs';
import { machine, startServer } from './server.mjs';

const GOALS = { '/api/auth/check': 0.6, '/api/info': 0.4 };
const BARE = '--bare';

if (process.argv[2] === BARE) {
  const body = Buffer.from('{\n    "ok": true,\n    "result": {}\n}');
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
} else {
  const { values } = parseArgs({
    options: {
      base: { type: 'string' },
      user: { type: 'string', default: 'admin' },
      passwd: { type: 'string', default: 'admin' },
      ms: { type: 'string', default: '3000' },
    },
  });
  const own = values.base ? undefined : await startServer(values.passwd);
  const bare = fork(fileURLToPath(import.meta.url), [BARE]);
  const [barePort] = await once(bare, 'message');
  const base = new URL(values.base ?? own.url);
  const cookie = await login(base, values);
  const ours = { host: base.hostname, port: Number(base.port), headers: { cookie } };
  const ms = Number(values.ms);
  const results = [];
  for (const connections of [1, 16]) {
    for (const [path, goal] of Object.entries(GOALS)) {
      const plain = { host: '127.0.0.1', port: barePort, path: '/', headers: { cookie } };
      const before = await load({ ...plain, connections, ms });
      const perSecond = await load({ ...ours, path, connections, ms });
      const after = await load({ ...plain, connections, ms });
      const bareMean = (before + after) / 2;
      const ratio = perSecond / bareMean;
      results.push({
        path,
        connections,
        perSecond: Math.round(perSecond),
        barePerSecond: Math.round(bareMean),
        ratio: Number(ratio.toFixed(3)),
        goal,
        met: ratio >= goal,
      });
    }
  }
  bare.kill();
  await own?.stop();
  console.log(JSON.stringify({ bench: 'http', machine: machine(), results }, null, 2));
}

async function login(base, { user, passwd }) {
  const answer = await fetch(new URL('/api/auth/login', base), {
    method: 'POST',
    body: new URLSearchParams({ user, passwd }),
  });
  const cookie = answer.headers.get('set-cookie')?.split(';')[0];
  if (!cookie) throw new Error(`no session: ${answer.status} ${await answer.text()}`);
  return cookie;
}
