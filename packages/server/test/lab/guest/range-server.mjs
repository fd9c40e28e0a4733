// range-server.mjs PORT FILE: gives a file, and parts of it as RFC 9110 has it, until it is ended.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';

const [, , port, file] = process.argv;

createServer((request, response) => {
  const { size, mtimeMs } = statSync(file);
  const headers = { etag: `"${size}-${mtimeMs}"`, 'accept-ranges': 'bytes' };
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  if (from === undefined) {
    response.writeHead(200, { ...headers, 'content-length': size });
    createReadStream(file).pipe(response);
    return;
  }
  const [start, end] = [Number(from), Math.min(Number(to), size - 1)];
  const range = `bytes ${start}-${end}/${size}`;
  response.writeHead(206, {
    ...headers,
    'content-range': range,
    'content-length': end - start + 1,
  });
  createReadStream(file, { start, end }).pipe(response);
}).listen(Number(port), '127.0.0.1', () => console.log('listening'));
