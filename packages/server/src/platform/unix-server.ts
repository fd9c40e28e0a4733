import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';

/** A unix socket that is listened on. */
export interface UnixServer {
  /** Ends all connections and removes the socket. */
  close(): Promise<void>;
}

/**
 * Listens on a unix socket that only this user may open; one that an earlier process left goes.
 * Rejects with the system's error.
 */
export async function listenUnix(
  path: string,
  accept: (socket: Socket) => void,
): Promise<UnixServer> {
  await rm(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // How it ends is the connection's to tell.
    socket.on('error', () => undefined);
    accept(socket);
  });
  server.listen(path);
  await once(server, 'listening');
  await chmod(path, 0o600);
  return {
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
