import { createSocket } from 'node:dgram';

/** Sends one UDP datagram over IPv4, also to a broadcast address; rejects with the system's error. */
export function sendDatagram(bytes: Uint8Array, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const done = (error?: Error | null) => {
      socket.close();
      if (error) reject(error);
      else resolve();
    };
    socket.once('error', done);
    socket.bind(0, () => {
      socket.off('error', done);
      socket.setBroadcast(true);
      socket.send(bytes, port, address, done);
    });
  });
}
