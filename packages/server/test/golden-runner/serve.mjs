import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const RIG_COMMAND = fileURLToPath(new URL('./rig-command.mjs', import.meta.url));

/** Hexadecimal digits of a request's body that recordings have. */
const RECORDED_DIGITS = 64;

/** A word of a shell. */
function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Answers 204 when the rig can play the action of a request, 501 when it cannot, 400 when it is none. */
async function answer(rig, request, response) {
  try {
    const played = await rig(JSON.parse(await text(request)));
    response.writeHead(played ? 204 : 501).end();
  } catch (error) {
    response.writeHead(400).end(String(error?.message ?? error));
  }
}

/**
 * Tells on stdout how to reach a rig and its server, a `NAME: VALUE` a line and `ready` last, and waits
 * until a signal ends it. `rig` is a program with the action in JSON as its one argument.
 */
export async function serve(served) {
  const { url, socketPath, front, frontHttp, rig, watchSwitch, watchHid, stop } = served;
  const directory = mkdtempSync(join(tmpdir(), 'golden-serve-'));
  const control = join(directory, 'rig.sock');
  const command = join(directory, 'rig');
  const switchLog = join(directory, 'switch.jsonl');
  const hidLog = join(directory, 'hid.jsonl');
  const argv = [process.execPath, RIG_COMMAND, control].map(quoted).join(' ');
  writeFileSync(command, `#!/bin/sh\nexec ${argv} "$1"\n`, { mode: 0o755 });
  writeFileSync(switchLog, '');
  watchSwitch(({ op, unit, body }) => {
    const recorded = { op, unit, body: body.slice(0, RECORDED_DIGITS) };
    appendFileSync(switchLog, `${JSON.stringify(recorded)}\n`);
  });
  writeFileSync(hidLog, '');
  watchHid(([dev, hex]) => appendFileSync(hidLog, `${JSON.stringify({ dev, hex })}\n`));
  const server = createServer((request, response) => void answer(rig, request, response));
  await once(server.listen(control), 'listening');
  const ended = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
  console.log(`base: ${url} (prefix /api)`);
  console.log(`base: unix:${socketPath} (no prefix)`);
  console.log(`front: ${front}`);
  console.log(`front-http: ${frontHttp}`);
  console.log(`rig: ${command}`);
  console.log(`switch-log: ${switchLog}`);
  console.log(`hid-log: ${hidLog}`);
  console.log('ready');
  await ended;
  server.close();
  server.closeAllConnections();
  await stop();
  rmSync(directory, { recursive: true, force: true });
}
