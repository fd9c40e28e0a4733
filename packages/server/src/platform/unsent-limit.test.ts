import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { limitUnsent } from './unsent-limit.ts';

/** How much of what is written to a peer that reads nothing the system takes away from us, bytes. */
async function taken(prepare: (socket: Socket) => void): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = once(server, 'connection');
  const reader = connect({
    host: '127.0.0.1',
    port,
    onread: { buffer: new Uint8Array(1), callback: () => false },
  });
  const [writer] = (await connection) as [Socket];
  onTestFinished(() => {
    reader.destroy();
    writer.destroy();
    server.close();
  });
  prepare(writer);
  const piece = Buffer.alloc(64 * 1024);
  let bytes = 0;
  // Each is taken when the next one may come, until the system takes no more.
  for (let isTaken = true; isTaken && bytes < 64 * 1024 * 1024; ) {
    isTaken = await new Promise<boolean>((resolve) => {
      writer.write(piece, () => resolve(true));
      setTimeout(resolve, 500, false);
    });
    if (isTaken) bytes += piece.length;
  }
  return bytes;
}

it('keeps little of what a peer does not read', async () => {
  const usual = await taken(() => {});
  const limited = await taken((socket) => expect(limitUnsent(socket)).toBe(true));
  expect(limited).toBeLessThan(usual / 2);
});

it('leaves alone what is closed', () => {
  expect(limitUnsent(connect({ host: '127.0.0.1', port: 1 }).destroy())).toBe(false);
});
