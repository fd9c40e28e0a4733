// A process of its own: a Node server that answers a constant. It is told where to listen, and
// tells when it does.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

const BODY = Buffer.from('{\n    "ok": true,\n    "result": {}\n}');

function answer(_request, response) {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': BODY.length });
  response.end(BODY);
}

process.once('message', async ({ plain, tls, socketPath }) => {
  // nginx keeps its connections for longer than Node does by default.
  const options = { keepAliveTimeout: 72_000 };
  const servers = [
    createServer(options, answer).listen(plain, '127.0.0.1'),
    createTlsServer({ ...options, cert: tls.cert, key: tls.key }, answer).listen(
      tls.port,
      '127.0.0.1',
    ),
    createServer(options, answer).listen(socketPath),
  ];
  await Promise.all(servers.map((server) => once(server, 'listening')));
  process.once('message', () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    process.disconnect();
  });
  process.send({});
});
