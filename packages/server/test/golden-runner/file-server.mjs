import { createServer } from 'node:http';

/**
 * The web server of the recordings, on 127.0.0.1. A route, found by its prefix, has a `status`,
 * or `length` zero bytes (of which it may `send` fewer, or a `piece` `every_ms`), or a
 * `chunked_body`. The result closes it.
 */
export async function startFileServer({ port, routes }) {
  const server = createServer((request, response) => {
    const route = routes.find(({ prefix }) => request.url.startsWith(prefix));
    if (route === undefined) response.writeHead(404).end();
    else answer(route, response);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return () => {
    server.close();
    server.closeAllConnections();
  };
}

function answer(route, response) {
  const { status = 200, length, send, piece, every_ms, chunked_body, content_disposition } = route;
  if (content_disposition) response.setHeader('content-disposition', content_disposition);
  if (chunked_body !== undefined) {
    response.writeHead(status);
    response.write(chunked_body);
    response.end();
  } else if (length === undefined) {
    response.writeHead(status).end();
  } else if (send !== undefined) {
    response.writeHead(status, { 'content-length': length });
    response.write(Buffer.alloc(send), () => response.destroy());
  } else {
    response.writeHead(status, { 'content-length': length });
    if (piece === undefined) response.end(Buffer.alloc(length));
    else drip(response, { left: length, piece, every_ms });
  }
}

function drip(response, { left, piece, every_ms }) {
  const now = Math.min(piece, left);
  response.write(Buffer.alloc(now));
  if (left === now) response.end();
  else setTimeout(() => drip(response, { left: left - now, piece, every_ms }), every_ms);
}
