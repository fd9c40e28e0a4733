// tcp-peer.mjs PORT [HOST]: connects to a host, or lets one connect, sends its input and prints what comes.
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';

const [port, host] = process.argv.slice(2);
const input = readFileSync(0);

function talk(socket) {
  socket.pipe(process.stdout);
  socket.end(input);
}

if (host === undefined) {
  const server = createServer((socket) => {
    server.close();
    talk(socket);
  }).listen(Number(port), () => console.error('listening'));
} else {
  talk(connect(Number(port), host));
}
