import { type IncomingMessage, request } from 'node:http';

/**
 * The answer of an HTTP server on a unix socket to a GET, to be read as it comes; aborting `signal`
 * ends it. Rejects when it cannot be reached or does not answer 200.
 */
export function unixHttpStream(
  socketPath: string,
  path: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, signal, agent: false }, (response) => {
      if (response.statusCode === 200) return resolve(response);
      call.destroy();
      reject(new Error(`${socketPath} answered ${response.statusCode}`));
    });
    call.on('error', reject);
    call.end();
  });
}
