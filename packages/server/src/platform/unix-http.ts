import { request } from 'node:http';

const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * The JSON that an HTTP server on a unix socket answers to a GET. Rejects when it cannot be
 * reached, does not answer 200 with JSON of at most 256 KiB, or takes longer than `timeoutMs`.
 */
export function unixHttpGetJson(
  socketPath: string,
  path: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, ...(signal ? { signal } : {}) }, (response) => {
      if (response.statusCode !== 200) {
        call.destroy();
        reject(new Error(`${socketPath} answered ${response.statusCode}`));
        return;
      }
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > MAX_ANSWER_BYTES) call.destroy(new Error(`${socketPath} answers too much`));
      });
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        } catch (error) {
          reject(new Error(`${socketPath} did not answer JSON`, { cause: error }));
        }
      });
    });
    const late = new Error(`${socketPath} did not answer within ${timeoutMs} ms`);
    const timer = setTimeout(() => call.destroy(late), timeoutMs);
    call.on('close', () => clearTimeout(timer));
    call.on('error', reject);
    call.end();
  });
}
