import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { peerCredentials } from './peer-cred.ts';

let dir = '';
let server: Server;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crashcart-peer-'));
  server = createServer();
});
afterEach(async () => {
  server.close();
  await rm(dir, { recursive: true });
});

async function accepted(target: string | number): Promise<{ near: Socket; far: Socket }> {
  server.listen(target);
  await once(server, 'listening');
  const address = server.address();
  const far =
    typeof address === 'string'
      ? connect(address)
      : connect((address as AddressInfo).port, '127.0.0.1');
  const [near] = await once(server, 'connection');
  return { near: near as Socket, far };
}

describe('peerCredentials', () => {
  it('tells the process at the other end of a unix socket', async () => {
    const { near, far } = await accepted(join(dir, 's'));
    expect(peerCredentials(near)).toEqual({
      pid: process.pid,
      uid: process.geteuid?.(),
      gid: process.getegid?.(),
    });
    far.destroy();
    near.destroy();
    expect(peerCredentials(near)).toBeUndefined();
  });

  it('says nothing of a TCP socket', async () => {
    const { near, far } = await accepted(0);
    expect(peerCredentials(near)).toBeUndefined();
    far.destroy();
    near.destroy();
  });
});
