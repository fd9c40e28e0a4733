// A worker: clients that read MJPEG; each message is answered by the bytes that have come.
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const { url, authorization, clients } = workerData;
const { hostname, port, pathname } = new URL(url);
let bytes = 0;
for (let client = 0; client < clients; client++) {
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    bytes += chunk.length;
  });
  const login = authorization === '' ? '' : `Authorization: ${authorization}\r\n`;
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\n${login}\r\n`);
}
parentPort.on('message', () => parentPort.postMessage(bytes));
